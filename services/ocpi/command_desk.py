"""Commands that wait for their station: each is answered once, at the URL that its partner gave."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from prometheus_client import Counter

from services.domain.events.partner import Partner
from services.domain.events.station import CommandAnswered
from services.ocpi.outbound import command_results
from services.ocpi.outbound.told import told
from services.ocpi.peer import Peer, Unusable
from services.ocpi.registrar import access_to
from services.runtime.sealing import CannotUnseal, Seal

MOST_WAITING: Final = 10_000
_GRACE_S: Final = 10.0

log = structlog.get_logger(__name__)
_delivered = Counter("ocpi_command_results_total", "Results of commands to partners", ["result", "delivered"])


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command that a partner has given."""

    partner: Partner
    version: str
    response_url: str
    command: str


class CommandDesk:
    """Lives on the event loop. What waits is lost with the process: partners have a time limit of their own."""

    def __init__(self, peer: Peer, seal: Seal) -> None:
        self._peer = peer
        self._seal = seal
        self._waiting: dict[str, Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def full(self) -> bool:
        return len(self._waiting) >= MOST_WAITING

    def expect(self, command_id: str, waiting: Waiting, within_s: float) -> None:
        """Before the station is asked."""
        self._waiting[command_id] = waiting
        asyncio.get_running_loop().call_later(within_s + _GRACE_S, self._settle, command_id, None)

    def forget(self, command_id: str) -> None:
        """The station is not asked after all."""
        self._waiting.pop(command_id, None)

    def take(self, events: Sequence[Any]) -> None:
        """Records of `station.results`."""
        for event in events:
            if isinstance(event, CommandAnswered):
                self._settle(event.command_id, event)

    async def close(self) -> None:
        """Let what is being delivered come to its end."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _settle(self, command_id: str, answer: CommandAnswered | None) -> None:
        waiting = self._waiting.pop(command_id, None)
        if waiting is None:
            return
        task = asyncio.create_task(self._deliver(waiting, answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, waiting: Waiting, answer: CommandAnswered | None) -> None:
        """mod_commands: the CommandResult is the body, without an envelope."""
        whole = command_results.result(answer)
        body = told(whole, "CommandResult", waiting.version, [])
        try:
            access = access_to(waiting.partner, self._seal)
            await self._peer.ask("POST", waiting.response_url, access, body)
        except (Unusable, CannotUnseal) as error:
            _delivered.labels(whole["result"], "no").inc()
            log.warning(
                "a command's result could not be delivered",
                partner=waiting.partner.partner_id, command=waiting.command, error=str(error),
            )  # fmt: skip
            return
        _delivered.labels(whole["result"], "yes").inc()
