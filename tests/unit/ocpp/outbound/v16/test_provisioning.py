"""Reset and configuration keys of OCPP 1.6."""

from typing import Any

import pytest

from tests.unit.ocpp.outbound.v16.telling import refused, told


def variable(name: str, **more: Any) -> dict[str, Any]:
    return {"component": {"name": "SampledDataCtrlr"}, "variable": {"name": name}, **more}


class TestReset:
    @pytest.mark.parametrize(
        ("kind", "said"), [("Immediate", "Hard"), ("OnIdle", "Soft"), ("Hard", "Hard"), ("Soft", "Soft")]
    )
    def test_is_hard_or_soft(self, kind: str, said: str) -> None:
        assert told("Reset", {"type": kind}) == ("Reset", {"type": said})

    def test_is_of_the_whole_station(self) -> None:
        assert refused("Reset", {"type": "OnIdle", "evseId": 1}) == "OCPP 1.6 resets whole stations only"

    @pytest.mark.parametrize("kind", ["ImmediateAndResume", "hard", "", None])
    def test_knows_no_other(self, kind: Any) -> None:
        assert "type does not fit Reset" in refused("Reset", {"type": kind})


class TestSetVariables:
    @pytest.mark.parametrize("more", [{}, {"attributeType": "Actual"}])
    def test_changes_the_key_of_that_name(self, more: dict[str, Any]) -> None:
        data = [variable("MeterValueSampleInterval", attributeValue="60", **more)]
        assert told("SetVariables", {"setVariableData": data}) == (
            "ChangeConfiguration",
            {"key": "MeterValueSampleInterval", "value": "60"},
        )

    @pytest.mark.parametrize("kind", ["Target", "MinSet", "MaxSet"])
    def test_knows_actual_values_only(self, kind: str) -> None:
        data = [variable("Interval", attributeValue="60", attributeType=kind)]
        assert "have actual values only" in refused("SetVariables", {"setVariableData": data})

    def test_changes_one_at_a_time(self) -> None:
        data = [variable(name, attributeValue="60") for name in ("A", "B")]
        assert "one configuration key at a time" in refused("SetVariables", {"setVariableData": data})

    def test_cannot_say_long_values(self) -> None:
        data = [variable("Interval", attributeValue="6" * 501)]
        said = "value does not fit ChangeConfiguration of ocpp1.6"
        assert said in refused("SetVariables", {"setVariableData": data})


class TestGetVariables:
    def test_asks_for_the_keys_of_these_names(self) -> None:
        data = [variable("A"), variable("B", attributeType="Actual")]
        assert told("GetVariables", {"getVariableData": data}) == ("GetConfiguration", {"key": ["A", "B"]})

    def test_knows_actual_values_only(self) -> None:
        data = [variable("A"), variable("B", attributeType="Target")]
        assert "have actual values only" in refused("GetVariables", {"getVariableData": data})

    def test_asks_for_something(self) -> None:
        assert "getVariableData does not fit" in refused("GetVariables", {"getVariableData": []})


class TestGetBaseReport:
    @pytest.mark.parametrize("base", ["FullInventory", "ConfigurationInventory", "SummaryInventory"])
    def test_asks_for_all_keys(self, base: str) -> None:
        payload = {"requestId": 1, "reportBase": base}
        assert told("GetBaseReport", payload) == ("GetConfiguration", {})


class TestPassword:
    def test_is_the_authorization_key_in_hexadecimal(self) -> None:
        variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
        payload = {"setVariableData": [variable | {"attributeValue": "AB-secret-password-1"}]}
        assert told("SetVariables", payload) == (
            "ChangeConfiguration",
            {"key": "AuthorizationKey", "value": b"AB-secret-password-1".hex()},
        )
