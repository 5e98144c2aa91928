"""The local authorization list of one station: what it is asked or told next, and what its answers mean. Pure.

First it is asked how much it takes, once; then for its version, once per connection; then told what has changed,
or the whole list when what it has is not known. While one command is not answered there is no other.
"""

from dataclasses import replace
from typing import Any, Final, NamedTuple

import msgspec

from services.domain.events.common import CommandOutcome, LocalListChange, LocalListEntry, LocalListStatus
from services.domain.events.station import CommandAnswered, CommandRequested, Connection, LocalList
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.fleet.local_lists.limits import limits_of, limits_request
from services.fleet.local_lists.wanted import Known, Wanted

REQUESTED_BY: Final = "local-lists"
MAX_VERSION: Final = 0x7FFF_FFFF

MAX_ENTRIES: Final = 8_000
"""Tokens on a list: its state has to fit into a Kafka message of 1 MB."""

_SEND: Final = "SendLocalList"
_VERSION: Final = "GetLocalListVersion"
_FIRST_RETRY_MS: Final = 60_000
_LAST_RETRY_MS: Final = 3_600_000
_UNSUPPORTED_MS: Final = 86_400_000
"""A station that cannot be told a list is asked again after this: its firmware may have changed."""

_NO_ANSWER: Final = frozenset(
    {CommandOutcome.TIMED_OUT, CommandOutcome.EXPIRED, CommandOutcome.UNREACHABLE, CommandOutcome.UNKNOWN}
)
_NOT_SUPPORTED: Final = ("NotSupported", "NotImplemented")


class Terms(NamedTuple):
    """`max_entries` and `items_per_message` are for stations that do not say how much they take."""

    timeout_ms: Millis = 60_000
    grace_ms: Millis = 120_000
    max_entries: int = 1000
    items_per_message: int = 100


class Step(NamedTuple):
    """The list as it stands then, and the command that leads there: it is sent when the list is durable."""

    known: LocalList
    command: CommandRequested | None = None


def blank(tenant: str, station_id: str) -> LocalList:
    """A station of which nothing is known."""
    return LocalList(tenant=tenant, station_id=station_id, status=LocalListStatus.UNKNOWN, updated_at=0)


def holds_something(known: LocalList) -> bool:
    """Whether the station has, or may have, a list of ours."""
    return bool(known.entries) or known.change is not None or (known.version > 0 and not known.known)


def free(known: LocalList, now_ms: Millis) -> bool:
    """Whether it may be asked something now."""
    return known.command_id is None and (known.retry_at is None or known.retry_at <= now_ms)


def advance(
    known: LocalList, wanted: Wanted, up_to_date: bool, connection: Connection, now_ms: Millis, terms: Terms
) -> Step | None:
    """What happens next with a connected station that is `free`; None: nothing. `up_to_date`: it has all."""
    place = f"{connection.edge_id}/{connection.epoch}"
    if not known.limits_known:
        operation, payload = limits_request(connection.protocol)
        return _asked(known, operation, payload, place, now_ms, terms)
    if known.checked_connection != place:
        return _asked(known, _VERSION, {}, place, now_ms, terms)
    if known.known and up_to_date:
        current = replace(
            known, status=LocalListStatus.CURRENT, wanted=len(wanted.entries), left_out=wanted.left_out,
            failures=0, retry_at=None, detail=None, updated_at=now_ms,
        )  # fmt: skip
        return None if replace(current, updated_at=known.updated_at) == known else Step(current)
    change = _change(known, wanted, known.items_per_message or terms.items_per_message)
    behind = replace(
        known, status=LocalListStatus.BEHIND, change=change, wanted=len(wanted.entries), left_out=wanted.left_out
    )
    return _asked(behind, _SEND, _payload(change, wanted), place, now_ms, terms)


def answered(known: LocalList, event: CommandAnswered, now_ms: Millis) -> LocalList:
    """What the result of a command means; after somebody else's list the station is asked for its version."""
    if event.command_id != known.command_id:
        if event.operation == _SEND and event.outcome is not CommandOutcome.UNREACHABLE:
            return replace(known, checked_connection=None, updated_at=now_ms)
        return known
    place, operation = known.asked_connection, known.operation
    free_again = replace(
        known, command_id=None, operation=None, answer_by=None, asked_connection=None, updated_at=now_ms
    )
    if event.outcome in _NO_ANSWER:
        return unanswered(free_again, event.detail or event.outcome.value.lower().replace("_", " "), now_ms)
    if operation == _VERSION:
        return _version_told(free_again, event, place, now_ms)
    if operation == _SEND:
        return _list_answered(free_again, event, now_ms)
    told = limits_of(event.answer_json) if event.outcome is not CommandOutcome.FAILED else limits_of(None)
    return replace(
        free_again, limits_known=True, max_entries=told.max_entries, items_per_message=told.items_per_message
    )


def unanswered(known: LocalList, detail: str, now_ms: Millis) -> LocalList:
    """Nobody knows whether the station has done it: it is asked for its version before anything else."""
    open_again = replace(
        known, command_id=None, operation=None, answer_by=None, asked_connection=None, checked_connection=None
    )
    return _later(open_again, detail, now_ms)


