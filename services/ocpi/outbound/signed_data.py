"""Signed meter records in a CDR (mod_cdrs: SignedData): whole and unchanged, or left out and said so.

`signed_data` wants Base64. A record that already is Base64 (OCPP 2.x) is carried as it is, so its text has the
record's SHA-256; any other is encoded once, so what it decodes to has. Nothing is ever cut to fit a field.
"""

import base64
import binascii
import hashlib

from services.domain.events.common import ChargeDetail, SignedMeterValue
from services.ocpi.wire import v230
from services.ocpi.wire.strings import NOT_AVAILABLE, ci_text

MAX_SIGNED_CHARS = 5000
MAX_PLAIN_CHARS = 5000
MAX_KEY_CHARS = 512
MAX_URL_CHARS = 512
MAX_METHOD_CHARS = 36

_NATURES = {"Transaction.Begin": "Start", "Transaction.End": "End"}
_METHODS = ((b"OCMF|", "OCMF"), (b"AP;", "Alfen Eichrecht"))
_PLAIN_BEGINNINGS = (b"OCMF|", b"AP;", b"<")
"""How records begin whose Base64 OCPP 1.6 stations send: none of these can be hex that happens to look like it."""


def signed_data(
    detail: ChargeDetail, url: str, warnings: list[str], driver_url: str = ""
) -> v230.SignedData | None:
    """The signed records of a session; None when there is none, or none that OCPI can carry.

    `url` is where all of them can be fetched. It is given when any record had to be left out, which is a warning;
    else the page on which the driver checks them, where there is one.
    """
    if not detail.signed_meter_values:
        return None
    records = [_Record(record, detail.protocol) for record in detail.signed_meter_values]
    method = records[0].method
    carried: list[v230.SignedValue] = []
    for number, record in enumerate(records, 1):
        reason = record.obstacle(method)
        if reason:
            warnings.append(f"signed_data: record {number} left out: {reason}")
        else:
            carried.append(record.value(warnings))
    if not carried:
        return None
    if len(carried) == len(detail.signed_meter_values):
        url = driver_url
    return v230.SignedData(
        encoding_method=ci_text(method, MAX_METHOD_CHARS, "signed_data.encoding_method", warnings),
        public_key=_public_key(detail.signed_meter_values, warnings),
        signed_values=tuple(carried),
        url=url if 0 < len(url) <= MAX_URL_CHARS else None,
    )


def as_base64(record: SignedMeterValue, protocol: str) -> str:
    """The record for `SignedValue.signed_data`."""
    return _Record(record, protocol).base64


def encoding_method(record: SignedMeterValue, protocol: str) -> str:
    """As the station named it, else as the record shows, else `#NA`."""
    return _Record(record, protocol).method


class _Record:
    """A record as it is told."""

    def __init__(self, record: SignedMeterValue, protocol: str) -> None:
        raw = record.signed_data
        plain = _plain_bytes(record, protocol)
        self._record = record
        self._plain = raw if plain is None else plain
        self.base64 = base64.b64encode(raw).decode() if plain is None else raw.decode("ascii")

    @property
    def method(self) -> str:
        if self._record.encoding_method:
            return self._record.encoding_method
        found = (name for beginning, name in _METHODS if self._plain.startswith(beginning))
        return next(found, NOT_AVAILABLE)

    def obstacle(self, method: str) -> str | None:
        """Why OCPI cannot carry it among records of this encoding."""
        if hashlib.sha256(self._record.signed_data).hexdigest() != self._record.sha256:
            return "its bytes are not those that the station sent"
        if self.method != method:
            return "its encoding is not that of the first"
        length = len(self.base64)
        return f"{length} characters, OCPI carries {MAX_SIGNED_CHARS}" if length > MAX_SIGNED_CHARS else None

    def value(self, warnings: list[str]) -> v230.SignedValue:
        return v230.SignedValue(
            nature=_NATURES.get(self._record.context, "Intermediate"),
            plain_data=_plain_data(self._plain, warnings),
            signed_data=self.base64,
        )


def _plain_bytes(record: SignedMeterValue, protocol: str) -> bytes | None:
    """What a record that is Base64 already stands for; None when it is not."""
    try:
        plain = base64.b64decode(record.signed_data, validate=True)
    except binascii.Error:
        return None
    if base64.b64encode(plain) != record.signed_data or not plain:
        return None
    return plain if protocol.startswith("ocpp2") or plain.startswith(_PLAIN_BEGINNINGS) else None


def _plain_data(plain: bytes, warnings: list[str]) -> str:
    """The record as a reader sees it; `#NA` for what is no printable text, since it is all in signed_data."""
    try:
        text = plain.decode()
    except UnicodeDecodeError:
        text = ""
    if text.isprintable() and 0 < len(text) <= MAX_PLAIN_CHARS:
        return text
    warnings.append("signed_data: plain_data left out: no printable text")
    return NOT_AVAILABLE


def _public_key(values: tuple[SignedMeterValue, ...], warnings: list[str]) -> str | None:
    keys = {value.public_key for value in values if value.public_key}
    if not keys:
        return None
    key = next(iter(keys))
    if len(keys) > 1 or len(key) > MAX_KEY_CHARS:
        reason = "the records have different ones" if len(keys) > 1 else f"longer than {MAX_KEY_CHARS} characters"
        warnings.append(f"signed_data: public_key left out: {reason}")
        return None
    return key
