"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerProfile:
    """A charging profile that a partner has set for a session; it is told when the schedule changes."""

    FULL_NAME: ClassVar[str] = "chargingprofile.state.v1.PartnerProfile"
    TOPIC: ClassVar[str] = "chargingprofile.state.v1"

    tenant: str  # The operator that the data belongs to.
    session_id: str
    partner_id: str
    station_id: str
    version: str  # OCPI version that the partner asked in.
    active: bool
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.session_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "session_id": self.session_id,
            "partner_id": self.partner_id,
            "station_id": self.station_id,
            "version": self.version,
            "active": self.active,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            session_id=record["session_id"],
            partner_id=record["partner_id"],
            station_id=record["station_id"],
            version=record["version"],
            active=record["active"],
            updated_at=record["updated_at"],
        )
