"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CdrLocation:
    """Where it was charged, frozen at the time of the record."""

    FULL_NAME: ClassVar[str] = "common.v1.CdrLocation"
    TOPIC: ClassVar[str] = "common.v1"

    location_id: str
    name: str
    address: str
    city: str
    postal_code: str
    country: str  # ISO 3166-1 alpha-3.
    latitude: str
    longitude: str
    time_zone: str  # IANA name.

    def to_record(self) -> dict[str, Any]:
        return {
            "location_id": self.location_id,
            "name": self.name,
            "address": self.address,
            "city": self.city,
            "postal_code": self.postal_code,
            "country": self.country,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "time_zone": self.time_zone,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            location_id=record["location_id"],
            name=record["name"],
            address=record["address"],
            city=record["city"],
            postal_code=record["postal_code"],
            country=record["country"],
            latitude=record["latitude"],
            longitude=record["longitude"],
            time_zone=record["time_zone"],
        )


class CdrStatus(StrEnum):
    """Where a charge detail record stands."""

    UNKNOWN = "UNKNOWN"
    ISSUED = "ISSUED"
    HELD = "HELD"
    CREDITED = "CREDITED"


class CertificateStatus(StrEnum):
    """What has become of a certificate that we issued."""

    UNKNOWN = "UNKNOWN"
    ISSUED = "ISSUED"
    INSTALLED = "INSTALLED"
    REJECTED = "REJECTED"
    REVOKED = "REVOKED"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingPeriod:
    """Energy between two readings of the register."""

    FULL_NAME: ClassVar[str] = "common.v1.ChargingPeriod"
    TOPIC: ClassVar[str] = "common.v1"

    started_at: int
    ended_at: int
    energy_wh: Decimal
    parking: bool = False  # Charging had ended: the register did not rise any more.
    average_power_w: Decimal | None = None  # Where the tariff asks for power.

    def to_record(self) -> dict[str, Any]:
        return {
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "energy_wh": self.energy_wh,
            "parking": self.parking,
            "average_power_w": self.average_power_w,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            started_at=record["started_at"],
            ended_at=record["ended_at"],
            energy_wh=record["energy_wh"],
            parking=record["parking"],
            average_power_w=record["average_power_w"],
        )


