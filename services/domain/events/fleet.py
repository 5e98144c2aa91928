"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFinished:
    """Every station has answered or can no longer be asked."""

    FULL_NAME: ClassVar[str] = "fleet.events.v1.FleetFinished"
    TOPIC: ClassVar[str] = "fleet.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    fleet_id: str  # UUIDv5; the operation on many stations.
    recorded_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.fleet_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "fleet_id": self.fleet_id,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            fleet_id=record["fleet_id"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRequested:
    """Many stations are to be asked the same."""

    FULL_NAME: ClassVar[str] = "fleet.events.v1.FleetRequested"
    TOPIC: ClassVar[str] = "fleet.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    fleet_id: str  # UUIDv5; the operation on many stations.
    operation: str  # OCPP 2.0.1 action, or a native one of 1.6.
    payload_json: str  # The request as JSON, the same for all stations.
    stations_total: int  # How many stations are named by FleetStationsNamed.
    pace_per_minute: int  # Stations that are asked per minute at most.
    max_in_flight: int  # Stations that may be asked and have not answered.
    max_failures_percent: int | None = None  # It stops itself when a greater share of the answers is no.
    if_offline: str  # wait: ask when it connects; skip: it is not asked.
    timeout_s: int  # Seconds that a station has to take and answer the command.
    deadline_at: int  # No station is asked after this.
    requested_by: str
    requested_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.fleet_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "fleet_id": self.fleet_id,
            "operation": self.operation,
            "payload_json": self.payload_json,
            "stations_total": self.stations_total,
            "pace_per_minute": self.pace_per_minute,
            "max_in_flight": self.max_in_flight,
            "max_failures_percent": self.max_failures_percent,
            "if_offline": self.if_offline,
            "timeout_s": self.timeout_s,
            "deadline_at": self.deadline_at,
            "requested_by": self.requested_by,
            "requested_at": self.requested_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            fleet_id=record["fleet_id"],
            operation=record["operation"],
            payload_json=record["payload_json"],
            stations_total=record["stations_total"],
            pace_per_minute=record["pace_per_minute"],
            max_in_flight=record["max_in_flight"],
            max_failures_percent=record["max_failures_percent"],
            if_offline=record["if_offline"],
            timeout_s=record["timeout_s"],
            deadline_at=record["deadline_at"],
            requested_by=record["requested_by"],
            requested_at=record["requested_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FleetResumed:
    """Stations are asked again."""

    FULL_NAME: ClassVar[str] = "fleet.events.v1.FleetResumed"
    TOPIC: ClassVar[str] = "fleet.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    fleet_id: str  # UUIDv5; the operation on many stations.
    resumed_by: str
    recorded_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.fleet_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "fleet_id": self.fleet_id,
            "resumed_by": self.resumed_by,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            fleet_id=record["fleet_id"],
            resumed_by=record["resumed_by"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FleetStationAnswered:
    """How it ended for one station."""

    FULL_NAME: ClassVar[str] = "fleet.events.v1.FleetStationAnswered"
    TOPIC: ClassVar[str] = "fleet.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    fleet_id: str  # UUIDv5; the operation on many stations.
    station_id: str  # The charging station's identity as in its connection URL.
    command_id: str
    outcome: common.CommandOutcome
    status: str | None = None  # The station's word.
    detail: str | None = None
    recorded_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.fleet_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "fleet_id": self.fleet_id,
            "station_id": self.station_id,
            "command_id": self.command_id,
            "outcome": self.outcome.value,
            "status": self.status,
            "detail": self.detail,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            fleet_id=record["fleet_id"],
            station_id=record["station_id"],
            command_id=record["command_id"],
            outcome=common.CommandOutcome(record["outcome"]),
            status=record["status"],
            detail=record["detail"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FleetStationsNamed:
    """Some of the stations that are to be asked, in order."""

    FULL_NAME: ClassVar[str] = "fleet.events.v1.FleetStationsNamed"
    TOPIC: ClassVar[str] = "fleet.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    fleet_id: str  # UUIDv5; the operation on many stations.
    part: int  # From 0.
    station_ids: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.fleet_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "fleet_id": self.fleet_id,
            "part": self.part,
            "station_ids": list(self.station_ids),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            fleet_id=record["fleet_id"],
            part=record["part"],
            station_ids=tuple(record["station_ids"]),
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FleetStopped:
    """No further station is asked until it is resumed."""

    FULL_NAME: ClassVar[str] = "fleet.events.v1.FleetStopped"
    TOPIC: ClassVar[str] = "fleet.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    fleet_id: str  # UUIDv5; the operation on many stations.
    reason: str
    stopped_by: str
    recorded_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.fleet_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "fleet_id": self.fleet_id,
            "reason": self.reason,
            "stopped_by": self.stopped_by,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            fleet_id=record["fleet_id"],
            reason=record["reason"],
            stopped_by=record["stopped_by"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FleetOperation:
    """An operation on many stations as it stands."""

    FULL_NAME: ClassVar[str] = "fleet.state.v1.FleetOperation"
    TOPIC: ClassVar[str] = "fleet.state.v1"

    tenant: str  # The operator that the data belongs to.
    fleet_id: str  # UUIDv5; the operation on many stations.
    status: common.FleetStatus
    reason: str | None = None  # Why it is stopped.
    operation: str  # OCPP 2.0.1 action, or a native one of 1.6.
    payload_json: str  # The request as JSON, the same for all stations.
    stations_total: int  # How many stations are named by FleetStationsNamed.
    pace_per_minute: int  # Stations that are asked per minute at most.
    max_in_flight: int  # Stations that may be asked and have not answered.
    max_failures_percent: int | None = None  # It stops itself when a greater share of the answers is no.
    if_offline: str  # wait: ask when it connects; skip: it is not asked.
    timeout_s: int  # Seconds that a station has to take and answer the command.
    deadline_at: int  # No station is asked after this.
    requested_by: str
    requested_at: int
    waiting: int = 0  # Stations not asked yet.
    asked: int = 0  # Asked, no answer yet.
    accepted: int = 0
    rejected: int = 0  # The station's word.
    failed: int = 0
    timed_out: int = 0
    expired: int = 0
    unreachable: int = 0
    failures: tuple[common.FleetFailure, ...] = ()  # The first ones; all are in fleet.events.
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.fleet_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "fleet_id": self.fleet_id,
            "status": self.status.value,
            "reason": self.reason,
            "operation": self.operation,
            "payload_json": self.payload_json,
            "stations_total": self.stations_total,
            "pace_per_minute": self.pace_per_minute,
            "max_in_flight": self.max_in_flight,
            "max_failures_percent": self.max_failures_percent,
            "if_offline": self.if_offline,
            "timeout_s": self.timeout_s,
            "deadline_at": self.deadline_at,
            "requested_by": self.requested_by,
            "requested_at": self.requested_at,
            "waiting": self.waiting,
            "asked": self.asked,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "failed": self.failed,
            "timed_out": self.timed_out,
            "expired": self.expired,
            "unreachable": self.unreachable,
            "failures": [item.to_record() for item in self.failures],
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            fleet_id=record["fleet_id"],
            status=common.FleetStatus(record["status"]),
            reason=record["reason"],
            operation=record["operation"],
            payload_json=record["payload_json"],
            stations_total=record["stations_total"],
            pace_per_minute=record["pace_per_minute"],
            max_in_flight=record["max_in_flight"],
            max_failures_percent=record["max_failures_percent"],
            if_offline=record["if_offline"],
            timeout_s=record["timeout_s"],
            deadline_at=record["deadline_at"],
            requested_by=record["requested_by"],
            requested_at=record["requested_at"],
            waiting=record["waiting"],
            asked=record["asked"],
            accepted=record["accepted"],
            rejected=record["rejected"],
            failed=record["failed"],
            timed_out=record["timed_out"],
            expired=record["expired"],
            unreachable=record["unreachable"],
            failures=tuple([common.FleetFailure.from_record(item) for item in record["failures"]]),
            updated_at=record["updated_at"],
        )
