"""Words and spellings of the access point."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.nap.outbound import words
from services.nap.outbound.words import address_lines, country, evse_id
from services.ocpi.wire.model import MODEL, V230
from tests.unit.nap.facts import SCHEMAS, needs_schemas

TABLES = {
    "ConnectorTypeEnum": words.CONNECTORS,
    "EnergyInfrastructureSiteTypeEnum": words.SITES,
    "AuthenticationAndIdentificationEnum": words.IDENTIFICATION,
    "MeansOfPaymentEnum": words.PAYMENT,
    "UserTypeEnum": words.USERS,
    "ServiceFacilityTypeEnum": words.FACILITIES,
    "VehicleTypeEnum": words.VEHICLES,
    "RefillPointStatusEnum": words.STATUSES,
}
OCPI = {
    "ConnectorType": words.CONNECTORS,
    "ParkingType": words.SITES,
    "Capability": {**words.IDENTIFICATION, **words.PAYMENT},
    "ConnectorCapability": dict.fromkeys(words.PLUG_AND_CHARGE, ""),
    "ParkingRestriction": words.USERS,
    "Facility": words.FACILITIES,
    "VehicleType": words.VEHICLES,
    "Status": words.STATUSES,
}


class TestTables:
    @needs_schemas
    @pytest.mark.parametrize("name", TABLES)
    def test_lead_to_words_of_the_profile(self, name: str) -> None:
        known = {
            word
            for path in SCHEMAS.glob("*/DATEXII_3_*.json")
            for word in json.loads(path.read_text())["definitions"].get(name, {}).get("enum", ())
        }
        assert set(TABLES[name].values()) <= known

    @pytest.mark.parametrize("name", OCPI)
    def test_lead_from_words_of_ocpi(self, name: str) -> None:
        assert OCPI[name].keys() <= MODEL.enums[V230, name].known


class TestEvseId:
    @pytest.mark.parametrize(
        ("received", "told"),
        [
            ("DE*WAT*E0001*1", "DE*WAT*E0001*1"),
            ("DEWATE00011", "DEWATE00011"),
            ("de-wat-e0001-1", "DE*WAT*E0001*1"),
            ("DE*WAT*P0001", None),
            ("+49*810*000*438", None),
            ("", None),
            ("CP001-1", None),
        ],
    )
    def test_is_as_iso_spells_it(self, received: str, told: str | None) -> None:
        assert evse_id(received) == told

    @given(st.text())
    def test_survives_whatever_is_registered(self, received: str) -> None:
        told = evse_id(received)
        assert told is None or told.isascii()


class TestAddress:
    @pytest.mark.parametrize(
        ("address", "parts"),
        [
            ("Hafenstraße 12", ["Hafenstraße", "12"]),
            ("Am Ring 12 a-14", ["Am Ring", "12 a-14"]),
            ("Straße des 17. Juni 135", ["Straße des 17. Juni", "135"]),
            ("An der A1", ["An der A1"]),
            ("12", ["12"]),
        ],
    )
    def test_has_its_number_where_it_can_be_told_apart(self, address: str, parts: list[str]) -> None:
        assert [one["text"]["values"][0]["value"] for one in address_lines(address, "de")] == parts

    def test_has_a_country_of_two_letters(self) -> None:
        assert (country("DEU", "XX"), country("FRA", "XX"), country("ZWE", "XX")) == ("DE", "FR", "XX")
