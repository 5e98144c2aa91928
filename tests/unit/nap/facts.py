"""A place with everything that can be said about it, for tests to vary."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.domain.equipment import Equipment
from services.domain.events.common import (
    Connector,
    EnergyMix,
    EnergySource,
    EnvironmentalImpact,
    Evse,
    EvseParking,
    ExceptionalPeriod,
    LocalText,
    OpeningTimes,
    Organisation,
    ParkingPlace,
    RegularHours,
)
from services.domain.events.location import Location
from services.nap.outbound.scene import Place, Publisher, Scene
from services.nap.schemas import Which, deviations
from tests.unit.ocpi.facts import START, TENANT, connection, location, station, station_status, tariff

SCHEMAS = Path(__file__).resolve().parents[4] / (
    "shared/specs/datex2-afir/mobilithek/Releases/Version 01-00-00/Schema und Beispiele"
)
needs_schemas = pytest.mark.skipif(not SCHEMAS.exists(), reason="../shared/specs/datex2-afir is not here")
PUBLISHER = Publisher(country_code="DE", creator="DE-NAP-WAT", name="Wattlog")
NOW = START + 120_000

HOURS = OpeningTimes(
    twentyfourseven=False,
    regular_hours=tuple(
        RegularHours(weekday=day, period_begin="08:00", period_end="20:00" if day < 6 else "24:00")
        for day in range(1, 8)
    ),
    exceptional_openings=(ExceptionalPeriod(period_begin=START, period_end=START + 3_600_000),),
    exceptional_closings=(ExceptionalPeriod(period_begin=START + 7_200_000, period_end=START + 9_000_000),),
)
FAST = Connector(
    connector_id=1,
    connector_standard="IEC_62196_T2_COMBO",
    connector_format="CABLE",
    power_type="DC",
    max_voltage_v=1000,
    max_amperage_a=500,
    max_power_w=300_000,
    capabilities=("ISO_15118_2_PLUG_AND_CHARGE",),
)
EVSE = Evse(
    evse_id=1,
    evse_uid="DE*WAT*E0001*1",
    connector_standard="IEC_62196_T2_COMBO",
    power_type="DC",
    max_power_w=300_000,
    connectors=(
        FAST,
        replace(FAST, connector_id=2, connector_standard="GBT_DC", max_power_w=None, capabilities=()),
    ),
    capabilities=("CONTACTLESS_CARD_SUPPORT", "CREDIT_CARD_PAYABLE", "DEBIT_CARD_PAYABLE", "PED_TERMINAL"),
    parking_restrictions=("CUSTOMERS", "EV_ONLY"),
    parking=(EvseParking(parking_id="P1", evse_position="LEFT"),),
    physical_reference="A",
    latitude="53.543100",
    longitude="9.999100",
    directions=(LocalText(language="en", text="Left"),),
)
PARKING = ParkingPlace(
    parking_id="P1",
    physical_reference="7",
    vehicle_types=("PERSONAL_VEHICLE", "DISABLED"),
    restricted_to_type=True,
    reservation_required=False,
    max_vehicle_weight=Decimal(3500),
    max_vehicle_height=Decimal(210),
    max_vehicle_length=Decimal(600),
    max_vehicle_width=Decimal(250),
    parking_space_length=Decimal(550),
    parking_space_width=Decimal(350),
    time_limit=Decimal(90),
    roofed=False,
    lighting=True,
)


def rich(**changes: Any) -> Location:
    told = location(
        parking_type="PARKING_LOT",
        opening_times=HOURS,
        directions=(LocalText(language="de", text="Hinter der Halle"),),
        facilities=("RESTAURANT", "WIFI"),
        operator=Organisation(name="Nord Laden GmbH", website="https://laden.example.com"),
        owner=Organisation(name="Rast AG"),
        help_phone="+4940123456",
        energy_mix=EnergyMix(
            is_green_energy=True,
            energy_sources=(EnergySource(source="WIND", percentage=Decimal(100)),),
            environ_impact=(EnvironmentalImpact(category="CARBON_DIOXIDE", amount=Decimal("12.5")),),
            supplier_name="Windwerke",
        ),
        parking_places=(PARKING,),
    )
    return replace(told, **changes)


def equipment(*evses: Evse, **changes: Any) -> Equipment:
    own = station(evses=evses or (EVSE,), password_hash="b2:00:secret", **changes)
    return Equipment(own, station_status(), connection())


def scene(*there: Equipment, place: Location | None = None, **changes: Any) -> Scene:
    """One place."""
    places = (Place(place or rich(), there or (equipment(),)),)
    told = Scene(TENANT, places, {"AC-2026": tariff()})
    return replace(told, **changes)


def plain(document: dict[str, Any] | None) -> Any:
    """As whoever fetches it reads it."""
    assert document is not None
    return msgspec.json.decode(msgspec.json.Encoder(decimal_format="number").encode(document))


def valid(which: Which, document: dict[str, Any] | None) -> bool:
    """Whether the profile permits it; a reason for a test to fail is shown."""
    assert document is not None
    assert not SCHEMAS.exists() or deviations(SCHEMAS, which, document) == []
    return True
