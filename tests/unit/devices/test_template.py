"""Templates: what people write, whose they are, and what stations are asked to follow them."""

from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.devices.apply import NAMED_AT_ONCE, Pace, asks, commands, operations
from services.devices.assignment import due, template_of
from services.devices.template import BadTemplate, read, said
from services.domain.events.common import DeviceDrift, DriftReason, WantedVariable
from services.domain.events.device import Device, DeviceTemplate
from services.domain.events.station import Boot
from services.ocpp.outbound.command import request
from services.runtime.codec import Codec
from tests.unit.devices.stations import NOW

WRITTEN = """
template: acme
vendor: ACME
model: "Fast*"
variables:
  HeartbeatInterval: 300
  AuthorizeRemoteTxRequests: true
  OCPPCommCtrlr/HeartbeatInterval: "300"
  SampledDataCtrlr/TxUpdatedMeasurands: [Energy.Active.Import.Register, Power.Active.Import]
  OCPPCommCtrlr/MessageAttempts[TransactionEvent]: 5
  EVSE@1.2/Power#MaxSet: 22.5
  Board[left]@3/LED: off-board
"""


def template(template_id: str = "acme", **changes: Any) -> DeviceTemplate:
    values: dict[str, Any] = {"vendor": "ACME", "model": "*", "firmware": "*", "updated_at": NOW} | changes
    variables = (WantedVariable(component="C", variable="A", value="1"),)
    return DeviceTemplate(tenant="t", template_id=template_id, variables=variables, **values)


def boot(name: str = "CP1", **changes: Any) -> Boot:
    values: dict[str, Any] = {
        "tenant": "t", "station_id": name, "protocol": "ocpp2.0.1", "vendor": "ACME", "model": "Fast 150",
        "firmware_version": "1.4", "registration_status": "Accepted", "booted_at": NOW,
    }  # fmt: skip
    return Boot(**(values | changes))


class TestReading:
    def test_takes_keys_and_variables_with_all_that_names_them(self) -> None:
        made = read(yaml.safe_load(WRITTEN), "t", NOW)
        assert (made.template_id, made.vendor, made.model, made.firmware) == ("acme", "ACME", "Fast*", "*")
        assert {said(one): one.value for one in made.variables} == {
            "HeartbeatInterval": "300",
            "AuthorizeRemoteTxRequests": "true",
            "OCPPCommCtrlr/HeartbeatInterval": "300",
            "SampledDataCtrlr/TxUpdatedMeasurands": "Energy.Active.Import.Register,Power.Active.Import",
            "OCPPCommCtrlr/MessageAttempts[TransactionEvent]": "5",
            "EVSE@1.2/Power#MaxSet": "22.5",
            "Board[left]@3/LED": "off-board",
        }
        codec = Codec()
        assert codec.decode(codec.encode(made)) == made

    @pytest.mark.parametrize(
        ("told", "word"),
        [
            (None, "mapping"),
            ([], "mapping"),
            ({"template": "a b", "variables": {"A": 1}}, "template: give an id"),
            ({"template": "a", "variables": {}}, "variables: give 1 to"),
            ({"template": "a", "variables": [1]}, "variables: give 1 to"),
            ({"template": "a", "variables": {"A": 1}, "extra": 1}, "extra: no such field"),
            ({"template": "a", "variables": {"A": None}}, "A: give a text"),
            ({"template": "a", "variables": {"A": [[1]]}}, "A: give a text"),
            ({"template": "a", "variables": {"A": "x" * 2501}}, "A: values have at most"),
            ({"template": "a", "variables": {"A/B/C": 1}}, "is no Key"),
            ({"template": "a", "variables": {"A" * 51: 1}}, "names have at most"),
            ({"template": "a", "variables": {"C/A#Nonsense": 1}}, "the attribute is one of"),
            ({"template": "a", "variables": {"SecurityCtrlr/BasicAuthPassword": 1}}, "passwords"),
            ({"template": "a", "variables": {"C/A": 1, "c/a": 2}}, "given twice"),
            ({"template": "a", "variables": {f"A{n}": "x" * 2500 for n in range(17)}}, "together"),
            ({"template": "a", "vendor": 5, "variables": {"A": 1}}, "vendor: give a name"),
        ],
    )
    def test_says_what_is_wrong(self, told: Any, word: str) -> None:
        with pytest.raises(BadTemplate, match=word):
            read(told, "t", NOW)

    json = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
                        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
                        max_leaves=6)  # fmt: skip

    @given(json, json)
    def test_takes_anything_or_says_what_is_wrong(self, whole: Any, variables: Any) -> None:
        for told in (whole, {"template": "a", "variables": variables}):
            try:
                assert read(told, "t", NOW).variables
            except BadTemplate as error:
                assert str(error)  # noqa: PT017  either is right


