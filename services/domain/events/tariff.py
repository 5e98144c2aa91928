"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """A tariff. Terms never change under one id: new terms are a new tariff. Only its energy may have announced prices."""

    FULL_NAME: ClassVar[str] = "tariff.state.v1.Tariff"
    TOPIC: ClassVar[str] = "tariff.state.v1"

    tenant: str  # The operator that the data belongs to.
    tariff_id: str
    terms: common.TariffTerms
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.tariff_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "tariff_id": self.tariff_id,
            "terms": self.terms.to_record(),
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            tariff_id=record["tariff_id"],
            terms=common.TariffTerms.from_record(record["terms"]),
            updated_at=record["updated_at"],
        )
