"""The list of bad input, by its numbers: each entry has a test, here or where `hostile_entries.yaml` says."""

import ast
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from services.domain.events.station import CommandAnswered, ProtocolViolated
from services.ocpp.connection import Connection, Step
from services.ocpp.outbound.command import NotPossible
from services.ocpp.wire.faults import V16, V21, V201
from services.runtime.codec import Codec
from tests.integration.ocpp_case import asked
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION
from tests.unit.ocpp.hostile import HOSTILE, SILENCE, TAKEN, Hostile, call, event, nested, start, stop

ROOT = Path(__file__).resolve().parents[3]
ENTRIES: dict[int, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("hostile_entries.yaml").read_text())
CODEC = Codec()


def connection(protocol: str = V201) -> Connection:
    return Connection(EDGE, STATION, protocol, 7)


def answer_of(step: Step) -> str:
    """TAKEN, SILENCE or the code of the CALLERROR."""
    if step.reply is None:
        return SILENCE
    reply = orjson.loads(step.reply)
    return TAKEN if reply[0] == 3 else str(reply[2])


def readable(step: Step) -> None:
    """What goes to Kafka can be written there and read back."""
    for told in step.events:
        assert CODEC.decode(CODEC.encode(told)) == told


def warnings(step: Step) -> list[str]:
    said = [warning for told in step.events for warning in getattr(told, "warnings", ())]
    return said + [
        told.description for told in step.events if isinstance(told, ProtocolViolated) and told.code == "Tolerated"
    ]


class TestHostileFrame:
    @pytest.mark.parametrize("hostile", HOSTILE, ids=str)
    def test_gets_the_answer_of_its_entry_and_the_connection_lives_on(self, hostile: Hostile) -> None:
        machine = connection(hostile.protocol)
        step = machine.receive(hostile.frame, NOW)
        assert answer_of(step) == hostile.answer
        assert bool(warnings(step)) == hostile.warned
        readable(step)
        if hostile.answer != TAKEN:
            assert [type(told) for told in step.events] == [ProtocolViolated]
            assert machine.pending == 0
        after = machine.receive(b'[2,"h","Heartbeat",{}]', NOW)
        assert answer_of(after) == TAKEN


class TestEntry40DuplicateKeys:
    def test_mean_what_the_last_one_says(self) -> None:
        frame = call("StopTransaction", stop()).replace(b'"meterStop":200', b'"transactionId":78,"meterStop":200')
        (end, *_) = connection(V16).receive(frame, NOW).events
        assert end.transaction_id == "78"  # type: ignore[attr-defined]


class TestEntry42Answers:
    @pytest.mark.parametrize("protocol", [V16, V201, V21])
    def test_count_once_whatever_comes_before_and_after(self, protocol: str) -> None:
        machine = connection(protocol)
        frame = orjson.loads(machine.call(asked(STATION, "ClearCache", {}), NOW + 1000))
        result = orjson.dumps([3, frame[1], {"status": "Accepted"}])
        other = orjson.dumps([3, "of another pod", {"status": "Accepted"}])
        assert [machine.receive(data, NOW).outcome for data in (other, result, result)] == [
            "Unmatched", "ok", "Unmatched",
        ]  # fmt: skip

    @pytest.mark.parametrize("protocol", [V16, V201, V21])
    @pytest.mark.parametrize("depth", [300, 900])
    def test_that_are_nested_too_deeply_end_the_command(self, protocol: str, depth: int) -> None:
        machine = connection(protocol)
        frame = orjson.loads(machine.call(asked(STATION, "ClearCache", {}), NOW + 1000))
        deep = b'[3,"%b",{"status":%b}]' % (frame[1].encode(), b"[" * depth + b"]" * depth)
        (result,) = machine.receive(deep, NOW).events
        assert isinstance(result, CommandAnswered)
        assert (result.outcome.value, result.answer_json) == ("FAILED", None)
        assert not machine.calling
        assert CODEC.decode(CODEC.encode(result)) == result

    def test_that_are_too_late_are_told_apart_from_the_next_ones(self) -> None:
        machine = connection()
        first = orjson.loads(machine.call(asked(STATION, "ClearCache", {}), NOW))[1]
        assert machine.expire(NOW) is not None
        second = orjson.loads(machine.call(asked(STATION, "ClearCache", {}), NOW + 1000))[1]
        assert machine.receive(orjson.dumps([3, first, {"status": "Rejected"}]), NOW).outcome == "Unmatched"
        (result,) = machine.receive(orjson.dumps([3, second, {"status": "Accepted"}]), NOW).events
        assert result.status == "Accepted"  # type: ignore[attr-defined]


class TestEntry43TwoCallsAtOnce:
    def test_are_both_answered_each_by_its_id(self) -> None:
        machine = connection(V16)
        steps = [
            machine.receive(orjson.dumps([2, name, "StartTransaction", start(connectorId=number)]), NOW)
            for number, name in enumerate(("a", "b"), 1)
        ]
        assert [orjson.loads(step.reply or b"")[1] for step in steps] == ["a", "b"]
        assert machine.pending == 2


class TestEntry44AnIdUsedAgain:
    def test_with_other_content_is_another_message(self) -> None:
        machine = connection(V16)
        first = machine.receive(call("StartTransaction", start()), NOW)
        machine.settle(first)
        second = machine.receive(call("StartTransaction", start(meterStart=999)), NOW)
        assert second.outcome == "ok"
        assert {told.event_id for told in first.events}.isdisjoint(  # type: ignore[attr-defined]
            told.event_id
            for told in second.events  # type: ignore[attr-defined]
        )


