"""The law of formats whose session is a record at the begin, one at the end, and perhaps some between.

Each record carries one reading. What all of these formats ask is here; what only one asks is with that format.
Text values of `Verified.details` used here: `log`, `seconds_index`.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from services.domain.signed_meter.findings import Code, Effect, Finding, finding
from services.domain.signed_meter.record import Checked, Verified

BEGIN: Final = "Transaction.Begin"
END: Final = "Transaction.End"

Question = Callable[[Verified, Verified], Iterator[Finding]]
"""Asks two neighbouring records of a session, the earlier first."""


def session(records: Sequence[Verified], questions: Sequence[Question]) -> Checked:
    """The findings of all neighbours and the energy from begin to end.

    One record alone is no transaction. The place of a record is what it says of itself (`marker` of its reading:
    `begin`, `end`), else its context, else its place in the list.
    """
    if len(records) < 2:
        refused = any(found.effect is Effect.REFUSED for one in records for found in one.findings)
        return Checked(() if refused else (finding(Code.NOT_A_TRANSACTION),))
    begins, between, ends = _placed(records)
    findings = [*_complete(len(begins), len(ends))]
    for before, after in pairwise((*begins, *between, *ends)):
        findings += (one for question in (*_ALWAYS, *questions) for one in question(before, after))
    if len(begins) != 1 or len(ends) != 1:
        return Checked(tuple(findings))
    return Checked(tuple(findings), ends[0].readings[0].kwh - begins[0].readings[0].kwh)


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
    if before.pagination is not None and after.pagination is not None:
        first, second = int(before.pagination), int(after.pagination)
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


def _placed(records: Sequence[Verified]) -> tuple[list[Verified], list[Verified], list[Verified]]:
    begins: list[Verified] = []
    between: list[Verified] = []
    ends: list[Verified] = []
    places = {"begin": begins, "end": ends, BEGIN: begins, END: ends}
    said = [one.readings[0].marker or one.context for one in records]
    if not any(one in places for one in said):
        return [records[0]], [*records[1:-1]], [records[-1]]
    for record, place in zip(records, said, strict=True):
        places.get(place or "", between).append(record)
    return begins, between, ends


def _complete(begins: int, ends: int) -> Iterator[Finding]:
    if begins == 0:
        yield finding(Code.BEGIN_MISSING)
    if ends == 0:
        yield finding(Code.END_MISSING)
    if begins > 1:
        yield finding(Code.MULTIPLE_BEGIN)
    if ends > 1:
        yield finding(Code.MULTIPLE_END)
