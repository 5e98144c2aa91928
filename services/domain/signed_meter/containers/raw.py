"""Records without a container: text or bytes as a station sent them, one or several."""

import re

from services.domain.signed_meter.containers.grouping import Session, by_content
from services.domain.signed_meter.encodings import from_base64, from_hex
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import verify

_TEXTS = {b"OCMF": "OCMF", b"AP;": "ALFEN", b"128.8.0(": "PCDF", b"PCDF": "PCDF"}
_NEXT = re.compile(rb"^[ \t]*(?=OCMF\s{0,8}\||AP;|128\.8\.0\()", re.MULTILINE)
_SML = b"\x1b\x1b\x1b\x1b"
_SML_FORMATS = ("EDL_40_P", "ISA_EDL_40_P")
_STX = b"\x02"
_SURROUNDING = b"\xef\xbb\xbf \t\r\n"


def sessions(data: bytes, key: str | None = None) -> list[Session]:
    """The sessions in raw data. NotReadable when no format is recognised."""
    parts = [part for part in _NEXT.split(data) if part.strip(_SURROUNDING)]
    return by_content([record(part, key) for part in parts] or [record(data, key)])


def record(data: bytes, key: str | None) -> SignedRecord:
    """One record of the format that its bytes show, also in hexadecimal or base64."""
    return SignedRecord(recognised(data, key), data, key=key, encoding="auto")


def with_signature(data: bytes, signature: str, key: str | None) -> Session:
    """The one format whose signature is a file of its own."""
    return (SignedRecord("CHARGEPOINT_SECRRCT", data, key=key, signature=signature),)


def recognised(data: bytes, key: str | None) -> str:
    """The name of the format. Two formats are SML telegrams: the one whose signature is true, or else the
    first."""
    for candidate in _readings(data):
        bare = candidate.lstrip(_SURROUNDING + _STX)
        for start, name in _TEXTS.items():
            if bare.startswith(start):
                return name
        if bare.startswith(_SML):
            return _sml(data, key)
        if bare.startswith(b"<"):
            return "EDL_40_SIG" if b"signedMeterValue" in bare else "EDL_40_MENNEKES"
    raise NotReadable("no format of signed meter data is recognised")


def _readings(data: bytes) -> list[bytes]:
    """The bytes, and what they stand for when they are hexadecimal or base64."""
    found = [data]
    for decode in (from_hex, from_base64):
        try:
            found.append(decode(data, "data"))
        except NotReadable:
            continue
    return found


def _sml(data: bytes, key: str | None) -> str:
    for name in _SML_FORMATS:
        if all(one.valid for one in verify(SignedRecord(name, data, key=key, encoding="auto"))):
            return name
    return _SML_FORMATS[0]
