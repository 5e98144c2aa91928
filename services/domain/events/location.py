"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
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
    state: str | None = None  # State or province.
    publish: bool = True  # Drivers may be shown it on maps and lists.
    parking_type: str | None = None  # OCPI ParkingType.
    opening_times: common.OpeningTimes | None = None
    charging_when_closed: bool | None = None  # Whether a vehicle goes on charging when it closes.
    directions: tuple[common.LocalText, ...] = ()  # How to get there.
    facilities: tuple[str, ...] = ()  # OCPI Facility: what is nearby.
    operator: common.Organisation | None = None  # Null: as WATTLOG_OCPI_OPERATOR_NAME says.
    suboperator: common.Organisation | None = None
    owner: common.Organisation | None = None
    help_phone: str | None = None  # Where drivers are helped.
    energy_mix: common.EnergyMix | None = None
    parking_places: tuple[common.ParkingPlace, ...] = ()
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
            "state": self.state,
            "publish": self.publish,
            "parking_type": self.parking_type,
            "opening_times": None if self.opening_times is None else self.opening_times.to_record(),
            "charging_when_closed": self.charging_when_closed,
            "directions": [item.to_record() for item in self.directions],
            "facilities": list(self.facilities),
            "operator": None if self.operator is None else self.operator.to_record(),
            "suboperator": None if self.suboperator is None else self.suboperator.to_record(),
            "owner": None if self.owner is None else self.owner.to_record(),
            "help_phone": self.help_phone,
            "energy_mix": None if self.energy_mix is None else self.energy_mix.to_record(),
            "parking_places": [item.to_record() for item in self.parking_places],
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
            state=record["state"],
            publish=record["publish"],
            parking_type=record["parking_type"],
            opening_times=None
            if record["opening_times"] is None
            else common.OpeningTimes.from_record(record["opening_times"]),
            charging_when_closed=record["charging_when_closed"],
            directions=tuple([common.LocalText.from_record(item) for item in record["directions"]]),
            facilities=tuple(record["facilities"]),
            operator=None if record["operator"] is None else common.Organisation.from_record(record["operator"]),
            suboperator=None
            if record["suboperator"] is None
            else common.Organisation.from_record(record["suboperator"]),
            owner=None if record["owner"] is None else common.Organisation.from_record(record["owner"]),
            help_phone=record["help_phone"],
            energy_mix=None
            if record["energy_mix"] is None
            else common.EnergyMix.from_record(record["energy_mix"]),
            parking_places=tuple([common.ParkingPlace.from_record(item) for item in record["parking_places"]]),
            updated_at=record["updated_at"],
        )
