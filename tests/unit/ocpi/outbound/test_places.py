"""Places are told as far as they are known."""

from dataclasses import replace

import pytest

from services.domain.events.common import Evse
from services.ocpi.outbound.places import cdr_location, connector_id, evse_of, evse_uid
from tests.unit.ocpi.facts import LOCATION, detail, station


class TestEvseOf:
    def test_finds_the_evse_by_its_number(self) -> None:
        two = Evse(evse_id=2, evse_uid="DE*WAT*E0001*2")
        assert evse_of(station(evses=(*station().evses, two)), 2) == two

    def test_finds_none_in_a_station_that_is_not_registered(self) -> None:
        assert evse_of(None, 1) is None

    def test_finds_none_for_a_number_that_was_not_said(self) -> None:
        assert evse_of(station(), None) is None


class TestEvseUid:
    def test_is_made_up_for_an_evse_that_is_not_registered(self) -> None:
        assert evse_uid(None, "CP001", 2, []) == "CP001-2"

    def test_is_the_whole_station_when_it_did_not_say_which(self) -> None:
        assert evse_uid(None, "CP001", None, []) == "CP001-0"


class TestConnectorId:
    @pytest.mark.parametrize(
        ("protocol", "number", "told"),
        [("ocpp1.6", 2, "1"), ("ocpp1.6", None, "1"), ("ocpp2.0.1", 2, "2"), ("ocpp2.0.1", None, "1")],
    )
    def test_counts_within_the_evse(self, protocol: str, number: int | None, told: str) -> None:
        assert connector_id(protocol, number) == told


class TestCdrLocation:
    def test_is_complete(self) -> None:
        warnings: list[str] = []
        told = cdr_location(detail(), station(), warnings)
        assert (told.id, told.address, told.country, told.evse_id) == (
            "LOC-1",
            "Hafenstraße 12",
            "DEU",
            "DE*WAT*E0001*1",
        )
        assert (told.coordinates.latitude, told.coordinates.longitude) == ("53.54300", "9.999000")
        assert warnings == []

    def test_says_na_for_a_station_without_location(self) -> None:
        warnings: list[str] = []
        told = cdr_location(detail(location=None), station(), warnings)
        assert (told.id, told.address, told.city, told.country, told.name) == ("#NA", "#NA", "#NA", "#NA", None)
        assert "cdr_location: the station had no location" in warnings

    def test_assumes_a_connector_when_the_evse_is_not_registered(self) -> None:
        warnings: list[str] = []
        told = cdr_location(detail(evse_uid=None, evse_id=None), None, warnings)
        assert (told.evse_uid, told.evse_id, told.connector_standard) == ("DE-WAT-0001-0", "#NA", "IEC_62196_T2")
        assert "cdr_location: EVSE not in the registry, its connector is assumed" in warnings

    def test_leaves_out_what_is_optional_and_empty(self) -> None:
        bare = replace(LOCATION, name="", postal_code="")
        told = cdr_location(detail(location=bare), station(), [])
        assert (told.name, told.postal_code) == (None, None)
