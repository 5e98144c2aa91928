"""Whether a charge detail record agrees with itself: with its signed meter values, and with its own tariffs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from decimal import Decimal
from typing import Any, Final

from services.domain.events.common import EvidenceOutcome
from services.domain.money import EXACT
from services.domain.signed_meter.containers import read_sessions
from services.domain.signed_meter.encodings import from_base64
from services.domain.signed_meter.exact import plain
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge
from services.domain.tariff.engine import price_session
from services.domain.tariff.model import Amount
from services.domain.tariff.ocpi_cdr import read_record
from services.domain.tariff.ocpi_tariff import read_tariff
from services.domain.tariff.reading import Reader
from services.ocpi.inbound.received_amounts import costs, money, text

CENT: Final = Decimal("0.01")
"""A difference of less says nothing: hours are told with four decimals."""

_VERSION: Final = "230"
_CONTEXTS: Final = {"start": "Transaction.Begin", "end": "Transaction.End"}
_OUTCOMES: Final = {True: EvidenceOutcome.OK, False: EvidenceOutcome.FAILED, None: EvidenceOutcome.UNDECIDED}
_XML_OR_JSON: Final = (b"<", b"{")


@dataclass(frozen=True, slots=True)
class Check:
    """What the signed values prove, the price by the record's own tariffs, and where something differs."""

    evidence: EvidenceOutcome
    priced_excl_vat: Decimal | None
    priced_incl_vat: Decimal | None
    findings: tuple[str, ...]


def check(cdr: Mapping[str, Any], zone: tzinfo) -> Check:
    """Check a record of 2.3.0; times of day in tariffs are those of `zone`. Never raises."""
    findings: list[str] = []
    evidence = _evidence(cdr, findings)
    priced = _priced(cdr, zone, findings)
    if priced is not None:
        _compare(cdr, priced, findings)
    return Check(
        evidence,
        None if priced is None else money(priced.excl_vat),
        None if priced is None or priced.incl_vat is None else money(priced.incl_vat),
        tuple(findings),
    )


def _evidence(cdr: Mapping[str, Any], findings: list[str]) -> EvidenceOutcome:
    """By the key that the record carries, since a provider has no register of a CPO's meters."""
    signed = cdr.get("signed_data", {})
    values = signed.get("signed_values", ())
    if not values:
        return EvidenceOutcome.UNSIGNED
    key = text(signed, "public_key") or None
    verdict = judge([record for value in values for record in _records(value, key)])
    findings.extend(f"signed_data: {code}" for code in verdict.codes)
    total = Decimal(cdr["total_energy"])
    energy = verdict.energy_kwh
    if verdict.transaction_ok is True and energy is not None and energy != total:
        findings.append(f"total_energy: {plain(total)} kWh, {plain(energy)} kWh were signed")
    return _OUTCOMES[verdict.transaction_ok]


def _records(value: Mapping[str, Any], key: str | None) -> list[SignedRecord]:
    data = text(value, "signed_data").encode()
    context = _CONTEXTS.get(text(value, "nature").lower())
    try:
        sessions = read_sessions(_unwrapped(data), key)
    except NotReadable:
        return [SignedRecord("", data, key=key, context=context)]
    found = [record for session in sessions for record in session]
    return [replace(one, key=key or one.key, context=one.context or context) for one in found]


def _unwrapped(data: bytes) -> bytes:
    """The XML or JSON that Base64 stands for; anything else is recognised as it is."""
    try:
        inner = from_base64(data, "signed_data")
    except NotReadable:
        return data
    return inner if inner.lstrip().startswith(_XML_OR_JSON) else data


def _priced(cdr: Mapping[str, Any], zone: tzinfo, findings: list[str]) -> Amount | None:
    """What the record costs by the tariffs that it carries; a credit is that much less than nothing."""
    if not cdr.get("tariffs"):
        return None
    reader = Reader()
    try:
        record = read_record(dict(cdr), _VERSION, zone, reader)
        tariffs = [read_tariff(one, _VERSION, reader) for one in record.tariffs]
        total = price_session(record.session, tariffs).total
    except (ValueError, ArithmeticError) as error:
        findings.append(f"total_cost: cannot be recomputed: {str(error)[:120]}")
        return None
    if total is None or cdr.get("credit") is not True:
        return total
    return Amount(-total.excl_vat, None if total.incl_vat is None else -total.incl_vat)


def _compare(cdr: Mapping[str, Any], priced: Amount, findings: list[str]) -> None:
    excl_vat, incl_vat = costs(cdr["total_cost"])
    pairs = (("before_taxes", excl_vat, priced.excl_vat), ("with taxes", incl_vat, priced.incl_vat))
    for name, told, found in pairs:
        if told is not None and found is not None and abs(EXACT.subtract(told, found)) >= CENT:
            findings.append(f"total_cost: {plain(told)} {name}, {plain(found)} by the record's own tariffs")
