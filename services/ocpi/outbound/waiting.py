"""Which partners wait for the result of which command, as Kafka tells it: a restart forgets nothing."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from services.domain.events.partner import PartnerCommandSettled, PartnerCommandTaken
from services.domain.events.station import CommandAnswered
from services.domain.ids import derived_id
from services.domain.units import Millis

MOST_WAITING: Final = 10_000
GRACE_MS: Final = 10_000
"""An answer may come this long after the deadline."""

_MOST_ANSWERS: Final = 100_000
_STAGGER_MS: Final = 10_000


class Open(NamedTuple):
    """A command without a result, and how the station has answered it."""

    taken: PartnerCommandTaken
    answer: CommandAnswered | None = None


class Waiting:
    """A process delivers what it has taken itself, and what another has taken when that is overdue."""

    def __init__(self, edge_id: str) -> None:
        self._edge_id = edge_id
        self._open: dict[str, PartnerCommandTaken] = {}
        self._answers: OrderedDict[str, CommandAnswered] = OrderedDict()
        self._own = 0

    @property
    def full(self) -> bool:
        return self._own >= MOST_WAITING

    def expect(self, taken: PartnerCommandTaken) -> None:
        """A command of whichever process."""
        if taken.command_id not in self._open:
            self._open[taken.command_id] = taken
            self._own += self.owns(taken)

    def has(self, command_id: str) -> bool:
        return command_id in self._open

    def owns(self, taken: PartnerCommandTaken) -> bool:
        return taken.edge_id == self._edge_id

    def take(self, event: Any) -> PartnerCommandTaken | None:
        """Take note of a record; the command that now can be settled, if one can."""
        if isinstance(event, PartnerCommandTaken):
            self.expect(event)
            return self._ready(event.command_id)
        if isinstance(event, CommandAnswered):
            self._answers[event.command_id] = event
            while len(self._answers) > _MOST_ANSWERS:
                self._answers.popitem(last=False)
            return self._ready(event.command_id)
        if isinstance(event, PartnerCommandSettled):
            self.close(event.command_id)
        return None

    def _ready(self, command_id: str) -> PartnerCommandTaken | None:
        taken = self._open.get(command_id)
        return taken if taken is not None and self.owns(taken) and command_id in self._answers else None

    def close(self, command_id: str) -> Open | None:
        """Nobody waits any longer; what was waited for, None when nothing was."""
        taken = self._open.pop(command_id, None)
        if taken is None:
            return None
        self._own -= self.owns(taken)
        return Open(taken, self._answers.pop(command_id, None))

    def open(self) -> Sequence[PartnerCommandTaken]:
        """Everything that is waited for."""
        return list(self._open.values())

    def due_at(self, taken: PartnerCommandTaken) -> Millis:
        """When to settle it at the latest; other processes leave the one that has taken it time to do so."""
        own = taken.deadline_at + GRACE_MS
        return own if self.owns(taken) else own + GRACE_MS + stagger_ms(self._edge_id)


def stagger_ms(edge_id: str) -> int:
    """So that processes do not do the same thing at the same time."""
    return int(derived_id("stagger", edge_id)[:8], 16) % _STAGGER_MS