class TestEntry48TheSameStart:
    @pytest.mark.parametrize("later_ms", [0, 30 * 86_400_000])
    def test_with_another_message_id_is_the_same_transaction(self, later_ms: int) -> None:
        steps = [
            Connection(EDGE, STATION, V16, epoch).receive(orjson.dumps([2, name, "StartTransaction", start()]), at)
            for epoch, name, at in ((1, "x", NOW), (2, "y", NOW + later_ms))
        ]
        first, second = (orjson.loads(step.reply or b"")[2]["transactionId"] for step in steps)
        assert first == second
        assert len({step.events[0].event_id for step in steps}) == 1  # type: ignore[attr-defined]


class TestEntry49Stops:
    def test_that_contradict_each_other_are_two_events_of_one_transaction(self) -> None:
        ends = [
            Connection(EDGE, STATION, V16, 1)
            .receive(call("StopTransaction", stop(meterStop=meter)), NOW)
            .events[0]
            for meter in (200, 300)
        ]
        assert ends[0].transaction_id == ends[1].transaction_id  # type: ignore[attr-defined]
        assert ends[0].event_id != ends[1].event_id  # type: ignore[attr-defined]


class TestEntry55SequenceNumbers:
    def test_that_repeat_or_start_again_are_told_apart_by_content(self) -> None:
        machine = connection()
        ids = []
        for number, seq_no in enumerate((0, 1, 1, 5, 0)):
            frame = orjson.dumps([2, f"m{number}", "TransactionEvent", event(seq_no=seq_no)])
            step = machine.receive(frame, NOW)
            machine.settle(step)
            ids.append(step.events[0].event_id)  # type: ignore[attr-defined]
        assert ids[1] == ids[2]
        assert len(set(ids)) == 3


class TestEntry56Boots:
    def test_a_thousand_in_a_minute_are_answered(self) -> None:
        machine = connection(V16)
        payload = {"chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": "OF-ANOTHER"}
        for number in range(1000):
            step = machine.receive(orjson.dumps([2, f"m{number}", "BootNotification", payload]), NOW + number)
            assert answer_of(step) == TAKEN
            machine.settle(step)
            assert {told.station_id for told in step.events} == {STATION}  # type: ignore[attr-defined]


class TestEntry61StatusStorm:
    def test_of_500_connectors_is_answered_from_memory(self) -> None:
        machine = connection(V16)
        for number in range(2000):
            payload = {"connectorId": number % 500, "errorCode": "NoError", "status": "Available"}
            step = machine.receive(orjson.dumps([2, f"m{number}", "StatusNotification", payload]), NOW)
            assert (answer_of(step), step.durable) == (TAKEN, False)


class TestEntry62Guesses:
    def test_at_tokens_are_each_a_decision_on_record(self) -> None:
        machine = connection(V16)
        ids = set()
        for number in range(1000):
            frame = orjson.dumps([2, f"m{number}", "Authorize", {"idTag": f"G{number}"}])
            step = machine.receive(frame, NOW + number)
            assert orjson.loads(step.reply or b"")[2] == {"idTagInfo": {"status": "Invalid"}}
            ids |= {told.event_id for told in step.events}  # type: ignore[attr-defined]
        assert len(ids) == 1000


class TestEntry63ListVersions:
    @pytest.mark.parametrize("version", [2**31, 2**63, 0, -1])
    @pytest.mark.parametrize("protocol", [V16, V201])
    def test_that_no_list_can_have_are_not_sent(self, protocol: str, version: int) -> None:
        payload = {"versionNumber": version, "updateType": "Full"}
        with pytest.raises(NotPossible):
            connection(protocol).call(asked(STATION, "SendLocalList", payload), NOW)


class TestCommands:
    @pytest.mark.parametrize("protocol", [V16, V201])
    def test_that_are_nested_too_deeply_are_not_sent(self, protocol: str) -> None:
        command = asked(STATION, "DataTransfer", {"vendorId": 5})
        deep = nested(300)[len(b'[2,"a","DataTransfer",') : -1].decode()
        for text in (deep, deep.replace('"v"', "5")):
            changed = type(command)(**(command.to_record() | {"payload_json": text}))
            with pytest.raises(NotPossible):
                connection(protocol).call(changed, NOW)


class TestEntries:
    def test_are_all_there(self) -> None:
        assert sorted(ENTRIES) == [*range(1, 64), 76, 84]

    @pytest.mark.parametrize("number", sorted(ENTRIES))
    def test_have_a_test_or_say_why_not(self, number: int) -> None:
        entry = ENTRIES[number]
        assert entry["what"]
        assert entry.get("tests") or entry.get("why_not")
        for name in entry.get("tests", ()):
            path, *wanted = name.split("::")
            assert wanted[-1] in names_in(ROOT / "tests" / path), name

    def test_here_are_named_in_the_list(self) -> None:
        listed = {
            number for number, entry in ENTRIES.items() if any("hostile" in t for t in entry.get("tests", ()))
        }
        assert {hostile.entry for hostile in HOSTILE} <= listed


def names_in(path: Path) -> set[str]:
    """Classes, functions and assigned names of a module."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    found = {n.name for n in nodes if isinstance(n, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)}
    return found | {n.id for n in nodes if isinstance(n, ast.Name)}
