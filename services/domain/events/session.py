"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationExpired:
    """A reservation ended, and no session had used it."""

    FULL_NAME: ClassVar[str] = "session.events.v1.ReservationExpired"
    TOPIC: ClassVar[str] = "session.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    session_id: str  # The session that it never became: no session has this id.
    station_id: str  # The charging station's identity as in its connection URL.
    partner_id: str  # Who had asked for it.
    reservation_id: str  # As its partner names it, in lower case.
    reservation_number: int  # Its id at the station.
    evse_id: int | None = None  # Null: any of the station.
    id_token: common.IdToken | None = None  # Whom it was kept free for.
    reserved_from: int  # When the station accepted it.
    expires_at: int
    recorded_at: int  # When that was noticed.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.session_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "session_id": self.session_id,
            "station_id": self.station_id,
            "partner_id": self.partner_id,
            "reservation_id": self.reservation_id,
            "reservation_number": self.reservation_number,
            "evse_id": self.evse_id,
            "id_token": None if self.id_token is None else self.id_token.to_record(),
            "reserved_from": self.reserved_from,
            "expires_at": self.expires_at,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            session_id=record["session_id"],
            station_id=record["station_id"],
            partner_id=record["partner_id"],
            reservation_id=record["reservation_id"],
            reservation_number=record["reservation_number"],
            evse_id=record["evse_id"],
            id_token=None if record["id_token"] is None else common.IdToken.from_record(record["id_token"]),
            reserved_from=record["reserved_from"],
            expires_at=record["expires_at"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationUsed:
    """A session that used a reservation became known only after that was told to have expired."""

    FULL_NAME: ClassVar[str] = "session.events.v1.ReservationUsed"
    TOPIC: ClassVar[str] = "session.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    session_id: str  # The session that it never became: no session has this id.
    station_id: str  # The charging station's identity as in its connection URL.
    used_by: str  # The session that used it.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.session_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "session_id": self.session_id,
            "station_id": self.station_id,
            "used_by": self.used_by,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            session_id=record["session_id"],
            station_id=record["station_id"],
            used_by=record["used_by"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """A session is over: all that a charge detail record needs. A higher revision replaces it."""

    FULL_NAME: ClassVar[str] = "session.events.v1.SessionEnded"
    TOPIC: ClassVar[str] = "session.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    session_id: str
    revision: int
    station_id: str  # The charging station's identity as in its connection URL.
    transaction_id: str
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: common.IdToken | None = None
    started_at: int
    ended_at: int
    meter_start_wh: Decimal | None = None
    meter_stop_wh: Decimal | None = None
    energy_wh: Decimal
    stopped_reason: str | None = None
    estimated: bool = False  # The station never said stop: closed from what was known.
    periods: tuple[common.ChargingPeriod, ...] = ()
    signed_meter_values: tuple[common.SignedMeterValue, ...] = ()
    quality_flags: tuple[str, ...] = ()
    recorded_at: int  # When we received it.
    reservation_id: int | None = None  # Number of the reservation at the station that it used.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.session_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "session_id": self.session_id,
            "revision": self.revision,
            "station_id": self.station_id,
            "transaction_id": self.transaction_id,
            "protocol": self.protocol,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "id_token": None if self.id_token is None else self.id_token.to_record(),
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "meter_start_wh": self.meter_start_wh,
            "meter_stop_wh": self.meter_stop_wh,
            "energy_wh": self.energy_wh,
            "stopped_reason": self.stopped_reason,
            "estimated": self.estimated,
            "periods": [item.to_record() for item in self.periods],
            "signed_meter_values": [item.to_record() for item in self.signed_meter_values],
            "quality_flags": list(self.quality_flags),
            "recorded_at": self.recorded_at,
            "reservation_id": self.reservation_id,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            session_id=record["session_id"],
            revision=record["revision"],
            station_id=record["station_id"],
            transaction_id=record["transaction_id"],
            protocol=record["protocol"],
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            id_token=None if record["id_token"] is None else common.IdToken.from_record(record["id_token"]),
            started_at=record["started_at"],
            ended_at=record["ended_at"],
            meter_start_wh=record["meter_start_wh"],
            meter_stop_wh=record["meter_stop_wh"],
            energy_wh=record["energy_wh"],
            stopped_reason=record["stopped_reason"],
            estimated=record["estimated"],
            periods=tuple([common.ChargingPeriod.from_record(item) for item in record["periods"]]),
            signed_meter_values=tuple(
                [common.SignedMeterValue.from_record(item) for item in record["signed_meter_values"]]
            ),
            quality_flags=tuple(record["quality_flags"]),
            recorded_at=record["recorded_at"],
            reservation_id=record["reservation_id"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted:
    """A charging session began."""

    FULL_NAME: ClassVar[str] = "session.events.v1.SessionStarted"
    TOPIC: ClassVar[str] = "session.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    session_id: str
    station_id: str  # The charging station's identity as in its connection URL.
    transaction_id: str
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: common.IdToken | None = None
    started_at: int
    meter_start_wh: Decimal | None = None
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.session_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "session_id": self.session_id,
            "station_id": self.station_id,
            "transaction_id": self.transaction_id,
            "protocol": self.protocol,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "id_token": None if self.id_token is None else self.id_token.to_record(),
            "started_at": self.started_at,
            "meter_start_wh": self.meter_start_wh,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            session_id=record["session_id"],
            station_id=record["station_id"],
            transaction_id=record["transaction_id"],
            protocol=record["protocol"],
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            id_token=None if record["id_token"] is None else common.IdToken.from_record(record["id_token"]),
            started_at=record["started_at"],
            meter_start_wh=record["meter_start_wh"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSuspended:
    """A session cannot be completed yet, e.g. a stop without a start."""

    FULL_NAME: ClassVar[str] = "session.events.v1.SessionSuspended"
    TOPIC: ClassVar[str] = "session.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    session_id: str
    station_id: str  # The charging station's identity as in its connection URL.
    transaction_id: str
    reason: str
    occurred_at: int
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.session_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "session_id": self.session_id,
            "station_id": self.station_id,
            "transaction_id": self.transaction_id,
            "reason": self.reason,
            "occurred_at": self.occurred_at,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            session_id=record["session_id"],
            station_id=record["station_id"],
            transaction_id=record["transaction_id"],
            reason=record["reason"],
            occurred_at=record["occurred_at"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUpdated:
    """A running session's energy or state moved on."""

    FULL_NAME: ClassVar[str] = "session.events.v1.SessionUpdated"
    TOPIC: ClassVar[str] = "session.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    session_id: str
    station_id: str  # The charging station's identity as in its connection URL.
    occurred_at: int
    energy_wh: Decimal
    energy_register_wh: Decimal | None = None
    charging_state: str | None = None
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.session_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "session_id": self.session_id,
            "station_id": self.station_id,
            "occurred_at": self.occurred_at,
            "energy_wh": self.energy_wh,
            "energy_register_wh": self.energy_register_wh,
            "charging_state": self.charging_state,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            session_id=record["session_id"],
            station_id=record["station_id"],
            occurred_at=record["occurred_at"],
            energy_wh=record["energy_wh"],
            energy_register_wh=record["energy_register_wh"],
            charging_state=record["charging_state"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session as it stands."""

    FULL_NAME: ClassVar[str] = "session.state.v1.Session"
    TOPIC: ClassVar[str] = "session.state.v1"

    tenant: str  # The operator that the data belongs to.
    session_id: str
    station_id: str  # The charging station's identity as in its connection URL.
    transaction_id: str
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    status: common.SessionStatus
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: common.IdToken | None = None
    started_at: int | None = None
    ended_at: int | None = None
    meter_start_wh: Decimal | None = None
    energy_register_wh: Decimal | None = None  # The latest reading.
    energy_wh: Decimal
    charging_state: str | None = None
    stopped_reason: str | None = None
    quality_flags: tuple[str, ...] = ()
    version: int  # Grows with every change.
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.session_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "session_id": self.session_id,
            "station_id": self.station_id,
            "transaction_id": self.transaction_id,
            "protocol": self.protocol,
            "status": self.status.value,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "id_token": None if self.id_token is None else self.id_token.to_record(),
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "meter_start_wh": self.meter_start_wh,
            "energy_register_wh": self.energy_register_wh,
            "energy_wh": self.energy_wh,
            "charging_state": self.charging_state,
            "stopped_reason": self.stopped_reason,
            "quality_flags": list(self.quality_flags),
            "version": self.version,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            session_id=record["session_id"],
            station_id=record["station_id"],
            transaction_id=record["transaction_id"],
            protocol=record["protocol"],
            status=common.SessionStatus(record["status"]),
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            id_token=None if record["id_token"] is None else common.IdToken.from_record(record["id_token"]),
            started_at=record["started_at"],
            ended_at=record["ended_at"],
            meter_start_wh=record["meter_start_wh"],
            energy_register_wh=record["energy_register_wh"],
            energy_wh=record["energy_wh"],
            charging_state=record["charging_state"],
            stopped_reason=record["stopped_reason"],
            quality_flags=tuple(record["quality_flags"]),
            version=record["version"],
            updated_at=record["updated_at"],
        )
