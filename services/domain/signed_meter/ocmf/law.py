"""The legal checks of OCMF: one begin, one end, one register of one meter, in good order, without gaps."""

import itertools
import re
from collections.abc import Iterator, Sequence

from services.domain.signed_meter.exact import difference, plain
from services.domain.signed_meter.findings import Code, Effect, Finding, finding
from services.domain.signed_meter.ocmf.registers import (
    billing_readings,
    is_begin,
    is_end,
    of_transaction,
    same_register,
)
from services.domain.signed_meter.record import Checked, Reading, Verified

_ID_ERRORS = {"MISMATCH", "INVALID", "OUTDATED", "UNKNOWN"}
_PAGINATION = re.compile(r"([A-Za-z]*)([0-9]{1,20})")
_SECONDS = {"s", "sec", "min", "h"}
_EXCEPTION, _GOOD = "X", "G"
_SHOWN = 80


def check(verified: Sequence[Verified]) -> Checked:
    """The law on the records of one session, all valid, in order: one record with both readings, or begin, any
    number between, and end."""
    readings = [reading for one in verified for reading in one.readings]
    if not any(map(of_transaction, readings)) or (len(verified) == 1 and _is_between(readings)):
        return Checked((finding(Code.NOT_A_TRANSACTION, field="RD[].TX"),))
    billed = billing_readings(_without_repeated_begin(verified))
    structure = _structure(verified, billed)
    if structure is not None:
        return Checked((structure,))
    begin, end = next(filter(is_begin, billed)), next(filter(is_end, billed))
    findings = (
        *_same(verified),
        *_pagination(verified),
        *_identification(verified),
        *_register(begin, end),
        *_values(billed),
        *_states(billed),
        *_exceptions(readings),
        *_clock(begin, end, readings),
    )
    return Checked(findings, difference(end.kwh, begin.kwh))


def _is_between(readings: Sequence[Reading]) -> bool:
    """Whether it tells of a transaction, but of neither of its ends, as records sent while charging do."""
    return not any(is_begin(reading) or is_end(reading) for reading in readings)


def _without_repeated_begin(verified: Sequence[Verified]) -> list[Reading]:
    """All readings; a begin that a later record repeats, as one does that closes a transaction, counts once."""
    if len(verified) == 1:
        return list(verified[0].readings)
    kept: list[Reading] = []
    known: set[tuple[object, ...]] = set()
    for one in verified:
        closes = any(map(is_end, one.readings))
        begins = {_identity(reading) for reading in one.readings if is_begin(reading)}
        kept += [
            reading
            for reading in one.readings
            if not (closes and is_begin(reading) and _identity(reading) in known)
        ]
        known |= begins
    return kept


def _identity(reading: Reading) -> tuple[object, ...]:
    return (reading.marker, reading.instant, reading.kwh, same_register(reading.register))


def _structure(verified: Sequence[Verified], billed: Sequence[Reading]) -> Finding | None:
    """The first that is wrong with begin and end: nothing else can be judged then."""
    begins, ends = [*filter(is_begin, billed)], [*filter(is_end, billed)]
    first, last = verified[0].readings, verified[-1].readings
    if not begins or not any(map(is_begin, first)):
        return finding(Code.BEGIN_MISSING, field="RD[].TX")
    if not ends or not any(map(is_end, last)):
        return finding(Code.END_MISSING, field="RD[].TX")
    if len(begins) > 1:
        return finding(Code.MULTIPLE_BEGIN, field="RD[].TX")
    if len(ends) > 1:
        return finding(Code.MULTIPLE_END, field="RD[].TX")
    return None


def _same(verified: Sequence[Verified]) -> Iterator[Finding]:
    """Meter, gateway, charging point, identification and key are those of the begin in every record."""
    first = verified[0]
    for other in verified[1:]:
        yield from _differs(Code.METER_MISMATCH, "MS", first.meter_serial, other.meter_serial)
        yield from _differs(Code.GATEWAY_MISMATCH, "GS", first.gateway_serial, other.gateway_serial)
        yield from _differs(Code.GATEWAY_MISMATCH, "GI", first.details.get("GI"), other.details.get("GI"))
        yield from _differs(Code.EVSE_MISMATCH, "CI", first.evse_id, other.evse_id)
        yield from _differs(Code.ID_MISMATCH, "ID", first.identification, other.identification)
        yield from _differs(Code.ID_MISMATCH, "IT", first.details.get("IT"), other.details.get("IT"))
        if first.key != other.key:
            yield finding(Code.KEY_MISMATCH, field="key")