class CommandOutcome(StrEnum):
    """How a command ended."""

    UNKNOWN = "UNKNOWN"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    EXPIRED = "EXPIRED"
    UNREACHABLE = "UNREACHABLE"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """One connector of an EVSE."""

    FULL_NAME: ClassVar[str] = "common.v1.Connector"
    TOPIC: ClassVar[str] = "common.v1"

    connector_id: int  # Number in the EVSE, from 1.
    connector_standard: str  # OCPI ConnectorType.
    connector_format: str  # SOCKET or CABLE.
    power_type: str  # OCPI PowerType.
    max_voltage_v: int
    max_amperage_a: int
    max_power_w: int | None = None  # Where it is less than voltage and current would give.
    tariff_ids: tuple[str, ...] = ()  # Tariffs that drivers are shown; none: that of the station.
    capabilities: tuple[str, ...] = ()  # OCPI ConnectorCapability.

    def to_record(self) -> dict[str, Any]:
        return {
            "connector_id": self.connector_id,
            "connector_standard": self.connector_standard,
            "connector_format": self.connector_format,
            "power_type": self.power_type,
            "max_voltage_v": self.max_voltage_v,
            "max_amperage_a": self.max_amperage_a,
            "max_power_w": self.max_power_w,
            "tariff_ids": list(self.tariff_ids),
            "capabilities": list(self.capabilities),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            connector_id=record["connector_id"],
            connector_standard=record["connector_standard"],
            connector_format=record["connector_format"],
            power_type=record["power_type"],
            max_voltage_v=record["max_voltage_v"],
            max_amperage_a=record["max_amperage_a"],
            max_power_w=record["max_power_w"],
            tariff_ids=tuple(record["tariff_ids"]),
            capabilities=tuple(record["capabilities"]),
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorStatus:
    """How a connector is."""

    FULL_NAME: ClassVar[str] = "common.v1.ConnectorStatus"
    TOPIC: ClassVar[str] = "common.v1"

    evse_id: int  # 0: the station as a whole (OCPP 1.6).
    connector_id: int
    status: str  # OCPP 2.0.1 ConnectorStatusEnumType.
    reported_status: str  # The word that the station used.
    error_code: str | None = None
    occurred_at: int  # The station's time.
    recorded_at: int  # When we received it.

    def to_record(self) -> dict[str, Any]:
        return {
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "status": self.status,
            "reported_status": self.reported_status,
            "error_code": self.error_code,
            "occurred_at": self.occurred_at,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            status=record["status"],
            reported_status=record["reported_status"],
            error_code=record["error_code"],
            occurred_at=record["occurred_at"],
            recorded_at=record["recorded_at"],
        )


class DeliveryOutcome(StrEnum):
    """How an attempt to tell a partner something ended."""

    UNKNOWN = "UNKNOWN"
    DELIVERED = "DELIVERED"
    ALREADY_THERE = "ALREADY_THERE"
    RETRY = "RETRY"
    REFUSED = "REFUSED"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMonitor:
    """A monitor that is set in a station."""

    FULL_NAME: ClassVar[str] = "common.v1.DeviceMonitor"
    TOPIC: ClassVar[str] = "common.v1"

    monitor_id: int
    component: str  # "": the variable is a configuration key of OCPP 1.6.
    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    variable: str
    variable_instance: str | None = None
    type: str  # MonitorEnumType.
    value: str | None = None
    severity: int | None = None
    alert: bool = False  # Its last event was not a clearing one.
    actual_value: str | None = None  # In its last event.
    occurred_at: int | None = None  # Of its last event.

    def to_record(self) -> dict[str, Any]:
        return {
            "monitor_id": self.monitor_id,
            "component": self.component,
            "component_instance": self.component_instance,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "variable": self.variable,
            "variable_instance": self.variable_instance,
            "type": self.type,
            "value": self.value,
            "severity": self.severity,
            "alert": self.alert,
            "actual_value": self.actual_value,
            "occurred_at": self.occurred_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            monitor_id=record["monitor_id"],
            component=record["component"],
            component_instance=record["component_instance"],
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            variable=record["variable"],
            variable_instance=record["variable_instance"],
            type=record["type"],
            value=record["value"],
            severity=record["severity"],
            alert=record["alert"],
            actual_value=record["actual_value"],
            occurred_at=record["occurred_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReport:
    """A report that a station sends in parts."""

    FULL_NAME: ClassVar[str] = "common.v1.DeviceReport"
    TOPIC: ClassVar[str] = "common.v1"

    request_id: int | None = None
    operation: str | None = None  # That asked for it, when known.
    report_base: str | None = None
    began_at: int
    parts: int  # That have come.
    complete: bool  # All parts up to the last have come.
    missing: tuple[int, ...] = ()  # Numbers of parts that have not come though later ones have; the first 50.

    def to_record(self) -> dict[str, Any]:
        return {
            "request_id": self.request_id,
            "operation": self.operation,
            "report_base": self.report_base,
            "began_at": self.began_at,
            "parts": self.parts,
            "complete": self.complete,
            "missing": list(self.missing),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            request_id=record["request_id"],
            operation=record["operation"],
            report_base=record["report_base"],
            began_at=record["began_at"],
            parts=record["parts"],
            complete=record["complete"],
            missing=tuple(record["missing"]),
        )


class DriftReason(StrEnum):
    """Why a variable is not as wanted."""

    UNKNOWN = "UNKNOWN"
    DIFFERS = "DIFFERS"
    NOT_TOLD = "NOT_TOLD"
    READ_ONLY = "READ_ONLY"
    REFUSED = "REFUSED"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class EnergySource:
    """How much of the energy comes from a source."""

    FULL_NAME: ClassVar[str] = "common.v1.EnergySource"
    TOPIC: ClassVar[str] = "common.v1"

    source: str  # OCPI EnergySourceCategory.
    percentage: Decimal

    def to_record(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "percentage": self.percentage,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            source=record["source"],
            percentage=record["percentage"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentalImpact:
    """What a kWh does to the environment."""

    FULL_NAME: ClassVar[str] = "common.v1.EnvironmentalImpact"
    TOPIC: ClassVar[str] = "common.v1"

    category: str  # OCPI EnvironmentalImpactCategory.
    amount: Decimal  # Grams per kWh.

    def to_record(self) -> dict[str, Any]:
        return {
            "category": self.category,
            "amount": self.amount,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            category=record["category"],
            amount=record["amount"],
        )


class EvidenceOutcome(StrEnum):
    """Whether the signed meter values of a session prove what is billed."""

    UNKNOWN = "UNKNOWN"
    OK = "OK"
    FAILED = "FAILED"
    UNDECIDED = "UNDECIDED"
    UNSIGNED = "UNSIGNED"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class EvseParking:
    """A parking place that an EVSE can be reached from."""

    FULL_NAME: ClassVar[str] = "common.v1.EvseParking"
    TOPIC: ClassVar[str] = "common.v1"

    parking_id: str
    evse_position: str | None = None  # OCPI EVSEPosition: where it is seen from a parked vehicle.

    def to_record(self) -> dict[str, Any]:
        return {
            "parking_id": self.parking_id,
            "evse_position": self.evse_position,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            parking_id=record["parking_id"],
            evse_position=record["evse_position"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionalPeriod:
    """Open or closed other than usual."""

    FULL_NAME: ClassVar[str] = "common.v1.ExceptionalPeriod"
    TOPIC: ClassVar[str] = "common.v1"

    period_begin: int
    period_end: int

    def to_record(self) -> dict[str, Any]:
        return {
            "period_begin": self.period_begin,
            "period_end": self.period_end,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            period_begin=record["period_begin"],
            period_end=record["period_end"],
        )


class FleetStatus(StrEnum):
    """How an operation on many stations stands."""

    UNKNOWN = "UNKNOWN"
    REQUESTED = "REQUESTED"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    FINISHED = "FINISHED"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One message between a station and us, as it went over the wire."""

    FULL_NAME: ClassVar[str] = "common.v1.Frame"
    TOPIC: ClassVar[str] = "common.v1"

    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    received: bool  # True: from the station; false: from us.
    at: int  # When we received or sent it.
    data: bytes  # The message, passwords and keys masked, cut at 65536 bytes.

    def to_record(self) -> dict[str, Any]:
        return {
            "station_id": self.station_id,
            "protocol": self.protocol,
            "received": self.received,
            "at": self.at,
            "data": self.data,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            station_id=record["station_id"],
            protocol=record["protocol"],
            received=record["received"],
            at=record["at"],
            data=record["data"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class IdToken:
    """Who asks to charge."""

    FULL_NAME: ClassVar[str] = "common.v1.IdToken"
    TOPIC: ClassVar[str] = "common.v1"

    value: str  # Identifier as received.
    type: str = "Unknown"  # OCPP 2.0.1 IdTokenEnumType, e.g. ISO14443, Central, eMAID; Unknown for OCPP 1.6.
    authorization_method: str = (
        ""  # OCPI AuthMethod: how it was allowed to charge; empty: WHITELIST, or it was not.
    )
    authorization_reference: str | None = None  # The provider's, if it was asked.

    def to_record(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "type": self.type,
            "authorization_method": self.authorization_method,
            "authorization_reference": self.authorization_reference,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            value=record["value"],
            type=record["type"],
            authorization_method=record["authorization_method"],
            authorization_reference=record["authorization_reference"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class LocalListEntry:
    """A token on a station's local authorization list."""

    FULL_NAME: ClassVar[str] = "common.v1.LocalListEntry"
    TOPIC: ClassVar[str] = "common.v1"

    token_uid: str
    type: str  # OCPP 2.0.1 IdTokenEnumType.
    digest: str  # Of what the station was told about it.

    def to_record(self) -> dict[str, Any]:
        return {
            "token_uid": self.token_uid,
            "type": self.type,
            "digest": self.digest,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            token_uid=record["token_uid"],
            type=record["type"],
            digest=record["digest"],
        )


class LocalListStatus(StrEnum):
    """How a station's local authorization list stands."""

    UNKNOWN = "UNKNOWN"
    BEHIND = "BEHIND"
    CURRENT = "CURRENT"
    FAILED = "FAILED"
    UNSUPPORTED = "UNSUPPORTED"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class LocalText:
    """A text in a language."""

    FULL_NAME: ClassVar[str] = "common.v1.LocalText"
    TOPIC: ClassVar[str] = "common.v1"

    language: str  # ISO 639-1.
    text: str

    def to_record(self) -> dict[str, Any]:
        return {
            "language": self.language,
            "text": self.text,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            language=record["language"],
            text=record["text"],
        )


class MeterKeySource(StrEnum):
    """Where a meter's public key is known from."""

    UNKNOWN = "UNKNOWN"
    LABEL = "LABEL"
    BNETZA = "BNETZA"
    CONFIGURATION_KEY = "CONFIGURATION_KEY"
    DATA_TRANSFER = "DATA_TRANSFER"
    SIGNED_VALUE = "SIGNED_VALUE"


class MeterKeyStatus(StrEnum):
    """How a meter's public key stands in the register."""

    UNKNOWN = "UNKNOWN"
    CANDIDATE = "CANDIDATE"
    APPROVED = "APPROVED"
    SUPERSEDED = "SUPERSEDED"
    REVOKED = "REVOKED"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorEvent:
    """One event of a station's device model: a threshold crossed, a value changed, a time passed."""

    FULL_NAME: ClassVar[str] = "common.v1.MonitorEvent"
    TOPIC: ClassVar[str] = "common.v1"

    event_number: int  # The station's own number of it.
    occurred_at: int  # The station's time.
    trigger: str  # Alerting, Delta or Periodic.
    component: str
    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    variable: str
    variable_instance: str | None = None
    actual_value: str
    notification_type: str
    cleared: bool = False  # The condition has ended.
    cause: int | None = None  # event_number of the event that led to it.
    monitor_id: int | None = None
    severity: int | None = None  # 0 (danger) to 9 (debug); OCPP 2.1.
    transaction_id: str | None = None
    tech_code: str | None = None
    tech_info: str | None = None

    def to_record(self) -> dict[str, Any]:
        return {
            "event_number": self.event_number,
            "occurred_at": self.occurred_at,
            "trigger": self.trigger,
            "component": self.component,
            "component_instance": self.component_instance,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "variable": self.variable,
            "variable_instance": self.variable_instance,
            "actual_value": self.actual_value,
            "notification_type": self.notification_type,
            "cleared": self.cleared,
            "cause": self.cause,
            "monitor_id": self.monitor_id,
            "severity": self.severity,
            "transaction_id": self.transaction_id,
            "tech_code": self.tech_code,
            "tech_info": self.tech_info,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_number=record["event_number"],
            occurred_at=record["occurred_at"],
            trigger=record["trigger"],
            component=record["component"],
            component_instance=record["component_instance"],
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            variable=record["variable"],
            variable_instance=record["variable_instance"],
            actual_value=record["actual_value"],
            notification_type=record["notification_type"],
            cleared=record["cleared"],
            cause=record["cause"],
            monitor_id=record["monitor_id"],
            severity=record["severity"],
            transaction_id=record["transaction_id"],
            tech_code=record["tech_code"],
            tech_info=record["tech_info"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Who runs or owns something."""

    FULL_NAME: ClassVar[str] = "common.v1.Organisation"
    TOPIC: ClassVar[str] = "common.v1"

    name: str
    website: str | None = None

    def to_record(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "website": self.website,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            name=record["name"],
            website=record["website"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ParkingPlace:
    """Parking spaces of one kind at a location."""

    FULL_NAME: ClassVar[str] = "common.v1.ParkingPlace"
    TOPIC: ClassVar[str] = "common.v1"

    parking_id: str
    physical_reference: str | None = None  # What is written on it.
    vehicle_types: tuple[str, ...]  # OCPI VehicleType; DISABLED: for vehicles of persons with disabilities.
    restricted_to_type: bool  # No other vehicles may park there.
    reservation_required: bool
    max_vehicle_weight: Decimal | None = None  # Kilograms.
    max_vehicle_height: Decimal | None = None  # Centimetres.
    max_vehicle_length: Decimal | None = None  # Centimetres.
    max_vehicle_width: Decimal | None = None  # Centimetres.
    parking_space_length: Decimal | None = None  # Centimetres.
    parking_space_width: Decimal | None = None  # Centimetres.
    time_limit: Decimal | None = None  # Minutes.
    dangerous_goods_allowed: bool | None = None
    drive_through: bool | None = None
    roofed: bool | None = None
    lighting: bool | None = None
    refrigeration_outlet: bool | None = None
    direction: str | None = None  # OCPI ParkingDirection.

    def to_record(self) -> dict[str, Any]:
        return {
            "parking_id": self.parking_id,
            "physical_reference": self.physical_reference,
            "vehicle_types": list(self.vehicle_types),
            "restricted_to_type": self.restricted_to_type,
            "reservation_required": self.reservation_required,
            "max_vehicle_weight": self.max_vehicle_weight,
            "max_vehicle_height": self.max_vehicle_height,
            "max_vehicle_length": self.max_vehicle_length,
            "max_vehicle_width": self.max_vehicle_width,
            "parking_space_length": self.parking_space_length,
            "parking_space_width": self.parking_space_width,
            "time_limit": self.time_limit,
            "dangerous_goods_allowed": self.dangerous_goods_allowed,
            "drive_through": self.drive_through,
            "roofed": self.roofed,
            "lighting": self.lighting,
            "refrigeration_outlet": self.refrigeration_outlet,
            "direction": self.direction,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            parking_id=record["parking_id"],
            physical_reference=record["physical_reference"],
            vehicle_types=tuple(record["vehicle_types"]),
            restricted_to_type=record["restricted_to_type"],
            reservation_required=record["reservation_required"],
            max_vehicle_weight=record["max_vehicle_weight"],
            max_vehicle_height=record["max_vehicle_height"],
            max_vehicle_length=record["max_vehicle_length"],
            max_vehicle_width=record["max_vehicle_width"],
            parking_space_length=record["parking_space_length"],
            parking_space_width=record["parking_space_width"],
            time_limit=record["time_limit"],
            dangerous_goods_allowed=record["dangerous_goods_allowed"],
            drive_through=record["drive_through"],
            roofed=record["roofed"],
            lighting=record["lighting"],
            refrigeration_outlet=record["refrigeration_outlet"],
            direction=record["direction"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerEndpoint:
    """Where a partner serves a module."""

    FULL_NAME: ClassVar[str] = "common.v1.PartnerEndpoint"
    TOPIC: ClassVar[str] = "common.v1"

    module: str  # OCPI ModuleID.
    role: str  # SENDER or RECEIVER; empty for OCPI 2.1.1, which does not say.
    url: str

    def to_record(self) -> dict[str, Any]:
        return {
            "module": self.module,
            "role": self.role,
            "url": self.url,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            module=record["module"],
            role=record["role"],
            url=record["url"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerQuirks:
    """How a partner differs from the specification, and what is done about it."""

    FULL_NAME: ClassVar[str] = "common.v1.PartnerQuirks"
    TOPIC: ClassVar[str] = "common.v1"

    token_header: str = "AUTO"  # How our token is shown to it: AUTO (as it was found out), BASE64 or PLAIN.
    trailing_slash: str = "BARE"  # The paths of its endpoints that we ask: BARE or SLASH (each ends in one).
    message_ids: str = "ECHO"  # X-Request-ID and X-Correlation-ID of our answers: ECHO (as they came), ALWAYS (new ones where none came) or NONE.
    date_to: str = "EXCLUSIVE"  # What it means by date_to: EXCLUSIVE or INCLUSIVE.
    enum_case: str = "UPPER"  # How it wants the values of enums: UPPER or LOWER.
    receiver_headers: str = "SEND"  # OCPI-to headers of our requests: SEND or OMIT (open routing: a hub finds out itself whom they are for).
    broadcast: str = "ON"  # Locations and tariffs for the parties behind a hub: ON (told once to the hub, which passes them on) or OFF (told to each of them).

    def to_record(self) -> dict[str, Any]:
        return {
            "token_header": self.token_header,
            "trailing_slash": self.trailing_slash,
            "message_ids": self.message_ids,
            "date_to": self.date_to,
            "enum_case": self.enum_case,
            "receiver_headers": self.receiver_headers,
            "broadcast": self.broadcast,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            token_header=record["token_header"],
            trailing_slash=record["trailing_slash"],
            message_ids=record["message_ids"],
            date_to=record["date_to"],
            enum_case=record["enum_case"],
            receiver_headers=record["receiver_headers"],
            broadcast=record["broadcast"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRole:
    """A party that speaks through a partner's platform."""

    FULL_NAME: ClassVar[str] = "common.v1.PartnerRole"
    TOPIC: ClassVar[str] = "common.v1"

    country_code: str
    party_id: str
    role: str  # OCPI Role.
    name: str = ""

    def to_record(self) -> dict[str, Any]:
        return {
            "country_code": self.country_code,
            "party_id": self.party_id,
            "role": self.role,
            "name": self.name,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            country_code=record["country_code"],
            party_id=record["party_id"],
            role=record["role"],
            name=record["name"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceComponent:
    """The price of one dimension: per kWh, per hour, or once for FLAT."""

    FULL_NAME: ClassVar[str] = "common.v1.PriceComponent"
    TOPIC: ClassVar[str] = "common.v1"

    type: str  # ENERGY, TIME, PARKING_TIME or FLAT.
    price: Decimal
    vat_percent: Decimal | None = None  # Null: the tariff names none.
    step_size: int = 0  # Of a block, in Wh or seconds; 0 is no block.

    def to_record(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "price": self.price,
            "vat_percent": self.vat_percent,
            "step_size": self.step_size,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            type=record["type"],
            price=record["price"],
            vat_percent=record["vat_percent"],
            step_size=record["step_size"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLimit:
    """The least or the most that a session costs."""

    FULL_NAME: ClassVar[str] = "common.v1.PriceLimit"
    TOPIC: ClassVar[str] = "common.v1"

    excl_vat: Decimal
    incl_vat: Decimal | None = None

    def to_record(self) -> dict[str, Any]:
        return {
            "excl_vat": self.excl_vat,
            "incl_vat": self.incl_vat,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            excl_vat=record["excl_vat"],
            incl_vat=record["incl_vat"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """What one price of the tariff comes to in a session, or what its limits and rounding once add."""

    FULL_NAME: ClassVar[str] = "common.v1.PriceLine"
    TOPIC: ClassVar[str] = "common.v1"

    kind: str  # ENERGY, TIME, PARKING_TIME, FLAT, RESERVATION_TIME, RESERVATION_FLAT, EXPIRY_FLAT or ADJUSTMENT.
    quantity: Decimal  # Wh, seconds, or 1.
    added: Decimal  # To a whole block; Wh or seconds.
    unit_price: Decimal  # Per kWh, per hour, or once.
    vat_percent: Decimal | None = None
    cost_excl_vat: Decimal
    cost_incl_vat: Decimal | None = None  # Null: the taxes are not known.
    clock_unproven: bool = False  # It hangs on a clock that nobody vouches for.

    def to_record(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "quantity": self.quantity,
            "added": self.added,
            "unit_price": self.unit_price,
            "vat_percent": self.vat_percent,
            "cost_excl_vat": self.cost_excl_vat,
            "cost_incl_vat": self.cost_incl_vat,
            "clock_unproven": self.clock_unproven,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            kind=record["kind"],
            quantity=record["quantity"],
            added=record["added"],
            unit_price=record["unit_price"],
            vat_percent=record["vat_percent"],
            cost_excl_vat=record["cost_excl_vat"],
            cost_incl_vat=record["cost_incl_vat"],
            clock_unproven=record["clock_unproven"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderReply:
    """What one provider said when it was asked about a token."""

    FULL_NAME: ClassVar[str] = "common.v1.ProviderReply"
    TOPIC: ClassVar[str] = "common.v1"

    partner_id: str
    outcome: str  # OCPI AllowedType; UNKNOWN: no token of its; SILENT: nothing that could be used in time; BUSY: too many requests to it are open.
    latency_ms: int
    detail: str = ""  # Why it is not usable.

    def to_record(self) -> dict[str, Any]:
        return {
            "partner_id": self.partner_id,
            "outcome": self.outcome,
            "latency_ms": self.latency_ms,
            "detail": self.detail,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            partner_id=record["partner_id"],
            outcome=record["outcome"],
            latency_ms=record["latency_ms"],
            detail=record["detail"],
        )


class RegistrationStatus(StrEnum):
    """What a station that introduces itself is told (OCPP RegistrationStatusEnumType)."""

    ACCEPTED = "ACCEPTED"
    PENDING = "PENDING"
    REJECTED = "REJECTED"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RegularHours:
    """Open on one weekday from one time of the day to another."""

    FULL_NAME: ClassVar[str] = "common.v1.RegularHours"
    TOPIC: ClassVar[str] = "common.v1"

    weekday: int  # 1 is Monday, 7 is Sunday.
    period_begin: str  # Local time, HH:MM.
    period_end: str  # Local time, HH:MM; 00:00 and 24:00 are the end of the day.

    def to_record(self) -> dict[str, Any]:
        return {
            "weekday": self.weekday,
            "period_begin": self.period_begin,
            "period_end": self.period_end,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            weekday=record["weekday"],
            period_begin=record["period_begin"],
            period_end=record["period_end"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedVariable:
    """One attribute of a variable in a station's device model (OCPP 1.6: a configuration key)."""

    FULL_NAME: ClassVar[str] = "common.v1.ReportedVariable"
    TOPIC: ClassVar[str] = "common.v1"

    component: str
    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    variable: str
    variable_instance: str | None = None
    attribute: str = "Actual"  # Actual, Target, MinSet or MaxSet.
    value: str | None = None
    mutability: str | None = None
    constant: bool = False
    persistent: bool = False
    unit: str | None = None
    data_type: str | None = None
    min_limit: str | None = None
    max_limit: str | None = None
    values_list: str | None = None

    def to_record(self) -> dict[str, Any]:
        return {
            "component": self.component,
            "component_instance": self.component_instance,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "variable": self.variable,
            "variable_instance": self.variable_instance,
            "attribute": self.attribute,
            "value": self.value,
            "mutability": self.mutability,
            "constant": self.constant,
            "persistent": self.persistent,
            "unit": self.unit,
            "data_type": self.data_type,
            "min_limit": self.min_limit,
            "max_limit": self.max_limit,
            "values_list": self.values_list,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            component=record["component"],
            component_instance=record["component_instance"],
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            variable=record["variable"],
            variable_instance=record["variable_instance"],
            attribute=record["attribute"],
            value=record["value"],
            mutability=record["mutability"],
            constant=record["constant"],
            persistent=record["persistent"],
            unit=record["unit"],
            data_type=record["data_type"],
            min_limit=record["min_limit"],
            max_limit=record["max_limit"],
            values_list=record["values_list"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RoamingSignedValue:
    """A signed meter record as a CDR carries it."""

    FULL_NAME: ClassVar[str] = "common.v1.RoamingSignedValue"
    TOPIC: ClassVar[str] = "common.v1"

    nature: str  # Start, End or Intermediate.
    signed_data: str  # The text as received, unchanged.
    sha256: str  # Lower-case hex over signed_data.
    decoded_sha256: str = ""  # Over what its Base64 stands for; empty when it is none.

    def to_record(self) -> dict[str, Any]:
        return {
            "nature": self.nature,
            "signed_data": self.signed_data,
            "sha256": self.sha256,
            "decoded_sha256": self.decoded_sha256,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            nature=record["nature"],
            signed_data=record["signed_data"],
            sha256=record["sha256"],
            decoded_sha256=record["decoded_sha256"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SampledValue:
    """One value of a meter value, normalised in name only."""

    FULL_NAME: ClassVar[str] = "common.v1.SampledValue"
    TOPIC: ClassVar[str] = "common.v1"

    value: str  # Exact decimal number as text.
    measurand: str = "Energy.Active.Import.Register"  # OCPP measurand.
    context: str = "Sample.Periodic"  # OCPP reading context.
    phase: str | None = None
    location: str = "Outlet"  # OCPP location.
    unit: str = "Wh"  # Unit as sent, or the measurand's default.
    multiplier: int = 0  # Exponent of ten to apply to value.

    def to_record(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "measurand": self.measurand,
            "context": self.context,
            "phase": self.phase,
            "location": self.location,
            "unit": self.unit,
            "multiplier": self.multiplier,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            value=record["value"],
            measurand=record["measurand"],
            context=record["context"],
            phase=record["phase"],
            location=record["location"],
            unit=record["unit"],
            multiplier=record["multiplier"],
        )


class SessionStatus(StrEnum):
    """Where a session stands."""

    UNKNOWN = "UNKNOWN"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    SUSPENDED = "SUSPENDED"


class SettlementStatus(StrEnum):
    """How far an issued charge detail record is settled."""

    UNKNOWN = "UNKNOWN"
    ISSUED = "ISSUED"
    DELIVERED = "DELIVERED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    DISPUTED = "DISPUTED"
    INVOICED = "INVOICED"
    CREDITED = "CREDITED"


class SettlementStep(StrEnum):
    """What somebody does with an issued charge detail record."""

    UNKNOWN = "UNKNOWN"
    DELIVER = "DELIVER"
    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    DISPUTE = "DISPUTE"
    INVOICE = "INVOICE"
    CREDIT = "CREDIT"


class SignatureStatus(StrEnum):
    """Whether a signature is true under the key of the register."""

    UNKNOWN = "UNKNOWN"
    VALID = "VALID"
    INVALID = "INVALID"
    NO_KEY = "NO_KEY"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMeterValue:
    """A signed meter record, byte for byte as the station sent it."""

    FULL_NAME: ClassVar[str] = "common.v1.SignedMeterValue"
    TOPIC: ClassVar[str] = "common.v1"

    signed_data: bytes  # The text of the frame's field, UTF-8, unchanged.
    sha256: str  # Lower-case hex over signed_data.
    encoding_method: str = ""  # E.g. OCMF, EDL_40_P; empty when the station did not say.
    signing_method: str = ""  # E.g. ECDSA-secp256r1-SHA256; empty when not said.
    public_key: str = ""  # As sent by the station; proves nothing by itself; empty when not sent.
    context: str = "Sample.Periodic"  # OCPP reading context, e.g. Transaction.Begin.

    def to_record(self) -> dict[str, Any]:
        return {
            "signed_data": self.signed_data,
            "sha256": self.sha256,
            "encoding_method": self.encoding_method,
            "signing_method": self.signing_method,
            "public_key": self.public_key,
            "context": self.context,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            signed_data=record["signed_data"],
            sha256=record["sha256"],
            encoding_method=record["encoding_method"],
            signing_method=record["signing_method"],
            public_key=record["public_key"],
            context=record["context"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class TariffRestrictions:
    """When a tariff element holds: all that is set. Days and times of day are local to the location."""

    FULL_NAME: ClassVar[str] = "common.v1.TariffRestrictions"
    TOPIC: ClassVar[str] = "common.v1"

    start_time: str | None = None  # Like 22:00.
    end_time: str | None = None  # Like 06:00; 00:00 is the end of the day.
    start_date: str | None = None  # Like 2026-01-31.
    end_date: str | None = None  # Until before that day.
    min_kwh: Decimal | None = None  # Charged until then.
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None  # In A, over all phases.
    max_current: Decimal | None = None
    min_power: Decimal | None = None  # In kW.
    max_power: Decimal | None = None
    min_duration_s: int | None = None
    max_duration_s: int | None = None
    day_of_week: tuple[str, ...] = ()  # MONDAY to SUNDAY; none: every day.
    reservation: str | None = None  # RESERVATION or RESERVATION_EXPIRES: it prices reservations only.

    def to_record(self) -> dict[str, Any]:
        return {
            "start_time": self.start_time,
            "end_time": self.end_time,
            "start_date": self.start_date,
            "end_date": self.end_date,
            "min_kwh": self.min_kwh,
            "max_kwh": self.max_kwh,
            "min_current": self.min_current,
            "max_current": self.max_current,
            "min_power": self.min_power,
            "max_power": self.max_power,
            "min_duration_s": self.min_duration_s,
            "max_duration_s": self.max_duration_s,
            "day_of_week": list(self.day_of_week),
            "reservation": self.reservation,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            start_time=record["start_time"],
            end_time=record["end_time"],
            start_date=record["start_date"],
            end_date=record["end_date"],
            min_kwh=record["min_kwh"],
            max_kwh=record["max_kwh"],
            min_current=record["min_current"],
            max_current=record["max_current"],
            min_power=record["min_power"],
            max_power=record["max_power"],
            min_duration_s=record["min_duration_s"],
            max_duration_s=record["max_duration_s"],
            day_of_week=tuple(record["day_of_week"]),
            reservation=record["reservation"],
        )


class TokenStatus(StrEnum):
    """Whether a token may charge."""

    UNKNOWN = "UNKNOWN"
    VALID = "VALID"
    BLOCKED = "BLOCKED"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class WantedVariable:
    """An attribute and the value that it should have."""

    FULL_NAME: ClassVar[str] = "common.v1.WantedVariable"
    TOPIC: ClassVar[str] = "common.v1"

    component: str  # "": the variable is a configuration key of OCPP 1.6.
    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    variable: str
    variable_instance: str | None = None
    attribute: str = "Actual"
    value: str

    def to_record(self) -> dict[str, Any]:
        return {
            "component": self.component,
            "component_instance": self.component_instance,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "variable": self.variable,
            "variable_instance": self.variable_instance,
            "attribute": self.attribute,
            "value": self.value,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            component=record["component"],
            component_instance=record["component_instance"],
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            variable=record["variable"],
            variable_instance=record["variable_instance"],
            attribute=record["attribute"],
            value=record["value"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDrift:
    """An attribute that is not as wanted."""

    FULL_NAME: ClassVar[str] = "common.v1.DeviceDrift"
    TOPIC: ClassVar[str] = "common.v1"

    component: str  # "": the variable is a configuration key of OCPP 1.6.
    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    variable: str
    variable_instance: str | None = None
    attribute: str
    wanted: str
    actual: str | None = None  # As last told; none for secrets and for what was not told.
    reason: DriftReason

    def to_record(self) -> dict[str, Any]:
        return {
            "component": self.component,
            "component_instance": self.component_instance,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "variable": self.variable,
            "variable_instance": self.variable_instance,
            "attribute": self.attribute,
            "wanted": self.wanted,
            "actual": self.actual,
            "reason": self.reason.value,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            component=record["component"],
            component_instance=record["component_instance"],
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            variable=record["variable"],
            variable_instance=record["variable_instance"],
            attribute=record["attribute"],
            wanted=record["wanted"],
            actual=record["actual"],
            reason=DriftReason(record["reason"]),
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyMix:
    """Where the energy of a location comes from."""

    FULL_NAME: ClassVar[str] = "common.v1.EnergyMix"
    TOPIC: ClassVar[str] = "common.v1"

    is_green_energy: bool  # All of it is from renewable sources.
    energy_sources: tuple[EnergySource, ...] = ()
    environ_impact: tuple[EnvironmentalImpact, ...] = ()
    supplier_name: str | None = None
    energy_product_name: str | None = None

    def to_record(self) -> dict[str, Any]:
        return {
            "is_green_energy": self.is_green_energy,
            "energy_sources": [item.to_record() for item in self.energy_sources],
            "environ_impact": [item.to_record() for item in self.environ_impact],
            "supplier_name": self.supplier_name,
            "energy_product_name": self.energy_product_name,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            is_green_energy=record["is_green_energy"],
            energy_sources=tuple([EnergySource.from_record(item) for item in record["energy_sources"]]),
            environ_impact=tuple([EnvironmentalImpact.from_record(item) for item in record["environ_impact"]]),
            supplier_name=record["supplier_name"],
            energy_product_name=record["energy_product_name"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Evse:
    """One EVSE of a station."""

    FULL_NAME: ClassVar[str] = "common.v1.Evse"
    TOPIC: ClassVar[str] = "common.v1"

    evse_id: int  # Number in the station, from 1 (OCPP 1.6: the connector number).
    evse_uid: str  # EVSE-ID for partners, e.g. DE*WAT*E0001.
    connector_standard: str = "IEC_62196_T2"  # OCPI ConnectorType.
    power_type: str = "AC_3_PHASE"  # OCPI PowerType.
    max_power_w: int = 11000  # Rated power.
    connectors: tuple[Connector, ...] = ()  # None: one, of the standard and power above.
    capabilities: tuple[
        str, ...
    ] = ()  # OCPI Capability, beside what all stations can, e.g. CONTACTLESS_CARD_SUPPORT.
    parking_restrictions: tuple[str, ...] = ()  # OCPI ParkingRestriction.
    parking: tuple[EvseParking, ...] = ()
    floor_level: str | None = None
    physical_reference: str | None = None  # What is written on it.
    latitude: str | None = None  # Where it is not where its location is.
    longitude: str | None = None
    directions: tuple[LocalText, ...] = ()  # How to find it.

    def to_record(self) -> dict[str, Any]:
        return {
            "evse_id": self.evse_id,
            "evse_uid": self.evse_uid,
            "connector_standard": self.connector_standard,
            "power_type": self.power_type,
            "max_power_w": self.max_power_w,
            "connectors": [item.to_record() for item in self.connectors],
            "capabilities": list(self.capabilities),
            "parking_restrictions": list(self.parking_restrictions),
            "parking": [item.to_record() for item in self.parking],
            "floor_level": self.floor_level,
            "physical_reference": self.physical_reference,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "directions": [item.to_record() for item in self.directions],
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            evse_id=record["evse_id"],
            evse_uid=record["evse_uid"],
            connector_standard=record["connector_standard"],
            power_type=record["power_type"],
            max_power_w=record["max_power_w"],
            connectors=tuple([Connector.from_record(item) for item in record["connectors"]]),
            capabilities=tuple(record["capabilities"]),
            parking_restrictions=tuple(record["parking_restrictions"]),
            parking=tuple([EvseParking.from_record(item) for item in record["parking"]]),
            floor_level=record["floor_level"],
            physical_reference=record["physical_reference"],
            latitude=record["latitude"],
            longitude=record["longitude"],
            directions=tuple([LocalText.from_record(item) for item in record["directions"]]),
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFailure:
    """A station that did not do what it was asked."""

    FULL_NAME: ClassVar[str] = "common.v1.FleetFailure"
    TOPIC: ClassVar[str] = "common.v1"

    station_id: str  # The charging station's identity as in its connection URL.
    outcome: CommandOutcome
    detail: str | None = None

    def to_record(self) -> dict[str, Any]:
        return {
            "station_id": self.station_id,
            "outcome": self.outcome.value,
            "detail": self.detail,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            station_id=record["station_id"],
            outcome=CommandOutcome(record["outcome"]),
            detail=record["detail"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class LocalListChange:
    """A change of a station's local authorization list that it was told and has not confirmed."""

    FULL_NAME: ClassVar[str] = "common.v1.LocalListChange"
    TOPIC: ClassVar[str] = "common.v1"

    version: int  # That the list has after it.
    full: bool  # It replaces the list.
    put: tuple[LocalListEntry, ...] = ()  # Added or told anew.
    gone: tuple[LocalListEntry, ...] = ()  # Removed.

    def to_record(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "full": self.full,
            "put": [item.to_record() for item in self.put],
            "gone": [item.to_record() for item in self.gone],
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            version=record["version"],
            full=record["full"],
            put=tuple([LocalListEntry.from_record(item) for item in record["put"]]),
            gone=tuple([LocalListEntry.from_record(item) for item in record["gone"]]),
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class MeterKeyVersion:
    """One public key of a metering point."""

    FULL_NAME: ClassVar[str] = "common.v1.MeterKeyVersion"
    TOPIC: ClassVar[str] = "common.v1"

    key_id: str  # UUIDv5 of the point and the key.
    public_key: str  # As it was given: SPKI, PEM or a point.
    meter_serial: str | None = None
    curve: str = ""  # E.g. secp256r1; empty when the key does not say.
    format: str = ""  # E.g. OCMF; empty when not known.
    status: MeterKeyStatus
    source: MeterKeySource
    first_seen_at: int
    shown_at: int | None = None  # When the station first showed it; null: only operators did.
    valid_from: int | None = None  # Null: since ever.
    valid_to: int | None = None  # Null: until it is replaced.
    calibration_expires_at: int | None = None  # What is measured later is not billable.
    approved_by: tuple[str, ...] = ()  # Two different operators approve a key.
    revoked_by: str | None = None
    reason: str | None = None

    def to_record(self) -> dict[str, Any]:
        return {
            "key_id": self.key_id,
            "public_key": self.public_key,
            "meter_serial": self.meter_serial,
            "curve": self.curve,
            "format": self.format,
            "status": self.status.value,
            "source": self.source.value,
            "first_seen_at": self.first_seen_at,
            "shown_at": self.shown_at,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "calibration_expires_at": self.calibration_expires_at,
            "approved_by": list(self.approved_by),
            "revoked_by": self.revoked_by,
            "reason": self.reason,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            key_id=record["key_id"],
            public_key=record["public_key"],
            meter_serial=record["meter_serial"],
            curve=record["curve"],
            format=record["format"],
            status=MeterKeyStatus(record["status"]),
            source=MeterKeySource(record["source"]),
            first_seen_at=record["first_seen_at"],
            shown_at=record["shown_at"],
            valid_from=record["valid_from"],
            valid_to=record["valid_to"],
            calibration_expires_at=record["calibration_expires_at"],
            approved_by=tuple(record["approved_by"]),
            revoked_by=record["revoked_by"],
            reason=record["reason"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class MeterValue:
    """All values taken at one moment."""

    FULL_NAME: ClassVar[str] = "common.v1.MeterValue"
    TOPIC: ClassVar[str] = "common.v1"

    sampled_at: int
    energy_register_wh: Decimal | None = (
        None  # Energy.Active.Import.Register over all phases at the outlet, if it is among the values.
    )
    sampled_values: tuple[SampledValue, ...] = ()
    signed_meter_values: tuple[SignedMeterValue, ...] = ()

    def to_record(self) -> dict[str, Any]:
        return {
            "sampled_at": self.sampled_at,
            "energy_register_wh": self.energy_register_wh,
            "sampled_values": [item.to_record() for item in self.sampled_values],
            "signed_meter_values": [item.to_record() for item in self.signed_meter_values],
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            sampled_at=record["sampled_at"],
            energy_register_wh=record["energy_register_wh"],
            sampled_values=tuple([SampledValue.from_record(item) for item in record["sampled_values"]]),
            signed_meter_values=tuple(
                [SignedMeterValue.from_record(item) for item in record["signed_meter_values"]]
            ),
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningTimes:
    """When drivers get to the stations of a location."""

    FULL_NAME: ClassVar[str] = "common.v1.OpeningTimes"
    TOPIC: ClassVar[str] = "common.v1"

    twentyfourseven: bool  # Always, but for the exceptions.
    regular_hours: tuple[RegularHours, ...] = ()
    exceptional_openings: tuple[ExceptionalPeriod, ...] = ()
    exceptional_closings: tuple[ExceptionalPeriod, ...] = ()

    def to_record(self) -> dict[str, Any]:
        return {
            "twentyfourseven": self.twentyfourseven,
            "regular_hours": [item.to_record() for item in self.regular_hours],
            "exceptional_openings": [item.to_record() for item in self.exceptional_openings],
            "exceptional_closings": [item.to_record() for item in self.exceptional_closings],
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            twentyfourseven=record["twentyfourseven"],
            regular_hours=tuple([RegularHours.from_record(item) for item in record["regular_hours"]]),
            exceptional_openings=tuple(
                [ExceptionalPeriod.from_record(item) for item in record["exceptional_openings"]]
            ),
            exceptional_closings=tuple(
                [ExceptionalPeriod.from_record(item) for item in record["exceptional_closings"]]
            ),
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class TariffElement:
    """Price components that hold together. For each dimension the first element that holds counts."""

    FULL_NAME: ClassVar[str] = "common.v1.TariffElement"
    TOPIC: ClassVar[str] = "common.v1"

    price_components: tuple[PriceComponent, ...]
    restrictions: TariffRestrictions | None = None

    def to_record(self) -> dict[str, Any]:
        return {
            "price_components": [item.to_record() for item in self.price_components],
            "restrictions": None if self.restrictions is None else self.restrictions.to_record(),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            price_components=tuple([PriceComponent.from_record(item) for item in record["price_components"]]),
            restrictions=None
            if record["restrictions"] is None
            else TariffRestrictions.from_record(record["restrictions"]),
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class TariffTerms:
    """What a session costs. With elements these count, without them the prices per kWh, hour and session."""

    FULL_NAME: ClassVar[str] = "common.v1.TariffTerms"
    TOPIC: ClassVar[str] = "common.v1"

    tariff_id: str
    currency: str  # ISO 4217.
    energy_price_per_kwh: Decimal
    time_price_per_hour: Decimal
    session_fee: Decimal
    vat_percent: Decimal
    elements: tuple[TariffElement, ...] = ()  # A tariff in full, as in OCPI.
    tax_included: str = "NO"  # YES, NO or N/A: whether the prices of elements include taxes.
    taxes_unknown: bool = False  # Taxes come on top of the prices of elements, and are not known.
    type: str | None = None  # For whom it is, e.g. REGULAR or AD_HOC_PAYMENT; null: for all.
    min_price: PriceLimit | None = None
    max_price: PriceLimit | None = None
    starts_at: int | None = None  # Sessions that start from here on.
    ends_at: int | None = None  # Sessions that start before.
    time_zone: str | None = None  # IANA name, for sessions at places that are not known.
    price_from: int | None = None  # From when on the energy costs this; null: as the tariff was added.

    def to_record(self) -> dict[str, Any]:
        return {
            "tariff_id": self.tariff_id,
            "currency": self.currency,
            "energy_price_per_kwh": self.energy_price_per_kwh,
            "time_price_per_hour": self.time_price_per_hour,
            "session_fee": self.session_fee,
            "vat_percent": self.vat_percent,
            "elements": [item.to_record() for item in self.elements],
            "tax_included": self.tax_included,
            "taxes_unknown": self.taxes_unknown,
            "type": self.type,
            "min_price": None if self.min_price is None else self.min_price.to_record(),
            "max_price": None if self.max_price is None else self.max_price.to_record(),
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "time_zone": self.time_zone,
            "price_from": self.price_from,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tariff_id=record["tariff_id"],
            currency=record["currency"],
            energy_price_per_kwh=record["energy_price_per_kwh"],
            time_price_per_hour=record["time_price_per_hour"],
            session_fee=record["session_fee"],
            vat_percent=record["vat_percent"],
            elements=tuple([TariffElement.from_record(item) for item in record["elements"]]),
            tax_included=record["tax_included"],
            taxes_unknown=record["taxes_unknown"],
            type=record["type"],
            min_price=None if record["min_price"] is None else PriceLimit.from_record(record["min_price"]),
            max_price=None if record["max_price"] is None else PriceLimit.from_record(record["max_price"]),
            starts_at=record["starts_at"],
            ends_at=record["ends_at"],
            time_zone=record["time_zone"],
            price_from=record["price_from"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeDetail:
    """The content of a charge detail record (CDR)."""

    FULL_NAME: ClassVar[str] = "common.v1.ChargeDetail"
    TOPIC: ClassVar[str] = "common.v1"

    tenant: str  # The operator that the data belongs to.
    cdr_id: str
    session_id: str
    revision: int  # 1 for the first record of a session, then one more for each replacement.
    credit: bool = False  # True when it takes back credit_reference_id.
    credit_reference_id: str | None = None
    country_code: str  # Of the operator's party id.
    party_id: str
    station_id: str  # The charging station's identity as in its connection URL.
    transaction_id: str
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    evse_id: int | None = None
    evse_uid: str | None = None
    connector_id: int | None = None
    location: CdrLocation | None = None
    id_token: IdToken | None = None
    contract_id: str | None = None
    started_at: int
    ended_at: int
    duration_s: int
    energy_wh: Decimal
    meter_start_wh: Decimal | None = None
    meter_stop_wh: Decimal | None = None
    tariff: TariffTerms | None = None  # Null: no tariff was set, nothing was priced.
    energy_cost: Decimal | None = None
    time_cost: Decimal | None = None
    session_cost: Decimal | None = None
    total_cost_excl_vat: Decimal | None = None
    total_cost_incl_vat: Decimal | None = None
    stopped_reason: str | None = None
    periods: tuple[ChargingPeriod, ...] = ()
    signed_meter_values: tuple[SignedMeterValue, ...] = ()
    quality_flags: tuple[str, ...] = ()
    partner_id: str | None = None  # Who pays, by an agreement: country and party of the provider.
    agreement_id: str | None = None  # The agreement that covers it.
    parking_cost: Decimal | None = None  # Of the time after charging had ended.
    reservation_cost: Decimal | None = None
    price_lines: tuple[PriceLine, ...] = ()  # They add up to the total costs.
    reservation_id: int | None = None  # Number of the reservation at the station that it used.
    reserved_periods: tuple[
        ChargingPeriod, ...
    ] = ()  # Time that it was reserved before it started, as priced; no gaps up to the start.

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "cdr_id": self.cdr_id,
            "session_id": self.session_id,
            "revision": self.revision,
            "credit": self.credit,
            "credit_reference_id": self.credit_reference_id,
            "country_code": self.country_code,
            "party_id": self.party_id,
            "station_id": self.station_id,
            "transaction_id": self.transaction_id,
            "protocol": self.protocol,
            "evse_id": self.evse_id,
            "evse_uid": self.evse_uid,
            "connector_id": self.connector_id,
            "location": None if self.location is None else self.location.to_record(),
            "id_token": None if self.id_token is None else self.id_token.to_record(),
            "contract_id": self.contract_id,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "duration_s": self.duration_s,
            "energy_wh": self.energy_wh,
            "meter_start_wh": self.meter_start_wh,
            "meter_stop_wh": self.meter_stop_wh,
            "tariff": None if self.tariff is None else self.tariff.to_record(),
            "energy_cost": self.energy_cost,
            "time_cost": self.time_cost,
            "session_cost": self.session_cost,
            "total_cost_excl_vat": self.total_cost_excl_vat,
            "total_cost_incl_vat": self.total_cost_incl_vat,
            "stopped_reason": self.stopped_reason,
            "periods": [item.to_record() for item in self.periods],
            "signed_meter_values": [item.to_record() for item in self.signed_meter_values],
            "quality_flags": list(self.quality_flags),
            "partner_id": self.partner_id,
            "agreement_id": self.agreement_id,
            "parking_cost": self.parking_cost,
            "reservation_cost": self.reservation_cost,
            "price_lines": [item.to_record() for item in self.price_lines],
            "reservation_id": self.reservation_id,
            "reserved_periods": [item.to_record() for item in self.reserved_periods],
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            cdr_id=record["cdr_id"],
            session_id=record["session_id"],
            revision=record["revision"],
            credit=record["credit"],
            credit_reference_id=record["credit_reference_id"],
            country_code=record["country_code"],
            party_id=record["party_id"],
            station_id=record["station_id"],
            transaction_id=record["transaction_id"],
            protocol=record["protocol"],
            evse_id=record["evse_id"],
            evse_uid=record["evse_uid"],
            connector_id=record["connector_id"],
            location=None if record["location"] is None else CdrLocation.from_record(record["location"]),
            id_token=None if record["id_token"] is None else IdToken.from_record(record["id_token"]),
            contract_id=record["contract_id"],
            started_at=record["started_at"],
            ended_at=record["ended_at"],
            duration_s=record["duration_s"],
            energy_wh=record["energy_wh"],
            meter_start_wh=record["meter_start_wh"],
            meter_stop_wh=record["meter_stop_wh"],
            tariff=None if record["tariff"] is None else TariffTerms.from_record(record["tariff"]),
            energy_cost=record["energy_cost"],
            time_cost=record["time_cost"],
            session_cost=record["session_cost"],
            total_cost_excl_vat=record["total_cost_excl_vat"],
            total_cost_incl_vat=record["total_cost_incl_vat"],
            stopped_reason=record["stopped_reason"],
            periods=tuple([ChargingPeriod.from_record(item) for item in record["periods"]]),
            signed_meter_values=tuple(
                [SignedMeterValue.from_record(item) for item in record["signed_meter_values"]]
            ),
            quality_flags=tuple(record["quality_flags"]),
            partner_id=record["partner_id"],
            agreement_id=record["agreement_id"],
            parking_cost=record["parking_cost"],
            reservation_cost=record["reservation_cost"],
            price_lines=tuple([PriceLine.from_record(item) for item in record["price_lines"]]),
            reservation_id=record["reservation_id"],
            reserved_periods=tuple([ChargingPeriod.from_record(item) for item in record["reserved_periods"]]),
        )
