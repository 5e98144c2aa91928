"""What stations tell about themselves as rows, whatever they answer."""

from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.rows import rows_of
from services.analytics.tables import TABLES
from services.domain.events.common import CommandOutcome, MonitorEvent, ReportedVariable
from services.domain.events.station import CommandAnswered, MonitorEventsReported, VariablesReported

NOW = 1_790_000_000_000


def answered(answer: str | None) -> list[Any]:
    event = CommandAnswered(
        event_id="e", command_id="c", tenant="t", station_id="CP1", operation="GetVariables",
        outcome=CommandOutcome.ACCEPTED, answer_json=answer, edge_id="edge-1", epoch=1, recorded_at=NOW,
    )  # fmt: skip
    rows = list(rows_of(event)["device_variables"])
    pa.Table.from_pylist([dict(row) for row in rows], schema=TABLES["device_variables"])
    return rows


def said(answer: Any) -> list[Any]:
    return answered(orjson.dumps(answer).decode())


def result(**changes: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "attributeStatus": "Accepted",
        "attributeValue": "60",
        "component": {"name": "OCPPCommCtrlr"},
        "variable": {"name": "HeartbeatInterval"},
    }
    return {"getVariableResult": [entry | changes]}


class TestAnswered:
    def test_has_the_configuration_keys_of_16(self) -> None:
        keys = [{"key": "HeartbeatInterval", "readonly": False, "value": "60"}, {"key": "A", "readonly": True}]
        rows = said({"configurationKey": keys, "unknownKey": ["B"]})
        assert [(r["component"], r["variable"], r["value"], r["mutability"]) for r in rows] == [
            ("", "HeartbeatInterval", "60", "ReadWrite"),
            ("", "A", None, "ReadOnly"),
        ]

    def test_has_the_variables_of_2x(self) -> None:
        evse = {"name": "EVSE", "instance": "x", "evse": {"id": 1, "connectorId": 2}}
        (row,) = said(result(component=evse, attributeType="MaxSet"))
        assert (row["component"], row["component_instance"], row["evse_id"], row["connector_id"]) == (
            "EVSE",
            "x",
            1,
            2,
        )
        assert (row["variable"], row["attribute"], row["value"]) == ("HeartbeatInterval", "MaxSet", "60")

    def test_leaves_out_what_the_station_does_not_know(self) -> None:
        assert not said(result(attributeStatus="UnknownVariable"))

    def test_keeps_no_password(self) -> None:
        (row,) = said({"configurationKey": [{"key": "AuthorizationKey", "value": "hidden"}]})
        assert row["value"] is None

    @pytest.mark.parametrize("answer", [None, "", "nonsense", "[]", "7", "null", "[" * 5000, "NaN"])
    def test_is_nothing_for_what_is_no_answer(self, answer: str | None) -> None:
        assert not answered(answer)

    @pytest.mark.parametrize(
        "answer",
        [
            {"configurationKey": "x"},
            {"configurationKey": [1, None, {}, {"key": 5}, {"key": ""}]},
            {"getVariableResult": {"a": 1}},
            result(component="EVSE"),
            result(variable={"name": 7}),
            result(component={"name": ""}),
        ],
    )
    def test_is_nothing_for_entries_without_a_name(self, answer: Any) -> None:
        assert not said(answer)

    @pytest.mark.parametrize("number", [True, "1", 2**31, 1.5, -(2**40)])
    def test_takes_no_number_that_is_none(self, number: Any) -> None:
        (row,) = said(result(component={"name": "EVSE", "evse": {"id": number}}))
        assert row["evse_id"] == 0

    @given(
        st.recursive(st.none() | st.text() | st.integers(0, 9), lambda v: st.lists(v, max_size=3), max_leaves=8)
    )
    def test_never_fails(self, noise: Any) -> None:
        said({"configurationKey": noise, "getVariableResult": noise})
        said(result(component={"name": noise, "evse": noise}, attributeValue=noise, attributeType=noise))


class TestReported:
    def test_has_a_row_per_attribute(self) -> None:
        event = VariablesReported(
            event_id="e", tenant="t", station_id="CP1", protocol="ocpp2.0.1", seq_no=0, last=True, recorded_at=NOW,
            variables=(
                ReportedVariable(component="EVSE", evse_id=1, variable="Power", value="11000", unit="W"),
                ReportedVariable(component="SecurityCtrlr", variable="BasicAuthPassword", value="hidden"),
            ),
        )  # fmt: skip
        rows = rows_of(event)["device_variables"]
        assert [(r["evse_id"], r["value"], r["unit"]) for r in rows] == [(1, "11000", "W"), (0, None, None)]


class TestMonitors:
    def test_keep_their_place_and_a_time_that_can_be_held(self) -> None:
        monitor = MonitorEvent(
            event_number=1, occurred_at=10**17, trigger="Alerting", component="EVSE", variable="Temperature",
            actual_value="90", notification_type="CustomMonitor",
        )  # fmt: skip
        event = MonitorEventsReported(
            event_id="e", tenant="t", station_id="CP1", protocol="ocpp2.0.1", seq_no=0, last=True,
            events=(monitor, monitor), recorded_at=NOW,
        )  # fmt: skip
        rows = rows_of(event)["monitor_events"]
        assert [row["event_place"] for row in rows] == [0, 1]
        assert pa.Table.from_pylist([dict(row) for row in rows], schema=TABLES["monitor_events"]).num_rows == 2
