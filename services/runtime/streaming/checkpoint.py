"""The one order in which work becomes durable; after a crash at any point of it nothing is lost.

0. still the owner? A worker that was frozen while others took over must not write over what they wrote since.
1. outputs delivered: what was folded is published. Crash now: the same events are folded again from the same
   states and published again, with the same ids.
2. changelog delivered and sealed: the states are what the outputs say. Crash now: the events come again and the
   folds find them in the states already.
3. local store, with the changelog's offset: saves reading the changelog again.
4. source offsets committed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.domain.units import Millis
from services.runtime.streaming.changelog import SEAL, Change, Changelog
from services.runtime.streaming.outbox import Outbox
from services.runtime.streaming.partition import Partition
from services.runtime.streaming.recovery import Disturbed
from services.runtime.streaming.store import Position

Offsets = Mapping[tuple[str, int], int]
"""Next offset by (stream, partition)."""

Commit = Callable[[Offsets], bool]
"""Commits source offsets; False when the group has another generation by now. Raises for anything else."""


class Fenced(Exception):
    """Another worker has the partition now and has written to its changelog: stop and start again."""


def checkpoint(
    partitions: Sequence[Partition[Any]], changelog: Changelog, outbox: Outbox, commit: Commit, now_ms: Millis
) -> bool:
    """Make everything durable that the partitions did since the last checkpoint.

    False, with nothing done, when the partitions have another owner by now: forget them. Raises NotDelivered,
    Fenced, Disturbed or what `commit` raises: then the process must stop, and do it all again when started anew.
    """
    starts = {(stream, p.number): offset for p in partitions for stream, offset in p.starts.items()}
    if not starts:
        return True
    if not commit(starts):
        return False
    offsets = {(stream, p.number): offset for p in partitions for stream, offset in p.positions.items()}
    outbox.deliver()
    changed = {p.number: p.changes() for p in partitions if p.dirty}
    seals = changelog.append(changed) if changed else {}
    for partition in partitions:
        if (seal := seals.get(partition.number)) is not None:
            changes = changed[partition.number]
            if seal != partition.changelog_end + len(changes):
                if not commit(offsets):
                    raise Fenced(f"{changelog.topic}/{partition.number} belongs to another worker")
                seal = _repair(partition, changes, changelog, seal)
            partition.store.write(changes, Position(changelog.topic_id, seal, now_ms))
            partition.changelog_end = seal + 1
    commit(offsets)
    for partition in partitions:
        partition.checkpointed()
    return True


def _repair(partition: Partition[Any], changes: Sequence[Change], changelog: Changelog, seal: int) -> int:
    """Write our states over those of a worker that came back to life after it had lost the partition.

    Its records lie between ours, which shows in the seal's offset. Returns the offset of the new seal.
    """
    ours = dict(changes)
    start = partition.changelog_end
    keys = {key for records in changelog.read({partition.number: (start, seal)}) for _, _, key, _ in records}
    keys.discard(SEAL)
    again = [(key, ours[key] if key in ours else partition.store.get(key)) for key in keys]
    new_seal = changelog.append({partition.number: again})[partition.number]
    if new_seal != seal + 1 + len(again):
        raise Disturbed(f"{changelog.topic}/{partition.number}: somebody else writes to it all the while")
    return new_seal
