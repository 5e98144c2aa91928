"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyPriceAnnounced:
    """What a kWh costs in an interval. Sessions that start in it are charged at it until they end."""

    FULL_NAME: ClassVar[str] = "tariff.prices.v1.EnergyPriceAnnounced"
    TOPIC: ClassVar[str] = "tariff.prices.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    tariff_id: str
    location_id: str | None = None  # Null: wherever the tariff holds.
    starts_at: int
    ends_at: int  # It holds until before.
    energy_price_per_kwh: Decimal  # In the tariff's currency, with or without taxes as the tariff's own.
    recorded_at: int  # Of two for the same time the later counts.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.tariff_id}/{self.location_id}/{self.starts_at}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "tariff_id": self.tariff_id,
            "location_id": self.location_id,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "energy_price_per_kwh": self.energy_price_per_kwh,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            tariff_id=record["tariff_id"],
            location_id=record["location_id"],
            starts_at=record["starts_at"],
            ends_at=record["ends_at"],
            energy_price_per_kwh=record["energy_price_per_kwh"],
            recorded_at=record["recorded_at"],
        )


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
