"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Who owes us for charging, at which tariff, and for how long. Its terms never change but for its end."""

    FULL_NAME: ClassVar[str] = "agreement.state.v1.Agreement"
    TOPIC: ClassVar[str] = "agreement.state.v1"

    tenant: str  # The operator that the data belongs to.
    agreement_id: str
    partner_id: str  # Country and party of the provider, e.g. NL-TNM: who pays for its contracts.
    name: str  # In words, for statements.
    tariff_id: str | None = None  # What the partner pays, in place of the station's tariff.
    payment_days: int  # Days from a statement's date to its due date.
    valid_from: int  # Sessions that start from here on.
    valid_to: int | None = None  # Sessions that start before; null: until further notice.
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.agreement_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "agreement_id": self.agreement_id,
            "partner_id": self.partner_id,
            "name": self.name,
            "tariff_id": self.tariff_id,
            "payment_days": self.payment_days,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            agreement_id=record["agreement_id"],
            partner_id=record["partner_id"],
            name=record["name"],
            tariff_id=record["tariff_id"],
            payment_days=record["payment_days"],
            valid_from=record["valid_from"],
            valid_to=record["valid_to"],
            updated_at=record["updated_at"],
        )