def _change(known: LocalList, wanted: Wanted, room: int) -> LocalListChange:
    """The next part. Tokens go before others come, so that a list that is full takes them."""
    have: dict[Known, LocalListEntry] = {(entry.token_uid, entry.type): entry for entry in known.entries}
    gone = [of for of in have if of not in wanted.entries]
    put = [of for of, told in wanted.entries.items() if have.get(of) != told.entry]
    smaller_whole = len(wanted.entries) <= min(room, len(gone) + len(put) - 1)
    if not known.known or smaller_whole or known.version >= MAX_VERSION:
        version = known.version + 1 if known.version < MAX_VERSION else 1
        return LocalListChange(version=version, full=True, put=_entries(list(wanted.entries)[:room], wanted))
    left = tuple(have[of] for of in gone[:room])
    return LocalListChange(
        version=known.version + 1, full=False, put=_entries(put[: room - len(left)], wanted), gone=left
    )


def _entries(listed: list[Known], wanted: Wanted) -> tuple[LocalListEntry, ...]:
    return tuple(wanted.entries[of].entry for of in listed)


def _payload(change: LocalListChange, wanted: Wanted) -> dict[str, Any]:
    """SendLocalListRequest; an entry without idTokenInfo is to be removed (D01.FR.17)."""
    said: list[dict[str, Any]] = [
        {"idToken": {"idToken": entry.token_uid, "type": entry.type}} for entry in change.gone
    ]
    said += [wanted.entries[(entry.token_uid, entry.type)].data for entry in change.put]
    payload: dict[str, Any] = {
        "versionNumber": change.version,
        "updateType": "Full" if change.full else "Differential",
    }
    return payload | ({"localAuthorizationList": said} if said else {})


def _version_told(known: LocalList, event: CommandAnswered, place: str | None, now_ms: Millis) -> LocalList:
    if event.outcome is CommandOutcome.FAILED:
        return _refused(known, event, now_ms)
    told = _whole(_answer(event.answer_json))
    checked = replace(known, checked_connection=place, retry_at=None)
    if known.change is not None and told == known.change.version:
        return _applied(checked, known.change)
    if known.known and told == known.version and told > 0:
        return replace(checked, change=None)
    return replace(checked, version=max(0, told), known=False, entries=(), change=None)


def _list_answered(known: LocalList, event: CommandAnswered, now_ms: Millis) -> LocalList:
    """D01, D02: Failed and VersionMismatch are followed by the whole list."""
    change = known.change
    assert change is not None, "it is kept until its command is answered"
    if event.outcome is CommandOutcome.ACCEPTED:
        return replace(_applied(known, change), failures=0, retry_at=None, detail=None)
    dropped = replace(known, change=None)
    if event.status in _NOT_SUPPORTED or event.outcome is CommandOutcome.FAILED:
        return _refused(dropped, event, now_ms)
    lost = replace(dropped, known=False, entries=(), checked_connection=None)
    if not change.full:
        return replace(lost, detail=event.status)
    return _later(lost, event.status or "refused", now_ms)


def _applied(known: LocalList, change: LocalListChange) -> LocalList:
    have = {} if change.full else {(entry.token_uid, entry.type): entry for entry in known.entries}
    for entry in change.gone:
        have.pop((entry.token_uid, entry.type), None)
    have |= {(entry.token_uid, entry.type): entry for entry in change.put}
    return replace(known, version=change.version, known=True, entries=tuple(have.values()), change=None)


def _refused(known: LocalList, event: CommandAnswered, now_ms: Millis) -> LocalList:
    """A CALLERROR, or the word that it does not do lists."""
    said = event.status or event.detail or "refused"
    if said.startswith(_NOT_SUPPORTED):
        return replace(
            known, status=LocalListStatus.UNSUPPORTED, detail=said, retry_at=now_ms + _UNSUPPORTED_MS,
            checked_connection=None, limits_known=False,
        )  # fmt: skip
    return _later(replace(known, checked_connection=None), said, now_ms)


def _later(known: LocalList, detail: str, now_ms: Millis) -> LocalList:
    wait_ms = min(_LAST_RETRY_MS, _FIRST_RETRY_MS * 2 ** min(known.failures, 10))
    return replace(
        known, status=LocalListStatus.FAILED, detail=detail, failures=known.failures + 1,
        retry_at=now_ms + wait_ms, updated_at=now_ms,
    )  # fmt: skip


def _asked(
    known: LocalList, operation: str, payload: dict[str, Any], place: str, now_ms: Millis, terms: Terms
) -> Step:
    command_id = derived_id("local list", known.tenant, known.station_id, operation, place, now_ms)
    command = CommandRequested(
        event_id=derived_id("CommandRequested", known.tenant, command_id),
        command_id=command_id,
        tenant=known.tenant,
        station_id=known.station_id,
        operation=operation,
        payload_json=msgspec.json.encode(payload).decode(),
        requested_by=REQUESTED_BY,
        requested_at=now_ms,
        deadline_at=now_ms + terms.timeout_ms,
    )
    asked = replace(
        known, command_id=command_id, operation=operation, asked_connection=place, updated_at=now_ms,
        answer_by=now_ms + terms.timeout_ms + terms.grace_ms,
    )  # fmt: skip
    return Step(asked, command)


def _answer(text: str | None) -> dict[str, Any]:
    found = msgspec.json.decode(text or "{}")
    return found if isinstance(found, dict) else {}


def _whole(answer: dict[str, Any]) -> int:
    """The version in OCPP 2.0.1's words or 1.6's; 0 when it says none that a list can have."""
    found = answer.get("versionNumber", answer.get("listVersion", 0))
    return int(found) if isinstance(found, int | float) and -1 <= found <= MAX_VERSION else 0
