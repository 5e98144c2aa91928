"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionEnded:
    """A station ended a transaction."""

    FULL_NAME: ClassVar[str] = "transaction.events.v1.TransactionEnded"
    TOPIC: ClassVar[str] = "transaction.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    transaction_id: str  # As the station names it; OCPP 1.6: the number that we gave, as text.
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: common.IdToken | None = None
    ended_at: int  # The station's time.
    recorded_at: int  # When we received it.
    meter_stop_wh: Decimal | None = None
    meter_values: tuple[common.MeterValue, ...] = ()
    seq_no: int | None = None
    trigger_reason: str | None = None
    charging_state: str | None = None
    stopped_reason: str | None = None
    offline: bool = False  # The station says that it happened while it was not connected.
    warnings: tuple[str, ...] = ()  # What was tolerated in the message, in words.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "transaction_id": self.transaction_id,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "id_token": None if self.id_token is None else self.id_token.to_record(),
            "ended_at": self.ended_at,
            "recorded_at": self.recorded_at,
            "meter_stop_wh": self.meter_stop_wh,
            "meter_values": [item.to_record() for item in self.meter_values],
            "seq_no": self.seq_no,
            "trigger_reason": self.trigger_reason,
            "charging_state": self.charging_state,
            "stopped_reason": self.stopped_reason,
            "offline": self.offline,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            transaction_id=record["transaction_id"],
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            id_token=None if record["id_token"] is None else common.IdToken.from_record(record["id_token"]),
            ended_at=record["ended_at"],
            recorded_at=record["recorded_at"],
            meter_stop_wh=record["meter_stop_wh"],
            meter_values=tuple([common.MeterValue.from_record(item) for item in record["meter_values"]]),
            seq_no=record["seq_no"],
            trigger_reason=record["trigger_reason"],
            charging_state=record["charging_state"],
            stopped_reason=record["stopped_reason"],
            offline=record["offline"],
            warnings=tuple(record["warnings"]),
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStarted:
    """A station started a transaction."""

    FULL_NAME: ClassVar[str] = "transaction.events.v1.TransactionStarted"
    TOPIC: ClassVar[str] = "transaction.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    transaction_id: str  # As the station names it; OCPP 1.6: the number that we gave, as text.
    start_key: str  # Content key of the start, the same for each retry of it.
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: common.IdToken | None = None
    authorization_status: str | None = None  # Our answer about the token, if we gave one.
    started_at: int  # The station's time.
    recorded_at: int  # When we received it.
    meter_start_wh: Decimal | None = None
    meter_values: tuple[common.MeterValue, ...] = ()
    seq_no: int | None = None
    trigger_reason: str | None = None
    charging_state: str | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    offline: bool = False  # The station says that it happened while it was not connected.
    warnings: tuple[str, ...] = ()  # What was tolerated in the message, in words.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "transaction_id": self.transaction_id,
            "start_key": self.start_key,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "id_token": None if self.id_token is None else self.id_token.to_record(),
            "authorization_status": self.authorization_status,
            "started_at": self.started_at,
            "recorded_at": self.recorded_at,
            "meter_start_wh": self.meter_start_wh,
            "meter_values": [item.to_record() for item in self.meter_values],
            "seq_no": self.seq_no,
            "trigger_reason": self.trigger_reason,
            "charging_state": self.charging_state,
            "remote_start_id": self.remote_start_id,
            "reservation_id": self.reservation_id,
            "offline": self.offline,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            transaction_id=record["transaction_id"],
            start_key=record["start_key"],
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            id_token=None if record["id_token"] is None else common.IdToken.from_record(record["id_token"]),
            authorization_status=record["authorization_status"],
            started_at=record["started_at"],
            recorded_at=record["recorded_at"],
            meter_start_wh=record["meter_start_wh"],
            meter_values=tuple([common.MeterValue.from_record(item) for item in record["meter_values"]]),
            seq_no=record["seq_no"],
            trigger_reason=record["trigger_reason"],
            charging_state=record["charging_state"],
            remote_start_id=record["remote_start_id"],
            reservation_id=record["reservation_id"],
            offline=record["offline"],
            warnings=tuple(record["warnings"]),
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionUpdated:
    """Meter values or a change of state during a transaction."""

    FULL_NAME: ClassVar[str] = "transaction.events.v1.TransactionUpdated"
    TOPIC: ClassVar[str] = "transaction.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    transaction_id: str | None = None  # Null when the station did not say which.
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: common.IdToken | None = None
    authorization_status: str | None = None  # Our answer about the token, if we gave one.
    occurred_at: int  # The station's time.
    recorded_at: int  # When we received it.
    meter_values: tuple[common.MeterValue, ...] = ()
    seq_no: int | None = None
    trigger_reason: str | None = None
    charging_state: str | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    offline: bool = False  # The station says that it happened while it was not connected.
    warnings: tuple[str, ...] = ()  # What was tolerated in the message, in words.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "transaction_id": self.transaction_id,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "id_token": None if self.id_token is None else self.id_token.to_record(),
            "authorization_status": self.authorization_status,
            "occurred_at": self.occurred_at,
            "recorded_at": self.recorded_at,
            "meter_values": [item.to_record() for item in self.meter_values],
            "seq_no": self.seq_no,
            "trigger_reason": self.trigger_reason,
            "charging_state": self.charging_state,
            "remote_start_id": self.remote_start_id,
            "reservation_id": self.reservation_id,
            "offline": self.offline,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            transaction_id=record["transaction_id"],
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            id_token=None if record["id_token"] is None else common.IdToken.from_record(record["id_token"]),
            authorization_status=record["authorization_status"],
            occurred_at=record["occurred_at"],
            recorded_at=record["recorded_at"],
            meter_values=tuple([common.MeterValue.from_record(item) for item in record["meter_values"]]),
            seq_no=record["seq_no"],
            trigger_reason=record["trigger_reason"],
            charging_state=record["charging_state"],
            remote_start_id=record["remote_start_id"],
            reservation_id=record["reservation_id"],
            offline=record["offline"],
            warnings=tuple(record["warnings"]),
        )
