"""BSM_WS36A: snapshots of a BAUER meter in a chargeIT container.

Signed are 17 data points in a fixed order: a number as int32 (big-endian), scale and DLMS unit; a text as its
length and UTF-8. The meter signs texts that the station gives it (`Meta1` to `Meta3`), tagged `contract-id:`,
`evse-id:`, `csc-sw-version:`. What the container says beside that is worth what these tags say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.domain.signed_meter import charge_it, edl, edl_block, keys, law
from services.domain.signed_meter.charge_it import Container
from services.domain.signed_meter.curves import CURVES
from services.domain.signed_meter.encodings import from_hex
from services.domain.signed_meter.findings import Code, Finding, NotReadable, finding
from services.domain.signed_meter.json_text import Json, member, text_of, whole
from services.domain.signed_meter.proof import given_key, on_curve, proven
from services.domain.signed_meter.record import Checked, Reading, SignedRecord, Verified
from services.domain.signed_meter.signature import der

_CURVES: Final = {32: CURVES["secp256r1"]}
_POINTS: Final = (
    *("Typ", "RCR", "TotWhImp", "W", "MA1", "RCnt", "OS", "Epoch", "TZO", "EpochSetCnt", "EpochSetOS"),
    *("DI", "DO", "Meta1", "Meta2", "Meta3", "Evt"),
)
_UNITS: Final = {"RCR": 30, "TotWhImp": 30, "W": 27, "OS": 7, "Epoch": 7, "TZO": 6, "EpochSetOS": 7}
_NO_UNIT: Final = 255
_TEXTS: Final = frozenset({"MA1", "Meta1", "Meta2", "Meta3"})
_MARKERS: Final = {0: "between", 1: "begin", 2: "end", 3: "begin", 4: "end"}
"""`Typ`: current, turn on, turn off, start, end."""

_UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Number:
    value: int
    scale: int
    unit: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The data points by name."""

    numbers: dict[str, Number]
    texts: dict[str, str]

    def tag(self, name: str) -> str | None:
        """What the tagged text says; None when no text has that tag."""
        tagged = [text for text in self.texts.values() if text.startswith(f"{name}:")]
        return tagged[0].removeprefix(f"{name}:").strip() if tagged else None


def verify(record: SignedRecord) -> tuple[Verified, ...]:
    """One `Verified` for each snapshot of the container."""
    container = charge_it.read(record)
    return tuple(_verified(value, container, record) for value in container.values)


def check(records: Sequence[Verified]) -> Checked:
    """Numbers follow without a gap, clock and counter of seconds go on, and nobody set the clock."""
    return law.session(records, _QUESTIONS)


def signed_bytes(snapshot: Snapshot) -> bytes:
    """What the meter signs; NotReadable for a number that does not fit."""
    parts: list[bytes] = []
    for name in _POINTS:
        if name in _TEXTS:
            octets = snapshot.texts[name].encode(errors="replace")
            parts.append(len(octets).to_bytes(4, "big") + octets)
            continue
        number = snapshot.numbers[name]
        try:
            parts += (
                number.value.to_bytes(4, "big", signed=number.value < 0),
                number.scale.to_bytes(1, "big", signed=True),
                number.unit.to_bytes(1, "big"),
            )
        except OverflowError:
            raise NotReadable("a number that does not fit into its field", name) from None
    return b"".join(parts)


def read(value: Json) -> Snapshot:
    """The data points of one signed value; NotReadable when one is missing or there twice."""
    points = member(value, "additionalValues")
    named = [(text_of(point, "measurand", "name"), point) for point in points] if isinstance(points, list) else []
    found = dict(named)
    if len(found) != len(named) or not found.keys() >= set(_POINTS):
        raise NotReadable("a data point is missing or there twice", "additionalValues")
    numbers = {name: _number(found[name], name) for name in _POINTS if name not in _TEXTS}
    return Snapshot(numbers, {name: text_of(found[name], "measuredValue", "value") for name in sorted(_TEXTS)})


def _number(point: Json, name: str) -> Number:
    """Containers leave out a scale of 0, and may leave out the unit, which each point has by definition."""
    scale, unit = (
        whole(point, "measuredValue", part) if member(point, "measuredValue", part) is not None else usual
        for part, usual in (("scale", 0), ("unitEncoded", _UNITS.get(name, _NO_UNIT)))
    )
    return Number(whole(point, "measuredValue", "value"), scale, unit)


