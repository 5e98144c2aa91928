"""Commands that wait for their station: each is answered once, at the URL that its partner gave."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Counter

from services.domain.events.partner import Partner, PartnerCommandSettled, PartnerCommandTaken
from services.domain.events.station import CommandAnswered
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpi.outbound import results
from services.ocpi.outbound.configuration import routing_headers
from services.ocpi.outbound.told import told
from services.ocpi.outbound.waiting import Open, Waiting
from services.ocpi.peer import Peer, Unusable, correlated
from services.ocpi.registrar import access_to
from services.ocpi.routes import party_of_partner
from services.ocpi.wire import kinds
from services.ocpi.wire.parties import Party
from services.runtime.bus import NotDurable
from services.runtime.sealing import CannotUnseal, Seal

log = structlog.get_logger(__name__)
_delivered = Counter("ocpi_command_results_total", "Results of commands to partners", ["result", "delivered"])

Follow = Callable[[PartnerCommandTaken, CommandAnswered | None], Sequence[Event]]
"""What else becomes of a command that has ended: states to publish before its partner is told."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What the desk needs from elsewhere. `operator`: who tells; `partner`: by key, as it is known now."""

    operator: Party
    publish: Callable[..., Awaitable[None]]
    partner: Callable[[str], Partner | None]
    follow: Follow
    now_ms: Callable[[], Millis]


class CommandDesk:
    """Lives on the event loop. What it waits for is in Kafka, so that the next process goes on with it."""

    def __init__(self, peer: Peer, seal: Seal, edge_id: str, outside: Outside) -> None:
        self._peer = peer
        self._seal = seal
        self._outside = outside
        self._waiting = Waiting(edge_id)
        self._resumed = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def full(self) -> bool:
        return self._waiting.full

    async def expect(self, taken: PartnerCommandTaken) -> None:
        """Durable before the station is asked; NotDurable when it is not, and then nothing is waited for."""
        self._waiting.expect(taken)
        try:
            await self._outside.publish(taken)
        except Exception:
            self._waiting.close(taken.command_id)
            raise
        self._remind(taken)

    def forget(self, command_id: str) -> None:
        """The station was not asked, as far as is known, and the partner was told so at once."""
        self._waiting.close(command_id)

    def take(self, events: Sequence[Any]) -> None:
        """Records of `station.results` and `partner.commands`, from a while before this process began."""
        for event in events:
            own = isinstance(event, PartnerCommandTaken) and self._waiting.owns(event)
            if own and self._resumed:
                continue
            ready = self._waiting.take(event)
            if self._resumed and ready is not None:
                self._settle(ready.command_id)
            elif self._resumed and isinstance(event, PartnerCommandTaken):
                self._remind(event)

    def resume(self) -> None:
        """Everything that was there has been taken: go on with what an earlier process has left."""
        self._resumed = True
        for taken in self._waiting.open():
            if self._waiting.take(taken) is not None:
                self._settle(taken.command_id)
            else:
                self._remind(taken)

    async def close(self) -> None:
        """Let what is being delivered come to its end."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def waits_for(self, command_id: str) -> bool:
        """Whether a partner has given this command, and is not told yet."""
        return self._waiting.has(command_id)

    async def tell(
        self,
        partner: Partner,
        url: str,
        name: str,
        version: str,
        body: dict[str, Any],
        method: str = "POST",
        correlation_id: str = "",
    ) -> str:
        """Send an object of 2.3.0 without an envelope; why it could not be delivered, else "".

        `correlation_id` is that of the request which this is because of.
        """
        to = party_of_partner(partner)
        headers = routing_headers(self._outside.operator, to, version) | correlated(correlation_id)
        try:
            access = access_to(partner, self._seal)
            await self._peer.ask(method, url, access, told(body, name, version, []), headers)
        except (Unusable, CannotUnseal) as error:
            _delivered.labels(body.get("result", name), "no").inc()
            log.warning("a result could not be delivered", partner=partner.partner_id, error=str(error))
            return str(error) or type(error).__name__
        _delivered.labels(body.get("result", name), "yes").inc()
        return ""

    def _remind(self, taken: PartnerCommandTaken) -> None:
        left_ms = max(0, self._waiting.due_at(taken) - self._outside.now_ms())
        asyncio.get_running_loop().call_later(left_ms / 1000, self._settle, taken.command_id)

    def _settle(self, command_id: str) -> None:
        ended = self._waiting.close(command_id)
        if ended is not None:
            task = asyncio.create_task(self._deliver(ended))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, ended: Open) -> None:
        """mod_commands: the result is the body, without an envelope. It is told once, unless we die meanwhile."""
        taken = ended.taken
        try:
            await self._outside.publish(*self._outside.follow(*ended))
            name, body = results.of(taken.command, ended.answer)
            why = await self._told(taken, name, body)
            await self._outside.publish(
                PartnerCommandSettled(
                    event_id=derived_id("PartnerCommandSettled", taken.tenant, taken.command_id),
                    tenant=taken.tenant,
                    command_id=taken.command_id,
                    partner_id=taken.partner_id,
                    result=body["result"],
                    delivered=not why,
                    detail=why,
                    settled_at=self._outside.now_ms(),
                )
            )
        except NotDurable as error:
            log.error("a result is not settled: Kafka is away", command=taken.command_id, error=str(error))

    async def _told(self, taken: PartnerCommandTaken, name: str, body: dict[str, Any]) -> str:
        partner = self._outside.partner(f"{taken.tenant}/{taken.partner_id}")
        if partner is None or not partner.enabled:
            return "the partner is gone"
        if not taken.response_url:
            return ""
        if taken.command != kinds.UPDATE_PROFILE:
            because = taken.correlation_id
            return await self.tell(partner, taken.response_url, name, taken.version, body, correlation_id=because)
        if "profile" not in body:
            return "the station does not tell its schedule"
        active: dict[str, Any] = body["profile"]
        return await self.tell(partner, taken.response_url, "ActiveChargingProfile", taken.version, active, "PUT")
