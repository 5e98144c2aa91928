"""What a request to tell a station something becomes, or why it is refused."""

from typing import Any

import pytest

from services.console.inbound import commands
from services.console.wire.problems import Problem
from services.domain.events.station import CommandRequested
from tests.unit.console.facts import NOW, connection, operator, station


def asked(operation: str = "Reset", payload: dict[str, Any] | None = None, unique: str = "k") -> commands.Asked:
    return commands.Asked(
        operator(), operation, {"type": "OnIdle"} if payload is None else payload, 30, NOW, unique
    )


def made(**changes: Any) -> CommandRequested:
    return commands.command(asked(**changes), station(), connection(), refuse_offline=False)


class TestCommand:
    def test_says_who_asked_for_what_until_when(self) -> None:
        command = made()
        assert (command.station_id, command.operation, command.payload_json) == (
            "CP1",
            "Reset",
            '{"type":"OnIdle"}',
        )
        assert command.requested_by == "operator:control-room"
        assert command.deadline_at - command.requested_at == 30_000

    def test_is_the_same_for_the_same_key_and_no_other(self) -> None:
        assert made().command_id == made().command_id
        others = {
            made(unique="other").command_id,
            commands.command(asked(), station("CP2"), None, refuse_offline=False).command_id,
            commands.command(asked(), station(tenant="other"), None, refuse_offline=False).command_id,
        }
        assert len(others | {made().command_id}) == 4

    def test_is_refused_for_a_disabled_station(self) -> None:
        with pytest.raises(Problem, match="disabled") as refused:
            commands.command(asked(), station(enabled=False), connection(), refuse_offline=False)
        assert refused.value.status == 409

    @pytest.mark.parametrize("known", [None, connection(connected=False)])
    def test_is_refused_for_a_station_that_is_away_only_if_asked_to(self, known: Any) -> None:
        assert commands.command(asked(), station(), known, refuse_offline=False)
        with pytest.raises(Problem, match="not connected") as refused:
            commands.command(asked(), station(), known, refuse_offline=True)
        assert refused.value.status == 409

    def test_of_no_version_is_refused_with_those_that_there_are(self) -> None:
        with pytest.raises(Problem, match="no operation") as refused:
            made(operation="Explode")
        assert refused.value.status == 422
        assert "Reset" in refused.value.more["operations"]

    @pytest.mark.parametrize(
        ("operation", "payload"),
        [
            ("Reset", {"type": "OnIdle"}),
            ("Reset", {"type": "Hard"}),
            ("ChangeConfiguration", {"key": "K", "value": "1"}),
            ("SetDefaultTariff", {"evseId": 1, "tariff": {"tariffId": "T", "currency": "EUR"}}),
        ],
    )
    def test_takes_the_payload_of_any_version(self, operation: str, payload: dict[str, Any]) -> None:
        assert made(operation=operation, payload=payload)

    @pytest.mark.parametrize(
        ("operation", "payload", "said"),
        [
            ("Reset", {"type": "Never"}, "type does not fit Reset of ocpp2.0.1"),
            ("Reset", {}, "payload does not fit Reset"),
            ("ChangeConfiguration", {"key": 1, "value": "1"}, "key does not fit ChangeConfiguration of ocpp1.6"),
            ("GetVariables", {"getVariableData": [{"component": {}}]}, "getVariableData.0"),
        ],
    )
    def test_names_the_place_that_does_not_fit(self, operation: str, payload: dict[str, Any], said: str) -> None:
        with pytest.raises(Problem) as refused:
            made(operation=operation, payload=payload)
        assert said in refused.value.detail

    def test_is_told_of_the_version_that_the_station_speaks(self) -> None:
        with pytest.raises(Problem, match=r"of ocpp1\.6"):
            commands.command(asked(payload={"type": "Never"}), station(), connection(protocol="ocpp1.6"), False)


class TestPayload:
    @pytest.mark.parametrize(("body", "payload"), [(b"", {}), (b" \n", {}), (b'{"a": 1}', {"a": 1})])
    def test_is_a_json_object(self, body: bytes, payload: dict[str, Any]) -> None:
        assert commands.payload_of(body) == payload

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"{", 400),
            (b'{"a": NaN}', 400),
            (b'{"a": Infinity}', 400),
            (b'"\\ud800"', 400),
            (b"\xff", 400),
            (b"[" * 5000, 400),
            (b"[]", 422),
            (b"null", 422),
            (b"1", 422),
        ],
    )
    def test_is_nothing_else(self, body: bytes, status: int) -> None:
        with pytest.raises(Problem) as refused:
            commands.payload_of(body)
        assert refused.value.status == status


class TestUnique:
    def test_is_the_key_or_random(self) -> None:
        assert commands.unique_of("key", "r") == "key"
        assert commands.unique_of(None, "r") != commands.unique_of("r", "s")

    @pytest.mark.parametrize("header", ["", "a" * 256, "a\tb", "ä"])
    def test_is_refused_when_it_is_no_key(self, header: str) -> None:
        with pytest.raises(Problem) as refused:
            commands.unique_of(header, "r")
        assert refused.value.status == 400

    def test_means_the_same_request_only_with_the_same_content(self) -> None:
        assert commands.same_request(made(), made())
        assert not commands.same_request(made(), made(payload={"type": "Immediate"}))
        assert not commands.same_request(made(), made(operation="ClearCache", payload={}))