def _differs(code: Code, field: str, begin: str | None, end: str | None) -> Iterator[Finding]:
    """Another value is refused; one that only one of the records has needs a person."""
    if begin == end:
        return
    if begin and end:
        yield finding(code, f"{_short(begin)}, then {_short(end)}", field)
    else:
        written = f"{_short(begin or 'nothing')}, then {_short(end or 'nothing')}"
        yield finding(code, written, field, Effect.UNDECIDED)


def _short(text: str) -> str:
    return repr(text[:_SHOWN])


def _pagination(verified: Sequence[Verified]) -> Iterator[Finding]:
    """Same context, +1 each (table 2). A gap may be records that were not handed over: a person has to look."""
    for before, after in itertools.pairwise(verified):
        written = f"{before.pagination}, then {after.pagination}"
        first, second = (_PAGINATION.fullmatch((one.pagination or "").strip()) for one in (before, after))
        if first is None or second is None:
            yield finding(Code.PAGINATION_GAP, written, "PG", Effect.UNDECIDED)
        elif first.group(1) != second.group(1):
            yield finding(Code.PAGINATION_CONTEXT, written, "PG")
        elif int(second.group(2)) <= int(first.group(2)):
            yield finding(Code.PAGINATION_NOT_INCREASING, written, "PG")
        elif int(second.group(2)) > int(first.group(2)) + 1:
            yield finding(Code.PAGINATION_GAP, written, "PG", Effect.UNDECIDED)


def _identification(verified: Sequence[Verified]) -> Iterator[Finding]:
    """IL of table 11; before version 0.5 it was called IS."""
    for one in verified:
        for name in ("IL", "IS"):
            level = one.details.get(name, "").strip().upper()
            if level in _ID_ERRORS:
                yield finding(Code.ID_LEVEL_ERROR, level, name)


def _register(begin: Reading, end: Reading) -> Iterator[Finding]:
    if same_register(begin.register) != same_register(end.register):
        yield finding(Code.REGISTER_MISMATCH, f"{begin.register}, then {end.register}", "RI")
    units = begin.details.get("RU", ""), end.details.get("RU", "")
    if begin.unit != "kWh" or end.unit != "kWh" or units[0].strip().lower() != units[1].strip().lower():
        yield finding(Code.UNIT_MISMATCH, f"{units[0]!r}, then {units[1]!r}", "RU")


def _values(billed: Sequence[Reading]) -> Iterator[Finding]:
    """Neither the register nor the time falls, from reading to reading."""
    for before, after in itertools.pairwise(billed):
        if after.kwh < before.kwh:
            yield finding(Code.VALUE_DECREASED, f"{plain(before.kwh)}, then {plain(after.kwh)}", "RV")
        if before.instant and after.instant and after.instant < before.instant:
            yield finding(Code.TIME_DECREASED, f"{before.time}, then {after.time}", "TM")


def _states(billed: Sequence[Reading]) -> Iterator[Finding]:
    """ST is G at begin and end (table 10); EF names what cannot be billed; EI, a counter of events, stands
    still."""
    for reading in billed:
        flags = reading.error_flags or ""
        if (reading.status or "").strip() != _GOOD:
            decides = is_begin(reading) or is_end(reading)
            effect = Effect.REFUSED if decides else Effect.UNDECIDED
            yield finding(Code.METER_STATUS, f"{reading.status} at {reading.time}", "ST", effect)
        if "E" in flags:
            yield finding(Code.ERROR_FLAG_ENERGY, f"{flags} at {reading.time}", "EF")
        if "t" in flags:
            yield finding(Code.ERROR_FLAG_TIME, f"{flags} at {reading.time}", "EF")
    counters = {reading.details["EI"] for reading in billed if "EI" in reading.details}
    if len(counters) > 1:
        yield finding(Code.LOGBOOK_MISMATCH, " then ".join(sorted(counters)), "EI")


def _exceptions(readings: Sequence[Reading]) -> Iterator[Finding]:
    for reading in readings:
        if reading.marker == _EXCEPTION:
            yield finding(Code.EXCEPTION_READING, f"at {reading.time}", "TX")


def _clock(begin: Reading, end: Reading, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Table 19. S at both ends proves the times, R at the end the duration, and so does a signed register of
    seconds; a relative clock cannot turn into another one while it runs."""
    states = begin.details.get("sync", ""), end.details.get("sync", "")
    written = f"{states[0] or 'nothing'}, then {states[1] or 'nothing'}"
    if states[0] == "R" and states[1] != "R":
        yield finding(Code.TIME_SYNC_INCONSISTENT, written, "TM")
    elif states[1] != "R" and states != ("S", "S") and not any(_is_duration(one) for one in readings):
        yield finding(Code.TIME_NOT_SYNCHRONIZED, written, "TM")


def _is_duration(reading: Reading) -> bool:
    return is_end(reading) and reading.unit.strip().lower() in _SECONDS and reading.kwh >= 0
