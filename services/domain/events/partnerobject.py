"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerObject:
    """An object of an OCPI module that is kept as it was sent: terminals, confirmations of payments, invoice records, bookings."""

    FULL_NAME: ClassVar[str] = "partnerobject.state.v1.PartnerObject"
    TOPIC: ClassVar[str] = "partnerobject.state.v1"

    tenant: str  # The operator that the data belongs to.
    module: str  # OCPI module, and the kind of object where it has several: payments/terminals, invoicereconciliation, Booking.
    partner_id: str  # The partner that it is shared with.
    object_id: str  # In lower case.
    ours: bool  # Whether we issued it, not the partner.
    deleted: bool  # Its owner has taken it back.
    object_json: str  # The object in OCPI 2.3.0, with fields that nobody knows.
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.module}/{self.partner_id}/{self.object_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "module": self.module,
            "partner_id": self.partner_id,
            "object_id": self.object_id,
            "ours": self.ours,
            "deleted": self.deleted,
            "object_json": self.object_json,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            module=record["module"],
            partner_id=record["partner_id"],
            object_id=record["object_id"],
            ours=record["ours"],
            deleted=record["deleted"],
            object_json=record["object_json"],
            updated_at=record["updated_at"],
        )
