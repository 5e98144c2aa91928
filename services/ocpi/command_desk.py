"""Commands that wait for their station: each is answered once, at the URL that its partner gave."""

import asyncio
import itertools
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
from services.ocpi.inbound.clients import Standing
from services.ocpi.outbound import results
from services.ocpi.outbound.configuration import routing_headers
from services.ocpi.outbound.told import told
from services.ocpi.outbound.waiting import GRACE_MS, Open, Waiting
from services.ocpi.peer import Peer, Unusable, correlated
from services.ocpi.push.circuit import Patience, pause_ms
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
    """What the desk needs from elsewhere. `operator`: who tells; `partner`: by key, as it is known now;
    `standing`: whether its hub, if there is one, is connected to it; `chance`: in [0, 1)."""

    operator: Party
    publish: Callable[..., Awaitable[None]]
    partner: Callable[[str], Partner | None]
    follow: Follow
    now_ms: Callable[[], Millis]
    standing: Callable[[Partner], Standing] = lambda _: Standing.HERE
    chance: Callable[[], float] = lambda: 1.0
    patience: Patience = Patience(first_ms=500, most_ms=8_000)


@dataclass(frozen=True, slots=True)
class Message:
    """An object of 2.3.0 that is sent without an envelope. `correlation_id`: of the request that it answers."""

    name: str
    body: dict[str, Any]
    method: str = "POST"
    correlation_id: str = ""

    @property
    def result(self) -> str:
        """What it is counted as."""
        return str(self.body.get("result", self.name))


class CommandDesk:
    """Lives on the event loop. What it waits for is in Kafka, so that the next process goes on with it."""

    def __init__(self, peer: Peer, seal: Seal, edge_id: str, outside: Outside) -> None:
        self._peer = peer
        self._seal = seal
        self._outside = outside
        self._waiting = Waiting(edge_id)
        self._resumed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

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
        """Let what is being delivered come to its end; what would have to be tried again is left to the next
        process."""
        self._closing.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def waits_for(self, command_id: str) -> bool:
        """Whether a partner has given this command, and is not told yet."""
        return self._waiting.has(command_id)

    async def tell(self, partner: Partner, url: str, version: str, message: Message) -> str:
        """Send it once; why it could not be delivered, else ""."""
        try:
            await self._send(partner, url, version, message)
        except (Unusable, CannotUnseal) as error:
            return self._not_told(partner, message, error)
        return ""

    async def _send(self, partner: Partner, url: str, version: str, message: Message) -> None:
        to = party_of_partner(partner)
        headers = routing_headers(self._outside.operator, to, version) | correlated(message.correlation_id)
        access = access_to(partner, self._seal)
        body = told(message.body, message.name, version, [])
        await self._peer.ask(message.method, url, access, body, headers)
        _delivered.labels(message.result, "yes").inc()

    def _not_told(self, partner: Partner, message: Message, error: Exception) -> str:
        _delivered.labels(message.result, "no").inc()
        log.warning("a result could not be delivered", partner=partner.partner_id, error=str(error))
        return str(error) or type(error).__name__

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
        """mod_commands: the result is the body, without an envelope. It is told once, unless we die meanwhile;
        when this process ends before it was told, it is left to the next one."""
        taken = ended.taken
        try:
            await self._outside.publish(*self._outside.follow(*ended))
            name, body = results.of(taken.command, ended.answer)
            why = await self._told(taken, name, body)
            if why is None:
                return
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

    async def _told(self, taken: PartnerCommandTaken, name: str, body: dict[str, Any]) -> str | None:
        """Why it was not told, "" when it was; None when this process ends and it may still be."""
        message = Message(name, body, correlation_id=taken.correlation_id)
        if taken.command == kinds.UPDATE_PROFILE:
            if "profile" not in body:
                return "the station does not tell its schedule"
            message = Message("ActiveChargingProfile", body["profile"], "PUT")
        return await self._told_in_time(taken, message) if taken.response_url else ""

    async def _told_in_time(self, taken: PartnerCommandTaken, message: Message) -> str | None:
        """As `_told`: tried again until another process would take it over, or until it is refused for good."""
        outside = self._outside
        for attempt in itertools.count(1):
            partner = outside.partner(f"{taken.tenant}/{taken.partner_id}")
            if partner is None or not partner.enabled:
                return "the partner is gone"
            why, passing = await self._attempted(partner, taken, message)
            if not passing:
                return why
            pause = pause_ms(outside.patience, attempt, outside.chance())
            if outside.now_ms() + pause > taken.deadline_at + GRACE_MS:
                return self._not_told(partner, message, Unusable("", why))
            if await self._closed_within(pause):
                return None
        raise AssertionError("unreachable")

    async def _attempted(self, partner: Partner, taken: PartnerCommandTaken, message: Message) -> tuple[str, bool]:
        """Why it was not told, "" when it was, and whether that passes. Whom a hub is not connected to is not
        asked."""
        standing = self._outside.standing(partner)
        if standing is Standing.AWAY:
            return standing.value, True
        try:
            await self._send(partner, taken.response_url, taken.version, message)
        except Unusable as error:
            return (str(error), True) if error.passing else (self._not_told(partner, message, error), False)
        except CannotUnseal as error:
            return self._not_told(partner, message, error), False
        return "", False

    async def _closed_within(self, wait_ms: Millis) -> bool:
        try:
            async with asyncio.timeout(wait_ms / 1000):
                await self._closing.wait()
        except TimeoutError:
            return False
        return True
