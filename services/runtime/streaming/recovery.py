"""Brings the stores of partitions up to their changelog, and undoes what a dead worker left unfinished."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.domain.units import Millis
from services.runtime.streaming.changelog import DELETES_KEPT_MS, SEAL, Change, Changelog
from services.runtime.streaming.store import Position, Store

_ATTEMPTS = 5


class Disturbed(Exception):
    """Another worker keeps writing to a partition that Kafka gave to this one."""


class Revoked(Exception):
    """Kafka has given the partitions away while they were recovered."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a recovery did."""

    records: int
    """Changelog records that were read into stores."""
    undone: int
    """States of unfinished checkpoints that were put back."""
    cleared: int
    """Stores that did not fit the changelog and were built anew."""
    ends: dict[int, int]
    """Offset that each changelog partition's next record gets."""

    def summary(self) -> dict[str, int]:
        """For the log."""
        return {"records": self.records, "undone": self.undone, "cleared": self.cleared}


def recover(
    changelog: Changelog, stores: Mapping[int, Store], owned: Callable[[], bool], now_ms: Millis
) -> Recovered:
    """Make each store what its changelog says, sealed to the end.

    A store is cleared and built anew when it belongs to a changelog that was deleted since, is ahead of it, or is
    older than deletions are kept. `owned` is asked now and then: False ends in Revoked, before anything is written
    to the changelog of a partition that has another worker. Raises Disturbed when somebody else writes to it all
    the while.
    """
    bounds = changelog.bounds(list(stores))
    cleared = [s for p, s in stores.items() if not _fits(s.position, bounds[p], changelog.topic_id, now_ms)]
    for store in cleared:
        store.clear()
    ranges = {p: (_start(store, bounds[p][0]), bounds[p][1]) for p, store in stores.items()}
    seals = changelog.last_seals(ranges)
    sealed = {p: (start, seals.get(p, start - 1) + 1) for p, (start, _) in ranges.items()}
    records = _apply(changelog, stores, sealed, owned, now_ms)
    tails = {p: (sealed[p][1], end) for p, (_, end) in ranges.items()}
    undone, ends = _undo(changelog, stores, tails, owned, now_ms)
    return Recovered(records, undone, len(cleared), ends)


def _fits(position: Position | None, bounds: tuple[int, int], topic_id: str, now_ms: Millis) -> bool:
    """Whether a store can be carried on from where it is."""
    if position is None:
        return True
    return (
        position.topic_id == topic_id
        and position.offset < bounds[1]
        and now_ms - position.written_at < DELETES_KEPT_MS // 2
    )


def _start(store: Store, first: int) -> int:
    return first if store.position is None else max(first, store.position.offset + 1)


def _apply(
    changelog: Changelog,
    stores: Mapping[int, Store],
    ranges: dict[int, tuple[int, int]],
    owned: Callable[[], bool],
    now_ms: Millis,
) -> int:
    """Write what is sealed; a store that is interrupted in the middle goes on from there next time."""
    count = 0
    for records in changelog.read(ranges):
        _check(owned)
        changes: dict[int, list[Change]] = {p: [] for p in ranges}
        last: dict[int, int] = {}
        for partition, offset, key, value in records:
            last[partition] = offset
            if key != SEAL:
                changes[partition].append((key, value))
        for partition, offset in last.items():
            stores[partition].write(changes[partition], Position(changelog.topic_id, offset, now_ms))
        count += len(records)
    return count


def _undo(
    changelog: Changelog,
    stores: Mapping[int, Store],
    tails: dict[int, tuple[int, int]],
    owned: Callable[[], bool],
    now_ms: Millis,
) -> tuple[int, dict[int, int]]:
    """Write over unsealed states with what they were before; (how many, next offset by partition)."""
    ends = {p: end for p, (_, end) in tails.items()}
    undone = 0
    for _ in range(_ATTEMPTS):
        keys: dict[int, set[bytes]] = {p: set() for p, (start, end) in tails.items() if start < end}
        if not keys:
            return undone, ends
        for records in changelog.read({p: tails[p] for p in keys}):
            for partition, _offset, key, _value in records:
                keys[partition].add(key)
        keys = {p: found - {SEAL} for p, found in keys.items()}
        before = {p: [(key, stores[p].get(key)) for key in found] for p, found in keys.items()}
        _check(owned)
        seals = changelog.append(before)
        tails = {}
        for partition, seal in seals.items():
            undone += len(before[partition])
            if seal == ends[partition] + len(before[partition]):
                stores[partition].write((), Position(changelog.topic_id, seal, now_ms))
            else:
                tails[partition] = ends[partition], seal
            ends[partition] = seal + 1
    raise Disturbed(f"{changelog.topic}: somebody else writes to it, see that no worker_id is used twice")


def _check(owned: Callable[[], bool]) -> None:
    if not owned():
        raise Revoked
