"""`wattlog settlement correct` and `credit` ask only for what can be."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner

from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrStatus
from services.domain.events.tariff import Tariff
from services.runtime.settings import CommonSettings, load
from services.settlement import correction_cli
from services.settlement.cli import settlement
from tests.unit.settlement.test_fold import DETAIL, TERMS

TENANT = load(CommonSettings).tenant
ISSUED = Cdr(
    tenant=TENANT,
    cdr_id="c1",
    status=CdrStatus.ISSUED,
    detail=replace(DETAIL, tenant=TENANT),
    version=1,
    updated_at=1,
)
KNOWN: dict[type, dict[str, Any]] = {
    Cdr: {
        f"{TENANT}/c1": ISSUED,
        f"{TENANT}/held": replace(ISSUED, status=CdrStatus.HELD),
        f"{TENANT}/credit": replace(ISSUED, detail=replace(ISSUED.detail, credit=True)),
    },
    Tariff: {f"{TENANT}/T1": Tariff(tenant=TENANT, tariff_id="T1", terms=TERMS, updated_at=1)},
}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What Kafka is told; it knows the records and the tariff above."""
    events: list[Any] = []

    @contextmanager
    def reading(kind: type) -> Iterator[Any]:
        yield KNOWN[kind]

    monkeypatch.setattr(correction_cli, "reading", reading)
    monkeypatch.setattr(correction_cli, "publish", lambda *published: events.extend(published))
    return events


def run(*arguments: str) -> Any:
    said = ("--by", "anna", "--reason", "read again")
    return CliRunner(env={"COLUMNS": "5000"}).invoke(settlement, [*arguments, *said])


class TestCorrect:
    def test_asks_for_another_record(self, told: list[Any]) -> None:
        assert run("correct", "c1", "--kwh", "9.75", "--tariff", "T1").exit_code == 0
        (asked,) = told
        assert (asked.cdr_id, asked.session_id, asked.replace) == ("c1", "s1", True)
        assert (asked.energy_wh, asked.tariff_id) == (Decimal(9_750), "T1")
        assert (asked.requested_by, asked.reason) == ("anna", "read again")

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (("c1",), "say what is to be other"), (("c1", "--tariff", "T9"), "there is no tariff T9"),
            (("c9", "--kwh", "1"), "there is no charge detail record c9"), (("c1", "--kwh", "much"), "no number"),
            (("held", "--kwh", "1"), "held is HELD"), (("credit", "--kwh", "1"), "credit is a credit"),
            (("c1", "--kwh", "-1"), "no energy"), (("c1", "--kwh", "NaN"), "no energy"),
            (("c1", "--kwh", "0.00000001"), "no energy"), (("c1", "--kwh", "inf"), "no energy"),
        ],
    )  # fmt: skip
    def test_says_why_not(self, told: list[Any], arguments: tuple[str, ...], why: str) -> None:
        refused = run("correct", *arguments)
        assert refused.exit_code != 0
        assert why in refused.output
        assert told == []


class TestCredit:
    def test_asks_for_no_other_record(self, told: list[Any]) -> None:
        assert run("credit", "c1").exit_code == 0
        (asked,) = told
        assert (asked.cdr_id, asked.replace, asked.energy_wh, asked.tariff_id) == ("c1", False, None, None)
