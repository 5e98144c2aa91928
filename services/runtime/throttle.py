"""How many requests without a known token an address may send in a minute."""

from services.domain.units import Millis

_MINUTE_MS = 60_000
_MOST_ADDRESSES = 10_000


class Throttle:
    """Counts requests per address and minute. Memory is bounded: the address seen first is forgotten first."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._seen: dict[str, tuple[Millis, int]] = {}

    def count(self, address: str, now_ms: Millis) -> int:
        """Count a request; 0 while the address may go on, else the seconds after which it may."""
        since, count = self._seen.pop(address, (now_ms, 0))
        if not 0 <= now_ms - since < _MINUTE_MS:
            since, count = now_ms, 0
        if len(self._seen) >= _MOST_ADDRESSES:
            del self._seen[next(iter(self._seen))]
        self._seen[address] = since, count + 1
        if count < self._per_minute:
            return 0
        return max(1, (since + _MINUTE_MS - now_ms + 999) // 1000)
