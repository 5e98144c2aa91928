"""Tells one partner what waits for it: its own connections, its own queue, its own circuit.

What is sent, when, and what an answer means is decided in pure modules; this is the loop around them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from services.domain.events.common import DeliveryOutcome as Outcome
from services.domain.events.delivery import PartnerDeliveries, PushQueued
from services.domain.events.partner import Partner
from services.domain.failures import BadRecord
from services.domain.folding import Event
from services.domain.hubs import is_hub
from services.domain.units import Millis
from services.ocpi.inbound.answers import told
from services.ocpi.inbound.clients import Standing
from services.ocpi.peer import Access, Peer
from services.ocpi.push import metrics, resync, telling
from services.ocpi.push.circuit import CLOSED, Patience, State, pause_ms
from services.ocpi.push.receivers import CDRS, may_be_told
from services.ocpi.push.requests import Nothing, Request, Requests
from services.ocpi.push.telling import Attempt
from services.ocpi.push.verdict import Reply, Verdict, has_it, unanswered, verdict
from services.ocpi.push.waiting import BACKLOG, LIVE, PartnerQueue, Slots, Subject, Waiting, lane_of
from services.ocpi.wire.registrations import ENDED
from services.runtime.egress import Refused, Unreachable
from services.runtime.sealing import CannotUnseal
from services.runtime.streaming.dead_letters import code_version

_BEHIND_MS: Final = 100
"""How soon it is looked again whether a local copy has come as far as a change."""
_BEHIND_MOST_MS: Final = 60_000
"""A copy that has not by then never will: what is known is told."""
_HELD_MS: Final = 5_000
"""How soon it is looked again whether a record is still held."""
_IDLE_S: Final = 1.0
_REMEMBERED: Final = 20_000
"""URLs with the hash of what was last sent there."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Means:
    """What couriers share, or get from outside. `publish` returns when Kafka has it, however long that takes."""

    requests: Requests
    partner: Callable[[str], Partner | None]
    standing: Callable[[Partner], Standing]
    access: Callable[[Partner], Access]
    publish: Callable[[tuple[tuple[Event, str | None], ...], PushQueued | None], Awaitable[None]]
    forget: Callable[[PushQueued], None]
    now_ms: Callable[[], Millis]
    chance: Callable[[], float]
    new_id: Callable[[], str]
    patience: Patience
    slots: Slots


