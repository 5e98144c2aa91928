"""Bodies that come compressed (OCPP-S 1.6, 6.1), unpacked no further than a message may be long."""

import zlib
from typing import Final

_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_BARE: Final = -zlib.MAX_WBITS
"""`deflate` without the wrapper that it should have; senders disagree."""


class NotUnpacked(Exception):
    """Not compressed as it says, or too long."""


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """A body as its Content-Encoding (`gzip`, `deflate` or none) means it, at most so many bytes of it."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip", "deflate"):
        raise NotUnpacked(f"Content-Encoding {encoding[:40]!r}: gzip and deflate are known")
    for form in (_GZIP_OR_ZLIB, _BARE):
        stream = zlib.decompressobj(form)
        try:
            text = stream.decompress(body, most + 1)
        except zlib.error:
            continue
        if len(text) > most:
            raise NotUnpacked(f"more than {most} bytes")
        if stream.eof:
            return text
    raise NotUnpacked(f"not {name}, or not the whole of it")
