"""A changelog in memory that can be cut off in the middle of anything, compacted, and written to by strangers."""

from collections.abc import Iterator, Mapping, Sequence

from services.runtime.streaming.changelog import SEAL, Change, Changelog, Entry, Ranges


class Crash(Exception):
    """The process is killed here."""


class MemoryLog(Changelog):
    """What Changelog is, without Kafka. `budget` records more can be written before the process is killed."""

    def __init__(self, topic_id: str = "topic-1") -> None:
        self.topic = "changelog"
        self.topic_id = topic_id
        self.entries: dict[int, list[tuple[int, bytes, bytes | None]]] = {}
        self.ends: dict[int, int] = {}
        self.budget: int | None = None
        self.strangers: list[tuple[int, bytes, bytes | None]] = []
        """(partition, key, value) that somebody else writes just before our next record."""
        self.reads = 0

    def write(self, partition: int, key: bytes, value: bytes | None) -> int:
        if self.budget is not None:
            if self.budget == 0:
                raise Crash
            self.budget -= 1
        offset = self.ends.get(partition, 0)
        self.entries.setdefault(partition, []).append((offset, key, value))
        self.ends[partition] = offset + 1
        return offset

    def append(self, changes: Mapping[int, Sequence[Change]]) -> dict[int, int]:
        for stranger in self.strangers:
            self.write(*stranger)
        self.strangers = []
        for partition, states in changes.items():
            for key, value in states:
                self.write(partition, key, value)
        return {partition: self.write(partition, SEAL, b"") for partition in changes}

    def bounds(self, partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
        return {p: (self.entries[p][0][0] if self.entries.get(p) else 0, self.ends.get(p, 0)) for p in partitions}

    def read(self, ranges: Ranges) -> Iterator[list[Entry]]:
        for partition, (start, end) in ranges.items():
            found = [(partition, *entry) for entry in self.entries.get(partition, []) if start <= entry[0] < end]
            self.reads += len(found)
            for at in range(0, len(found), 3):
                yield found[at : at + 3]

    def compact(self) -> None:
        """Keep the last record per key of what is older than the last seal."""
        for partition, entries in self.entries.items():
            seal = max((offset for offset, key, _ in entries if key == SEAL), default=-1)
            last = {key: offset for offset, key, _ in entries if offset <= seal}
            self.entries[partition] = [e for e in entries if e[0] > seal or last[e[1]] == e[0]]
