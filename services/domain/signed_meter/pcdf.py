"""The text record of Porsche's DC stations (PCDF): `128.8.0(ST:…)(CT:…)…(PK:…)(SG:…)`.

One record is one whole charge: energy, not a pair of registers. Signed is the text before `(SG:`, as sent.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from services.domain.signed_meter import keys, received
from services.domain.signed_meter.curves import CURVES
from services.domain.signed_meter.findings import Code, Finding, NotReadable, finding
from services.domain.signed_meter.proof import given_key, on_curve, proven
from services.domain.signed_meter.record import Checked, Reading, SignedRecord, Verified
from services.domain.signed_meter.signature import der

MAX_LENGTH: Final = 4_096

_START: Final = "128.8.0"
_CURVES: Final = {32: CURVES["secp256r1"]}
_RECORD: Final = re.compile(r"128\.8\.0(?:\([A-Z]{2,3}:[^()]*\))+")
_FIELD: Final = re.compile(r"\(([A-Z]{2,3}):([^()]*)\)")
_FRAME: Final = re.compile(r"\A(?:\\u0002|\x02)|(?:\\u0003|\x03)\Z")
_SHAPES: Final = {
    "ST": r"\d{12}",
    "CT": r"\d{12}",
    "CD": r"\d\d[0-5]\d[0-5]\d",
    "TV": r"\d{1,2}",
    "BV": r"\d{1,2}",
    "CSC": r"\d{1,10}",
    "SP": r"\d{1,2}",
    "RV": r"\d{4}\.\d{3}\*kWh",
    "SI": r"[^*]{1,36}\*[^*]\*[^*]{1,36}",
    "CS": r".{8}",
    "HW": r".{11}",
    "DT": r"\d{1,3}",
    "PK": r"(?:[0-9A-Fa-f]{2})+",
    "SG": r"(?:[0-9A-Fa-f]{2})+",
}
_FIELDS: Final = {name: re.compile(shape, re.ASCII) for name, shape in _SHAPES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PcdfRecord:
    """`billable` BV, `final` SP, `time_valid` TV: only "1" says so; `key` is a point, `signature` DER."""

    signed: bytes
    key: bytes
    signature: bytes
    start: datetime
    end: datetime
    time_valid: bool
    billable: bool
    final: bool
    counter: int
    energy_kwh: Decimal
    id_tag: str
    id_type: str
    transaction: str
    meter: str


def verify(record: SignedRecord) -> tuple[Verified, ...]:
    """The one signature of a record."""
    charge = read(received.text(record, lambda text: _START in text[:16]))
    embedded = on_curve(keys.from_octets(charge.key), _CURVES)
    proof = proven(charge.signed, der(charge.signature), given_key(record, _CURVES), embedded)
    reading = Reading(
        kwh=charge.energy_kwh,
        time=charge.end.replace(tzinfo=None).isoformat(),
        marker="final" if charge.final else "between",
        register=_START,
        details={"start": charge.start.replace(tzinfo=None).isoformat()},
    )
    return (
        Verified(
            valid=proof.valid,
            findings=(*proof.findings, *_flags(charge)) if proof.valid else proof.findings,
            readings=(reading,),
            pagination=str(charge.counter),
            meter_serial=charge.meter,
            identification=charge.id_tag,
            key=proof.key,
            context=record.context,
            signed=(proof.signed,),
            details={"session": charge.transaction, "id_type": charge.id_type, "key": proof.source},
        ),
    )


def check(records: Sequence[Verified]) -> Checked:
    """Exactly one final record: its energy is that of the charge. All records agree in whom and where."""
    finals = [one for one in records if one.readings[0].marker == "final"]
    findings = [finding(Code.END_MISSING, "the charge goes on: SP is not 1", "SP")] if not finals else []
    if len(finals) > 1:
        findings.append(finding(Code.MULTIPLE_END, f"{len(finals)} final records"))
    first = records[0]
    for code, of in _SAME:
        if any(of(one) != of(first) for one in records):
            findings.append(finding(code))
    last = (finals or records)[-1]
    return Checked(tuple(findings), None if len(finals) > 1 else last.readings[0].kwh)


def read(text: str) -> PcdfRecord:
    """The record in `text`, with or without its STX and ETX; NotReadable when it is not one whole record."""
    if len(text) > MAX_LENGTH:
        raise NotReadable(f"more than {MAX_LENGTH} characters")
    bare = _FRAME.sub("", text.strip().strip('"').strip()).strip()
    if not _RECORD.fullmatch(bare):
        raise NotReadable("not `128.8.0` and fields in parentheses")
    pairs = _FIELD.findall(bare)
    fields = dict(pairs)
    if len(fields) != len(pairs) or fields.keys() != _FIELDS.keys() or pairs[-1][0] != "SG":
        raise NotReadable("a field that is missing, unknown or twice, or a signature that is not the last")
    wrong = [name for name, shape in _FIELDS.items() if not shape.fullmatch(fields[name])]
    if wrong:
        raise NotReadable(f"the form of {wrong[0]}")
    id_tag, id_type, transaction = fields["SI"].split("*")
    return PcdfRecord(
        signed=bare[: bare.rindex("(SG:")].encode(errors="surrogatepass"),
        key=bytes.fromhex(fields["PK"]),
        signature=bytes.fromhex(fields["SG"]),
        start=_time(fields["ST"]),
        end=_time(fields["CT"]),
        time_valid=fields["TV"] == "1",
        billable=fields["BV"] == "1",
        final=fields["SP"] == "1",
        counter=int(fields["CSC"]),
        energy_kwh=Decimal(fields["RV"].removesuffix("*kWh")),
        id_tag=id_tag,
        id_type=id_type,
        transaction=transaction,
        meter=fields["HW"],
    )


def _flags(charge: PcdfRecord) -> Iterator[Finding]:
    if not charge.billable:
        yield finding(Code.METER_STATUS, "the meter says that this cannot be billed", "BV")
    if not charge.time_valid:
        yield finding(Code.TIME_NOT_SYNCHRONIZED, "the station does not vouch for its clock", "TV")
    if charge.end < charge.start:
        yield finding(Code.TIME_DECREASED, "CT is before ST", "CT")


_SAME: Final[tuple[tuple[Code, Callable[[Verified], object]], ...]] = (
    (Code.KEY_MISMATCH, lambda one: one.key),
    (Code.METER_MISMATCH, lambda one: one.meter_serial),
    (Code.ID_MISMATCH, lambda one: one.identification),
    (Code.SESSION_MISMATCH, lambda one: one.details["session"]),
)


def _time(digits: str) -> datetime:
    try:
        return datetime.strptime(digits, "%y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise NotReadable("a time that is none") from None
