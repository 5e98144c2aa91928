"""What a station has told, whatever the order, and where it is not as wanted."""

import json
from dataclasses import replace
from itertools import permutations
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.devices.after_boot import AfterBoot
from services.devices.fold import folding
from services.devices.state import MAX_CHARACTERS, MAX_VARIABLES, Station
from services.domain.events.common import CommandOutcome, MonitorEvent, WantedVariable
from services.domain.events.device import Device, DeviceDriftChanged, DeviceReported, DeviceWanted
from services.domain.events.station import (
    CommandRequested,
    MonitorEventsReported,
    ReportReceived,
    StationConnected,
)
from tests.unit.devices.stations import (
    CODEC,
    IDS,
    KEY,
    NOW,
    Folded,
    answered,
    asked,
    booted,
    part,
    result,
    setting,
    variable,
    wanting,
)


@pytest.fixture
def folded() -> Folded:
    return Folded()


def values(folded: Folded) -> dict[str, str | None]:
    return {one.variable: one.value for one in folded.device.variables}


class TestReports:
    def test_are_complete_when_every_part_has_come_in_whatever_order(self) -> None:
        parts = [part(0, variable("A")), part(1, variable("B")), part(2, variable("X"), last=True)]
        for order in permutations(parts):
            folded = Folded()
            for one in order:
                folded.take(one)
            (report,) = folded.device.reports
            assert (report.parts, report.complete, report.missing) == (3, True, ())
            assert set(values(folded)) == {"A", "B", "X"}
            assert len(folded.of(DeviceReported)) == 1

    def test_show_what_is_missing(self, folded: Folded) -> None:
        folded.take(part(0))
        folded.take(part(3, last=True))
        (report,) = folded.device.reports
        assert (report.complete, report.missing) == (False, (1, 2))
        assert not folded.of(DeviceReported)

    def test_are_named_by_what_asked_for_them_before_or_after(self) -> None:
        asks = asked("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"}, at=NOW - 5)
        for order in ([asks, part(0, last=True)], [part(0, last=True), asks]):
            folded = Folded()
            for event in order:
                folded.take(event)
            (report,) = folded.device.reports
            assert (report.operation, report.report_base, report.complete) == (
                "GetBaseReport", "FullInventory", True,
            )  # fmt: skip

    def test_of_a_full_inventory_take_away_what_they_do_not_name(self, folded: Folded) -> None:
        folded.take(part(0, variable("OLD"), variable("A"), last=True, request_id=1, at=NOW - 100))
        folded.take(asked("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"}))
        folded.take(part(0, variable("A"), at=NOW + 1))
        assert set(values(folded)) == {"OLD", "A"}
        folded.take(part(1, variable("B"), last=True, at=NOW + 2))
        assert set(values(folded)) == {"A", "B"}

    def test_of_less_take_nothing_away(self, folded: Folded) -> None:
        folded.take(part(0, variable("OLD"), last=True, request_id=1, at=NOW - 100))
        folded.take(asked("GetBaseReport", {"requestId": 7, "reportBase": "SummaryInventory"}))
        folded.take(part(0, variable("A"), last=True, at=NOW + 1))
        assert set(values(folded)) == {"OLD", "A"}

    def test_under_a_number_that_is_used_again_begin_anew(self, folded: Folded) -> None:
        folded.take(part(0, last=True))
        folded.take(part(0, at=NOW + 10))
        (report,) = folded.device.reports
        assert (report.complete, report.began_at) == (False, NOW + 10)

    def test_that_were_refused_are_not_waited_for(self, folded: Folded) -> None:
        folded.take(asked("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"}))
        folded.take(answered("GetBaseReport", {"status": "NotSupported"}, outcome=CommandOutcome.REJECTED))
        assert folded.device.reports == ()

    @pytest.mark.parametrize("seq_no", [-1, 2**31, 10**9])
    def test_with_numbers_that_cannot_be_lose_no_variable(self, folded: Folded, seq_no: int) -> None:
        folded.take(part(seq_no, variable("A")))
        folded.take(part(0, variable("B"), last=True, at=NOW + 1))
        assert set(values(folded)) == {"A", "B"}

    def test_are_not_shown_for_every_part(self, folded: Folded) -> None:
        for number in range(100):
            folded.take(part(number, variable(f"V{number}"), at=NOW + number))
        assert len(folded.of(Device)) <= 4
        folded.take(part(100, last=True, at=NOW + 200))
        assert len(folded.device.variables) == 100

    def test_keep_the_latest_ten(self, folded: Folded) -> None:
        for number in range(15):
            folded.take(part(0, last=True, request_id=number, at=NOW + number))
        assert [report.request_id for report in folded.device.reports] == list(range(5, 15))


