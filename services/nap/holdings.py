"""What is known of locations, stations and prices: local copies of state topics."""

from typing import Any

from services.domain.equipment import Equipment
from services.domain.events.location import Location
from services.domain.events.station import Connection, Station, StationStatus
from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.nap.outbound.scene import Scene, public
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.tariff_book import TariffBook
from services.runtime.view import View

TOPICS = (
    Location.TOPIC,
    Station.TOPIC,
    StationStatus.TOPIC,
    Connection.TOPIC,
    Tariff.TOPIC,
    EnergyPriceAnnounced.TOPIC,
)


class Holdings:
    """Kept up to date from Kafka; while it is away they stay as they were last seen."""

    def __init__(self, kafka: KafkaSettings, codec: Codec) -> None:
        self._locations: View[Location] = View(kafka, codec, Location.TOPIC)
        self._stations: View[Station] = View(kafka, codec, Station.TOPIC)
        self._statuses: View[StationStatus] = View(kafka, codec, StationStatus.TOPIC)
        self._connections: View[Connection] = View(kafka, codec, Connection.TOPIC)
        self._book = TariffBook(kafka, codec)

    @property
    def _views(self) -> tuple[View[Any], ...]:
        return self._locations, self._stations, self._statuses, self._connections, *self._book.views

    def start(self) -> None:
        for view in self._views:
            view.start()

    async def wait_caught_up(self, timeout_s: float = 60.0) -> None:
        """Return when everything that was there has been read; TimeoutError names the topic that was not."""
        for view in self._views:
            await view.wait_caught_up(timeout_s)

    def stop(self) -> None:
        for view in self._views:
            view.stop()

    def scene(self, tenant: str) -> Scene:
        """All that is public of an operator, as of now."""
        locations = [one for _, one in self._locations.items()]
        equipment = [
            Equipment(station, self._statuses.get(key), self._connections.get(key))
            for key, station in self._stations.items()
            if station.tenant == tenant
        ]
        tariffs = {one.tariff_id: one for _, one in self._book.tariffs.items() if one.tenant == tenant}
        announced = {tariff_id: self._book.prices(one.key) for tariff_id, one in tariffs.items()}
        return Scene(tenant, public(tenant, locations, equipment), tariffs, announced)
