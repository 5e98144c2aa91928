import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from services.simulator import figures
from services.simulator.figures import Circumstances, Figure, demo_figures, kwh, table, to_json, unmeasured
from services.simulator.ledger import Verdict

WH = Decimal("2345678.9")
GOOD = Verdict(240, 240, 240, WH, WH, WH, 0, 0, 0, 480, 480, ())
SEEN = Circumstances(60, 240, 5000, 1, 3, 45.04, 3.21, 240, 0)


def off(verdict: Verdict, seen: Circumstances = SEEN) -> set[str]:
    return {figure.name for figure in demo_figures(verdict, seen) if not figure.ok}


class TestDemoFigures:
    def test_are_all_met_by_a_good_run(self) -> None:
        assert off(GOOD) == set()

    @pytest.mark.parametrize(
        ("changes", "names"),
        [
            ({"sessions_stored": 239}, {"sessions stored"}),
            ({"cdrs": 241}, {"charge detail records"}),
            ({"stored_wh": WH - Decimal("0.1")}, {"energy stored"}),
            ({"billed_wh": WH + Decimal("0.1")}, {"energy in records"}),
            ({"duplicates": 1}, {"duplicates"}),
            ({"lost": 1}, {"lost"}),
            ({"unfinished": 1}, {"unfinished"}),
            ({"wrong": ("x",)}, {"deviations"}),
            ({"signed_carried": 479}, {"signed records carried"}),
            ({"signed_sent": 479, "signed_carried": 479}, {"signed records sent"}),
        ],
    )
    def test_show_each_deviation(self, changes: dict[str, int], names: set[str]) -> None:
        assert off(replace(GOOD, **changes)) == names  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("seen", "names"),
        [
            (replace(SEEN, stations=49), {"stations"}),
            (replace(SEEN, planned=241), {"sessions sent"}),
            (replace(SEEN, kills=0), {"kills of the session processor"}),
            (replace(SEEN, queries=2), {"SQL queries answered"}),
            (replace(SEEN, verdicts_ok=239), {"verdicts ok"}),
            (replace(SEEN, verdicts_failed=1), {"verdicts failed"}),
        ],
    )
    def test_show_what_the_run_itself_lacked(self, seen: Circumstances, names: set[str]) -> None:
        assert off(GOOD, seen) == names

    def test_ask_for_fifty_stations_and_two_hundred_sessions_whatever_was_planned(self) -> None:
        small = Verdict(10, 10, 10, WH, WH, WH, 0, 0, 0, 20, 20, ())
        assert off(small, replace(SEEN, stations=2, planned=10, verdicts_ok=10)) == {"stations", "sessions sent"}


class TestUnmeasured:
    def test_has_the_same_figures_without_values_and_with_the_reason(self) -> None:
        empty = unmeasured("no Kafka")
        assert [figure.name for figure in empty] == [figure.name for figure in demo_figures(GOOD, SEEN)]
        assert all(figure.value is None and not figure.ok and figure.reason == "no Kafka" for figure in empty)


class TestToJson:
    def test_is_a_list_of_named_values_with_bars(self) -> None:
        records = json.loads(to_json(demo_figures(GOOD, SEEN)), parse_float=Decimal)
        by_name = {record["name"]: record for record in records}
        assert by_name["lost"] == {"name": "lost", "value": 0, "unit": "sessions", "bar": "= 0", "ok": True}
        assert by_name["energy sent"]["value"] == Decimal("2345.6789")
        assert by_name["energy sent"]["bar"] is None

    def test_says_why_there_is_no_value(self) -> None:
        [record, *_] = json.loads(to_json(unmeasured("no Kafka")))
        assert record["value"] is None
        assert record["reason"] == "no Kafka"


class TestKwh:
    @given(st.decimals(0, 10**12, places=4, allow_nan=False))
    def test_is_exact(self, energy_wh: Decimal) -> None:
        assert kwh(energy_wh) * 1000 == energy_wh

    @pytest.mark.parametrize(
        ("wh", "text"), [("1000.0000", "1"), ("0", "0"), ("2345678.9", "2345.6789"), ("5000000", "5000")]
    )
    def test_has_no_trailing_zeros(self, wh: str, text: str) -> None:
        assert f"{kwh(Decimal(wh)):f}" == text


class TestTable:
    def test_shows_each_figure_and_marks_the_ones_that_are_off(self) -> None:
        console = Console(record=True, width=120, file=open("/dev/null", "w"))  # noqa: SIM115
        console.print(table([*demo_figures(replace(GOOD, lost=1), SEEN), *unmeasured("no")[:1]]))
        text = console.export_text()
        lines = {line.split("│")[1].strip(): line for line in text.splitlines() if line.count("│") > 4}
        assert "OFF" in lines["lost"]
        assert "ok" in lines["duplicates"]
        assert "2,345.6789" in lines["energy sent"]
        assert "not measured" in lines["stations"]

    def test_knows_figures_that_are_only_told(self) -> None:
        assert figures.told("x", 1, "s") == Figure("x", 1, "s", None, True)
