"""Locations say what stands there, what it can do, and how it is."""

from dataclasses import replace

import pytest

from services.domain.equipment import Equipment, changed_at, connectors
from services.domain.units import rfc3339
from services.ocpi.outbound.locations import connector, evse, location
from services.ocpi.outbound.told import told
from tests.unit.ocpi.facts import START, connection, station, station_status
from tests.unit.ocpi.facts import location as place

STATION = replace(station(), updated_at=START)
EVSE = STATION.evses[0]
WORKING = Equipment(STATION, station_status(), connection())


class TestConnector:
    def test_names_the_tariff_of_its_station(self) -> None:
        own = connectors(EVSE)[0]
        assert connector(replace(STATION, tariff_id="T1"), own)["tariff_ids"] == ["T1"]
        assert "tariff_ids" not in connector(replace(STATION, tariff_id=None), own)

    def test_names_its_own_tariffs_before_those(self) -> None:
        own = replace(connectors(EVSE)[0], tariff_ids=("T2", "T3"))
        assert connector(replace(STATION, tariff_id="T1"), own)["tariff_ids"] == ["T2", "T3"]


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
