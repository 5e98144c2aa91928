"""Status and prices of every EVSE, as they are now."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.domain.events.tariff import EnergyPriceAnnounced
from services.nap.outbound.dynamic import status_publication
from services.nap.outbound.scene import Scene
from services.nap.outbound.static import table_publication
from services.nap.outbound.words import STATUSES
from services.nap.schemas import Which
from services.ocpi.wire.model import MODEL, V230
from tests.unit.nap.facts import EVSE, NOW, PUBLISHER, equipment, needs_schemas, plain, scene, valid
from tests.unit.ocpi.facts import START, TENANT, connection, connector_status, location, station_status, tariff


def container(of: Scene) -> Any:
    document = status_publication(of, PUBLISHER, NOW)
    assert valid(Which.DYNAMIC, document)
    return plain(document)["messageContainer"]


def publication(of: Scene) -> Any:
    (payload,) = container(of)["payload"]
    return payload["aegiEnergyInfrastructureStatusPublication"]


def station_told(of: Scene) -> Any:
    (site,) = publication(of)["energyInfrastructureSiteStatus"]
    (found,) = site["energyInfrastructureStationStatus"]
    return found


def point(of: Scene) -> Any:
    return station_told(of)["refillPointStatus"][0]["aegiElectricChargingPointStatus"]


def said(word: str) -> Scene:
    return scene(replace(equipment(), status=station_status(connector_status(1, word))))


def price(**changes: Any) -> EnergyPriceAnnounced:
    one = EnergyPriceAnnounced(
        event_id="e1",
        tenant=TENANT,
        tariff_id="AC-2026",
        location_id=None,
        starts_at=NOW - 60_000,
        ends_at=NOW + 60_000,
        energy_price_per_kwh=Decimal("0.30"),
        recorded_at=START,
    )
    return replace(one, **changes)


@needs_schemas
class TestProfile:
    @pytest.mark.parametrize("of", [scene(), scene(tariffs={}), scene(place=location()), said("Dancing")])
    def test_permits_it(self, of: Scene) -> None:
        assert valid(Which.DYNAMIC, status_publication(of, PUBLISHER, NOW))


class TestStatus:
    def test_table_has_every_word_of_ocpi(self) -> None:
        assert STATUSES.keys() == MODEL.enums[V230, "Status"].known

    @pytest.mark.parametrize(
        ("word", "told", "free"),
        [
            ("Available", "available", True),
            ("Occupied", "charging", False),
            ("Reserved", "reserved", False),
            ("Unavailable", "inoperative", False),
            ("Faulted", "outOfOrder", False),
            ("Dancing", "unknown", False),
        ],
    )
    def test_is_what_the_station_said(self, word: str, told: str, free: bool) -> None:
        assert point(said(word))["status"] == {"value": told}
        assert station_told(said(word))["isAvailable"] is free

    def test_of_a_station_that_is_away_is_unknown(self) -> None:
        away = replace(equipment(), connection=connection(connected=False, since=START + 90_000))
        assert point(scene(away))["status"] == {"value": "unknown"}
        assert point(scene(away))["lastUpdated"] == "2026-09-21T14:14:50.000Z"

    def test_of_a_station_that_is_disabled_is_inoperative(self) -> None:
        assert point(scene(equipment(enabled=False)))["status"] == {"value": "inoperative"}


class TestReferences:
    def test_are_those_of_the_table(self) -> None:
        table = plain(table_publication(scene(), PUBLISHER, NOW))["payload"]
        (whole,) = table["aegiEnergyInfrastructureTablePublication"]["energyInfrastructureTable"]
        (site,) = whole["energyInfrastructureSite"]
        (station,) = site["energyInfrastructureStation"]
        refill = station["refillPoint"][0]["aegiElectricChargingPoint"]
        told = publication(scene())
        names = ("idG", "versionG")
        pairs = [
            (whole, told["tableReference"][0]),
            (site, told["energyInfrastructureSiteStatus"][0]["reference"]),
            (station, station_told(scene())["reference"]),
            (refill, point(scene())["reference"]),
        ]
        assert all([one[name] for name in names] == [other[name] for name in names] for one, other in pairs)
        rate = point(scene())["energyRateUpdate"][0]["energyRateReference"]["idG"]
        assert rate == refill["electricEnergy"][0]["energyRate"][0]["idG"]


class TestPrices:
    def test_are_those_of_the_tariff(self) -> None:
        (update,) = point(scene())["energyRateUpdate"]
        assert update["energyPrice"][0]["value"] == 0.5355

    def test_are_those_that_are_announced_for_now(self) -> None:
        (update,) = point(scene(announced={"AC-2026": [price()]}))["energyRateUpdate"]
        assert update["energyPrice"][0]["value"] == 0.357
        assert update["lastUpdated"] == "2026-09-21T14:14:20.000Z"

    def test_may_be_those_of_one_place(self) -> None:
        here = price(location_id="LOC-1", energy_price_per_kwh=Decimal("0.2"), event_id="e2")
        elsewhere = price(location_id="LOC-2", energy_price_per_kwh=Decimal("0.1"), event_id="e3")
        (update,) = point(scene(announced={"AC-2026": [price(), here, elsewhere]}))["energyRateUpdate"]
        assert update["energyPrice"][0]["value"] == 0.238

    def test_are_made_once_for_each_tariff_and_told_at_each_evse(self) -> None:
        two = equipment(EVSE, replace(EVSE, evse_id=2))
        points = [one["aegiElectricChargingPointStatus"] for one in station_told(scene(two))["refillPointStatus"]]
        assert [len(one["energyRateUpdate"]) for one in points] == [1, 1]
        assert points[0]["energyRateUpdate"] == points[1]["energyRateUpdate"]

    def test_are_not_told_where_only_contracts_pay(self) -> None:
        only = tariff(terms=replace(tariff().terms, type="REGULAR"))
        assert "energyRateUpdate" not in point(scene(tariffs={"AC-2026": only}))


class TestEnvelope:
    def test_says_that_it_is_whole(self) -> None:
        exchange = container(scene())["exchangeInformation"]
        assert exchange["exchangeContext"]["codedExchangeProtocol"] == {"value": "snapshotPull"}
        assert exchange["dynamicInformation"]["messageGenerationTimestamp"] == "2026-09-21T14:15:20.000Z"

    def test_is_of_nothing_while_nothing_is_public(self) -> None:
        assert status_publication(Scene(TENANT, ()), PUBLISHER, NOW) is None

    def test_leaves_out_stations_without_evses(self) -> None:
        empty = equipment()
        empty = replace(empty, station=replace(empty.station, evses=()))
        (site,) = publication(scene(empty))["energyInfrastructureSiteStatus"]
        assert "energyInfrastructureStationStatus" not in site
