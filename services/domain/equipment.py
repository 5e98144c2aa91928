"""Stations as drivers meet them: what stands at a location, its connectors, and how each EVSE is now. Pure.

Words are those of OCPI (mod_locations), which every protocol with data about places knows a translation of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from services.domain.events.common import Connector, ConnectorStatus, Evse
from services.domain.events.location import Location
from services.domain.events.station import Connection, Station, StationStatus
from services.domain.units import Millis

CAPABILITIES: Final = ("REMOTE_START_STOP_CAPABLE", "RFID_READER", "UNLOCK_CAPABLE")
"""What drivers and their providers can make use of at every station."""

PLANNED: Final = ("CHARGING_PREFERENCES_CAPABLE", "CHARGING_PROFILE_CAPABLE", "RESERVABLE")
"""What stations of OCPP 2.x are taken to be capable of besides. Others may be; they say so when they are asked."""

_CABLES = ("CHADEMO", "CHAOJI", "GBT_DC", "IEC_62196_T1", "TESLA", "NEMA", "SAE")
"""Beginnings of connector standards that come as a cable of the station, beside everything that is DC."""

_STATUSES: Final = {
    "Available": "AVAILABLE",
    "Occupied": "CHARGING",
    "Reserved": "RESERVED",
    "Unavailable": "INOPERATIVE",
    "Faulted": "OUTOFORDER",
}
"""From OCPP 2.0.1 ConnectorStatusEnumType; CHARGING is "in use" in OCPI, whether or not current flows."""

_BEST_FIRST: Final = ("CHARGING", "RESERVED", "AVAILABLE", "INOPERATIVE", "OUTOFORDER", "UNKNOWN")
"""What an EVSE of several connectors is: in use when one is, available when one is."""

_WHOLE_STATION: Final = ("INOPERATIVE", "OUTOFORDER")
_VOLTS: Final = {"DC": 400}
_PHASES: Final = {"AC_3_PHASE": 3, "AC_2_PHASE": 2, "AC_2_PHASE_SPLIT": 2}


@dataclass(frozen=True, slots=True)
class Equipment:
    """A station with what is known about it now."""

    station: Station
    status: StationStatus | None = None
    connection: Connection | None = None

    @property
    def connected(self) -> bool:
        return self.connection is not None and self.connection.connected

    @property
    def changed_at(self) -> Millis:
        """When anything about it last became known."""
        times = [self.station.updated_at]
        times += [self.status.updated_at] if self.status else []
        times += [self.connection.since] if self.connection else []
        return max(times)


def changed_at(place: Location, equipment: Sequence[Equipment]) -> Millis:
    """A location changes when anything in it does (mod_locations: last_updated)."""
    return max([place.updated_at, *(one.changed_at for one in equipment)])


def capabilities(equipment: Equipment, own: Evse) -> list[str]:
    """mod_locations: Capability. What the registry says is added to what all stations can."""
    planned = equipment.connection is not None and equipment.connection.protocol.startswith("ocpp2.")
    return sorted({*CAPABILITIES, *own.capabilities, *(PLANNED if planned else ())})


def status(equipment: Equipment, own: Evse) -> str:
    """mod_locations: Status. A station that is away says nothing about its EVSEs."""
    if not equipment.station.enabled:
        return "INOPERATIVE"
    if not equipment.connected or equipment.status is None:
        return "UNKNOWN"
    connectors = equipment.status.connectors
    whole = [_status(one) for one in connectors if one.evse_id == 0]
    found = [_status(one) for one in connectors if one.evse_id == own.evse_id]
    out_of_use = [word for word in whole if word in _WHOLE_STATION]
    return min(out_of_use or found or ["UNKNOWN"], key=_BEST_FIRST.index)


def _status(said: ConnectorStatus) -> str:
    return _STATUSES.get(said.status, "UNKNOWN")


def connectors(own: Evse) -> tuple[Connector, ...]:
    """Those that are registered, else the one that the EVSE's standard and power mean."""
    return own.connectors or (_only_connector(own),)


def _only_connector(own: Evse) -> Connector:
    """The registry knows its power; current follows from it at the usual voltage."""
    volts = _VOLTS.get(own.power_type, 230)
    amperes = Decimal(own.max_power_w) / (volts * _PHASES.get(own.power_type, 1))
    cable = own.power_type == "DC" or own.connector_standard.startswith(_CABLES)
    return Connector(
        connector_id=1,
        connector_standard=own.connector_standard,
        connector_format="CABLE" if cable else "SOCKET",
        power_type=own.power_type,
        max_voltage_v=volts,
        max_amperage_a=int(amperes.to_integral_value(ROUND_HALF_EVEN)),
        max_power_w=own.max_power_w,
    )


def power_w(connector: Connector) -> int:
    """What a connector gives at most, in watts: as registered, else what voltage and current give."""
    if connector.max_power_w is not None:
        return connector.max_power_w
    return connector.max_voltage_v * connector.max_amperage_a * _PHASES.get(connector.power_type, 1)
