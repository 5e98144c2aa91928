"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A charging location."""

    FULL_NAME: ClassVar[str] = "location.state.v1.Location"
    TOPIC: ClassVar[str] = "location.state.v1"

    tenant: str  # The operator that the data belongs to.
    location_id: str
    country_code: str
    party_id: str
    name: str
    address: str
    city: str
    postal_code: str
    country: str  # ISO 3166-1 alpha-3.
    latitude: str
    longitude: str
    time_zone: str
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.location_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "location_id": self.location_id,
            "country_code": self.country_code,
            "party_id": self.party_id,
            "name": self.name,
            "address": self.address,
            "city": self.city,
            "postal_code": self.postal_code,
            "country": self.country,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "time_zone": self.time_zone,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            location_id=record["location_id"],
            country_code=record["country_code"],
            party_id=record["party_id"],
            name=record["name"],
            address=record["address"],
            city=record["city"],
            postal_code=record["postal_code"],
            country=record["country"],
            latitude=record["latitude"],
            longitude=record["longitude"],
            time_zone=record["time_zone"],
            updated_at=record["updated_at"],
        )
