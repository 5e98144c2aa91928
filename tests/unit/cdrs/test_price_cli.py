import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from services.cdrs.price_cli import price

EXTREME = (
    st.none()
    | st.integers()
    | st.sampled_from(
        ["NaN", "Infinity", "1e-24", "1e14", "-0", "999999999999999.9999", "0.0001", 10**400, True, []]
    )
    | st.decimals(allow_nan=False, allow_infinity=False).map(str)
)
KWH = {
    "id": "KWH",
    "currency": "EUR",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 0.25, "vat": 10, "step_size": 100}]}],
}
HOUR = {
    "id": "HOUR",
    "currency": "EUR",
    "min_price": {"excl_vat": 3, "incl_vat": 4},
    "elements": [{"price_components": [{"type": "TIME", "price": 2, "step_size": 1}]}],
}


def line(name: Any = "L1", **changes: Any) -> dict[str, Any]:
    record = {
        "country_code": "DE",
        "party_id": "WAT",
        "currency": "EUR",
        "start_date_time": "2026-03-02T09:00:00Z",
        "end_date_time": "2026-03-02T10:00:00Z",
        "charging_periods": [
            {
                "start_date_time": "2026-03-02T09:00:00Z",
                "dimensions": [{"type": "ENERGY", "volume": 20.45}, {"type": "TIME", "volume": 1}],
            }
        ],
    }
    plain = {"id": name, "version": "221", "tz": "Europe/Berlin", "cdr": record, "tariff": KWH}
    return {field: value for field, value in (plain | changes).items() if value is not None}


def told(*lines: Any, options: tuple[str, ...] = ()) -> tuple[int, str, str]:
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
    result = CliRunner().invoke(price, [*options, "-"], input=text)
    return result.exit_code, result.stdout, result.stderr


def answers(*lines: Any, options: tuple[str, ...] = ()) -> list[Any]:
    _, out, _ = told(*lines, options=("--json", *options))
    return [json.loads(answer) for answer in out.splitlines()]


