"""Records that were issued, and whose verdict turned bad before a partner was told: they wait (mod_cdrs)."""

from collections.abc import Iterable
from typing import Any

from services.domain.events.cdrhold import CdrHold


class HeldRecords:
    """Which records are held although they are issued, for however long. Lives on the event loop."""

    def __init__(self) -> None:
        self._held: set[str] = set()

    def take(self, holds: Iterable[Any]) -> None:
        """Records of `cdrhold.state`, from its beginning; the last of each counts."""
        for hold in holds:
            if isinstance(hold, CdrHold) and hold.reason is not None:
                self._held.add(hold.key)
            elif isinstance(hold, CdrHold):
                self._held.discard(hold.key)

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __len__(self) -> int:
        return len(self._held)
