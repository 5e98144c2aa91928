"""Brings what is queued to the couriers, one for each partner, and says how they are doing."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog

from services.domain.events.delivery import PartnerDeliveries, PushQueued
from services.domain.events.partner import Partner
from services.domain.events.tariff import EnergyPriceAnnounced
from services.domain.folding import Event
from services.ocpi.peer import Peer
from services.ocpi.push import metrics
from services.ocpi.push.circuit import State
from services.ocpi.push.courier import Courier, Means
from services.ocpi.push.receivers import is_connected
from services.ocpi.push.telling import as_before
from services.ocpi.push.waiting import BACKLOG, LIVE
from services.runtime import garbage
from services.runtime.bus import Bus, NotDurable
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.view import View

_AT_ONCE: Final = 1_000
"""Queued changes that are taken in before anybody else on the event loop has a turn."""
_LOOK_S: Final = 0.5
_SAY_EVERY: Final = 4
"""Looks."""
_READ_WITHIN_S: Final = 900.0
_LONGEST_MS: Final = 600_000
"""After so long it is looked again how long there is to wait: clocks are set."""
_AGAIN_S: Final = 1.0
_LEVELS: Final = {State.CLOSED.value: 0, State.HALF_OPEN.value: 1, State.OPEN.value: 2}

log = structlog.get_logger(__name__)


class Outbox:
    """What couriers publish: durable before it returns, however long Kafka is away."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def publish(self, events: tuple[tuple[Event, str | None], ...], done: PushQueued | None) -> None:
        """Return when Kafka has the events; then what they are about is deleted from the queue."""
        while events:
            try:
                await asyncio.gather(*(self._bus.publish(event, topic=topic) for event, topic in events))
                break
            except NotDurable as error:
                log.warning("an attempt could not be recorded yet, trying again", reason=str(error))
                await asyncio.sleep(_AGAIN_S)
        if done is not None:
            self.forget(done)

    def forget(self, push: PushQueued) -> None:
        """Delete from the queue; should that be lost, the partner is told once more after a restart."""
        self._bus.delete(push, _lost)


def _lost(error: Exception | None) -> None:
    if error is not None:
        log.warning("a queued change could not be deleted, it will be told again", reason=str(error))


class Sender:
    """All couriers. `run` on the event loop; lives until it is cancelled."""

    def __init__(
        self,
        kafka: KafkaSettings,
        codec: Codec,
        means: Means,
        new_peer: Callable[[], Peer],
        partners: Callable[[], list[Partner]],
        bus: Bus,
    ) -> None:
        self._means = means
        self._new_peer = new_peer
        self._partners = partners
        self._bus = bus
        self._states: View[PartnerDeliveries] = View(kafka, codec, PartnerDeliveries.TOPIC)
        self._queue: View[PushQueued] = View(kafka, codec, PushQueued.TOPIC, self._noticed)
        self._inbox: deque[str] = deque()
        self._news: deque[str] = deque()
        self._draining = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun = False
        self._said: dict[str, PartnerDeliveries] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self.couriers: dict[str, Courier] = {}

    async def run(self) -> None:
        """Read what waits from last time, then tell it and whatever comes."""
        self._states.start()
        self._queue.start()
        try:
            await self._states.wait_caught_up()
            await self._queue.wait_caught_up(_READ_WITHIN_S)
            log.info("queue read", waiting=len(self._queue))
            self._loop = asyncio.get_running_loop()
            self._take_in()
            await self._look_after()
        finally:
            self._queue.stop()
            self._states.stop()
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _noticed(self, key: str, push: PushQueued | None) -> None:
        """On the view's thread. Until the queue is read whole nothing is taken in: entries may yet be deleted."""
        if push is None:
            return
        if self._loop is None:
            self._inbox.append(key)
            return
        self._news.append(key)
        if len(self._news) == 1:
            self._loop.call_soon_threadsafe(self._take_in_unless_draining)

    def _take_in_unless_draining(self) -> None:
        if not self._draining:
            self._take_in()

    def _take_in(self) -> None:
        """Hand changes to couriers, so many at a time that nobody on the event loop waits for long. What comes
        while a long queue is being read does not stand at its end."""
        for _ in range(_AT_ONCE):
            inbox = self._news or self._inbox
            if not inbox:
                break
            push = self._queue.get(inbox.popleft())
            if push is not None and not self._is_early(push):
                self._courier(f"{push.tenant}/{push.partner_id}").add(push)
        self._draining = bool(self._news or self._inbox)
        if self._draining:
            asyncio.get_running_loop().call_later(0, self._take_in)
        elif not self._begun:
            # What waits stays for long, and walking it would make everybody wait.
            self._begun = True
            garbage.calm()

    def _is_early(self, push: PushQueued) -> bool:
        """Whether it only comes to be true, as a price that was announced does; then it is taken in again."""
        early_ms = push.changed_at - self._means.now_ms()
        if push.cause != EnergyPriceAnnounced.FULL_NAME or early_ms <= 0 or self._loop is None:
            return False
        self._loop.call_later(min(early_ms, _LONGEST_MS) / 1000, self._noticed, push.key, push)
        return True

    def _courier(self, key: str) -> Courier:
        if key not in self.couriers:
            courier = Courier(key, self._means, self._new_peer(), self._states.get(key))
            self.couriers[key] = courier
            self._running[key] = asyncio.create_task(courier.run())
        return self.couriers[key]

    async def _look_after(self) -> None:
        """See that every partner has a courier, that none has failed, and say how they are doing."""
        number = 0
        while True:
            for partner in self._partners():
                if is_connected(partner):
                    self._courier(partner.key)
            for task in self._running.values():
                if task.done():
                    task.result()
            if self._news:
                self._take_in_unless_draining()
            if number % _SAY_EVERY == 0:
                self._say()
            number += 1
            await asyncio.sleep(_LOOK_S)

    def _say(self) -> None:
        for key, courier in self.couriers.items():
            tenant, _, partner_id = key.partition("/")
            state = courier.state(tenant, partner_id)
            _measure(state)
            if not as_before(state, self._said.get(key)):
                self._said[key] = state
                self._bus.send(state, _unsaid)


def _unsaid(error: Exception | None) -> None:
    """It is said again in a moment."""


def _measure(state: PartnerDeliveries) -> None:
    name = state.partner_id
    metrics.WAITING.labels(name, LIVE).set(state.live)
    metrics.WAITING.labels(name, BACKLOG).set(state.backlog)
    metrics.CIRCUIT.labels(name).set(_LEVELS[state.circuit])
    age_ms = 0 if state.oldest_at is None else max(0, state.updated_at - state.oldest_at)
    metrics.OLDEST.labels(name).set(age_ms / 1000)
