"""What stands at a location: how each EVSE is, and the connectors it has."""

from dataclasses import replace

import pytest

from services.domain.equipment import Equipment, capabilities, changed_at, connectors, power_w, status
from services.domain.events.common import Connector, Evse
from tests.unit.ocpi.facts import START, connection, connector_status, location, station, station_status

STATION = replace(station(), updated_at=START)
EVSE = STATION.evses[0]
DC = Connector(
    connector_id=2,
    connector_standard="IEC_62196_T2_COMBO",
    connector_format="CABLE",
    power_type="DC",
    max_voltage_v=1000,
    max_amperage_a=500,
)


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
        (only,) = connectors(own)
        assert (only.max_voltage_v, only.max_amperage_a) == (volts, amperes)
        assert (only.connector_id, only.max_power_w, power_w(only)) == (1, watts, watts)

    def test_are_those_that_are_registered(self) -> None:
        assert connectors(replace(EVSE, connectors=(DC,))) == (DC,)

    def test_give_what_voltage_and_current_do_unless_it_is_said(self) -> None:
        assert power_w(DC) == 500_000
        assert power_w(replace(DC, max_power_w=300_000)) == 300_000
        assert power_w(replace(DC, power_type="AC_3_PHASE", max_voltage_v=230, max_amperage_a=32)) == 22_080


class TestConnectorFormat:
    @pytest.mark.parametrize(
        ("standard", "power_type", "told"),
        [
            ("IEC_62196_T2", "AC_3_PHASE", "SOCKET"),
            ("DOMESTIC_F", "AC_1_PHASE", "SOCKET"),
            ("IEC_62196_T1", "AC_1_PHASE", "CABLE"),
            ("IEC_62196_T2_COMBO", "DC", "CABLE"),
            ("CHADEMO", "DC", "CABLE"),
        ],
    )
    def test_follows_from_the_standard(self, standard: str, power_type: str, told: str) -> None:
        evse = Evse(evse_id=1, evse_uid="x", connector_standard=standard, power_type=power_type)
        assert connectors(evse)[0].connector_format == told


class TestCapabilities:
    def test_are_those_of_all_stations_and_what_the_registry_says(self) -> None:
        told = capabilities(
            Equipment(STATION), replace(EVSE, capabilities=("CONTACTLESS_CARD_SUPPORT", "RFID_READER"))
        )
        assert told == ["CONTACTLESS_CARD_SUPPORT", "REMOTE_START_STOP_CAPABLE", "RFID_READER", "UNLOCK_CAPABLE"]

    def test_of_stations_that_plan_are_more(self) -> None:
        modern = Equipment(STATION, None, connection(protocol="ocpp2.0.1"))
        assert {"RESERVABLE", "CHARGING_PROFILE_CAPABLE"} <= set(capabilities(modern, EVSE))


class TestChange:
    def test_of_a_place_is_that_of_whatever_changed_last(self) -> None:
        assert changed_at(location(), []) == START
        away = Equipment(STATION, station_status(), connection(connected=False, since=START + 90_000))
        assert changed_at(location(), [Equipment(STATION), away]) == START + 90_000
