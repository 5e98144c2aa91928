"""How stations introduce themselves, folded into the latest boot of each."""

from msgspec import Struct

from services.domain.events.station import Boot, StationBooted
from services.domain.folding import Changes, Read
from services.domain.units import Millis


class Seen(Struct, frozen=True, array_like=True):
    """When a station last booted."""

    booted_at: Millis


def fold(read: Read[Seen], event: object) -> Changes[Seen]:
    """What one event of station.events changes; all but newer boots change nothing."""
    if not isinstance(event, StationBooted):
        return Changes()
    known = read(event.key)
    if known is not None and event.recorded_at <= known.booted_at:
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
    return Changes({event.key: Seen(event.recorded_at)}, [boot])
