"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class MeterKeyAdded:
    """An operator entered the public key of a meter."""

    FULL_NAME: ClassVar[str] = "meterkey.events.v1.MeterKeyAdded"
    TOPIC: ClassVar[str] = "meterkey.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    evse_id: int  # EVSE that it measures (OCPP 1.6: the connector).
    public_key: str  # SPKI, PEM or a point.
    meter_serial: str | None = None
    format: str = ""  # E.g. OCMF.
    source: common.MeterKeySource
    valid_from: int | None = None
    valid_to: int | None = None
    calibration_expires_at: int | None = None
    added_by: str
    added_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "evse_id": self.evse_id,
            "public_key": self.public_key,
            "meter_serial": self.meter_serial,
            "format": self.format,
            "source": self.source.value,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "calibration_expires_at": self.calibration_expires_at,
            "added_by": self.added_by,
            "added_at": self.added_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            evse_id=record["evse_id"],
            public_key=record["public_key"],
            meter_serial=record["meter_serial"],
            format=record["format"],
            source=common.MeterKeySource(record["source"]),
            valid_from=record["valid_from"],
            valid_to=record["valid_to"],
            calibration_expires_at=record["calibration_expires_at"],
            added_by=record["added_by"],
            added_at=record["added_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class MeterKeyApproved:
    """An operator vouches for a key; two different ones make it count."""

    FULL_NAME: ClassVar[str] = "meterkey.events.v1.MeterKeyApproved"
    TOPIC: ClassVar[str] = "meterkey.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    evse_id: int  # EVSE that it measures (OCPP 1.6: the connector).
    key_id: str
    approved_by: str
    approved_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "evse_id": self.evse_id,
            "key_id": self.key_id,
            "approved_by": self.approved_by,
            "approved_at": self.approved_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            evse_id=record["evse_id"],
            key_id=record["key_id"],
            approved_by=record["approved_by"],
            approved_at=record["approved_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class MeterKeyFound:
    """A station showed a key that was not in the register: it is a candidate."""

    FULL_NAME: ClassVar[str] = "meterkey.events.v1.MeterKeyFound"
    TOPIC: ClassVar[str] = "meterkey.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    evse_id: int  # EVSE that it measures (OCPP 1.6: the connector).
    key_id: str
    public_key: str
    meter_serial: str | None = None
    source: common.MeterKeySource
    changed: bool  # The point had another approved key: its sessions are billed again once this one is approved or revoked.
    found_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "evse_id": self.evse_id,
            "key_id": self.key_id,
            "public_key": self.public_key,
            "meter_serial": self.meter_serial,
            "source": self.source.value,
            "changed": self.changed,
            "found_at": self.found_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            evse_id=record["evse_id"],
            key_id=record["key_id"],
            public_key=record["public_key"],
            meter_serial=record["meter_serial"],
            source=common.MeterKeySource(record["source"]),
            changed=record["changed"],
            found_at=record["found_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class MeterKeyRevoked:
    """An operator took a key back: it proves nothing any more, whenever it was used."""

    FULL_NAME: ClassVar[str] = "meterkey.events.v1.MeterKeyRevoked"
    TOPIC: ClassVar[str] = "meterkey.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    evse_id: int  # EVSE that it measures (OCPP 1.6: the connector).
    key_id: str
    revoked_by: str
    reason: str
    revoked_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "evse_id": self.evse_id,
            "key_id": self.key_id,
            "revoked_by": self.revoked_by,
            "reason": self.reason,
            "revoked_at": self.revoked_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            evse_id=record["evse_id"],
            key_id=record["key_id"],
            revoked_by=record["revoked_by"],
            reason=record["reason"],
            revoked_at=record["revoked_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class MeterKeys:
    """All public keys of a metering point."""

    FULL_NAME: ClassVar[str] = "meterkey.state.v1.MeterKeys"
    TOPIC: ClassVar[str] = "meterkey.state.v1"

    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    evse_id: int  # EVSE that it measures (OCPP 1.6: the connector).
    versions: tuple[common.MeterKeyVersion, ...] = ()  # In the order in which they were first seen.
    billing_stopped: bool = False  # The key changed and nobody has said yet that it may.
    version: int  # Counts the changes.
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}/{self.evse_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "station_id": self.station_id,
            "evse_id": self.evse_id,
            "versions": [item.to_record() for item in self.versions],
            "billing_stopped": self.billing_stopped,
            "version": self.version,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            station_id=record["station_id"],
            evse_id=record["evse_id"],
            versions=tuple([common.MeterKeyVersion.from_record(item) for item in record["versions"]]),
            billing_stopped=record["billing_stopped"],
            version=record["version"],
            updated_at=record["updated_at"],
        )
