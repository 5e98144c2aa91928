"""Whom hubs are connected to says whether a partner can be told anything."""

from dataclasses import replace
from typing import Any

import pytest

from services.ocpi.clients import Clients
from services.ocpi.inbound.clients import Standing
from tests.unit.ocpi.facts import partner
from tests.unit.ocpi.inbound.test_clients import HUB, info, state


def known(*told: dict[str, Any]) -> Clients:
    found = Clients()
    for key, one in state(*told).items():
        found.changed(key, one)
    return found


class TestStanding:
    @pytest.mark.parametrize(
        ("status", "standing"),
        [
            ("CONNECTED", Standing.HERE), ("OFFLINE", Standing.AWAY), ("PLANNED", Standing.NEVER),
            ("SUSPENDED", Standing.NEVER),
        ],
    )  # fmt: skip
    def test_is_as_the_hub_says(self, status: str, standing: Standing) -> None:
        assert known(info(status=status)).standing(partner(hub="NL-HUB")) is standing

    def test_of_whom_the_hub_does_not_know_is_never(self) -> None:
        assert known(info("ABC")).standing(partner(hub="NL-HUB")) is Standing.NEVER

    def test_is_here_behind_a_hub_that_never_says_anything(self) -> None:
        assert Clients().standing(partner(hub="NL-HUB")) is Standing.HERE
        assert known(info("TNM", "SUSPENDED")).standing(partner(hub="DE-HUB")) is Standing.HERE

    def test_of_a_direct_partner_is_here(self) -> None:
        assert known(info(status="SUSPENDED")).standing(partner()) is Standing.HERE

    def test_is_that_of_its_best_role(self) -> None:
        both = known(info(status="SUSPENDED"), info(status="CONNECTED", role="CPO"))
        assert both.standing(partner(hub="NL-HUB")) is Standing.HERE

    def test_follows_changes(self) -> None:
        found = known(info())
        (key, one), *_ = state(info(status="OFFLINE", at=2)).items()
        found.changed(key, one)
        assert found.standing(partner(hub="NL-HUB")) is Standing.AWAY
        found.changed(key, replace(one, deleted=True))
        assert found.standing(partner(hub="NL-HUB")) is Standing.NEVER
        assert list(found.of(HUB)) == [key]
        found.changed(key, None)
        assert found.of(HUB) == {}

    def test_passes_over_objects_of_other_modules(self) -> None:
        found = Clients()
        found.changed("wattlog/payments/terminals/NL-HUB/x", None)
        assert found.of(HUB) == {}
