"""From a signed meter value as stations send it to the records that can be verified.

Four shapes are in the field: the record itself, its hexadecimal or base64, and JSON around its base64 (OCA's
application note on signed meter values; the first member is also spelt signedMeterValue).
"""

from dataclasses import replace
from typing import Final

from services.domain.events.common import SignedMeterValue
from services.domain.signed_meter.containers import read_sessions
from services.domain.signed_meter.encodings import from_base64, from_hex
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.formats import FORMATS
from services.domain.signed_meter.record import SignedRecord

_CONTAINERS: Final = (b"<", b"{")
_AROUND: Final = b"\xef\xbb\xbf \t\r\n"


def records(value: SignedMeterValue, key: str | None) -> list[SignedRecord]:
    """The records in a value, at least one, to be verified under `key` (None: whatever key they carry themselves).

    What is not recognised becomes a record of the format that the station named, or of none; it fails to verify.
    """
    try:
        sessions = read_sessions(_unwrapped(value.signed_data), key)
    except NotReadable:
        named = value.encoding_method.strip().upper()
        sessions = [(SignedRecord(named if named in FORMATS else "", value.signed_data, key, encoding="auto"),)]
    return [
        replace(one, key=key or one.key, context=one.context or value.context)
        for session in sessions
        for one in session
    ]


def _unwrapped(data: bytes) -> bytes:
    """The bytes themselves, or the XML or JSON that they stand for."""
    for decode in (from_hex, from_base64):
        try:
            inner = decode(data, "data")
        except NotReadable:
            continue
        if inner.lstrip(_AROUND).startswith(_CONTAINERS):
            return inner
    return data
