"""Local authorization lists: who is on them, as what, and under which version."""

from typing import Any

import pytest

from services.domain.events.common import TokenStatus
from services.domain.local_list import entries
from services.ocpp.local_list import full_list
from services.ocpp.outbound.command import request
from services.ocpp.wire.faults import V16, V201
from tests.unit.ocpp.circumstances import NOW, TOKENS, token
from tests.unit.ocpp.outbound.test_command import asked


def uids(said: list[dict[str, Any]]) -> list[str]:
    return [entry["idToken"]["idToken"] for entry in said]


class TestEntries:
    def test_are_the_tokens_that_may_charge_by_uid(self) -> None:
        assert uids(entries(reversed(TOKENS), NOW)) == ["GROUPED1", "LONGGROUP", "MASTER1", "VALID1"]

    def test_say_what_an_authorize_would_have_been_told(self) -> None:
        grouped, _, _, valid = entries(TOKENS, NOW)
        assert valid == {
            "idToken": {"idToken": "VALID1", "type": "ISO14443"},
            "idTokenInfo": {"status": "Accepted"},
        }
        assert grouped["idTokenInfo"] == {
            "status": "Accepted",
            "groupIdToken": {"idToken": "FLEET", "type": "Central"},
            "cacheExpiryDateTime": "2026-09-21T15:13:20.000Z",
        }

    def test_can_be_chosen(self) -> None:
        assert uids(entries(TOKENS, NOW, ["valid1 ", "BLOCKED1", "NOBODY"])) == ["VALID1"]
        assert uids(entries(TOKENS, NOW, group="FLEET")) == ["GROUPED1"]
        assert entries(TOKENS, NOW, ["VALID1"], "FLEET") == []

    def test_have_the_type_that_a_reader_finds(self) -> None:
        (app,) = entries([token("A", token_type="APP_USER")], NOW)
        assert app["idToken"]["type"] == "Central"

    def test_leave_out_what_no_station_could_hold(self) -> None:
        assert entries([token("X" * 37), token("U", status=TokenStatus.UNKNOWN)], NOW) == []


class TestFullList:
    @pytest.mark.parametrize(
        ("known", "version"), [(-1, 4), (0, 4), (7, 11), (2**31 - 5, 2**31 - 1), (2**31 - 4, 4)]
    )
    def test_has_a_version_with_room_for_its_parts(self, known: int, version: int) -> None:
        assert full_list(known, entries(TOKENS, NOW))["versionNumber"] == version

    @pytest.mark.parametrize("protocol", [V16, V201])
    @pytest.mark.parametrize("tokens", [TOKENS, []])
    def test_can_be_said_to_every_station(self, protocol: str, tokens: list[Any]) -> None:
        payload = full_list(1, entries(tokens, NOW))
        assert ("localAuthorizationList" in payload) is bool(tokens)
        assert request(asked(payload, "SendLocalList"), protocol).action == "SendLocalList"
