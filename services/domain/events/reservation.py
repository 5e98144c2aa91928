"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A partner's reservation of an EVSE, or of a station."""

    FULL_NAME: ClassVar[str] = "reservation.state.v1.Reservation"
    TOPIC: ClassVar[str] = "reservation.state.v1"

    tenant: str  # The operator that the data belongs to.
    partner_id: str
    reservation_id: str  # As its partner names it, in lower case.
    number: int  # Its id at the station.
    status: str  # REQUESTED, ACTIVE, REFUSED, CANCELED, or as the station said: Expired, Removed.
    location_id: str
    station_id: str
    evse_id: int | None = None  # Null: any of the station.
    token_uid: str
    version: str  # OCPI version that the partner asked in.
    response_url: str  # Where the partner is told that it was given up.
    expires_at: int
    updated_at: int
    active_at: int | None = None  # When the station accepted it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}/{self.reservation_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "reservation_id": self.reservation_id,
            "number": self.number,
            "status": self.status,
            "location_id": self.location_id,
            "station_id": self.station_id,
            "evse_id": self.evse_id,
            "token_uid": self.token_uid,
            "version": self.version,
            "response_url": self.response_url,
            "expires_at": self.expires_at,
            "updated_at": self.updated_at,
            "active_at": self.active_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            reservation_id=record["reservation_id"],
            number=record["number"],
            status=record["status"],
            location_id=record["location_id"],
            station_id=record["station_id"],
            evse_id=record["evse_id"],
            token_uid=record["token_uid"],
            version=record["version"],
            response_url=record["response_url"],
            expires_at=record["expires_at"],
            updated_at=record["updated_at"],
            active_at=record["active_at"],
        )
