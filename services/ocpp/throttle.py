"""Token buckets: how often something may happen, with the time as an argument."""

from collections.abc import Hashable
from typing import Final

_FULL_SWEEP: Final = 1024
"""Buckets that are full again say nothing; they are swept out when so many keys have come."""


class Bucket:
    """`burst` at once, then `per_s` a second."""

    __slots__ = ("burst", "level", "per_s", "seen_ms")

    def __init__(self, per_s: float, burst: float, now_ms: int) -> None:
        self.per_s = per_s
        self.burst = burst
        self.level = burst
        self.seen_ms = now_ms

    def take(self, now_ms: int) -> bool:
        """Take one if there is one."""
        if self.empty(now_ms):
            return False
        self.level -= 1
        return True

    def empty(self, now_ms: int) -> bool:
        """True when nothing could be taken now."""
        self._fill(now_ms)
        return self.level < 1

    def full(self, now_ms: int) -> bool:
        """True when it has forgotten whatever was taken."""
        self._fill(now_ms)
        return self.level >= self.burst

    def _fill(self, now_ms: int) -> None:
        # A clock that is set back must not take anything away.
        self.level = min(self.burst, self.level + max(0, now_ms - self.seen_ms) / 1000 * self.per_s)
        self.seen_ms = now_ms


class Buckets:
    """One bucket per key. Memory is bounded: full buckets are forgotten, and of more than `most` the oldest."""

    def __init__(self, per_s: float, burst: float, most: int = 100_000) -> None:
        self._per_s = per_s
        self._burst = burst
        self._most = most
        self._buckets: dict[Hashable, Bucket] = {}
        self._sweep_at = _FULL_SWEEP

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: Hashable, now_ms: int) -> bool:
        """Take one from the key's bucket if there is any left."""
        bucket = self._buckets.get(key)
        if bucket is None:
            self._make_room(now_ms)
            bucket = self._buckets[key] = Bucket(self._per_s, self._burst, now_ms)
        return bucket.take(now_ms)

    def empty(self, key: Hashable, now_ms: int) -> bool:
        """True when nothing could be taken from the key's bucket."""
        bucket = self._buckets.get(key)
        return bucket is not None and bucket.empty(now_ms)

    def _make_room(self, now_ms: int) -> None:
        if len(self._buckets) >= min(self._sweep_at, self._most):
            self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.full(now_ms)}
            self._sweep_at = max(_FULL_SWEEP, 2 * len(self._buckets))
        if len(self._buckets) >= self._most:
            del self._buckets[next(iter(self._buckets))]