class TestAssignment:
    def test_is_by_vendor_model_and_firmware_the_most_exact_first(self) -> None:
        known = [template("any"), template("fast", model="fast*"), template("new", model="Fast*", firmware="1.4")]
        assert template_of(boot(), known).template_id == "new"  # type: ignore[union-attr]
        assert template_of(boot(firmware_version=None), known).template_id == "fast"  # type: ignore[union-attr]
        assert template_of(boot(model="Slow"), known).template_id == "any"  # type: ignore[union-attr]
        assert template_of(boot(vendor="Other"), known) is None

    def test_is_never_across_tenants_or_to_a_removed_one(self) -> None:
        assert template_of(boot(tenant="u"), [template()]) is None
        assert template_of(boot(), [template(removed=True)]) is None

    def test_is_told_once_and_again_when_it_changes(self) -> None:
        (told,) = due([boot()], [template()], {})
        assert (told.template_id, told.variables) == ("acme", template().variables)
        known = {told.key: told}
        assert due([boot()], [template(updated_at=NOW + 1)], known) == []
        (other,) = due([boot()], [template("other")], known)
        assert other.template_id == "other"
        (none,) = due([boot()], [], known)
        assert (none.template_id, none.variables) == (None, ())
        assert due([boot()], [], {none.key: none}) == []
        assert due([boot()], [], {}) == []


def device(name: str = "CP1", protocol: str = "ocpp2.0.1", *drift: DeviceDrift) -> Device:
    return Device(tenant="t", station_id=name, protocol=protocol, drift=drift, updated_at=NOW)


def differs(variable: str, reason: DriftReason = DriftReason.DIFFERS, **more: Any) -> DeviceDrift:
    values: dict[str, Any] = {"component": "C", "attribute": "Actual", "wanted": "5"} | more
    return DeviceDrift(variable=variable, reason=reason, **values)


class TestApply:
    def test_asks_for_all_that_can_be_set_at_once(self) -> None:
        exact = differs("B", component_instance="i", evse_id=1, connector_id=2, variable_instance="v",
                        attribute="Target")  # fmt: skip
        one = device("CP1", "ocpp2.0.1", differs("A"), exact, differs("R", DriftReason.READ_ONLY))
        (command,) = commands(one, NOW, 30)
        asked = request(command, "ocpp2.0.1")
        assert [entry["variable"]["name"] for entry in asked.payload["setVariableData"]] == ["A", "B"]
        assert asked.payload["setVariableData"][1] == {
            "component": {"name": "C", "instance": "i", "evse": {"id": 1, "connectorId": 2}},
            "variable": {"name": "B", "instance": "v"}, "attributeValue": "5", "attributeType": "Target",
        }  # fmt: skip

    def test_asks_a_1_6_station_for_one_key_after_the_other(self) -> None:
        one = device("CP1", "ocpp1.6", differs("A", component=""), differs("B", component=""))
        asked = [request(command, "ocpp1.6") for command in commands(one, NOW, 30)]
        assert [(action, payload["key"]) for action, payload in asked] == [
            ("ChangeConfiguration", "A"), ("ChangeConfiguration", "B"),
        ]  # fmt: skip

    def test_asks_nothing_of_who_does_not_differ(self) -> None:
        assert asks(device()) == asks(device("CP1", "ocpp1.6", differs("R", DriftReason.READ_ONLY))) == []

    def test_asks_many_by_operations_of_those_that_need_the_same(self) -> None:
        same = [device(f"CP{n}", "ocpp2.0.1", differs("A")) for n in range(NAMED_AT_ONCE + 1)]
        begun = operations([*same, device("OLD", "ocpp1.6", differs("A", component=""))], NOW, Pace(60))
        assert [(requested.operation, requested.stations_total) for requested, _ in begun] == [
            ("SetVariables", NAMED_AT_ONCE + 1), ("ChangeConfiguration", 1),
        ]  # fmt: skip
        requested, named = begun[0]
        assert requested.pace_per_minute == 60
        assert sum(len(part.station_ids) for part in named) == requested.stations_total
        assert msgspec.json.decode(requested.payload_json)["setVariableData"]
