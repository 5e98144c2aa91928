"""What the law asks for and nobody has said."""

from dataclasses import replace

from services.domain.events.common import Evse
from services.nap.outbound.gaps import gaps
from tests.unit.nap.facts import EVSE, equipment, scene
from tests.unit.ocpi.facts import TENANT, location


class TestGaps:
    def test_are_none_where_everything_is_said(self) -> None:
        assert gaps(scene()) == []

    def test_of_a_place_are_what_is_not_said(self) -> None:
        found = gaps(scene(place=location()))
        assert [one.split()[1] for one in found] == [
            "opening_times",
            "no",
            "help_phone",
            "energy_mix",
            "parking_places",
        ]
        assert all(one.startswith("LOC-1: ") for one in found)

    def test_of_an_evse_are_its_id_its_price_and_its_connector(self) -> None:
        nameless = scene(equipment(Evse(evse_id=3, evse_uid="", connector_standard="NEMA_5_20")), tariffs={})
        assert gaps(nameless) == [
            "LOC-1: DE-WAT-0001 EVSE 3: its id is no EVSE-ID of ISO 15118-2 and is left out",
            "LOC-1: DE-WAT-0001 EVSE 3: there is no price for those without a contract",
            "LOC-1: DE-WAT-0001 EVSE 3: NEMA_5_20 is published as another connector",
        ]
        named = scene(equipment(replace(EVSE, evse_uid="CP1")))
        assert gaps(named)[0].startswith("LOC-1: CP1: its id is no EVSE-ID")

    def test_of_an_empty_place_is_that_nothing_stands_there(self) -> None:
        empty = scene()
        empty = replace(empty, places=(replace(empty.places[0], equipment=()),))
        assert gaps(empty) == ["LOC-1: no station stands there"]
        assert gaps(replace(empty, places=(), tenant=TENANT)) == []
