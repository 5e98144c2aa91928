"""Which stations an operation is for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.domain.events.station import Boot, Station


@dataclass(frozen=True, slots=True)
class Selection:
    """All that is named must fit; nothing named takes every station. Vendor, model, firmware: of the last boot."""

    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    location: str | None = None

    def takes(self, station: Station, boot: Boot | None) -> bool:
        """Whether the station is meant."""
        facts = (
            (self.vendor, boot.vendor if boot else station.vendor),
            (self.model, boot.model if boot else station.model),
            (self.firmware, boot.firmware_version if boot else None),
            (self.location, station.location_id),
        )
        return all(wanted is None or wanted == fact for wanted, fact in facts)

    def of(
        self, tenant: str, stations: Iterable[tuple[str, Station]], boot: Callable[[str], Boot | None]
    ) -> list[str]:
        """The ids of the tenant's enabled stations that are meant, sorted."""
        found = (
            station.station_id
            for key, station in stations
            if station.tenant == tenant and station.enabled and self.takes(station, boot(key))
        )
        return sorted(found)
