"""What waits for one partner: a live lane before a backlog lane, in order per object, only the newest of each.

No I/O and no clock. An object is told one thing at a time. A change that comes while an older one of the same
subject waits takes its place; records (CDRs) are never replaced, since each is an object of its own.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from services.domain.events.delivery import PushQueued
from services.domain.units import Millis

LIVE: Final = "live"
BACKLOG: Final = "backlog"
LIVE_FOR_MS: Final = 60_000
"""What is older than this when it comes goes to the backlog lane."""
_REMEMBERED: Final = 100_000
"""Objects whose last version is kept, so that an older one that comes late is not told after it."""

Subject = tuple[str, str, str]
"""Module, object, part."""
Group = tuple[str, str]
"""What is told one thing at a time: module, object."""


class Slots(NamedTuple):
    """How many requests at once. Some are kept for live changes, and one for the backlog when there is any."""

    most: int = 8

    @property
    def backlog(self) -> int:
        return max(1, self.most - 2)

    @property
    def live(self) -> int:
        return max(1, self.most - 1)


@dataclass(slots=True)
class Waiting:
    """A change that a partner has not been told yet."""

    push: PushQueued
    lane: str
    since: Millis
    """When the object first had something that the partner did not know."""
    attempts: int = 0
    verify: bool = False
    """Ask first what the partner has: it may know this already."""
    durable: bool = True
    """Whether there is an entry in Kafka to be deleted."""
    also: tuple[PushQueued, ...] = ()
    """Changes that this one stands for as well: what is told has to have them in it."""
    placed: bool = False
    """Whether it stands in a lane (or behind one of its group), where something newer can take its place."""

    @property
    def subject(self) -> Subject:
        return self.push.module, self.push.object_id, self.push.part

    @property
    def group(self) -> Group:
        return self.push.module, self.push.object_id


class PartnerQueue:
    """Not thread safe: it belongs to an event loop."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._items: dict[Subject, Waiting] = {}
        self._lanes: dict[str, deque[Waiting]] = {LIVE: deque(), BACKLOG: deque()}
        self._waiting = {LIVE: 0, BACKLOG: 0}
        self._later: list[tuple[Millis, int, Waiting]] = []
        self._behind: dict[Group, list[Waiting]] = {}
        self._under_way: dict[Group, Waiting] = {}
        self._known: dict[Subject, int] = {}
        self._number = 0

    def __len__(self) -> int:
        return len(self._items)

    def waiting(self, lane: str) -> int:
        """How much waits in a lane, what is under way included."""
        return self._waiting[lane]

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    @property
    def oldest(self) -> Millis | None:
        """Since when something waits."""
        return min((one.since for one in self._heads()), default=None)

    def _heads(self) -> Iterator[Waiting]:
        """The first of every place where things wait in order; cheap, and right but for what was put off."""
        for lane in self._lanes.values():
            yield from (one for one in list(lane)[:1] if self._current(one))
        yield from self._under_way.values()
        first = next(iter(self._items.values()), None)
        if first is not None:
            yield first

    def add(self, item: Waiting) -> Waiting | None:
        """Have something told; what need not be told any more because of it, or the item itself."""
        before = self._items.get(item.subject)
        if before is None:
            if item.push.state is not None and self._known.get(item.subject, -1) >= item.push.version:
                return item
            self._put(item)
            return None
        if before.push.push_id == item.push.push_id:
            return None
        if not item.durable or (item.push.state is not None and before.push.version > item.push.version):
            return item
        return self._supersede(before, item)

    def _supersede(self, before: Waiting, item: Waiting) -> Waiting | None:
        """The newer one takes the older one's place in its lane, unless that is on its way or was put off."""
        old = before.push if before.durable else None
        item.since = min(item.since, before.since)
        if item.push.state is None and self._under_way.get(before.group) is not before:
            item.also = _stood_for(before, item.push)
        if before.placed and before.lane == item.lane:
            before.push, before.also, before.attempts, before.durable = item.push, item.also, 0, item.durable
        else:
            self._drop(before)
            self._put(item)
        return Waiting(old, before.lane, before.since) if old else None

    def _put(self, item: Waiting) -> None:
        self._items[item.subject] = item
        self._waiting[item.lane] += 1
        self._lanes[item.lane].append(item)
        item.placed = True

    def _drop(self, item: Waiting) -> None:
        """Its places in lanes stay, and are passed over when they come up."""
        if self._current(item):
            del self._items[item.subject]
            self._waiting[item.lane] -= 1

    def _current(self, item: Waiting) -> bool:
        return self._items.get(item.subject) is item

    def take(self, now_ms: Millis, most: int | None = None) -> Waiting | None:
        """The next thing to be told now, which is then under way; None when nothing can be. `most`: at once."""
        self._wake(now_ms)
        if self.under_way >= min(self._slots.most, self._slots.most if most is None else most):
            return None
        for lane in self._order():
            found = self._first(lane)
            if found is not None:
                self._under_way[found.group] = found
                found.placed = False
                return found
        return None

    def _order(self) -> Iterator[str]:
        """Live first. Neither lane may take all slots while the other has something to say."""
        busy = sum(one.lane == LIVE for one in self._under_way.values())
        if busy < self._slots.live or not self._lanes[BACKLOG]:
            yield LIVE
        if self.under_way - busy < self._slots.backlog:
            yield BACKLOG

    def _first(self, lane: str) -> Waiting | None:
        line = self._lanes[lane]
        while line:
            item = line.popleft()
            if not self._current(item):
                continue
            if item.group not in self._under_way:
                return item
            self._behind.setdefault(item.group, []).append(item)
        return None

    def _wake(self, now_ms: Millis) -> None:
        """Bring back what was put off until now, before what came after it."""
        ready: list[Waiting] = []
        while self._later and self._later[0][0] <= now_ms:
            item = heapq.heappop(self._later)[2]
            if self._current(item):
                ready.append(item)
        for item in reversed(ready):
            self._lanes[item.lane].appendleft(item)
            item.placed = True

    def next_at(self) -> Millis | None:
        """When something that was put off is due."""
        return self._later[0][0] if self._later else None

    def done(self, item: Waiting, *, told: bool = True) -> None:
        """The partner knows it; not `told`: it never will, unless it is queued again."""
        self._release(item)
        self._drop(item)
        if not told:
            return
        self._known.pop(item.subject, None)
        self._known[item.subject] = item.push.version
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]

    def put_off(self, item: Waiting, until: Millis) -> bool:
        """Have it told later; False when something newer has taken its place meanwhile."""
        self._release(item)
        if not self._current(item):
            return False
        self._number += 1
        heapq.heappush(self._later, (until, self._number, item))
        return True

    def _release(self, item: Waiting) -> None:
        self._under_way.pop(item.group, None)
        for other in reversed(self._behind.pop(item.group, [])):
            self._lanes[other.lane].appendleft(other)

    def to_backlog(self) -> None:
        """After an outage, what has waited lets what happens now go first."""
        for item in self._items.values():
            if item.lane == LIVE and self._under_way.get(item.group) is not item:
                item.lane = BACKLOG
                self._waiting[LIVE] -= 1
                self._waiting[BACKLOG] += 1
        self._lanes[BACKLOG].extend(item for item in self._lanes[LIVE] if self._current(item))
        self._lanes[LIVE].clear()

    def clear(self) -> list[Waiting]:
        """Forget everything; what was there."""
        gone = list(self._items.values())
        for lane in self._lanes.values():
            lane.clear()
        self._items.clear()
        self._later.clear()
        self._behind.clear()
        self._waiting = {LIVE: 0, BACKLOG: 0}
        return gone


def _stood_for(before: Waiting, push: PushQueued) -> tuple[PushQueued, ...]:
    """The changes of an older one that a newer one does not come after anyway."""
    olds = {(one.cause, one.station_id): one for one in (*before.also, before.push)}
    olds.pop((push.cause, push.station_id), None)
    return tuple(olds.values())


def lane_of(changed_at: Millis, now_ms: Millis) -> str:
    """Whether a change that has just come is news."""
    return LIVE if now_ms - changed_at <= LIVE_FOR_MS else BACKLOG
