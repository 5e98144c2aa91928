"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRejected:
    """An operator decided that a held session is never billed."""

    FULL_NAME: ClassVar[str] = "evidence.events.v1.EvidenceRejected"
    TOPIC: ClassVar[str] = "evidence.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    session_id: str
    session_revision: int
    operator: str
    reason: str
    rejected_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.session_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "session_id": self.session_id,
            "session_revision": self.session_revision,
            "operator": self.operator,
            "reason": self.reason,
            "rejected_at": self.rejected_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            session_id=record["session_id"],
            session_revision=record["session_revision"],
            operator=record["operator"],
            reason=record["reason"],
            rejected_at=record["rejected_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceReleased:
    """An operator lets a held session be billed."""

    FULL_NAME: ClassVar[str] = "evidence.events.v1.EvidenceReleased"
    TOPIC: ClassVar[str] = "evidence.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    session_id: str
    session_revision: int
    operator: str
    reason: str
    released_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.session_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "session_id": self.session_id,
            "session_revision": self.session_revision,
            "operator": self.operator,
            "reason": self.reason,
            "released_at": self.released_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            session_id=record["session_id"],
            session_revision=record["session_revision"],
            operator=record["operator"],
            reason=record["reason"],
            released_at=record["released_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionVerified:
    """The verdict on the signed meter values of a session. The last one of a revision counts."""

    FULL_NAME: ClassVar[str] = "evidence.events.v1.SessionVerified"
    TOPIC: ClassVar[str] = "evidence.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    session_id: str
    session_revision: int
    station_id: str  # The charging station's identity as in its connection URL.
    evse_id: int | None = None
    outcome: common.EvidenceOutcome
    findings: tuple[str, ...] = ()  # Codes of what is wrong or doubtful.
    messages: tuple[str, ...] = ()  # The findings in words.
    energy_kwh: str | None = None  # End minus begin of the billing register, exact.
    time_billable: bool = False  # The clock is proven, so that time may be billed.
    records: tuple[str, ...] = ()  # sha256 of each record, begin to end.
    key_id: str | None = None
    keys_version: int  # Version of the point's keys.
    verifier: str  # Version of the verifier.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.session_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "session_id": self.session_id,
            "session_revision": self.session_revision,
            "station_id": self.station_id,
            "evse_id": self.evse_id,
            "outcome": self.outcome.value,
            "findings": list(self.findings),
            "messages": list(self.messages),
            "energy_kwh": self.energy_kwh,
            "time_billable": self.time_billable,
            "records": list(self.records),
            "key_id": self.key_id,
            "keys_version": self.keys_version,
            "verifier": self.verifier,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            session_id=record["session_id"],
            session_revision=record["session_revision"],
            station_id=record["station_id"],
            evse_id=record["evse_id"],
            outcome=common.EvidenceOutcome(record["outcome"]),
            findings=tuple(record["findings"]),
            messages=tuple(record["messages"]),
            energy_kwh=record["energy_kwh"],
            time_billable=record["time_billable"],
            records=tuple(record["records"]),
            key_id=record["key_id"],
            keys_version=record["keys_version"],
            verifier=record["verifier"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVerified:
    """Whether one signature of a signed meter record is true."""

    FULL_NAME: ClassVar[str] = "evidence.records.v1.RecordVerified"
    TOPIC: ClassVar[str] = "evidence.records.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    evse_id: int | None = None
    transaction_id: str | None = None
    session_id: str | None = None
    sha256: str  # Of the record as it was received.
    signature_no: int = 0  # Place of the signature in the record, from 0.
    context: str  # OCPP reading context.
    format: str = ""  # Empty when it was not recognised.
    signature: common.SignatureStatus
    findings: tuple[str, ...] = ()  # Codes of what is wrong.
    key_id: str | None = None
    meter_serial: str | None = None
    gateway_serial: str | None = None
    pagination: str | None = None  # Packet number as signed, e.g. T12.
    register_kwh: str | None = None  # The last reading, exact.
    verifier: str  # Version of the verifier.
    sampled_at: int  # The station's time.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "evse_id": self.evse_id,
            "transaction_id": self.transaction_id,
            "session_id": self.session_id,
            "sha256": self.sha256,
            "signature_no": self.signature_no,
            "context": self.context,
            "format": self.format,
            "signature": self.signature.value,
            "findings": list(self.findings),
            "key_id": self.key_id,
            "meter_serial": self.meter_serial,
            "gateway_serial": self.gateway_serial,
            "pagination": self.pagination,
            "register_kwh": self.register_kwh,
            "verifier": self.verifier,
            "sampled_at": self.sampled_at,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            evse_id=record["evse_id"],
            transaction_id=record["transaction_id"],
            session_id=record["session_id"],
            sha256=record["sha256"],
            signature_no=record["signature_no"],
            context=record["context"],
            format=record["format"],
            signature=common.SignatureStatus(record["signature"]),
            findings=tuple(record["findings"]),
            key_id=record["key_id"],
            meter_serial=record["meter_serial"],
            gateway_serial=record["gateway_serial"],
            pagination=record["pagination"],
            register_kwh=record["register_kwh"],
            verifier=record["verifier"],
            sampled_at=record["sampled_at"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SessionToVerify:
    """A session's end under its station's key: where the keys of the station's meters are."""

    FULL_NAME: ClassVar[str] = "evidence.sessions.v1.SessionToVerify"
    TOPIC: ClassVar[str] = "evidence.sessions.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    session_id: str
    revision: int
    transaction_id: str
    evse_id: int | None = None
    started_at: int
    ended_at: int
    energy_wh: Decimal  # What would be billed.
    signed_meter_values: tuple[common.SignedMeterValue, ...] = ()
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "session_id": self.session_id,
            "revision": self.revision,
            "transaction_id": self.transaction_id,
            "evse_id": self.evse_id,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "energy_wh": self.energy_wh,
            "signed_meter_values": [item.to_record() for item in self.signed_meter_values],
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            session_id=record["session_id"],
            revision=record["revision"],
            transaction_id=record["transaction_id"],
            evse_id=record["evse_id"],
            started_at=record["started_at"],
            ended_at=record["ended_at"],
            energy_wh=record["energy_wh"],
            signed_meter_values=tuple(
                [common.SignedMeterValue.from_record(item) for item in record["signed_meter_values"]]
            ),
            recorded_at=record["recorded_at"],
        )