def _verified(value: Json, container: Container, record: SignedRecord) -> Verified:
    snapshot = read(value)
    numbers = snapshot.numbers
    register, total, epoch = numbers["RCR"], numbers["TotWhImp"], numbers["Epoch"].value
    embedded = on_curve(keys.read(text_of(value, "meterInfo", "publicKey")), _CURVES)
    signature = der(from_hex(text_of(value, "signature"), "signature"))
    proof = proven(signed_bytes(snapshot), signature, given_key(record, _CURVES), embedded)
    instant = edl.utc(epoch)
    reading = Reading(
        kwh=edl_block.kwh(register.value, register.scale),
        time=edl.utc(epoch + 60 * numbers["TZO"].value).replace(tzinfo=None).isoformat(),
        instant=instant,
        marker=_MARKERS.get(numbers["Typ"].value, "between"),
        register="RCR",
        details={"type": str(numbers["Typ"].value)},
    )
    return Verified(
        valid=proof.valid,
        findings=(*proof.findings, *_unsigned(value, snapshot, container)) if proof.valid else proof.findings,
        readings=(reading,),
        pagination=str(numbers["RCnt"].value),
        meter_serial=snapshot.texts["MA1"],
        identification=snapshot.tag("contract-id"),
        evse_id=snapshot.tag("evse-id"),
        key=proof.key,
        context=record.context,
        signed=(proof.signed,),
        details={
            "total_kwh": str(edl_block.kwh(total.value, total.scale)),
            "seconds_index": str(numbers["OS"].value),
            "clock_set": f"{numbers['EpochSetCnt'].value} at {numbers['EpochSetOS'].value}",
            "software": snapshot.tag("csc-sw-version") or "",
            "events": str(numbers["Evt"].value),
            "key": proof.source,
        },
    )


def _unsigned(value: Json, snapshot: Snapshot, container: Container) -> Iterator[Finding]:
    """What the container says beside the signed data points, where they say otherwise."""
    numbers = snapshot.numbers
    register = numbers["RCR"]
    if register.unit != edl_block.WATT_HOUR:
        yield finding(Code.UNIT_MISMATCH, f"unit {register.unit} is not {edl_block.WATT_HOUR} (Wh)", "RCR")
    if text_of(value, "meterInfo", "meterId") != snapshot.texts["MA1"]:
        yield finding(Code.METER_MISMATCH, "the container names another meter than the signed one", "meterId")
    if whole(value, "measurementId") != numbers["RCnt"].value:
        yield finding(Code.PAGINATION_CONTEXT, "the container counts otherwise than the meter", "measurementId")
    if member(value, "contract") is not None and _contract(value) != snapshot.tag("contract-id"):
        yield finding(Code.ID_MISMATCH, "the container names another contract than the signed one", "contract")
    evse, software = snapshot.tag("evse-id"), snapshot.tag("csc-sw-version")
    if container.evse_id and evse not in (None, _UNKNOWN, container.evse_id):
        yield finding(Code.EVSE_MISMATCH, f"{container.evse_id} is not the signed {evse}", "evseId")
    if container.software and software not in (None, _UNKNOWN, container.software):
        yield finding(Code.SOFTWARE_MISMATCH, f"{container.software} is not the signed {software}", "Meta")
    shown = member(value, "value", "measuredValue")
    scale = whole(shown, "scale") if member(shown, "scale") is not None else 0
    if shown is not None and (whole(shown, "value"), scale) != (register.value, register.scale):
        yield finding(Code.REGISTER_MISMATCH, "the container shows another value than the signed one", "value")


def _contract(value: Json) -> str:
    kind = member(value, "contract", "type")
    name = text_of(value, "contract", "id")
    return f"{kind}:{name}" if isinstance(kind, str) else name


def _no_gap(before: Verified, after: Verified) -> Iterator[Finding]:
    first, second = int(before.pagination or 0), int(after.pagination or 0)
    if second > first + 1:
        yield finding(Code.PAGINATION_GAP, f"snapshot {second} after {first}", "RCnt")


def _clock_goes_on(before: Verified, after: Verified) -> Iterator[Finding]:
    if before.readings[0].instant == after.readings[0].instant:
        yield finding(Code.TIME_DECREASED, "the clock stands still", "Epoch")
    if before.details["seconds_index"] == after.details["seconds_index"]:
        yield finding(Code.TIME_DECREASED, "the seconds index stands still", "OS")


def _total_not_falling(before: Verified, after: Verified) -> Iterator[Finding]:
    first, second = Decimal(before.details["total_kwh"]), Decimal(after.details["total_kwh"])
    if second < first:
        yield finding(Code.VALUE_DECREASED, f"{second} kWh after {first} kWh", "TotWhImp")


_QUESTIONS: Final = (
    _no_gap,
    _clock_goes_on,
    _total_not_falling,
    law.same(Code.TIME_SYNC_INCONSISTENT, "clock set", law.detail("clock_set")),
    law.same(Code.SOFTWARE_MISMATCH, "software", law.detail("software")),
    law.same(Code.EVSE_MISMATCH, "charging point", lambda one: one.evse_id),
)
