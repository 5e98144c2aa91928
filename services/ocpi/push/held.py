"""Records that were issued, and whose verdict turned bad before a partner was told: they wait (mod_cdrs)."""

from collections.abc import Iterable
from typing import Any, Final

from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrStatus
from services.domain.units import Millis

LOOKED_BACK_MS: Final[Millis] = 7 * 86_400_000
"""So far back `cdr.state` is read at the start; a record that waits for longer is told as it was issued."""


class HeldRecords:
    """Which records are held although they are issued. Lives on the event loop."""

    def __init__(self) -> None:
        self._held: set[str] = set()

    def take(self, states: Iterable[Any]) -> None:
        """Records of `cdr.state`; the last of each counts."""
        for state in states:
            if isinstance(state, Cdr) and state.status is CdrStatus.ISSUED and state.held_reason:
                self._held.add(state.key)
            elif isinstance(state, Cdr):
                self._held.discard(state.key)

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __len__(self) -> int:
        return len(self._held)
