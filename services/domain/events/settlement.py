"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CdrChained:
    """A link of the hash chain over issued charge detail records."""

    FULL_NAME: ClassVar[str] = "settlement.chain.v1.CdrChained"
    TOPIC: ClassVar[str] = "settlement.chain.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    cdr_id: str
    height: int  # Place in the chain of this operator and partition, from 1.
    record_sha256: str  # Over what the record bills and proves (services/settlement/chain.py).
    previous_sha256: str  # The link before; 64 zeros for the first.
    link_sha256: str  # Over height, previous_sha256 and record_sha256.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.cdr_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "cdr_id": self.cdr_id,
            "height": self.height,
            "record_sha256": self.record_sha256,
            "previous_sha256": self.previous_sha256,
            "link_sha256": self.link_sha256,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            cdr_id=record["cdr_id"],
            height=record["height"],
            record_sha256=record["record_sha256"],
            previous_sha256=record["previous_sha256"],
            link_sha256=record["link_sha256"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CdrStepRequested:
    """Somebody asks for a step in the life of a charge detail record."""

    FULL_NAME: ClassVar[str] = "settlement.commands.v1.CdrStepRequested"
    TOPIC: ClassVar[str] = "settlement.commands.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    cdr_id: str
    step: common.SettlementStep
    reason: str = ""  # In words; a dispute, a decline and a credit have one.
    reference: str = ""  # What the other side calls it: an invoice number, a URL.
    requested_by: str  # Who asks: an operator, a partner, or the system.
    requested_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.cdr_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "cdr_id": self.cdr_id,
            "step": self.step.value,
            "reason": self.reason,
            "reference": self.reference,
            "requested_by": self.requested_by,
            "requested_at": self.requested_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            cdr_id=record["cdr_id"],
            step=common.SettlementStep(record["step"]),
            reason=record["reason"],
            reference=record["reference"],
            requested_by=record["requested_by"],
            requested_at=record["requested_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CdrStepRefused:
    """A step was asked for that cannot be taken from where the record stands."""

    FULL_NAME: ClassVar[str] = "settlement.events.v1.CdrStepRefused"
    TOPIC: ClassVar[str] = "settlement.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    cdr_id: str
    step: common.SettlementStep
    status: common.SettlementStatus
    why: str
    requested_by: str
    requested_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.cdr_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "cdr_id": self.cdr_id,
            "step": self.step.value,
            "status": self.status.value,
            "why": self.why,
            "requested_by": self.requested_by,
            "requested_at": self.requested_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            cdr_id=record["cdr_id"],
            step=common.SettlementStep(record["step"]),
            status=common.SettlementStatus(record["status"]),
            why=record["why"],
            requested_by=record["requested_by"],
            requested_at=record["requested_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CdrStepTaken:
    """A charge detail record took a step."""

    FULL_NAME: ClassVar[str] = "settlement.events.v1.CdrStepTaken"
    TOPIC: ClassVar[str] = "settlement.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    cdr_id: str
    step: common.SettlementStep
    from_status: common.SettlementStatus
    status: common.SettlementStatus
    reason: str = ""
    reference: str = ""
    requested_by: str
    requested_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.cdr_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "cdr_id": self.cdr_id,
            "step": self.step.value,
            "from_status": self.from_status.value,
            "status": self.status.value,
            "reason": self.reason,
            "reference": self.reference,
            "requested_by": self.requested_by,
            "requested_at": self.requested_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            cdr_id=record["cdr_id"],
            step=common.SettlementStep(record["step"]),
            from_status=common.SettlementStatus(record["from_status"]),
            status=common.SettlementStatus(record["status"]),
            reason=record["reason"],
            reference=record["reference"],
            requested_by=record["requested_by"],
            requested_at=record["requested_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How an issued charge detail record is settled, with what statements add up."""

    FULL_NAME: ClassVar[str] = "settlement.state.v1.Settlement"
    TOPIC: ClassVar[str] = "settlement.state.v1"

    tenant: str  # The operator that the data belongs to.
    cdr_id: str
    session_id: str
    revision: int
    credit: bool  # Takes back credit_reference_id.
    credit_reference_id: str | None = None
    partner_id: str | None = None  # Who pays; null: no agreement covers it.
    agreement_id: str | None = None
    status: common.SettlementStatus
    reason: str = ""  # Of the last step that gave one.
    invoice_reference: str | None = None
    station_id: str
    contract_id: str | None = None
    started_at: int
    ended_at: int
    energy_wh: Decimal
    currency: str | None = None  # ISO 4217; null: nothing was priced.
    total_cost_excl_vat: Decimal | None = None
    total_cost_incl_vat: Decimal | None = None
    issued_at: int  # Decides which statement it is on.
    version: int  # Grows with every step.
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.cdr_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "cdr_id": self.cdr_id,
            "session_id": self.session_id,
            "revision": self.revision,
            "credit": self.credit,
            "credit_reference_id": self.credit_reference_id,
            "partner_id": self.partner_id,
            "agreement_id": self.agreement_id,
            "status": self.status.value,
            "reason": self.reason,
            "invoice_reference": self.invoice_reference,
            "station_id": self.station_id,
            "contract_id": self.contract_id,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "energy_wh": self.energy_wh,
            "currency": self.currency,
            "total_cost_excl_vat": self.total_cost_excl_vat,
            "total_cost_incl_vat": self.total_cost_incl_vat,
            "issued_at": self.issued_at,
            "version": self.version,
            "updated_at": self.updated_at,
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
            partner_id=record["partner_id"],
            agreement_id=record["agreement_id"],
            status=common.SettlementStatus(record["status"]),
            reason=record["reason"],
            invoice_reference=record["invoice_reference"],
            station_id=record["station_id"],
            contract_id=record["contract_id"],
            started_at=record["started_at"],
            ended_at=record["ended_at"],
            energy_wh=record["energy_wh"],
            currency=record["currency"],
            total_cost_excl_vat=record["total_cost_excl_vat"],
            total_cost_incl_vat=record["total_cost_incl_vat"],
            issued_at=record["issued_at"],
            version=record["version"],
            updated_at=record["updated_at"],
        )