class Courier:
    """One partner's. `add` on the event loop; `run` until cancelled."""

    def __init__(self, key: str, means: Means, peer: Peer, before: PartnerDeliveries | None) -> None:
        self.key = key
        self.queue = PartnerQueue(means.slots)
        self._means = means
        self._peer = peer
        self._circuit = CLOSED
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: dict[str, str] = {}
        self._there = True
        self._defect: BaseException | None = None
        self._resync_due = before is not None and before.resync_due
        self._resyncing: set[Subject] = set()
        self._resynced_at = before.resynced_at if before else None
        self._delivered_at = before.delivered_at if before else None
        self._failed_at = before.failed_at if before else None
        self._last_error = before.last_error if before else ""

    def add(self, push: PushQueued, *, durable: bool = True, verify: bool = False) -> None:
        """Have a change told."""
        lane = BACKLOG if verify else lane_of(push.changed_at, self._means.now_ms())
        if self._circuit.state is State.OPEN:
            lane = BACKLOG
        item = Waiting(push, lane, push.changed_at, verify=verify, durable=durable)
        superseded = self.queue.add(item)
        if superseded is not None and superseded.durable:
            metrics.SUPERSEDED.labels(push.partner_id).inc()
            self._means.forget(superseded.push)
        self._wake.set()

    async def run(self) -> None:
        """Send whatever can be sent now, then wait until something can."""
        try:
            while True:
                self._wake.clear()
                if self._defect is not None:
                    raise self._defect
                partner = self._means.partner(self.key)
                if partner is not None and partner.registration == ENDED:
                    self._give_up()
                elif partner is not None and may_be_told(partner) and self._is_there(partner):
                    self._send_all(partner)
                await self._pause()
        finally:
            for task in self._tasks:
                task.cancel()
            await self._peer.close()

    def _is_there(self, partner: Partner) -> bool:
        """Whether its hub, if it is behind one, is connected to it. What waited until it came back is backlog, and
        what it has is compared with what we have."""
        there = self._means.standing(partner) is Standing.HERE
        if there != self._there:
            log.info("a hub says how a partner is", partner=self.key, connected=there)
            self._there = there
            self._resync_due |= not there
            self._told.clear()
            self.queue.to_backlog()
        return there

    def _give_up(self) -> None:
        """The partner has ended it: nothing will ever be told."""
        for item in self.queue.clear():
            metrics.NOT_TOLD.labels(item.push.partner_id, "ENDED").inc()
            if item.durable:
                self._means.forget(item.push)

    def _send_all(self, partner: Partner) -> None:
        now = self._means.now_ms()
        self._circuit = self._circuit.at(now)
        if self._circuit == CLOSED and self._is_resync_due(partner, now):
            self._resync(partner)
        most = self._circuit.most_at_once(self._means.slots.most)
        while (item := self.queue.take(now, most)) is not None:
            task = asyncio.create_task(self._deliver(partner, item))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A defect stops the process: what was on its way is still in the queue."""
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._defect = task.exception()
            self._wake.set()

    def _is_resync_due(self, partner: Partner, now: Millis) -> bool:
        """After it has registered at once; after an outage not all the time, since some come and go."""
        if self._resyncing:
            return False
        last = self._resynced_at or 0
        rested = now - last >= self._means.patience.resync_ms
        return last < (partner.registered_at or 0) or (self._resync_due and rested)

    def _resync(self, partner: Partner) -> None:
        """Compare what the partner has with what we have. A hub passes on what it is told and cannot be asked: it
        gets everything once it has registered, and after an outage no more than what has waited."""
        if is_hub(partner) and (self._resynced_at or 0) >= (partner.registered_at or 0):
            self._resynced()
            return
        self._resync_due = True
        known = self._means.requests.directory
        pushes = resync.everything(known.locations(partner.tenant), known.tariffs(partner.tenant), partner)
        for push in pushes:
            self._resyncing.add((push.module, push.object_id, push.part))
            self.add(push, durable=False, verify=True)
        log.info("comparing what a partner has", partner=self.key, objects=len(self._resyncing))
        if not self._resyncing:
            self._resynced()

    def _resynced(self) -> None:
        self._resync_due, self._resynced_at = False, self._means.now_ms()

    async def _pause(self) -> None:
        """Until something comes, an answer came, or something that was put off is due."""
        due = [
            at for at in (self.queue.next_at(), self._circuit.until if self._circuit.state is State.OPEN else None)
        ]
        waits = [max(0, at - self._means.now_ms()) / 1000 for at in due if at is not None]
        try:
            async with asyncio.timeout(min([*waits, _IDLE_S])):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _deliver(self, partner: Partner, item: Waiting) -> None:
        means, push = self._means, item.push
        if means.requests.is_held(push):
            self._put_off(item, means.now_ms() + _HELD_MS)
            return
        if not self._is_known(item):
            self._put_off(item, means.now_ms() + _BEHIND_MS)
            return
        try:
            request = means.requests.of(push, partner)
        except BadRecord as error:
            now = means.now_ms()
            await self._settle(partner, item, Attempt(0, now, now), Verdict(Outcome.REFUSED, str(error)))
            return
        metrics.lost(means.requests.warnings)
        if isinstance(request, Nothing):
            await self._not_sent(partner, item, request)
            return
        if not item.verify and self._told.get(request.url) == request.sha256:
            await self._not_sent(partner, item, Nothing.UNCHANGED)
            return
        item.attempts += 1
        if item.verify and request.readable and await self._has_it(partner, request):
            await self._settle(
                partner, item, Attempt(item.attempts, means.now_ms(), means.now_ms(), "GET"), _HAS_IT
            )
            return
        attempt, found = await self._attempt(partner, item, request)
        if found.outcome is Outcome.DELIVERED and request.repeatable:
            self._remember(request)
        await self._settle(partner, item, attempt, found)

    def _remember(self, request: Request) -> None:
        """The same is not told twice in a row; several causes often make one object."""
        self._told.pop(request.url, None)
        self._told[request.url] = request.sha256
        if len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]

    def _is_known(self, item: Waiting) -> bool:
        known = all(self._means.requests.knows(push) for push in (item.push, *item.also))
        return known or self._means.now_ms() - item.push.changed_at > _BEHIND_MOST_MS

    async def _not_sent(self, partner: Partner, item: Waiting, why: Nothing) -> None:
        """There is nothing to tell, or no way to; a record that cannot be told is a dead letter."""
        metrics.NOT_TOLD.labels(item.push.partner_id, why.name).inc()
        if why is Nothing.NOT_TELLABLE and item.push.module == CDRS:
            now = self._means.now_ms()
            await self._settle(partner, item, Attempt(0, now, now), Verdict(Outcome.REFUSED, why.value))
            return
        await self._means.publish((), item.push if item.durable else None)
        self._finish(item)

    async def _has_it(self, partner: Partner, request: Request) -> bool:
        try:
            access = self._means.access(partner)
            answer = await self._peer.send("GET", request.url, access, None, request.headers)
        except (Refused, Unreachable, CannotUnseal):
            return False
        return answer.status == 200 and has_it(told(answer.body), request.last_updated)

    async def _attempt(self, partner: Partner, item: Waiting, request: Request) -> tuple[Attempt, Verdict]:
        means, started = self._means, self._means.now_ms()
        request_id = means.new_id()
        headers = request.headers | {"x-request-id": request_id}
        http = ocpi = None
        location = ""
        try:
            access = means.access(partner)
            answer = await self._peer.send(request.method, request.url, access, request.body, headers)
        except (Refused, CannotUnseal) as error:
            found = unanswered(str(error))
        except Unreachable as error:
            found = unanswered(str(error))
            item.verify = _can_be_asked_for(item)
        else:
            http, understood = answer.status, told(answer.body)
            ocpi = understood.status_code or None
            location = answer.headers.get("location", "")
            found = verdict(Reply(http, answer.headers, understood, not answer.body), means.now_ms())
            item.verify |= not found.answered and _can_be_asked_for(item)
        done = means.now_ms()
        sent = (request.method, request_id, request.sha256, http, ocpi, location)
        return Attempt(item.attempts, started, done, *sent), found

    async def _settle(self, partner: Partner, item: Waiting, attempt: Attempt, found: Verdict) -> None:
        """Durable before done: the event first, then the entry of the queue is deleted, then it is forgotten."""
        push, means = item.push, self._means
        found = self._final(item, attempt, found)
        metrics.ATTEMPTS.labels(push.partner_id, push.module, found.outcome).inc()
        events: list[tuple[Event, str | None]] = [(telling.attempted(push, partner.version, attempt, found), None)]
        self._note(found)
        if found.outcome is Outcome.RETRY:
            await means.publish(tuple(events), None)
            until = means.now_ms() + pause_ms(means.patience, item.attempts, means.chance())
            self._put_off(item, until)
            return
        if push.module == CDRS and found.outcome in (Outcome.DELIVERED, Outcome.ALREADY_THERE):
            events.append((telling.delivered(push, partner.version, means.now_ms()), None))
        whole = found.outcome is Outcome.REFUSED and resync.whole_instead(push)
        if whole:
            events.append((whole, None))
        elif found.outcome is Outcome.REFUSED:
            events.append((self._letter(push, found), telling.DEAD_LETTERS))
        await means.publish(tuple(events), push if item.durable else None)
        self._finish(item, told=found.outcome is not Outcome.REFUSED)
        metrics.DELAY.labels(item.lane).observe(max(0, means.now_ms() - item.since) / 1000)

    def _final(self, item: Waiting, attempt: Attempt, found: Verdict) -> Verdict:
        """What is answered with errors for ever, by a partner that takes other things, is refused."""
        worn_out = (
            found.outcome is Outcome.RETRY and found.answered and item.attempts >= self._means.patience.attempts
        )
        if worn_out and (self._delivered_at or 0) > item.since:
            return found._replace(outcome=Outcome.REFUSED)
        return found

    def _letter(self, push: PushQueued, found: Verdict) -> Event:
        raw = self._means.requests.codec.encode(push)
        return telling.dead_letter(push, raw, found.message, code_version(), self._means.now_ms())

    def _note(self, found: Verdict) -> None:
        """What an attempt says about the partner as a whole."""
        now, before = self._means.now_ms(), self._circuit
        if found.outcome is Outcome.RETRY:
            self._failed_at, self._last_error = now, found.message
            chance = self._means.chance()
            self._circuit = before.at(now).failed(now, self._means.patience, chance, found.retry_after_ms)
            if self._circuit.state is State.OPEN and before.state is not State.OPEN:
                self._resync_due |= not found.limited
                self._resyncing.clear()
                self._told.clear()
                self.queue.to_backlog()
                log.warning("a partner is left alone for a while", partner=self.key, reason=found.message)
            return
        if found.outcome is Outcome.REFUSED:
            self._failed_at, self._last_error = now, found.message
        else:
            self._delivered_at = now
        self._circuit = before.succeeded()

    def _put_off(self, item: Waiting, until: Millis) -> None:
        self.queue.put_off(item, until)
        self._wake.set()

    def _finish(self, item: Waiting, *, told: bool = True) -> None:
        self.queue.done(item, told=told)
        if item.subject in self._resyncing:
            self._resyncing.discard(item.subject)
            if not self._resyncing:
                self._resynced()
        self._wake.set()

    def state(self, tenant: str, partner_id: str) -> PartnerDeliveries:
        """How it goes, for whoever wants to see it."""
        now = self._means.now_ms()
        circuit = self._circuit.at(now)
        return PartnerDeliveries(
            tenant=tenant,
            partner_id=partner_id,
            circuit=circuit.state.value,
            retry_at=circuit.until if circuit.state is State.OPEN else None,
            live=self.queue.waiting(LIVE),
            backlog=self.queue.waiting(BACKLOG),
            oldest_at=self.queue.oldest,
            delivered_at=self._delivered_at,
            failed_at=self._failed_at,
            last_error=self._last_error,
            resync_due=self._resync_due,
            resynced_at=self._resynced_at,
            updated_at=now,
        )


def _can_be_asked_for(item: Waiting) -> bool:
    """A record has no address before it is taken."""
    return item.push.module != CDRS


_HAS_IT: Final = Verdict(Outcome.ALREADY_THERE, "it has it already")
