"""Gives CPOs commands, and waits for what becomes of them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.domain.events.roaming import RoamingCommandAnswered, RoamingCommandSent
from services.domain.units import Millis
from services.ocpi.inbound import answered_commands
from services.ocpi.inbound.answered_commands import Said
from services.ocpi.outbound import asked_commands
from services.ocpi.outbound.configuration import RECEIVER
from services.ocpi.outbound.told import told
from services.ocpi.peer import Unusable
from services.ocpi.roaming.desk import BASE
from services.ocpi.roaming.partners import Cpo

UNREACHED: Final = "UNREACHED"
"""The CPO could not be asked."""
NO_RESULT: Final = "NO_RESULT"
"""The CPO has not told what became of it."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What a commander needs from elsewhere; `public_url` is where our edge is."""

    public_url: str
    publish: Callable[..., Awaitable[None]]
    now_ms: Callable[[], Millis]
    new_id: Callable[[], str]


@dataclass(slots=True)
class Results:
    """Results as they come by Kafka; `take` is given the events."""

    by_command: dict[str, Said] = field(default_factory=dict)

    def take(self, events: Sequence[Any]) -> None:
        for event in events:
            if isinstance(event, RoamingCommandAnswered) and event.final:
                self.by_command[event.command_id] = Said(event.result, event.message)


class Commander:
    """One command at a time or many: each has a response_url of its own, which nobody guesses."""

    def __init__(self, outside: Outside, results: Results) -> None:
        self._outside = outside
        self._results = results

    async def give(
        self, cpo: Cpo, command: str, body: Mapping[str, Any], by: str
    ) -> tuple[RoamingCommandSent, Said]:
        """The command as it was sent, and the answer at once; ACCEPTED means that a result is to come."""
        whose, version = (cpo.partner.tenant, cpo.partner.partner_id), cpo.partner.version
        secret, now = self._outside.new_id(), self._outside.now_ms()
        url = f"{self._outside.public_url}{BASE.format(version=version)}/commands/{command}/{secret}"
        warnings: list[str] = []
        asked = told({**body, "response_url": url}, asked_commands.OBJECTS[command], version, warnings)
        if asked is None:
            raise Unusable("it cannot be told", f"{command} cannot be told in {version}: {'; '.join(warnings)}")
        sent = asked_commands.sent(whose, command, version, body, secret, by, now)
        await self._outside.publish(sent)
        try:
            answer = await cpo.ask("POST", f"{cpo.endpoint('commands', RECEIVER)}/{command}", asked)
            said = answered_commands.response(answer.told.data, version)
        except Unusable as error:
            said = Said(UNREACHED, str(error))
        final = said.result != answered_commands.ACCEPTED
        await self._outside.publish(
            asked_commands.answered(sent, said.result, said.message, self._outside.now_ms(), final=final)
        )
        return sent, said

    async def result(self, sent: RoamingCommandSent, within_s: float) -> Said:
        """What the station said, as the CPO tells it; NO_RESULT when it does not in time."""
        deadline = asyncio.get_running_loop().time() + within_s
        while asyncio.get_running_loop().time() < deadline:
            if sent.command_id in self._results.by_command:
                return self._results.by_command[sent.command_id]
            await asyncio.sleep(0.05)
        return Said(NO_RESULT, "")
