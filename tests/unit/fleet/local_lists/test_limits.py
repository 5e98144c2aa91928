"""What stations say about how much they take."""

from typing import Any

import msgspec
import pytest

from services.fleet.local_lists.limits import Limits, limits_of, limits_request
from services.ocpp.outbound.command import request
from tests.integration.ocpp_case import asked


def said(answer: Any) -> Limits:
    return limits_of(msgspec.json.encode(answer).decode())


def variable(name: str, value: str) -> dict[str, Any]:
    return {"component": {"name": "LocalAuthListCtrlr"}, "variable": {"name": name}, "attributeValue": value}


class TestLimits:
    def test_are_read_from_configuration_keys(self) -> None:
        keys = [{"key": "LocalAuthListMaxLength", "value": "50"}, {"key": "sendlocallistmaxlength", "value": "5"}]
        assert said({"configurationKey": keys}) == Limits(50, 5)

    def test_are_read_from_variables(self) -> None:
        told = [variable("Entries", "50"), variable("ItemsPerMessage", "5"), variable("Enabled", "true")]
        assert said({"getVariableResult": told}) == Limits(50, 5)

    @pytest.mark.parametrize("value", ["", "-1", "5.0", "many", "\u0665", "9" * 10])
    def test_that_are_no_number_say_nothing(self, value: str) -> None:
        assert said({"getVariableResult": [variable("Entries", value)]}) == Limits()

    def test_of_no_room_are_no_room_but_a_message_holds_something(self) -> None:
        assert said({"getVariableResult": [variable("Entries", "0"), variable("ItemsPerMessage", "0")]}) == Limits(
            0
        )

    @pytest.mark.parametrize("text", [None, "", "null", "[]", "{}", '{"unknownKey": ["a"]}'])
    def test_are_not_told_by_an_empty_answer(self, text: str | None) -> None:
        assert limits_of(text) == Limits()

    @pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
    def test_are_asked_for_in_the_words_of_every_version(self, protocol: str) -> None:
        operation, payload = limits_request(protocol)
        assert request(asked("CP1", operation, payload), protocol).payload == payload
