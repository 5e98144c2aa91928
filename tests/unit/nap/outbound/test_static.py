"""The table of locations says what the law asks for, as the profile wants it."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.domain.events.common import Evse, RegistrationStatus
from services.nap.outbound.scene import Scene, public
from services.nap.outbound.static import table_publication
from services.nap.schemas import Which
from tests.unit.nap.facts import (
    EVSE,
    FAST,
    NOW,
    PARKING,
    PUBLISHER,
    equipment,
    needs_schemas,
    plain,
    rich,
    scene,
    valid,
)
from tests.unit.ocpi.facts import START, TENANT, location


def publication(of: Scene) -> Any:
    document = table_publication(of, PUBLISHER, NOW)
    assert valid(Which.STATIC, document)
    return plain(document)["payload"]["aegiEnergyInfrastructureTablePublication"]


def site(of: Scene) -> Any:
    (table,) = publication(of)["energyInfrastructureTable"]
    (found,) = table["energyInfrastructureSite"]
    return found


def point(of: Scene) -> Any:
    (station,) = site(of)["energyInfrastructureStation"]
    return station["refillPoint"][0]["aegiElectricChargingPoint"]


def texts(of: Any) -> list[str]:
    return [one["value"] for one in of["values"]]


@needs_schemas
class TestProfile:
    @pytest.mark.parametrize(
        "of",
        [
            scene(),
            scene(place=location()),
            scene(place=location(name="", postal_code="", country="XKX", latitude="-1", longitude="-2")),
            scene(equipment(Evse(evse_id=1, evse_uid=""))),
            scene(equipment(Evse(evse_id=1, evse_uid="x", connector_standard="NEMA_5_20"))),
            scene(tariffs={}),
        ],
    )
    def test_permits_whatever_is_known_of_a_place(self, of: Scene) -> None:
        assert valid(Which.STATIC, table_publication(of, PUBLISHER, NOW))


class TestHead:
    def test_says_who_publishes_and_whether_it_is_meant(self) -> None:
        told = publication(scene())
        assert told["publicationCreator"] == {"country": "DE", "nationalIdentifier": "DE-NAP-WAT"}
        assert told["publicationTime"] == "2026-09-21T14:15:20.000Z"
        assert told["headerInformation"]["informationStatus"] == {"value": "real"}
        test = table_publication(scene(), replace(PUBLISHER, test=True), NOW)
        head = plain(test)["payload"]["aegiEnergyInfrastructureTablePublication"]["headerInformation"]
        assert head["informationStatus"] == {"value": "test"}

    def test_is_of_nothing_while_nothing_is_public(self) -> None:
        assert table_publication(Scene(TENANT, ()), PUBLISHER, NOW) is None

    def test_has_a_version_that_grows_with_every_change(self) -> None:
        (before,) = publication(scene())["energyInfrastructureTable"]
        moved = scene(place=rich(updated_at=START + 999))
        (after,) = publication(moved)["energyInfrastructureTable"]
        assert before["idG"] == after["idG"]
        assert int(before["versionG"]) < int(after["versionG"])


class TestSite:
    def test_says_where_it_is(self) -> None:
        where = site(scene())["locationReference"]["locPointLocation"]
        assert where["pointByCoordinates"]["pointCoordinates"] == {"latitude": 53.543, "longitude": 9.999}
        facility = where["locLocationExtensionG"]["FacilityLocation"]
        assert facility["timeZone"] == "+02:00"
        address = facility["address"]
        assert (address["postcode"], address["countryCode"], texts(address["city"])) == (
            "20457",
            "DE",
            ["Hamburg"],
        )
        lines = [(one["type"]["value"], texts(one["text"])) for one in address["addressLine"]]
        assert lines == [("street", ["Hafenstraße"]), ("houseNumber", ["12"])]

    def test_says_who_runs_and_owns_it_and_whom_to_call(self) -> None:
        told = site(scene())
        operator = told["operator"]["afacAnOrganisation"]
        assert texts(operator["name"]) == ["Nord Laden GmbH"]
        assert operator["externalIdentifier"][0]["identifier"] == "DE*WAT"
        assert texts(told["owner"]["afacAnOrganisation"]["name"]) == ["Rast AG"]
        (unit,) = told["helpdesk"]["afacAnOrganisation"]["organisationUnit"]
        assert unit["contactInformation"][0]["afacContactInformation"] == {"telephoneNumber": "+4940123456"}

    def test_is_run_by_us_where_nobody_else_is_named(self) -> None:
        told = site(scene(place=location()))
        assert texts(told["operator"]["afacAnOrganisation"]["name"]) == ["Wattlog"]
        assert not {"owner", "helpdesk", "dedicatedParkingSpaces", "accessibility", "typeOfSite"} & told.keys()

    def test_says_how_one_parks_there(self) -> None:
        told = site(scene())
        (space,) = told["dedicatedParkingSpaces"]
        assert told["accessibility"] == space["accessibility"] == [{"value": "disabilityAccessible"}]
        assert (space["numberOfSpaces"], space["dimension"]) == (1, {"length": 5.5, "width": 3.5})
        assert space["userSpecific"] == [{"value": "personsWithDisabilities"}]
        assert space["amenities"] == {"illuminated": True, "roofed": False}
        (limits,) = space["applicableForVehicles"]
        assert limits["vehicleType"] == [{"value": "car"}]
        assert limits["heightCharacteristic"][0]["vehicleHeight"] == 2.1
        assert limits["grossWeightCharacteristic"][0]["grossVehicleWeight"] == 3.5
        assert told["exclusiveUsers"] == [{"value": "customers"}]

    def test_leaves_out_what_a_space_is_not_known_for(self) -> None:
        bare = replace(
            PARKING,
            **{
                name: None
                for name in PARKING.__slots__
                if name not in ("parking_id", "vehicle_types", "restricted_to_type", "reservation_required")
            },
        )
        (space,) = site(scene(place=rich(parking_places=(replace(bare, vehicle_types=("VAN",)),))))[
            "dedicatedParkingSpaces"
        ]
        assert space.keys() == {"idG", "versionG", "numberOfSpaces", "applicableForVehicles"}

    def test_is_for_all_when_its_evses_are_not_alike(self) -> None:
        mixed = scene(equipment(EVSE, replace(EVSE, evse_id=2, parking_restrictions=())))
        assert site(mixed)["exclusiveUsers"] == [{"value": "allUsers"}]

    def test_says_what_is_nearby(self) -> None:
        (one,) = site(scene())["supplementalFacility"]
        assert one["afacSupplementalServiceFacility"]["serviceFacilityType"] == {"value": "restaurant"}


class TestStation:
    def test_says_what_it_gives_and_takes(self) -> None:
        (told,) = site(scene())["energyInfrastructureStation"]
        assert (told["totalMaximumPower"], told["numberOfRefillPoints"]) == (500_000, 1)
        methods = {one["value"] for one in told["authenticationAndIdentificationMethods"]}
        assert methods == {"rfid", "apps", "nfc", "creditCard", "debitCard", "pinpad", "plc"}
        assert told["serviceType"] == [{"serviceType": {"value": "unattended"}}]

    def test_without_evses_is_left_out(self) -> None:
        empty = equipment()
        empty = replace(empty, station=replace(empty.station, evses=()))
        assert "energyInfrastructureStation" not in site(scene(empty))


class TestRefillPoint:
    def test_has_its_evse_id_and_connectors(self) -> None:
        told = point(scene())
        (named,) = told["externalIdentifier"]
        assert (named["identifier"], named["typeOfIdentifier"]["extendedValueG"]) == ("DE*WAT*E0001*1", "evseId")
        ccs, other = told["connector"]
        assert ccs == {
            "connectorType": {"value": "iec62196T2COMBO"},
            "connectorFormat": {"value": "otherCable"},
            "maxPowerAtSocket": 300_000,
            "voltage": 1000,
            "maximumCurrent": 500,
        }
        assert (other["connectorType"], other["otherConnector"]) == ({"value": "other"}, "GBT_DC")
        assert (told["currentType"], told["numberOfConnectors"]) == ({"value": "dc"}, 2)
        assert told["availableChargingPower"] == [300_000, 500_000]
        assert told["vehicleToGridCommunicationType"] == [{"value": "iso15118"}]

    def test_of_alternating_current_has_a_socket_or_a_cable(self) -> None:
        plain_evse = Evse(evse_id=1, evse_uid="DE*WAT*E1")
        told = point(scene(equipment(plain_evse)))
        assert (told["currentType"], told["connector"][0]["connectorFormat"]) == (
            {"value": "ac"}, {"value": "socket"},
        )  # fmt: skip
        cabled = replace(plain_evse, connectors=(replace(FAST, power_type="AC_3_PHASE", max_power_w=22_000),))
        assert point(scene(equipment(cabled)))["connector"][0]["connectorFormat"] == {"value": "cableMode3"}

    def test_says_whether_the_energy_is_green_and_what_it_costs(self) -> None:
        (energy,) = point(scene())["electricEnergy"]
        assert (energy["isGreenEnergy"], energy["carbonDioxideImpact"]) == (True, 12.5)
        (rate,) = energy["energyRate"]
        assert rate["applicableCurrency"] == ["EUR"]
        assert rate["payment"]["paymentMeans"] == [
            {"value": "nfc"}, {"value": "paymentCreditCard"}, {"value": "paymentDebitCard"},
        ]  # fmt: skip
        assert [(one["priceType"]["value"], one["value"]) for one in rate["energyPrice"]] == [
            ("pricePerKWh", 0.5355), ("basePrice", 0.4165),
        ]  # fmt: skip

    def test_says_nothing_of_energy_that_nothing_is_known_of(self) -> None:
        assert "electricEnergy" not in point(scene(place=location(), tariffs={}))

    def test_says_where_it_is_and_who_gets_there(self) -> None:
        told = point(scene())
        where = told["locationReference"]["locPointLocation"]["pointByCoordinates"]["pointCoordinates"]
        assert where == {"latitude": 53.5431, "longitude": 9.9991}
        assert told["accessibility"] == [{"value": "disabilityAccessible"}]
        restricted = replace(EVSE, parking=(), parking_restrictions=("DISABLED",), latitude=None)
        told = point(scene(equipment(restricted)))
        assert told["accessibility"] == [{"value": "disabilityAccessible"}]
        assert "locationReference" not in told


class TestSecrets:
    def test_are_not_published(self) -> None:
        text = msgspec.json.encode(table_publication(scene(), PUBLISHER, NOW), enc_hook=str).decode()
        assert "DE-WAT-0001" not in text
        assert "b2:00" not in text

    def test_nor_are_places_and_stations_that_are_not_public(self) -> None:
        hidden = rich(publish=False)
        waiting = equipment(registration=RegistrationStatus.PENDING)
        foreign = replace(rich(), tenant="other", location_id="LOC-9")
        (place,) = public(TENANT, [hidden, foreign, rich(location_id="LOC-2")], [waiting])
        assert (place.location.location_id, place.equipment) == ("LOC-2", ())

    def test_places_and_stations_come_in_the_order_of_their_ids(self) -> None:
        there = [equipment(station_id=name) for name in ("S2", "S1")]
        places = public(TENANT, [rich(location_id="LOC-2"), rich()], there)
        assert [one.location.location_id for one in places] == ["LOC-1", "LOC-2"]
        assert [one.station.station_id for one in places[0].equipment] == ["S1", "S2"]
