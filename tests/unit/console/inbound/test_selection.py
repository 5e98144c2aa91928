"""Which stations are meant."""

from typing import Any

import pytest

from services.console.inbound.selection import Selection
from tests.unit.console.facts import boot, station


class TestSelection:
    @pytest.mark.parametrize(
        ("wanted", "meant"),
        [
            ({}, True),
            ({"vendor": "ACME"}, True),
            ({"vendor": "ACME", "model": "Fast", "firmware": "1.4", "location": "L1"}, True),
            ({"vendor": "acme"}, False),
            ({"vendor": "ACME", "firmware": "1.5"}, False),
            ({"location": "L2"}, False),
        ],
    )
    def test_takes_what_fits_in_all_that_is_named(self, wanted: dict[str, Any], meant: bool) -> None:
        assert Selection(**wanted).takes(station(location_id="L1"), boot()) is meant

    def test_goes_by_the_registry_for_stations_that_never_booted(self) -> None:
        entry = station(vendor="ACME", model="Fast")
        assert Selection(vendor="ACME", model="Fast").takes(entry, None)
        assert not Selection(firmware="1.4").takes(entry, None)

    def test_is_of_enabled_stations_of_one_tenant(self) -> None:
        entries = [station("B"), station("A"), station("C", enabled=False), station("D", tenant="other")]
        stations = [(entry.key, entry) for entry in entries]
        assert Selection().of("wattlog", stations, lambda key: None) == ["A", "B"]