class TestVariables:
    def test_are_configuration_keys_in_1_6(self, folded: Folded) -> None:
        keys = [{"key": "A", "readonly": True, "value": "1"}, {"key": "B", "readonly": False}]
        folded.take(answered("GetConfiguration", {"configurationKey": keys}))
        told = [(one.component, one.variable, one.value, one.mutability) for one in folded.device.variables]
        assert told == [("", "A", "1", "ReadOnly"), ("", "B", None, "ReadWrite")]

    def test_keep_what_a_report_said_about_them_when_an_answer_brings_the_value(self, folded: Folded) -> None:
        folded.take(part(0, variable("A", unit="s", data_type="integer"), last=True))
        results = [result("A") | {"attributeValue": "2"}, result("B", "UnknownVariable")]
        folded.take(answered("GetVariables", {"getVariableResult": results}))
        (one,) = folded.device.variables
        assert (one.value, one.unit, one.data_type) == ("2", "s", "integer")

    def test_are_told_apart_without_regard_to_case(self, folded: Folded) -> None:
        folded.take(part(0, variable("Name", "1"), last=True))
        folded.take(part(0, variable("NAME", "2"), last=True, at=NOW + 1))
        assert values(folded) == {"NAME": "2"}

    def test_are_not_set_back_by_older_news(self, folded: Folded) -> None:
        folded.take(part(0, variable("A", "new"), last=True))
        folded.take(part(0, variable("A", "old"), last=True, request_id=8, at=NOW - 1))
        assert values(folded) == {"A": "new"}

    def test_that_are_secret_have_no_value_anywhere(self, folded: Folded) -> None:
        folded.take(part(0, variable("BasicAuthPassword", "hidden"), last=True))
        payload = {"setVariableData": [setting("BasicAuthPassword", "hidden")]}
        folded.take(asked("SetVariables", payload))
        folded.take(asked("ChangeConfiguration", {"key": "AuthorizationKey", "value": "hidden"}, "c2"))
        assert "hidden" not in repr(folded.station)
        folded.take(answered("SetVariables", {"setVariableResult": [result("BasicAuthPassword")]}))
        assert values(folded) == {"BasicAuthPassword": None}

    def test_that_have_no_room_are_counted(self, folded: Folded) -> None:
        folded.take(part(0, *(variable(f"V{number}") for number in range(MAX_VARIABLES + 5)), last=True))
        assert (len(folded.device.variables), folded.device.left_out) == (MAX_VARIABLES, 5)

    def test_that_are_too_long_together_are_left_as_they_were(self, folded: Folded) -> None:
        folded.take(part(0, variable("A", "1"), variable("B", "x" * MAX_CHARACTERS), last=True))
        assert (values(folded), folded.device.left_out) == ({"A": "1"}, 1)
        folded.take(part(0, variable("A", "x" * MAX_CHARACTERS), last=True, at=NOW + 1))
        assert values(folded) == {"A": "1"}


