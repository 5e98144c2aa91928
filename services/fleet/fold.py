"""How stations introduce themselves and how their connectors are, folded into the latest of each."""

from msgspec import Struct

from services.domain.events.common import ConnectorStatus
from services.domain.events.station import Boot, ConnectorStatusChanged, StationBooted, StationStatus
from services.domain.folding import Changes, Read
from services.domain.units import Millis

MOST_CONNECTORS = 400
"""Of one station; one that makes up numbers of connectors cannot grow its entry for ever."""


class Seen(Struct, frozen=True, array_like=True):
    """When a station last booted (0: never), and how each of its connectors is."""

    booted_at: Millis
    connectors: tuple[ConnectorStatus, ...] = ()


def fold(read: Read[Seen], event: object) -> Changes[Seen]:
    """What one event of station.events changes; what is older than what is known changes nothing."""
    if isinstance(event, StationBooted):
        return _booted(read(event.key) or Seen(0), event)
    if isinstance(event, ConnectorStatusChanged):
        return _changed(read(event.key) or Seen(0), event)
    return Changes()


def _booted(known: Seen, event: StationBooted) -> Changes[Seen]:
    if event.recorded_at <= known.booted_at:
        return Changes()
    boot = Boot(
        tenant=event.tenant,
        station_id=event.station_id,
        protocol=event.protocol,
        vendor=event.vendor,
        model=event.model,
        serial_number=event.serial_number,
        firmware_version=event.firmware_version,
        boot_reason=event.boot_reason,
        registration_status=event.registration_status,
        booted_at=event.recorded_at,
    )
    return Changes({event.key: Seen(event.recorded_at, known.connectors)}, [boot])


def _changed(known: Seen, event: ConnectorStatusChanged) -> Changes[Seen]:
    """A station's own clock does not order what it says: the order in which it came does."""
    place = (event.evse_id or 0, event.connector_id or 0)
    others = {(one.evse_id, one.connector_id): one for one in known.connectors}
    before = others.get(place)
    if before is not None and event.recorded_at <= before.recorded_at:
        return Changes()
    if before is None and len(others) >= MOST_CONNECTORS:
        return Changes()
    others[place] = ConnectorStatus(
        evse_id=place[0],
        connector_id=place[1],
        status=event.status,
        reported_status=event.reported_status,
        error_code=event.error_code,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
    )
    connectors = tuple(others[key] for key in sorted(others))
    status = StationStatus(
        tenant=event.tenant,
        station_id=event.station_id,
        protocol=event.protocol,
        connectors=connectors,
        updated_at=max(one.recorded_at for one in connectors),
    )
    return Changes({event.key: Seen(known.booted_at, connectors)}, [status])
