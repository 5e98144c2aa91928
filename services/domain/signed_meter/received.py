"""From what was received to the bytes or the text of a format, whatever it is wrapped in."""

from collections.abc import Callable, Iterator

from services.domain.signed_meter.encodings import decoded, from_base32, from_base64, from_hex
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.record import SignedRecord

MAX_BYTES = 262_144


def octets(record: SignedRecord, fits: Callable[[bytes], bool]) -> bytes:
    """The bytes that `fits` knows: as received, as the stated encoding says, or as hex, base64 or base32.

    Stations and back ends state `plain` for hexadecimal text and the other way round: what the bytes show counts
    more. NotReadable when nothing fits.
    """
    if len(record.data) > MAX_BYTES:
        raise NotReadable(f"more than {MAX_BYTES} bytes", "data")
    for candidate in _candidates(record):
        if fits(candidate):
            return candidate
    raise NotReadable(f"neither this nor what it may encode is {record.format}", "data")


def text(record: SignedRecord, fits: Callable[[str], bool]) -> str:
    """As `octets`, for a format that is UTF-8 text."""
    return octets(record, lambda data: fits(_as_text(data))).decode("utf-8-sig")


def _candidates(record: SignedRecord) -> Iterator[bytes]:
    yield record.data
    for decode in (lambda data: decoded(data, record.encoding), from_hex, from_base64, from_base32):
        try:
            yield decode(record.data)
        except NotReadable:
            continue


def _as_text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
