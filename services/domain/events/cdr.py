"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CdrCorrectionRequested:
    """An operator takes an issued record back, with or without another one in its place."""

    FULL_NAME: ClassVar[str] = "cdr.commands.v1.CdrCorrectionRequested"
    TOPIC: ClassVar[str] = "cdr.commands.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    session_id: str
    cdr_id: str  # The record that is taken back; nothing happens when it is no longer the one that counts.
    replace: bool  # Whether another record takes its place.
    energy_wh: Decimal | None = None  # What the other record bills; null: the same energy.
    tariff_id: str | None = None  # By which tariff; null: by the same terms.
    reason: str
    requested_by: str
    requested_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.session_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "session_id": self.session_id,
            "cdr_id": self.cdr_id,
            "replace": self.replace,
            "energy_wh": self.energy_wh,
            "tariff_id": self.tariff_id,
            "reason": self.reason,
            "requested_by": self.requested_by,
            "requested_at": self.requested_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            session_id=record["session_id"],
            cdr_id=record["cdr_id"],
            replace=record["replace"],
            energy_wh=record["energy_wh"],
            tariff_id=record["tariff_id"],
            reason=record["reason"],
            requested_by=record["requested_by"],
            requested_at=record["requested_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CdrCredited:
    """An issued record is taken back by this credit record; it is never changed."""

    FULL_NAME: ClassVar[str] = "cdr.events.v1.CdrCredited"
    TOPIC: ClassVar[str] = "cdr.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    cdr_id: str
    detail: common.ChargeDetail
    credited_cdr_id: str
    reason: str
    credited_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.cdr_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "cdr_id": self.cdr_id,
            "detail": self.detail.to_record(),
            "credited_cdr_id": self.credited_cdr_id,
            "reason": self.reason,
            "credited_at": self.credited_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            cdr_id=record["cdr_id"],
            detail=common.ChargeDetail.from_record(record["detail"]),
            credited_cdr_id=record["credited_cdr_id"],
            reason=record["reason"],
            credited_at=record["credited_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CdrHeld:
    """A charge detail record is kept back until somebody decides."""

    FULL_NAME: ClassVar[str] = "cdr.events.v1.CdrHeld"
    TOPIC: ClassVar[str] = "cdr.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    cdr_id: str
    detail: common.ChargeDetail
    reason: str
    held_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.cdr_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "cdr_id": self.cdr_id,
            "detail": self.detail.to_record(),
            "reason": self.reason,
            "held_at": self.held_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            cdr_id=record["cdr_id"],
            detail=common.ChargeDetail.from_record(record["detail"]),
            reason=record["reason"],
            held_at=record["held_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CdrIssued:
    """A charge detail record was issued."""

    FULL_NAME: ClassVar[str] = "cdr.events.v1.CdrIssued"
    TOPIC: ClassVar[str] = "cdr.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    cdr_id: str
    detail: common.ChargeDetail
    issued_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.cdr_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "cdr_id": self.cdr_id,
            "detail": self.detail.to_record(),
            "issued_at": self.issued_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            cdr_id=record["cdr_id"],
            detail=common.ChargeDetail.from_record(record["detail"]),
            issued_at=record["issued_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Cdr:
    """A charge detail record as it stands."""

    FULL_NAME: ClassVar[str] = "cdr.state.v1.Cdr"
    TOPIC: ClassVar[str] = "cdr.state.v1"

    tenant: str  # The operator that the data belongs to.
    cdr_id: str
    status: common.CdrStatus
    held_reason: str | None = None
    detail: common.ChargeDetail
    version: int
    updated_at: int
    issued_at: int | None = None  # When it was issued; null while it is held, and where that was not kept yet.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.cdr_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "cdr_id": self.cdr_id,
            "status": self.status.value,
            "held_reason": self.held_reason,
            "detail": self.detail.to_record(),
            "version": self.version,
            "updated_at": self.updated_at,
            "issued_at": self.issued_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            cdr_id=record["cdr_id"],
            status=common.CdrStatus(record["status"]),
            held_reason=record["held_reason"],
            detail=common.ChargeDetail.from_record(record["detail"]),
            version=record["version"],
            updated_at=record["updated_at"],
            issued_at=record["issued_at"],
        )