class TestJson:
    def test_tells_the_totals_of_each_line(self) -> None:
        assert answers(line()) == [
            {
                "id": "L1",
                "billed_charging_time_s": 3600,
                "billed_energy": "20.5",
                "billed_idle_time_s": None,
                "total_cost": {"excl_vat": "5.125", "incl_vat": "5.6375"},
                "total_energy": "20.45",
                "total_energy_cost": {"excl_vat": "5.125", "incl_vat": "5.6375"},
                "total_fixed_cost": None,
                "total_parking_cost": None,
                "total_parking_time_s": None,
                "total_time_cost": None,
                "total_time_s": 3600,
                "warnings": 0,
            }
        ]

    def test_goes_on_after_a_bad_line(self) -> None:
        status, out, _ = told("no json", "[]", line(7, tz="Mars"), line("good"), options=("--json",))
        found = [json.loads(answer) for answer in out.splitlines()]
        assert status == 1
        assert [answer["id"] for answer in found] == ["line 1", "line 2", 7, "good"]
        assert ["not JSON" in found[0]["error"], "not an object" in found[1]["error"]] == [True, True]
        assert "time zone" in found[2]["error"]
        assert "error" not in found[3]

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"version": None}, "version None is none of"),
            ({"version": "3.0"}, "version '3.0'"),
            ({"tz": None}, "tz is not the name"),
            ({"tz": "../../etc/passwd"}, "is not the name"),
            ({"tz": "Europe"}, "is not the name"),
            ({"cdr": None}, r"$ is not an object"),
            ({"tariff": None}, "no tariff is valid"),
            ({"tariff": {"id": "x", "currency": "EUR", "elements": []}}, "tariff 1.elements is empty"),
        ],
    )
    def test_says_what_is_wrong(self, changes: dict[str, Any], says: str) -> None:
        plain = line() | changes
        (answer,) = answers({field: value for field, value in plain.items() if value is not None})
        assert says in answer["error"]

    def test_says_that_amounts_are_beyond_all_measure(self) -> None:
        record = line()["cdr"]
        record["charging_periods"][0]["dimensions"][0]["volume"] = 9 * 10**14
        free = KWH | {"elements": [{"price_components": [{"type": "ENERGY", "price": 0, "step_size": 0}]}]}
        twice = record | {"charging_periods": record["charging_periods"] * 2}
        assert "error" not in answers(line(cdr=record, tariff=free))[0]
        assert "beyond" in answers(line(cdr=twice, tariff=free))[0]["error"]

    @given(st.lists(EXTREME, min_size=6, max_size=6), st.sampled_from(["ENERGY", "TIME", "PARKING_TIME", "FLAT"]))
    def test_has_totals_or_an_error_for_any_numbers(self, numbers: list[Any], kind: str) -> None:
        volume, price, vat, step_size, least, most = numbers
        record = line()["cdr"]
        record["charging_periods"][0]["dimensions"].append({"type": kind, "volume": volume})
        component = {"type": kind, "price": price, "vat": vat, "step_size": step_size}
        limits = {"min_price": {"excl_vat": least}, "max_price": {"excl_vat": most, "incl_vat": most}}
        tariff = KWH | {"elements": [{"price_components": [component]}]} | limits
        for rule in ("pair", "each"):
            (answer,) = answers(line(cdr=record, tariff=tariff), options=("--limits", rule))
            assert "error" in answer or "total_cost" in answer

    def test_says_that_a_line_is_too_long(self) -> None:
        (answer,) = answers(" " * 16_000_000 + "{}")
        assert "longer than" in answer["error"]

    def test_uses_the_tariffs_of_the_record_where_the_line_has_none(self) -> None:
        carried = line(tariff=None)
        carried["cdr"] |= {"tariffs": [HOUR]}
        (answer,) = answers(carried)
        assert answer["total_time_cost"] == {"excl_vat": "2", "incl_vat": "2"}

    def test_takes_several_tariffs_and_versions_with_points(self) -> None:
        (answer,) = answers(line(tariff=[HOUR, KWH], version="2.2.1"))
        assert answer["total_time_cost"] == {"excl_vat": "2", "incl_vat": "2"}

    def test_takes_limits_by_either_rule(self) -> None:
        free = line(tariff=HOUR | {"min_price": {"excl_vat": 1, "incl_vat": 4}})
        assert answers(free)[0]["total_cost"] == {"excl_vat": "2", "incl_vat": "2"}
        assert answers(free, options=("--limits", "each"))[0]["total_cost"] == {"excl_vat": "2", "incl_vat": "4"}

    def test_counts_limits_as_warnings(self) -> None:
        (answer,) = answers(line(tariff=HOUR))
        assert answer["total_cost"] == {"excl_vat": "3", "incl_vat": "4"}
        assert answer["warnings"] == 1

    def test_reads_files(self, tmp_path: Path) -> None:
        path = tmp_path / "lines.jsonl"
        path.write_text(json.dumps(line()) + "\n\n" + json.dumps(line("L2")))
        result = CliRunner().invoke(price, ["--json", str(path)])
        assert [json.loads(answer)["id"] for answer in result.stdout.splitlines()] == ["L1", "L2"]

    def test_says_that_a_file_is_not_there(self, tmp_path: Path) -> None:
        result = CliRunner().invoke(price, [str(tmp_path / "none")])
        assert result.exit_code == 2
        assert "cannot be read" in result.stderr


class TestTable:
    def test_shows_lines_totals_and_warnings(self) -> None:
        status, out, _ = told(line(tariff=KWH | {"colour": "red"}))
        assert status == 0
        for part in ("03-02 10:00:00 ENERGY", "20.450 kWh", "0.050", "10%", "5.1250", "5.6375", "total EUR"):
            assert part in out
        assert "tariff 1.colour: is not in the specification" in out
        assert "clock" not in out

    def test_marks_what_hangs_on_an_unproven_clock(self) -> None:
        _, out, _ = told(line(tariff=HOUR))
        assert "TIME*" in out
        assert "min_price" in out
        assert "* hangs on a clock" in out

    def test_shows_what_costs_nothing_and_what_taxes_are_not_known(self) -> None:
        old = line(version="211", tariff=HOUR)
        old["cdr"] |= {"stop_date_time": "2026-03-02T10:00:00Z"}
        old["cdr"]["charging_periods"][0]["dimensions"].pop(0)
        _, out, _ = told(old)
        assert re.search(r"total EUR +2.0000 +- ", out)
        _, out, _ = told(line(tariff=KWH | {"elements": [{"price_components": []}]}))
        assert re.search(r"total EUR +- +- ", out)

    def test_tells_errors_apart(self) -> None:
        status, out, err = told("x", line())
        assert status == 1
        assert "line 1: it is not JSON" in err
        assert "total EUR" in out
