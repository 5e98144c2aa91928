"""What becomes of reservations by itself: stations give them up, or their time is over.

Of the first their partners are told (mod_commands: Reservation canceled by the CPO), of the second everybody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog

from services.domain.events.partner import PartnerCommandTaken
from services.domain.events.reservation import Reservation
from services.domain.events.station import CommandAnswered, ReservationStatusChanged
from services.domain.units import Millis
from services.ocpi.command_desk import CommandDesk, Message
from services.ocpi.directory import Directory
from services.ocpi.inbound import reservations
from services.ocpi.outbound.command_results import CANCELED_RESERVATION
from services.ocpi.outbound.waiting import stagger_ms
from services.runtime.bus import NotDurable

log = structlog.get_logger(__name__)

_LOOK_S = 5.0


def follow(directory: Directory, now_ms: Callable[[], Millis]) -> Callable[..., list[Reservation]]:
    """What becomes of the reservation that a command was about."""

    def changed(taken: PartnerCommandTaken, answer: CommandAnswered | None) -> list[Reservation]:
        if taken.reservation_id is None:
            return []
        known = directory.reservation(taken.tenant, taken.partner_id, taken.reservation_id)
        new = reservations.after(known, taken.command, answer, now_ms())
        return [] if new is None else [new]

    return changed


class ReservationWatch:
    """Lives on the event loop. Processes take turns, so that one of them tells the partner."""

    def __init__(
        self,
        directory: Directory,
        desk: CommandDesk,
        edge_id: str,
        publish: Callable[..., Awaitable[None]],
        now_ms: Callable[[], Millis],
    ) -> None:
        self._directory = directory
        self._desk = desk
        self._wait_s = stagger_ms(edge_id) / 10_000
        self._publish = publish
        self._now_ms = now_ms
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()

    def take(self, events: Sequence[Any]) -> None:
        """Records of `station.events`."""
        for event in events:
            if isinstance(event, ReservationStatusChanged):
                task = asyncio.create_task(self._given_up(event))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def run(self) -> None:
        """Look after reservations whose time is over, for as long as the process lives."""
        while True:
            try:
                await self.look()
            except NotDurable as error:
                log.error("reservations that ended wait: Kafka is away", error=str(error))
            except Exception:
                log.exception("looking after reservations failed")
            await asyncio.sleep(_LOOK_S)

    async def look(self) -> None:
        """Tell of those that are over. Each process does, and again when it is started: it says the same."""
        found = [reservations.over(one, self._now_ms()) for one in self._directory.all_reservations()]
        ended = {one.event_id: one for one in found if one is not None}
        self._told &= ended.keys()
        for event_id, one in ended.items():
            if event_id not in self._told:
                await self._publish(one)
                self._told.add(event_id)

    async def close(self) -> None:
        """What is not told is told by the next process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _given_up(self, event: ReservationStatusChanged) -> None:
        await asyncio.sleep(self._wait_s)
        there = self._directory.reservations(event.tenant, event.station_id)
        found = [
            one for one in there if one.number == event.reservation_id and one.status in reservations.STANDING
        ]
        for one in found:
            try:
                await self._publish(replace(one, status=event.status, updated_at=self._now_ms()))
            except NotDurable as error:
                log.error("a reservation's end is not kept: Kafka is away", error=str(error))
                return
            partner = self._directory.partner(f"{one.tenant}/{one.partner_id}")
            # One that expires ends as was agreed; the partner knows.
            if one.response_url and event.status == "Removed" and partner is not None and partner.enabled:
                body = {"result": CANCELED_RESERVATION}
                await self._desk.tell(partner, one.response_url, one.version, Message("CommandResult", body))
