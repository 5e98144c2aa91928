"""What partners get is what it was, and others' contracts accept it."""

import json
from pathlib import Path

import pytest

from services.domain.equipment import Equipment
from services.ocpi.outbound import configuration, locations
from services.ocpi.outbound.configuration import Own
from services.ocpi.outbound.tariffs import tariff
from services.ocpi.outbound.told import told
from services.ocpi.wire import v230
from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.parties import Party
from tests.golden.ocpi.contracts import EXAMPLES, fyi_complaints, kit_complaints, needs_specs, types_of
from tests.golden.ocpi.golden import CASES, as_text, canonical, out
from tests.unit.ocpi import facts

OWN = Own("https://roaming.example.com", Party("DE", "WAT"), "Wattlog")
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def kind_of(case: Path) -> str:
    return case.name.split("_")[0]


class TestGoldenObjects:
    @each_case
    def test_are_told_as_before(self, case: Path) -> None:
        assert as_text(out(case)) == (case / "out.json").read_text()

    @needs_specs
    @each_case
    def test_are_valid_in_221(self, case: Path) -> None:
        told = json.loads(as_text(out(case)["object"]))
        assert kit_complaints(told, "2.2.1", kind_of(case)) == []

    @needs_specs
    @pytest.mark.parametrize("version", ["2.3.0", "2.2.1", "2.1.1"])
    def test_of_locations_and_tariffs_are_valid_in_every_version(self, version: str) -> None:
        equipment = [Equipment(facts.station(), facts.station_status(), facts.connection())]
        place = locations.location(facts.location(), equipment, "Wattlog", [])
        free = tariff(facts.TERMS, Party("DE", "WAT"), facts.START)
        for new, name in ((place, "Location"), (free, "Tariff")):
            told_of = json.loads(as_text(told(new, name, version, [])))
            assert kit_complaints(told_of, version, name.lower()) == []

    @needs_specs
    @each_case
    def test_are_valid_in_211_with_the_location(self, case: Path) -> None:
        equipment = [Equipment(facts.station(), facts.station_status(), facts.connection())]
        scene = Scene(location=locations.location(facts.location(), equipment, "Wattlog", []))
        new = canonical(case, [])
        name = "CDR" if isinstance(new, v230.Cdr) else "Session"
        told_of = json.loads(as_text(told(new, name, "2.1.1", [], scene)))
        assert kit_complaints(told_of, "2.1.1", kind_of(case)) == []

    @needs_specs
    @each_case
    def test_are_valid_in_another_view_of_221(self, case: Path) -> None:
        told = json.loads(as_text(out(case)["object"]))
        file, schema = {"cdr": ("cdrs.yaml", "CDR"), "session": ("sessions.yaml", "Session")}[kind_of(case)]
        assert fyi_complaints(told, file, schema) == []

    @needs_specs
    @each_case
    def test_are_valid_in_230_before_they_are_converted(self, case: Path) -> None:
        told = json.loads(as_text(canonical(case, [])))
        assert kit_complaints(told, "2.3.0", kind_of(case)) == []


@needs_specs
class TestOfficialExamples:
    @pytest.mark.parametrize(
        ("example", "case"),
        [
            ("cdr_example.json", "cdr_ocmf_text_16"),
            ("cdr_example.json", "cdr_time_tariff_dc"),
            ("session_example_1_simple_start.json", "session_running_16"),
            ("session_example_2_short_finished.json", "session_completed_201"),
        ],
    )
    def test_have_the_same_types_where_we_say_the_same(self, example: str, case: str) -> None:
        theirs = types_of(json.loads((EXAMPLES / example).read_text()))
        ours = types_of(json.loads((CASES[0].parent / case / "out.json").read_text())["object"])
        shared = theirs.keys() & ours.keys()
        assert {path: ours[path] for path in shared} == {path: theirs[path] for path in shared}
        assert len(shared) >= 18

    def test_show_credentials_like_ours(self) -> None:
        theirs = types_of(json.loads((EXAMPLES / "credentials_example.json").read_text()))
        ours = types_of(
            configuration.credentials(Own("https://x", Party("NL", "EXA"), "Example Operator"), "2.2.1", "token")
        )
        assert ours == theirs

    def test_show_version_details_like_ours(self) -> None:
        theirs = types_of(json.loads((EXAMPLES / "version_details_example.json").read_text()))
        assert types_of(configuration.version_details(OWN, "2.2.1")) == theirs


@needs_specs
class TestConfiguration:
    @pytest.mark.parametrize("version", configuration.VERSIONS)
    def test_is_valid(self, version: str) -> None:
        details = configuration.version_details(OWN, version)
        told = configuration.credentials(OWN, version, "token")
        assert kit_complaints(details, version, "version-details") == []
        assert kit_complaints(told, version, "credentials") == []


@needs_specs
class TestContracts:
    def test_complain_about_what_is_wrong(self) -> None:
        told = json.loads((CASES[0] / "out.json").read_text())["object"]
        broken = told | {"total_energy": "10.987", "id": "x" * 40}
        del broken["currency"]
        assert len(kit_complaints(broken, "2.2.1", "cdr")) == 3
        assert len(fyi_complaints(broken, "cdrs.yaml", "CDR")) == 3
