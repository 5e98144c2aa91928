"""Locations say what stands there, what it can do, and how it is."""

from dataclasses import replace

import pytest

from services.domain.events.common import Evse
from services.domain.units import rfc3339
from services.ocpi.outbound.locations import Equipment, changed_at, connector, evse, location, status
from services.ocpi.outbound.told import told
from tests.unit.ocpi.facts import START, connection, connector_status, station, station_status
from tests.unit.ocpi.facts import location as place

STATION = replace(station(), updated_at=START)
EVSE = STATION.evses[0]
WORKING = Equipment(STATION, station_status(), connection())


def said(*statuses: tuple[int, str]) -> Equipment:
    connectors = [
        replace(connector_status(evse_id, word), connector_id=n) for n, (evse_id, word) in enumerate(statuses)
    ]
    return Equipment(STATION, station_status(*connectors), connection())


class TestStatus:
    @pytest.mark.parametrize(
        ("word", "wanted"),
        [
            ("Available", "AVAILABLE"),
            ("Occupied", "CHARGING"),
            ("Reserved", "RESERVED"),
            ("Unavailable", "INOPERATIVE"),
            ("Faulted", "OUTOFORDER"),
            ("Dancing", "UNKNOWN"),
        ],
    )
    def test_is_what_the_station_said(self, word: str, wanted: str) -> None:
        assert status(said((1, word)), EVSE) == wanted

    def test_of_several_connectors_is_in_use_when_one_is(self) -> None:
        assert status(said((1, "Available"), (1, "Occupied"), (1, "Faulted")), EVSE) == "CHARGING"
        assert status(said((1, "Faulted"), (1, "Available")), EVSE) == "AVAILABLE"

    def test_is_not_that_of_another_evse(self) -> None:
        assert status(said((2, "Occupied")), EVSE) == "UNKNOWN"

    def test_follows_the_station_when_all_of_it_is_out_of_use(self) -> None:
        assert status(said((0, "Faulted"), (1, "Available")), EVSE) == "OUTOFORDER"
        assert status(said((0, "Available"), (1, "Occupied")), EVSE) == "CHARGING"

    def test_is_not_known_of_a_station_that_is_away_or_never_said(self) -> None:
        assert status(Equipment(STATION, station_status(), connection(connected=False)), EVSE) == "UNKNOWN"
        assert status(Equipment(STATION, station_status(), None), EVSE) == "UNKNOWN"
        assert status(Equipment(STATION, None, connection()), EVSE) == "UNKNOWN"

    def test_of_a_disabled_station_is_inoperative(self) -> None:
        assert (
            status(Equipment(replace(STATION, enabled=False), station_status(), connection()), EVSE)
            == "INOPERATIVE"
        )


class TestConnector:
    @pytest.mark.parametrize(
        ("power_type", "watts", "volts", "amperes"),
        [("AC_3_PHASE", 11_000, 230, 16), ("AC_3_PHASE", 22_000, 230, 32), ("AC_1_PHASE", 3_680, 230, 16),
         ("AC_2_PHASE", 7_400, 230, 16), ("DC", 150_000, 400, 375)],
    )  # fmt: skip
    def test_has_the_current_that_its_power_means(
        self, power_type: str, watts: int, volts: int, amperes: int
    ) -> None:
        own = Evse(evse_id=1, evse_uid="E1", power_type=power_type, max_power_w=watts)
        told_of = connector(STATION, own)
        assert (told_of["max_voltage"], told_of["max_amperage"]) == (volts, amperes)
        assert told_of["max_electric_power"] == watts

    def test_names_the_tariff_of_its_station(self) -> None:
        assert connector(replace(STATION, tariff_id="T1"), EVSE)["tariff_ids"] == ["T1"]
        assert "tariff_ids" not in connector(replace(STATION, tariff_id=None), EVSE)


class TestLocation:
    @pytest.mark.parametrize("version", ["2.3.0", "2.2.1", "2.1.1"])
    def test_is_told_without_a_loss(self, version: str) -> None:
        warnings: list[str] = []
        new = location(place(), [WORKING], "Wattlog", warnings)
        old = told(new, "Location", version, warnings)
        assert old is not None
        assert [evse["uid"] for evse in old["evses"]] == [own.evse_uid for own in STATION.evses]
        lost = ["evses.connectors.max_electric_power: not representable; left out (not in 2.1.1)"]
        assert warnings == (lost if version == "2.1.1" else [])

    def test_changes_when_anything_in_it_does(self) -> None:
        assert changed_at(place(), []) == START
        assert changed_at(place(), [WORKING]) == START + 60_000
        away = Equipment(STATION, station_status(), connection(connected=False, since=START + 90_000))
        assert changed_at(place(), [WORKING, away]) == START + 90_000
        told_of = location(place(), [WORKING, away], "Wattlog", [])
        assert told_of["last_updated"] == rfc3339(START + 90_000)
        assert max(one["last_updated"] for one in told_of["evses"]) == told_of["last_updated"]

    def test_leaves_out_what_is_not_known(self) -> None:
        warnings: list[str] = []
        bare = location(place(name="", postal_code="", city=""), [], "Wattlog", warnings)
        assert not {"name", "postal_code", "evses"} & bare.keys()
        assert bare["city"] == "#NA"
        assert warnings == ["city: not known"]

    def test_has_an_evse_id_only_when_there_is_one(self) -> None:
        nameless = replace(EVSE, evse_uid="")
        told_of = evse(WORKING, nameless, [])
        assert told_of["uid"] == f"{STATION.station_id}-{EVSE.evse_id}"
        assert "evse_id" not in told_of
