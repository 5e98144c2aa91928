"""What comes back from stations for partners: results of commands, and what stations do by themselves."""

import asyncio

from services.domain.events.partner import PartnerCommandTaken
from services.domain.events.station import CommandAnswered, ReservationStatusChanged
from services.ocpi import command_desk
from services.ocpi.command_desk import CommandDesk
from services.ocpi.directory import Directory
from services.ocpi.peer import Peer
from services.ocpi.reservation_watch import ReservationWatch, follow
from services.ocpi.settings import OcpiSettings
from services.runtime.bus import Bus
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.sealing import Seal
from services.runtime.tail import Tail

_LOOK_BACK_MS = 3_600_000
"""What has waited longer for its result, while no process was there, is given up."""


class StationTraffic:
    """The desk and the watch with the streams that they follow. To be made and started on the event loop."""

    def __init__(
        self, settings: OcpiSettings, codec: Codec, directory: Directory, bus: Bus, peer: Peer, seal: Seal
    ) -> None:
        kept = command_desk.Outside(bus.publish, directory.partner, follow(directory, now_ms), now_ms)
        kafka, now = settings.kafka, now_ms()
        self._directory = directory
        self.desk = CommandDesk(peer, seal, settings.edge_id, kept)
        self._watch = ReservationWatch(directory, self.desk, settings.edge_id, bus.publish, now_ms)
        topics = [PartnerCommandTaken.TOPIC, CommandAnswered.TOPIC]
        self._commands = Tail(kafka, codec, topics, self.desk.take, now - _LOOK_BACK_MS)
        self._stations = Tail(kafka, codec, [ReservationStatusChanged.TOPIC], self._watch.take, now)

    def start(self) -> None:
        self._commands.start()
        self._stations.start()

    async def resume(self) -> None:
        """Return when all is known that was there, and what an earlier process has left is taken up."""
        await self._directory.wait_caught_up()
        while not self._commands.caught_up:
            await asyncio.sleep(0.02)
        self.desk.resume()

    async def stop(self) -> None:
        """Deliver what is being delivered."""
        self._commands.stop()
        self._stations.stop()
        await self._watch.close()
        await self.desk.close()