class TestSettings:
    payload: ClassVar = {"setVariableData": [setting("A"), setting("B")]}
    answer: ClassVar = {"setVariableResult": [result("A", "RebootRequired"), result("B", "Rejected")]}

    def test_count_when_they_were_accepted_in_whatever_order_command_and_answer_are_read(self) -> None:
        command = asked("SetVariables", self.payload)
        said = answered("SetVariables", self.answer, outcome=CommandOutcome.REJECTED)
        for order in ([command, said], [said, command]):
            folded = Folded()
            folded.take(part(0, variable("A"), variable("B"), last=True, at=NOW - 1))
            for event in order:
                folded.take(event)
            assert values(folded) == {"A": "5", "B": "1"}
            assert (folded.station.asked, folded.station.early) == ({}, {})

    def test_of_1_6_name_a_key_in_either_words(self, folded: Folded) -> None:
        folded.take(booted(protocol="ocpp1.6"))
        folded.take(asked("ChangeConfiguration", {"key": "A", "value": "7"}, "c1"))
        folded.take(answered("ChangeConfiguration", {"status": "Accepted"}, "c1"))
        folded.take(asked("SetVariables", {"setVariableData": [setting("B", "8")]}, "c2"))
        folded.take(answered("SetVariables", {"status": "Accepted"}, "c2"))
        told = [(one.component, one.variable, one.value) for one in folded.device.variables]
        assert told == [("", "A", "7"), ("", "B", "8")]

    def test_without_an_answer_are_forgotten(self, folded: Folded) -> None:
        folded.take(asked("SetVariables", self.payload))
        folded.take(answered("SetVariables", None, outcome=CommandOutcome.TIMED_OUT))
        assert folded.station.asked == {}

    def test_that_wait_are_bounded(self, folded: Folded) -> None:
        for number in range(70):
            folded.take(asked("SetVariables", self.payload, f"c{number}"))
            folded.take(answered("SetVariables", self.answer, f"x{number}"))
        assert (len(folded.station.asked), len(folded.station.early)) == (10, 10)

    @pytest.mark.parametrize(
        "payload", ["{}", "[]", "null", "nonsense", "[" * 5000, '{"setVariableData": [5, {}]}']
    )
    @pytest.mark.parametrize(
        "answer", [{}, [], {"setVariableResult": 5}, {"setVariableResult": [{}]}, {"status": 5}]
    )
    def test_that_make_no_sense_change_nothing(self, folded: Folded, payload: str, answer: Any) -> None:
        folded.take(asked("SetVariables", payload))
        folded.take(answered("SetVariables", answer))
        assert folded.station.variables == {}

    def test_that_are_very_long_are_not_waited_for(self, folded: Folded) -> None:
        long = {"setVariableData": [setting("A", "x" * 9000)]}
        folded.take(asked("SetVariables", long))
        folded.take(answered("SetVariables", long, "c2"))
        assert folded.states == {}


class TestDrift:
    def test_is_what_differs_was_not_told_or_cannot_be_set(self, folded: Folded) -> None:
        folded.take(booted())
        folded.take(wanting("A", "B", "X", "SAME"))
        assert folded.drifts() == [(name, "NOT_TOLD", None) for name in ("A", "B", "X", "SAME")]
        folded.take(
            part(0, variable("A", "2"), variable("B", "3", mutability="ReadOnly"), variable("SAME"), last=True)
        )
        assert folded.drifts() == [("A", "DIFFERS", "2"), ("B", "READ_ONLY", "3"), ("X", "NOT_TOLD", None)]

    def test_is_an_event_when_it_changes_and_only_then(self, folded: Folded) -> None:
        folded.take(booted())
        folded.take(wanting("A", "B"))
        folded.take(part(0, variable("A", "2"), variable("B", "1"), last=True))
        folded.take(part(0, variable("A", "2"), last=True, request_id=8, at=NOW + 1))
        changes = folded.of(DeviceDriftChanged)
        assert [[one.variable for one in change.drift] for change in changes] == [["A", "B"], ["A"]]
        assert [one.reason.value for one in changes[1].new] == ["DIFFERS"]

    def test_waits_for_the_end_of_a_report(self, folded: Folded) -> None:
        folded.take(booted())
        folded.take(part(0, variable("A", "1")))
        folded.take(wanting("A", "B"))
        assert not folded.of(DeviceDriftChanged)
        folded.take(part(1, variable("B", "9"), last=True, at=NOW + 1))
        assert folded.drifts() == [("B", "DIFFERS", "9")]

    def test_ends_when_the_setting_is_accepted(self, folded: Folded) -> None:
        folded.take(booted())
        folded.take(wanting("A", value="5"))
        folded.take(asked("SetVariables", {"setVariableData": [setting("A")]}))
        folded.take(answered("SetVariables", {"setVariableResult": [result("A")]}))
        assert folded.device.drift == ()

    def test_that_was_refused_says_so_until_the_station_boots(self, folded: Folded) -> None:
        folded.take(booted())
        folded.take(wanting("A", value="5"))
        folded.take(asked("SetVariables", {"setVariableData": [setting("A")]}))
        folded.take(answered("SetVariables", {"setVariableResult": [result("A", "Rejected")]}))
        assert folded.drifts() == [("A", "REFUSED", None)]
        folded.take(booted(at=NOW + 1))
        assert folded.drifts() == [("A", "NOT_TOLD", None)]

    @pytest.mark.parametrize(("wanted", "actual"), [("true", "True"), ("a,b", "a, b"), ("FALSE", "false")])
    def test_is_not_what_says_the_same(self, folded: Folded, wanted: str, actual: str) -> None:
        folded.take(booted())
        folded.take(wanting("A", value=wanted))
        folded.take(part(0, variable("A", actual), last=True))
        assert folded.device.drift == ()

    def test_is_of_keys_or_variables_as_the_station_speaks(self, folded: Folded) -> None:
        folded.take(wanting("A", component=""))
        assert folded.station.drift == ()
        folded.take(booted())
        assert folded.station.drift == ()
        folded.take(booted(at=NOW + 1, protocol="ocpp1.6"))
        assert folded.drifts() == [("A", "NOT_TOLD", None)]

    def test_ends_when_nothing_is_wanted_any_more(self, folded: Folded) -> None:
        folded.take(booted())
        folded.take(wanting("A"))
        folded.take(DeviceWanted(**IDS, template_id=None, updated_at=NOW + 1))
        assert (folded.device.template_id, folded.device.drift) == (None, ())


