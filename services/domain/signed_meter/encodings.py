"""Texts that stand for bytes: hexadecimal and base64 as people and stations write them."""

import base64
import binascii
import re

from services.domain.signed_meter.findings import NotReadable

_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2})+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_BASE32 = re.compile(rb"[A-Z2-7]+={0,6}")
_SEPARATORS = re.compile(rb"[\s:-]+")
_MARK = b"\xef\xbb\xbf"
_SPACE = re.compile(rb"\s+")


def from_hex(text: bytes | str, what: str = "hexadecimal") -> bytes:
    """Bytes of hexadecimal text; blanks, line breaks, colons, hyphens and a leading 0x are no part of it."""
    try:
        octets = bytes.fromhex(text if isinstance(text, str) else text.decode("ascii"))
    except ValueError:
        compact = _SEPARATORS.sub(b"", _raw(text)).removeprefix(b"0x")
        octets = bytes.fromhex(compact.decode("ascii")) if _HEX.fullmatch(compact) else b""
    if not octets:
        raise NotReadable(f"{what} is not hexadecimal", what)
    return octets


def from_base64(text: bytes | str, what: str = "base64") -> bytes:
    """Bytes of base64 text, plain or URL safe, padded or not; blanks and line breaks are no part of it."""
    compact = _SPACE.sub(b"", _raw(text)).translate(bytes.maketrans(b"-_", b"+/"))
    if not _BASE64.fullmatch(compact) or len(compact.rstrip(b"=")) % 4 == 1:
        raise NotReadable(f"{what} is not base64", what)
    return base64.b64decode(compact.rstrip(b"=") + b"==")


def from_base32(text: bytes | str, what: str = "base32") -> bytes:
    """Bytes of base32 text in capitals (RFC 4648 §6), padded or not; blanks and line breaks are no part of it."""
    compact = _SPACE.sub(b"", _raw(text))
    if not _BASE32.fullmatch(compact):
        raise NotReadable(f"{what} is not base32", what)
    bare = compact.rstrip(b"=")
    try:
        return base64.b32decode(bare + b"=" * (-len(bare) % 8))
    except binascii.Error as error:
        raise NotReadable(f"{what} is not base32", what) from error


def decoded(data: bytes, encoding: str) -> bytes:
    """The bytes that `data` stand for: themselves unless `encoding` is `hex`, `base64` or `base32`."""
    match encoding.lower():
        case "hex":
            return from_hex(data, "data")
        case "base64":
            return from_base64(data, "data")
        case "base32":
            return from_base32(data, "data")
        case _:
            return data


def _raw(text: bytes | str) -> bytes:
    return (text.encode("utf-8", "replace") if isinstance(text, str) else text).removeprefix(_MARK)
