"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationEnded:
    """The time of a partner's reservation is over, used or not, and nobody had given it up."""

    FULL_NAME: ClassVar[str] = "reservation.events.v1.ReservationEnded"
    TOPIC: ClassVar[str] = "reservation.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    partner_id: str  # Who had asked for it.
    reservation_id: str  # As its partner names it, in lower case.
    reservation_number: int  # Its id at the station.
    evse_id: int | None = None  # Null: any of the station.
    id_token: common.IdToken | None = None  # Whom it was kept free for.
    reserved_from: int  # When the station accepted it.
    expires_at: int
    recorded_at: int  # When that was noticed.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "partner_id": self.partner_id,
            "reservation_id": self.reservation_id,
            "reservation_number": self.reservation_number,
            "evse_id": self.evse_id,
            "id_token": None if self.id_token is None else self.id_token.to_record(),
            "reserved_from": self.reserved_from,
            "expires_at": self.expires_at,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            partner_id=record["partner_id"],
            reservation_id=record["reservation_id"],
            reservation_number=record["reservation_number"],
            evse_id=record["evse_id"],
            id_token=None if record["id_token"] is None else common.IdToken.from_record(record["id_token"]),
            reserved_from=record["reserved_from"],
            expires_at=record["expires_at"],
            recorded_at=record["recorded_at"],
        )


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
    agreed_until: int | None = None  # Its end as the station knows it, while it is asked for another one.

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
            "agreed_until": self.agreed_until,
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
            agreed_until=record["agreed_until"],
        )
