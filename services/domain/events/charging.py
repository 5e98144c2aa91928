"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingPreferencesSet:
    """A driver has said, by its provider, how it wants to be charged."""

    FULL_NAME: ClassVar[str] = "charging.events.v1.ChargingPreferencesSet"
    TOPIC: ClassVar[str] = "charging.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    evse_id: int
    session_id: str
    transaction_id: str
    partner_id: str  # The provider that said so.
    profile_type: str  # OCPI ProfileType: CHEAP, FAST, GREEN, REGULAR.
    departure_at: int | None = None  # When the driver wants to leave.
    energy_need_wh: Decimal | None = None
    discharge_allowed: bool
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
            "session_id": self.session_id,
            "transaction_id": self.transaction_id,
            "partner_id": self.partner_id,
            "profile_type": self.profile_type,
            "departure_at": self.departure_at,
            "energy_need_wh": self.energy_need_wh,
            "discharge_allowed": self.discharge_allowed,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            evse_id=record["evse_id"],
            session_id=record["session_id"],
            transaction_id=record["transaction_id"],
            partner_id=record["partner_id"],
            profile_type=record["profile_type"],
            departure_at=record["departure_at"],
            energy_need_wh=record["energy_need_wh"],
            discharge_allowed=record["discharge_allowed"],
            recorded_at=record["recorded_at"],
        )
