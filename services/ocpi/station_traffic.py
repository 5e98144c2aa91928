"""What comes from stations for partners: results of commands, what they do by themselves, tokens to ask about."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any

from services.domain.events.authorization import AuthorizationRequested
from services.domain.events.partner import PartnerCommandTaken
from services.domain.events.station import CommandAnswered, ReservationStatusChanged
from services.domain.folding import Event
from services.ocpi import command_desk, profile_watch, reservation_watch
from services.ocpi.authorizer import Authorizer
from services.ocpi.booking_desk import BookingDesk
from services.ocpi.command_desk import CommandDesk
from services.ocpi.directory import Directory
from services.ocpi.object_keeper import ObjectKeeper
from services.ocpi.peer import Peer
from services.ocpi.profile_watch import ProfileWatch
from services.ocpi.reservation_watch import ReservationWatch
from services.ocpi.settings import OcpiSettings
from services.ocpi.station_requests import Means, StationRequests
from services.ocpi.store import Store
from services.runtime.bus import Bus
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.sealing import Seal
from services.runtime.tail import Tail

_LOOK_BACK_MS = 3_600_000
"""What has waited longer for its result, while no process was there, is given up."""

_GROUP = "ocpi-authorization"
"""One process of the edge asks about a token."""


class StationTraffic:
    """The desk, the watch and the authorizer with their streams. To be made and started on the event loop."""

    def __init__(
        self,
        settings: OcpiSettings,
        codec: Codec,
        directory: Directory,
        bus: Bus,
        peer: Peer,
        seal: Seal,
        new_id: Callable[[], str],
    ) -> None:
        reserved = reservation_watch.follow(directory, now_ms)
        profiles = profile_watch.follow(directory.partner_profile, now_ms)

        def follow(taken: PartnerCommandTaken, answer: CommandAnswered | None) -> list[Event]:
            return [*reserved(taken, answer), *profiles(taken, answer)]

        kept = command_desk.Outside(
            settings.operator, bus.publish, directory.partner, follow, now_ms, directory.standing, random.random
        )
        kafka, now = settings.kafka, now_ms()
        self._directory = directory
        self._resumed = False
        self._clocks: list[asyncio.Task[None]] = []
        self.desk = CommandDesk(peer, seal, settings.edge_id, kept)
        self.means = Means(
            directory, Store(settings.clickhouse), self.desk, bus.publish, now_ms, new_id, settings.edge_id
        )
        requests = StationRequests(self.means)
        self.bookings = BookingDesk(settings, requests, ObjectKeeper(directory, bus.publish))
        self._profiles = ProfileWatch(requests)
        self._watch = ReservationWatch(directory, self.desk, settings.edge_id, bus.publish, now_ms)
        topics = [PartnerCommandTaken.TOPIC, CommandAnswered.TOPIC]
        self._commands = Tail(kafka, codec, topics, self._ended, now - _LOOK_BACK_MS)
        self._stations = Tail(kafka, codec, [ReservationStatusChanged.TOPIC], self._said, now)
        self._authorizer = Authorizer(peer, seal, directory, settings.operator, bus.publish, now_ms, random.random)
        asked = [AuthorizationRequested.TOPIC]
        self._tokens = Tail(kafka, codec, asked, self._authorizer.take, group=_GROUP)

    def start(self) -> None:
        self._commands.start()
        self._stations.start()

    async def resume(self) -> None:
        """Return when all is known that was there, and what an earlier process has left is taken up."""
        await self._directory.wait_caught_up()
        while not self._commands.caught_up:
            await asyncio.sleep(0.02)
        self.desk.resume()
        self._resumed = True
        self._clocks = [asyncio.create_task(one.run()) for one in (self.bookings, self._watch)]
        self._tokens.start()

    async def stop(self) -> None:
        """Deliver what is being delivered."""
        for clock in self._clocks:
            clock.cancel()
        for tail in (self._commands, self._stations, self._tokens):
            tail.stop()
        await self._watch.close()
        await self._profiles.close()
        await self.desk.close()
        await self._authorizer.close()

    def _ended(self, events: Sequence[Any]) -> None:
        if self._resumed:
            answers = (event for event in events if isinstance(event, CommandAnswered))
            self._profiles.take([one for one in answers if not self.desk.waits_for(one.command_id)])
        self.desk.take(events)

    def _said(self, events: Sequence[Any]) -> None:
        self._watch.take(events)
        self._profiles.take(events)
