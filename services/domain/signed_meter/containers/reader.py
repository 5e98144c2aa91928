"""From the bytes of a file to the sessions in it."""

from services.domain.signed_meter.containers import json_forms, raw, transparency
from services.domain.signed_meter.containers.grouping import Session
from services.domain.signed_meter.findings import NotReadable

MAX_BYTES = 64 * 1024 * 1024


def read_sessions(data: bytes, key: str | None = None, signature: str | None = None) -> list[Session]:
    """The sessions of one file, at least one, each with its records in order. NotReadable when nothing is
    recognised.

    `key` is the key of the register and goes before any key in the file. `signature` is one that lies beside the
    file (`secrrct.sign`), as hex.
    """
    if len(data) > MAX_BYTES:
        raise NotReadable(f"{len(data)} bytes are more than are read")
    if signature is not None:
        return [raw.with_signature(data, signature, key)]
    shape = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    forms = {b"<": transparency.sessions, b"{": json_forms.sessions, b"[": json_forms.sessions}
    return forms.get(shape, raw.sessions)(data, key)
