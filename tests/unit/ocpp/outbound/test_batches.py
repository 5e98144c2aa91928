"""Long lists become several requests, their answers one again, whatever the station says about its limits."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpp.outbound.batches import goes_on, joined, limits_told, parts
from services.ocpp.outbound.not_possible import NotPossible


def got(value: str, instance: str = "GetVariables", name: str = "ItemsPerMessage", **more: Any) -> dict[str, Any]:
    variable = {"name": name, "instance": instance} if instance else {"name": name}
    return {
        "attributeStatus": "Accepted",
        "component": {"name": "DeviceDataCtrlr"},
        "variable": variable,
        "attributeValue": value,
    } | more


def reported(value: str, instance: str, **more: Any) -> dict[str, Any]:
    variable = {"name": "ItemsPerMessage", "instance": instance}
    attribute = {"value": value} | more
    return {"component": {"name": "MonitoringCtrlr"}, "variable": variable, "variableAttribute": [attribute]}


class TestParts:
    def test_are_as_long_as_the_station_takes(self) -> None:
        made = parts("ClearVariableMonitoring", {"id": [1, 2, 3, 4, 5]}, {"ClearVariableMonitoring": 2})
        assert made == [{"id": [1, 2]}, {"id": [3, 4]}, {"id": [5]}]

    def test_keep_whatever_else_is_asked(self) -> None:
        custom = {"vendorId": "org.wattlog"}
        made = parts("GetVariables", {"getVariableData": [{}, {}], "customData": custom}, {"GetVariables": 1})
        assert made == [{"getVariableData": [{}], "customData": custom}] * 2

    @pytest.mark.parametrize("limit", [5, 6, 1000])
    def test_are_one_when_it_fits(self, limit: int) -> None:
        payload = {"id": [1, 2, 3, 4, 5]}
        assert parts("ClearVariableMonitoring", payload, {"ClearVariableMonitoring": limit}) == [payload]

    @pytest.mark.parametrize("action", ["Reset", "GetVariables"])
    def test_are_one_when_no_limit_is_known(self, action: str) -> None:
        payload = {"getVariableData": [{}] * 50}
        assert parts(action, payload, {"SetVariables": 1}) == [payload]

    @given(st.lists(st.integers(), min_size=1), st.integers(min_value=1, max_value=9))
    def test_lose_and_reorder_nothing(self, ids: list[int], limit: int) -> None:
        made = parts("ClearVariableMonitoring", {"id": ids}, {"ClearVariableMonitoring": limit})
        assert [one for part in made for one in part["id"]] == ids
        assert all(0 < len(part["id"]) <= limit for part in made)


class TestJoined:
    def test_is_the_answer_to_the_whole(self) -> None:
        answers = [{"setVariableResult": [{"n": 1}, {"n": 2}]}, {"setVariableResult": [{"n": 3}]}]
        assert joined("SetVariables", answers) == {"setVariableResult": [{"n": 1}, {"n": 2}, {"n": 3}]}

    def test_leaves_a_single_answer_alone(self) -> None:
        assert joined("Reset", [{"status": "Accepted"}]) == {"status": "Accepted"}


class TestLimitsTold:
    def test_are_in_the_answer_to_get_variables(self) -> None:
        answer = {"getVariableResult": [got("4"), got("2", "SetVariables"), got("7", "ClearVariableMonitoring")]}
        assert limits_told(answer) == {"GetVariables": 4, "SetVariables": 2, "ClearVariableMonitoring": 7}

    def test_are_in_reports(self) -> None:
        report = {
            "reportData": [reported("4", "SetVariableMonitoring"), reported("9", "GetVariables", type="Target")]
        }
        assert limits_told(report) == {"SetVariableMonitoring": 4}

    @pytest.mark.parametrize("spelt", ["getvariables", "GETVARIABLES"])
    def test_are_named_in_any_case(self, spelt: str) -> None:
        result = got("4", spelt, "itemsPerMessage")
        assert limits_told({"getVariableResult": [result]}) == {"GetVariables": 4}

    @pytest.mark.parametrize(
        "value", ["", "0", "-1", "4.5", "four", "²", "٤", " 4", "9" * 10, "9" * 5000, "1e3", "0x10", "\x00"]
    )
    def test_are_not_what_is_no_limit(self, value: str) -> None:
        assert limits_told({"getVariableResult": [got(value)]}) == {}

    @pytest.mark.parametrize(
        "result",
        [
            got("4", ""),
            got("4", "GetReport"),
            got("4", name="BytesPerMessage"),
            got("4", attributeType="Target"),
            {
                "attributeStatus": "UnknownVariable",
                "component": {"name": "X"},
                "variable": {"name": "ItemsPerMessage"},
            },
        ],
    )
    def test_are_not_in_other_variables(self, result: dict[str, Any]) -> None:
        assert limits_told({"getVariableResult": [result]}) == {}

    @pytest.mark.parametrize("said", [{}, {"reportData": []}, {"status": "Accepted"}])
    def test_are_none_where_nothing_is_said(self, said: dict[str, Any]) -> None:
        assert limits_told(said) == {}


def local_list(count: int, version: int = 9, kind: str = "Full") -> dict[str, Any]:
    entries = [{"idToken": {"idToken": str(number), "type": "ISO14443"}} for number in range(count)]
    return {"versionNumber": version, "updateType": kind, "localAuthorizationList": entries}


class TestLocalList:
    @pytest.mark.parametrize("kind", ["Full", "Differential"])
    def test_is_added_to_part_by_part_up_to_the_version_that_was_asked(self, kind: str) -> None:
        made = parts("SendLocalList", local_list(5, 9, kind), {"SendLocalList": 2})
        assert [(part["versionNumber"], part["updateType"]) for part in made] == [
            (7, kind), (8, "Differential"), (9, "Differential"),
        ]  # fmt: skip
        said = [entry["idToken"]["idToken"] for part in made for entry in part["localAuthorizationList"]]
        assert said == ["0", "1", "2", "3", "4"]

    @pytest.mark.parametrize("payload", [local_list(2), {"versionNumber": 1, "updateType": "Full"}])
    def test_is_one_when_it_fits(self, payload: dict[str, Any]) -> None:
        assert parts("SendLocalList", payload, {"SendLocalList": 2}) == [payload]

    def test_needs_a_version_for_each_part(self) -> None:
        assert len(parts("SendLocalList", local_list(3, 2), {"SendLocalList": 2})) == 2
        with pytest.raises(NotPossible, match="has to be 2 or more"):
            parts("SendLocalList", local_list(3, 1), {"SendLocalList": 2})

    def test_ends_with_the_first_part_that_is_refused(self) -> None:
        assert goes_on("SendLocalList", {"status": "Accepted"})
        assert not goes_on("SendLocalList", {"status": "VersionMismatch"})
        assert goes_on("SetVariables", {"setVariableResult": []})

    def test_is_answered_by_its_last_answer(self) -> None:
        answers = [{"status": "Accepted"}, {"status": "Accepted", "statusInfo": {"reasonCode": "x"}}]
        assert joined("SendLocalList", answers) == answers[1]
        assert joined("SendLocalList", answers[:1]) == answers[0]

    def test_has_a_limit_of_its_own(self) -> None:
        limit = got("20", "") | {"component": {"name": "LocalAuthListCtrlr"}}
        assert limits_told({"getVariableResult": [limit]}) == {"SendLocalList": 20}
        assert limits_told({"getVariableResult": [got("20", "")]}) == {}
