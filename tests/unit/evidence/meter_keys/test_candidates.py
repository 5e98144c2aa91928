import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.events.common import CommandOutcome, MeterKeySource, ReportedVariable
from services.domain.events.station import CommandAnswered, DataTransferred, VariablesReported
from services.evidence.meter_keys.candidates import Candidate, candidates

SHOWN = MeterKeySource.CONFIGURATION_KEY


def reported(variable: str, **told: Any) -> VariablesReported:
    one = ReportedVariable(component="OCPPCommCtrlr", variable=variable, **told)
    return VariablesReported(
        event_id="e", tenant="t", station_id="CS1", protocol="ocpp2.0.1", seq_no=0, last=True, variables=(one,),
        recorded_at=1,
    )  # fmt: skip


def answered(text: str | None) -> CommandAnswered:
    return CommandAnswered(
        event_id="e", command_id="c", tenant="t", station_id="CS1", operation="GetConfiguration",
        outcome=CommandOutcome.ACCEPTED, answer_json=text, edge_id="e", epoch=1, recorded_at=1,
    )  # fmt: skip


def transferred(
    data: str | None, vendor: str = "generalConfiguration", message: str = "setMeterConfiguration"
) -> Any:
    return DataTransferred(
        event_id="e", tenant="t", station_id="CS1", protocol="ocpp1.6", vendor_id=vendor, message_id=message,
        data=data, recorded_at=1,
    )  # fmt: skip


class TestConfigurationKeys:
    @pytest.mark.parametrize("name", ["MeterPublicKey[2]", "MeterPublicKey2", "meterpublickey2"])
    def test_name_the_connector_in_either_spelling(self, name: str) -> None:
        told = answered(json.dumps({"configurationKey": [{"key": name, "readonly": True, "value": " ab "}]}))
        assert candidates(told) == [Candidate(2, "ab", SHOWN)]

    @pytest.mark.parametrize("entry", [
        {"key": "MeterPublicKey", "value": "ab"}, {"key": "MeterPublicKey0", "value": "ab"},
        {"key": "MeterPublicKey1"}, {"key": "MeterPublicKey1", "value": ""}, {"key": "Other1", "value": "ab"},
        {"key": None, "value": "ab"}, {}, "text", {"key": "MeterPublicKey1", "value": 5},
    ])  # fmt: skip
    def test_that_are_no_key_of_a_connector_are_passed_over(self, entry: Any) -> None:
        assert candidates(answered(json.dumps({"configurationKey": [entry]}))) == []

    @pytest.mark.parametrize(
        "text", [None, "", "[]", "5", "{", '{"configurationKey": {}}', '{"configurationKey": 1}']
    )
    def test_in_answers_of_any_shape_do_no_harm(self, text: str | None) -> None:
        assert candidates(answered(text)) == []


class TestVariables:
    def test_of_reports_name_the_evse_by_instance_or_component(self) -> None:
        assert candidates(reported("MeterPublicKey", variable_instance="3", value="ab")) == [
            Candidate(3, "ab", SHOWN)
        ]
        assert candidates(reported("MeterPublicKey", evse_id=2, value="ab")) == [Candidate(2, "ab", SHOWN)]
        assert candidates(reported("MeterPublicKey1", value="ab")) == [Candidate(1, "ab", SHOWN)]

    def test_without_a_value_or_of_another_name_are_none(self) -> None:
        assert candidates(reported("MeterPublicKey", evse_id=2)) == []
        assert candidates(reported("Power", evse_id=2, value="11")) == []

    def test_that_were_asked_for_are_found_too(self) -> None:
        result = {
            "attributeStatus": "Accepted", "attributeValue": "ab", "component": {"name": "M", "evse": {"id": 4}},
            "variable": {"name": "MeterPublicKey"},
        }  # fmt: skip
        text = json.dumps({"getVariableResult": [result, {"variable": {"name": "Power"}, "component": 7}]})
        assert candidates(answered(text)) == [Candidate(4, "ab", SHOWN)]


class TestDataTransfer:
    def test_brings_the_keys_of_all_meters(self) -> None:
        meters = [
            {"connectorId": 1, "meterSerial": "M1", "type": "SIGNATURE", "publicKey": "ab"},
            {"connectorId": 2, "meterSerial": 7, "publicKey": "cd"},
        ]
        source = MeterKeySource.DATA_TRANSFER
        assert candidates(transferred(json.dumps({"meters": meters}))) == [
            Candidate(1, "ab", source, "M1"),
            Candidate(2, "cd", source, None),
        ]

    @pytest.mark.parametrize("meter", [
        {"connectorId": True, "publicKey": "ab"}, {"connectorId": 1}, {"connectorId": 1, "publicKey": " "},
        {"connectorId": 2**40, "publicKey": "ab"}, {"connectorId": "x", "publicKey": "ab"}, 5,
    ])  # fmt: skip
    def test_of_anything_else_is_passed_over(self, meter: Any) -> None:
        assert candidates(transferred(json.dumps({"meters": [meter]}))) == []

    def test_of_other_vendors_is_their_own(self) -> None:
        data = json.dumps({"meters": [{"connectorId": 1, "publicKey": "ab"}]})
        assert candidates(transferred(data, vendor="com.example")) == []
        assert candidates(transferred(data, message="other")) == []

    @settings(max_examples=30)
    @given(st.recursive(st.none() | st.booleans() | st.integers(0, 2**70) | st.text(max_size=5), lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["meters", "connectorId", "publicKey", "meterSerial"]), inner)
    )))  # fmt: skip
    def test_may_hold_anything(self, data: Any) -> None:
        candidates(transferred(json.dumps(data)))
