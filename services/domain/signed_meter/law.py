"""The law of formats whose session is a record at the begin, one at the end, and perhaps some between.

Each record carries one reading. What all of these formats ask is here; what only one asks is with that format.
Text values of `Verified.details` used here: `log`, `seconds_index`.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from services.domain.signed_meter.exact import difference
from services.domain.signed_meter.findings import Code, Effect, Finding, finding
from services.domain.signed_meter.record import Checked, Verified

BEGIN: Final = "Transaction.Begin"
END: Final = "Transaction.End"
_CONTEXTS: Final = {BEGIN: "begin", END: "end"}

Question = Callable[[Verified, Verified], Iterator[Finding]]
"""Asks two neighbouring records of a session, the earlier first."""


def session(records: Sequence[Verified], questions: Sequence[Question]) -> Checked:
    """The findings of all neighbours and the energy from begin to end.

    One record alone is no transaction. The place of a record is its context, else what it says of itself (`marker`
    of its reading: `begin`, `between`, `end`), else its place in the list. A record in the place of the begin that
    says of itself to be none leaves the begin missing; so for the end.
    """
    if len(records) < 2:
        refused = any(found.effect is Effect.REFUSED for one in records for found in one.findings)
        return Checked(() if refused else (finding(Code.NOT_A_TRANSACTION),))
    begins, between, ends = _placed(records)
    incomplete = tuple(_incomplete(begins, ends))
    if incomplete:
        return Checked(incomplete)
    findings = [
        one
        for before, after in pairwise((*begins, *between, *ends))
        for question in (*_ALWAYS, *questions)
        for one in question(before, after)
    ]
    return Checked(tuple(findings), difference(ends[0].readings[0].kwh, begins[0].readings[0].kwh))


def same(code: Code, what: str, of: Callable[[Verified], object]) -> Question:
    """The question whether two records agree in something."""

    def ask(before: Verified, after: Verified) -> Iterator[Finding]:
        first, second = of(before), of(after)
        if first != second:
            yield finding(code, f"{what}: {first} at first, then {second}")

    return ask


def detail(name: str) -> Callable[[Verified], object]:
    """What the details of a record hold under a name."""
    return lambda one: one.details.get(name)


def rising_pagination(before: Verified, after: Verified) -> Iterator[Finding]:
    """Whether the packet number rises; gaps are other sessions of the same meter."""
    first, second = int(before.pagination or 0), int(after.pagination or 0)
    if second <= first:
        yield finding(Code.PAGINATION_NOT_INCREASING, f"packet {second} after packet {first}")


def value_not_falling(before: Verified, after: Verified) -> Iterator[Finding]:
    """Whether the register stands, or goes up."""
    first, second = before.readings[0].kwh, after.readings[0].kwh
    if second < first:
        yield finding(Code.VALUE_DECREASED, f"{second} kWh after {first} kWh")


def time_not_falling(before: Verified, after: Verified) -> Iterator[Finding]:
    """Whether clock and seconds index go on; local time alone may go back by an hour in autumn."""
    first, second = before.readings[0].instant, after.readings[0].instant
    if first is not None and second is not None and second < first:
        yield finding(Code.TIME_DECREASED, f"{second.isoformat()} after {first.isoformat()}")
    index, later = (int(one.details.get("seconds_index", "0")) for one in (before, after))
    if later < index:
        yield finding(Code.TIME_DECREASED, f"seconds index {later} after {index}")


_ALWAYS: Final[tuple[Question, ...]] = (
    same(Code.KEY_MISMATCH, "key", lambda one: one.key),
    same(Code.METER_MISMATCH, "meter", lambda one: one.meter_serial),
    same(Code.ID_MISMATCH, "identification", lambda one: one.identification),
    same(Code.REGISTER_MISMATCH, "register", lambda one: one.readings[0].register),
    rising_pagination,
    value_not_falling,
    time_not_falling,
)


def places(said: Sequence[tuple[str | None, str | None]]) -> list[str]:
    """`begin`, `between` or `end` for each (context, marker); by the order where none of them says."""
    found = [_CONTEXTS.get((context or "").strip(), marker) for context, marker in said]
    if not any(found):
        return ["begin", *["between"] * (len(found) - 2), "end"]
    return [place if place in ("begin", "end") else "between" for place in found]


def _placed(records: Sequence[Verified]) -> tuple[list[Verified], list[Verified], list[Verified]]:
    found = places([(one.context, one.readings[0].marker) for one in records])
    begins, between, ends = (
        [record for record, place in zip(records, found, strict=True) if place == wanted]
        for wanted in ("begin", "between", "end")
    )
    return begins, between, ends


def _incomplete(begins: Sequence[Verified], ends: Sequence[Verified]) -> Iterator[Finding]:
    """The first thing that keeps the records from having one begin and one end."""
    if not begins or begins[0].readings[0].marker not in (None, "begin"):
        yield finding(Code.BEGIN_MISSING)
    elif not ends or ends[0].readings[0].marker not in (None, "end"):
        yield finding(Code.END_MISSING)
    elif len(begins) > 1:
        yield finding(Code.MULTIPLE_BEGIN, f"{len(begins)} readings at the begin")
    elif len(ends) > 1:
        yield finding(Code.MULTIPLE_END, f"{len(ends)} readings at the end")