class TestAfterBoot:
    @pytest.mark.parametrize(
        ("when", "asks"),
        [(AfterBoot.OFF, []), (AfterBoot.CHANGED, [1, 3]), (AfterBoot.ALWAYS, [1, 2, 3])],
    )
    def test_a_report_is_asked_for_as_the_setting_says(self, when: AfterBoot, asks: list[int]) -> None:
        folded = Folded(when)
        found = []
        for number, firmware in enumerate(["1", "1", "2"], 1):
            events = folded.take(booted(at=NOW + number, firmware=firmware))
            found += [number for event in events if isinstance(event, CommandRequested)]
        assert found == asks

    def test_it_is_asked_for_in_the_words_of_the_version(self) -> None:
        for protocol, operation in (("ocpp1.6", "GetConfiguration"), ("ocpp2.1", "GetBaseReport")):
            events = Folded(AfterBoot.ALWAYS).take(booted(protocol=protocol))
            assert [event.operation for event in events if isinstance(event, CommandRequested)] == [operation]

    def test_nothing_is_asked_of_who_is_not_accepted(self) -> None:
        events = Folded(AfterBoot.ALWAYS).take(booted(registration_status="Pending"))
        assert not any(isinstance(event, CommandRequested) for event in events)


class TestMonitors:
    where: ClassVar = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Temperature"}}

    def report(self, number: int = 3) -> ReportReceived:
        monitor = {"id": number, "transaction": False, "value": 80.5, "type": "UpperThreshold", "severity": 3}
        payload = {"monitor": [self.where | {"variableMonitoring": [monitor, {"id": "x"}]}, {}], "seqNo": 0}
        return ReportReceived(
            event_id="m", **IDS, protocol="ocpp2.0.1", operation="NotifyMonitoringReport", seq_no=0, last=True,
            payload_json=json.dumps(payload), recorded_at=NOW,
        )  # fmt: skip

    def went_off(self, at: int, number: int | None = 3, **changes: Any) -> MonitorEventsReported:
        values: dict[str, Any] = {
            "event_number": 1, "occurred_at": at, "trigger": "Alerting", "component": "EVSE", "evse_id": 1,
            "variable": "Temperature", "actual_value": "85", "notification_type": "CustomMonitor",
            "monitor_id": number, "cleared": False,
        }  # fmt: skip
        return MonitorEventsReported(
            event_id=f"w{at}", **IDS, protocol="ocpp2.0.1", seq_no=0, last=True,
            events=(MonitorEvent(**(values | changes)),), recorded_at=at,
        )  # fmt: skip

    def test_are_what_reports_name(self, folded: Folded) -> None:
        folded.take(self.report())
        (monitor,) = folded.device.monitors
        assert (monitor.monitor_id, monitor.type, monitor.value, monitor.severity, monitor.alert) == (
            3, "UpperThreshold", "80.5", 3, False,
        )  # fmt: skip

    def test_are_what_was_set_and_accepted(self, folded: Folded) -> None:
        data = {"value": 70, "type": "Delta", "severity": 5, **self.where}
        folded.take(asked("SetVariableMonitoring", {"setMonitoringData": [data, data]}))
        results = [
            {"id": 4, "status": "Accepted", "type": "Delta", "severity": 5, **self.where},
            {"status": "Duplicate", "type": "Delta", "severity": 5, **self.where},
        ]
        folded.take(answered("SetVariableMonitoring", {"setMonitoringResult": results}))
        (monitor,) = folded.device.monitors
        assert (monitor.monitor_id, monitor.value, monitor.evse_id) == (4, "70", 1)
        folded.take(
            answered("ClearVariableMonitoring", {"clearMonitoringResult": [{"id": 4, "status": "Accepted"}]})
        )
        assert folded.device.monitors == ()

    def test_are_in_alert_until_their_event_is_cleared(self, folded: Folded) -> None:
        folded.take(self.report())
        folded.take(self.went_off(NOW + 1))
        assert [(monitor.alert, monitor.actual_value) for monitor in folded.device.monitors] == [(True, "85")]
        folded.take(self.went_off(NOW + 3, cleared=True, actual_value="60"))
        folded.take(self.went_off(NOW + 2))
        assert [(monitor.alert, monitor.actual_value) for monitor in folded.device.monitors] == [(False, "60")]

    def test_that_nobody_told_of_are_known_by_their_events(self, folded: Folded) -> None:
        folded.take(self.went_off(NOW, 9))
        assert [monitor.monitor_id for monitor in folded.device.monitors] == [9]
        folded.take(self.went_off(NOW + 1, None))
        assert len(folded.device.monitors) == 1

    def test_that_speak_all_the_time_are_shown_when_an_alert_begins_or_ends(self, folded: Folded) -> None:
        folded.take(self.went_off(NOW))
        shown = len(folded.of(Device))
        for number in range(1, 20):
            folded.take(self.went_off(NOW + number, actual_value=str(number)))
        assert len(folded.of(Device)) == shown
        assert folded.station.monitors[3].actual_value == "19"


