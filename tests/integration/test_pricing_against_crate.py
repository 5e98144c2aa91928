"""The pricing engine against the crate ocpi-tariffs: equal, but for the classes that docs/pricing.md argues."""

import json
import subprocess
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.cdrs.price_cli import priced
from services.domain.tariff.comparison import totals
from services.domain.tariff.engine import Priced
from services.domain.tariff.limits import LimitRule
from services.domain.tariff.lines import LineKind
from services.domain.tariff.reading import parse_json
from tests.integration.clients_build import OCPI_TARIFFS
from tests.integration.pricing_cases import Json, lines

pytestmark = pytest.mark.integration

CASES = 4000
WITHIN_S = 300
LAST_DIGIT = Decimal("0.0001")
BLOCKS_OF_TIME = {
    LineKind.TIME: ("TIME", {"billed_charging_time_s", "total_time_cost", "total_cost", "warnings"}),
    LineKind.PARKING_TIME: (
        "PARKING_TIME",
        {"billed_idle_time_s", "total_parking_cost", "total_cost", "warnings"},
    ),
}


@pytest.fixture(scope="module")
def crate(cache_dir: Path) -> Path:
    """The program that prices with the crate; skipped where it cannot be had."""
    return OCPI_TARIFFS.made(cache_dir) / "price"


def by_crate(program: Path, asked: Iterable[Json]) -> list[Json]:
    text = "".join(json.dumps(line) + "\n" for line in asked)
    done = subprocess.run([program], input=text, capture_output=True, text=True, timeout=WITHIN_S, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def by_engine(line: Json) -> tuple[Json, Priced]:
    exact = parse_json(json.dumps(line))
    assert isinstance(exact, dict)
    answer = priced(exact, LimitRule.PAIR)
    return {"id": line["id"]} | totals(answer.session, answer.priced, len(answer.of_record)), answer.priced


def differing(one: Json, other: Json) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def restrictions(line: Json) -> list[Json]:
    return [element.get("restrictions", {}) for element in line["tariff"]["elements"]]


def explained(line: Json, ours: Json, theirs: Json, cost: Priced) -> str | None:
    """The class of docs/pricing.md that a difference belongs to, or None."""
    if any("reservation" in limits for limits in restrictions(line)):
        return "reservation"
    for limits in restrictions(line):
        if limits.get("end_time") == "00:00" and limits.get("start_time", "00:00") == "00:00":
            return "end of the day"
    fields = differing(ours, theirs)
    if all(one_unit_apart(ours.get(name), theirs.get(name)) for name in fields):
        return "last digits of time"
    freed = set[str]()
    for kind, (dimension, touched) in BLOCKS_OF_TIME.items():
        told = sum(
            one["type"] == dimension for period in line["cdr"]["charging_periods"] for one in period["dimensions"]
        )
        paid = [found for found in cost.lines if found.kind is kind]
        if paid and len(paid) < told:
            freed |= touched
    return "free time in blocks" if fields <= freed else None


def one_unit_apart(ours: Any, theirs: Any) -> bool:
    """Whether two amounts of money are a ten-thousandth apart at most."""
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return False
    pairs = [(ours[name], theirs[name]) for name in ours]
    return all(
        one == other or (None not in (one, other) and abs(Decimal(one) - Decimal(other)) <= LAST_DIGIT)
        for one, other in pairs
    )


class TestAgainstTheCrate:
    def test_random_sessions_differ_only_where_the_text_is_on_our_side(self, crate: Path) -> None:
        asked = list(lines("crate", CASES))
        seen: dict[str | None, list[Any]] = {}
        for line, theirs in zip(asked, by_crate(crate, asked), strict=True):
            ours, cost = by_engine(line)
            if ours != theirs:
                seen.setdefault(explained(line, ours, theirs, cost), []).append((line, ours, theirs))
        assert not seen.get(None), json.dumps(seen[None][0])
        different = sum(map(len, seen.values()))
        assert different < CASES * 0.5, {name: len(found) for name, found in seen.items()}
        assert {"reservation", "free time in blocks", "end of the day"} <= seen.keys()


def case(*elements: Json, periods: list[tuple[str, Json]], end: str) -> Json:
    told = [
        {
            "start_date_time": f"2026-03-02T{at}:00Z",
            "dimensions": [{"type": kind, "volume": volume} for kind, volume in used.items()],
        }
        for at, used in periods
    ]
    party = {"country_code": "DE", "party_id": "WAT", "currency": "EUR"}
    totals_of_nothing = {"total_cost": {"excl_vat": 0}, "total_energy": 0, "total_time": 0}
    times = {"start_date_time": told[0]["start_date_time"], "end_date_time": f"2026-03-02T{end}:00Z"}
    return {
        "id": "example",
        "version": "221",
        "tz": "UTC",
        "cdr": party | times | totals_of_nothing | {"charging_periods": told},
        "tariff": party | {"id": "T", "elements": list(elements)},
    }


def component(kind: str, price: float, step_size: int = 1) -> Json:
    return {"type": kind, "price": price, "step_size": step_size}


FREE_PARKING = case(
    {"price_components": [component("TIME", 2.4, 900)]},
    {"price_components": [component("PARKING_TIME", 1, 900)], "restrictions": {"end_time": "20:00"}},
    periods=[("19:40", {"TIME": 0.2}), ("19:52", {"PARKING_TIME": 0.133333333}), ("20:00", {"PARKING_TIME": 0.2})],
    end="20:12",
)
RESERVED = case(
    {"price_components": [component("TIME", 5)], "restrictions": {"reservation": "RESERVATION"}},
    {"price_components": [component("ENERGY", 0.25)]},
    periods=[("09:00", {"TIME": 1, "ENERGY": 20})],
    end="10:00",
)
END_OF_DAY = case(
    {"price_components": [component("ENERGY", 0.25)], "restrictions": {"end_time": "00:00"}},
    periods=[("09:00", {"TIME": 1, "ENERGY": 20})],
    end="10:00",
)
LAST_DIGITS = case(
    {"price_components": [component("TIME", 18.18, 0)]},
    periods=[("09:00", {"TIME": 0.00027777777778})],
    end="09:01",
)


class TestTheClassesOfDifferences:
    """The examples of docs/pricing.md."""

    @pytest.mark.parametrize(
        ("line", "here", "there"),
        [
            (FREE_PARKING, "0.73", "0.78"),
            (RESERVED, "5", "10"),
            (END_OF_DAY, "5", None),
            (LAST_DIGITS, "0.005", "0.0051"),
        ],
        ids=["free time in blocks", "reservation", "end of the day", "last digits of time"],
    )
    def test_are_as_they_are_written(self, crate: Path, line: Json, here: str, there: str | None) -> None:
        ours, _ = by_engine(line)
        (theirs,) = by_crate(crate, [line])
        assert ours["total_cost"]["excl_vat"] == here
        assert (theirs["total_cost"] or {}).get("excl_vat") == there
