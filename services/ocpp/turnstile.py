"""Takes comers, or leavers, a few at a time: nobody else waits while thousands come or go at once."""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Turnstile(Generic[T]):
    """`per_turn` pass each turn and the others wait in line; turns are only taken while somebody waits.

    `admit` lets one through; `call_later(turn)` has `turn` called after the time of one turn.
    """

    def __init__(
        self, per_turn: int, admit: Callable[[T], None], call_later: Callable[[Callable[[], None]], object]
    ) -> None:
        self._left = self._per_turn = max(1, per_turn)
        self._admit = admit
        self._call_later = call_later
        self._waiting: deque[T] = deque()
        self._turning = False

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def passes(self, who: T) -> bool:
        """True to go straight through; else it stands in line and `admit` is called with it later."""
        straight = self._left > 0
        if straight:
            self._left -= 1
        else:
            self._waiting.append(who)
        if not self._turning:
            self._turning = True
            self._call_later(self._turn)
        return straight

    def flush(self) -> None:
        """Admit everybody now."""
        while self._waiting:
            self._admit(self._waiting.popleft())

    def _turn(self) -> None:
        self._left = self._per_turn
        while self._waiting and self._left:
            self._left -= 1
            self._admit(self._waiting.popleft())
        self._turning = self._left < self._per_turn
        if self._turning:
            self._call_later(self._turn)