class TestTheLargestStation:
    def test_fits_into_a_message(self) -> None:
        folded = Folded()
        folded.take(booted())
        names = [f"{number:03}" + "n" * 47 for number in range(300)]
        where: dict[str, Any] = {"component": "c" * 50, "component_instance": "i" * 50, "evse_id": 2**31 - 1}
        wanted = tuple(WantedVariable(**where, variable=name, value="w" * 133) for name in names)
        folded.take(DeviceWanted(**IDS, template_id="t" * 64, variables=wanted, updated_at=NOW))
        many = [variable(f"{n}", "x" * 10, "C" * 20, unit="kWh", data_type="decimal") for n in range(3000)]
        folded.take(part(0, *many))
        folded.take(part(1, *(variable(name, "x" * 2500) for name in names), last=True, at=NOW + 1))
        more = where | {"variable": "v" * 50, "actual_value": "9" * 2500}
        went_off = [TestMonitors().went_off(NOW, number, **more) for number in range(250)]
        alerts = tuple(event for one in went_off for event in one.events)
        folded.take(replace(went_off[0], events=alerts))
        data = [setting(f"{one}", "x" * 1000) for one in range(7)]
        for number in range(12):
            folded.take(asked("SetVariables", {"setVariableData": data}, f"c{number}"))
            folded.take(answered("SetVariables", {"setVariableResult": data}, f"x{number}"))
        folded.take(booted(at=NOW + 1000))
        assert len(msgspec.msgpack.encode(folded.station)) < 1_000_000
        assert len(CODEC.encode(folded.device)) < 1_000_000
        assert folded.device.left_out > 0


class TestOtherEvents:
    def test_change_nothing(self) -> None:
        fold = folding(AfterBoot.OFF)
        connected = StationConnected.from_record(
            dict.fromkeys(StationConnected.__dataclass_fields__, "x") | {"epoch": 1, "recorded_at": 1}
        )
        for event in (connected, asked("Reset", {}), answered("Reset", {})):
            assert fold({KEY: Station()}.get, event).states == {}


class TestAnyOrder:
    events: ClassVar = [
        booted(at=NOW - 50), wanting("A", "B", value="5"),
        part(0, variable("A", "1"), at=NOW - 20), part(1, variable("B", "1"), last=True, at=NOW - 10),
        asked("SetVariables", {"setVariableData": [setting("A")]}),
        answered("SetVariables", {"setVariableResult": [result("A")]}),
    ]  # fmt: skip

    @given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=6))
    @settings(max_examples=150, deadline=None)
    def test_and_repetition_lead_to_one_state(self, order: list[int], again: list[int]) -> None:
        folded = Folded()
        for place in (*order, *again):
            folded.take(self.events[place])
        known = folded.station
        assert {held.variable.variable: held.variable.value for held in known.variables.values()} == {
            "A": "5", "B": "1",
        }  # fmt: skip
        assert [one.variable for one in known.drift] == ["B"]
        assert [report.complete for report in known.reports] == [True]
