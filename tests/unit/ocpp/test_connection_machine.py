"""Whatever a station and we say in whatever order: each CALL is answered once, each command ends once."""

from collections import Counter
from typing import Any

import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered, CommandRequested, ProtocolViolated
from services.ocpp.connection import Busy, Connection, Step
from services.ocpp.outbound.command import NotPossible
from services.ocpp.wire.faults import V16, V21, V201
from services.runtime.codec import Codec
from tests.golden.ocpp.golden import CASES
from tests.integration.ocpp_case import asked
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION
from tests.unit.ocpp.hostile import HOSTILE

CODEC = Codec()
TEN_S = 10_000

CALLS: dict[str, list[list[Any]]] = {V16: [], V201: [], V21: []}
for case in CASES:
    frame = orjson.loads((case / "in.json").read_bytes())
    if isinstance(frame, list) and frame[0] == 2:
        CALLS[f"ocpp{case.parent.name}"].append(frame[2:])
CALLS[V21] += CALLS[V201]

COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ("ClearCache", {}),
    ("Reset", {"type": "Immediate"}),
    ("GetLocalListVersion", {}),
    ("GetVariables", {"getVariableData": [{"component": {"name": "C"}, "variable": {"name": "V"}}] * 3}),
    ("GetConfiguration", {}),
    ("Nonsense", {}),
    ("Reset", {"type": 5}),
]
ANSWERS: list[Any] = [
    {"status": "Accepted"}, {"status": "Rejected"}, {"status": "Nonsense"}, {}, [], None, {"status": [[[]]]},
    {"versionNumber": 2**63}, {"listVersion": -1}, {"configurationKey": [{"key": "k", "readonly": True}]},
    {"getVariableResult": [
        {"attributeStatus": "Accepted", "attributeValue": "1", "component": {"name": "OCPPCommCtrlr"},
         "variable": {"name": "ItemsPerMessage", "instance": "GetVariables"}},
    ]},
]  # fmt: skip


class StationAndUs(RuleBasedStateMachine):
    """The machine, and what it owes: an answer to each CALL, a result to each command."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.number = 0
        self.held: list[Step] = []
        self.owed: set[str] = set()
        self.asked: list[CommandRequested] = []
        self.results: Counter[str] = Counter()
        self.open = ""

    @initialize(protocol=st.sampled_from([V16, V201, V21]), limit=st.sampled_from([None, 1]))
    def connects(self, protocol: str, limit: int | None) -> None:
        self.protocol = protocol
        self.machine = Connection(EDGE, STATION, protocol, 7)
        if limit is not None:
            self.machine._limits["GetVariables"] = limit

    def said(self, step: Step) -> Any:
        """Check what every step has to be, and return what is sent."""
        for told in step.events:
            assert CODEC.decode(CODEC.encode(told)) == told
            if isinstance(told, CommandAnswered):
                self.results[told.command_id] += 1
        assert not step.durable or step.reply is not None
        return None if step.reply is None else orjson.loads(step.reply)

    @rule(data=st.data(), repeat=st.booleans())
    def station_calls(self, data: st.DataObject, repeat: bool) -> None:
        action, payload = data.draw(st.sampled_from(CALLS[self.protocol]))
        self.number += 1
        message_id = f"s{self.number}"
        frame = orjson.dumps([2, message_id, action, payload])
        step = self.machine.receive(frame, self.now)
        kind, answered, *_ = self.said(step)
        assert (kind in (3, 4), answered) == (True, message_id)
        if step.durable:
            self.held.append(step)
            self.owed.add(message_id)
        if repeat:
            again = self.machine.receive(frame, self.now)
            assert self.said(again) == (None if step.durable else [kind, *self.said(step)[1:]]) or kind == 4

    @rule(hostile=st.sampled_from(HOSTILE))
    def station_says_something_hostile(self, hostile: Any) -> None:
        step = self.machine.receive(hostile.frame, self.now)
        reply = self.said(step)
        if step.durable:
            self.machine.settle(step)
        assert reply is None or reply[0] in (3, 4, 5)

    @rule(data=st.binary(max_size=60))
    def station_says_anything(self, data: bytes) -> None:
        step = self.machine.receive(data, self.now)
        self.said(step)
        assert not step.durable

    @rule(command=st.sampled_from(COMMANDS))
    def we_ask(self, command: tuple[str, dict[str, Any]]) -> None:
        wanted = asked(STATION, *command)
        try:
            frame = orjson.loads(self.machine.call(wanted, self.now + TEN_S))
        except Busy:
            assert self.open
            return
        except NotPossible:
            assert self.machine.calling == bool(self.open)
            return
        assert not self.open
        self.open = frame[1]
        self.asked.append(wanted)

    @precondition(lambda self: self.open)
    @rule(answer=st.sampled_from(ANSWERS), code=st.sampled_from([3, 3, 3, 4, 5]))
    def station_answers(self, answer: Any, code: int) -> None:
        said: list[Any] = [code, self.open, answer if code == 3 else "GenericError"]
        before = sum(self.results.values())
        step = self.machine.receive(orjson.dumps(said), self.now)
        reply = self.said(step)
        if reply is not None and reply[0] == 2:
            self.open = reply[1]  # the next part
            assert sum(self.results.values()) == before
        elif sum(self.results.values()) > before:
            self.open = ""
        else:
            assert isinstance(step.events[0], ProtocolViolated) if step.events else True

    @rule(message_id=st.sampled_from(["", "x", "s1", "-1", "i" * 50]), code=st.sampled_from([3, 4]))
    def station_answers_what_nobody_asked(self, message_id: str, code: int) -> None:
        step = self.machine.receive(orjson.dumps([code, message_id, {} if code == 3 else "E"]), self.now)
        assert self.said(step) is None
        assert not any(isinstance(told, CommandAnswered) for told in step.events)

    @precondition(lambda self: self.held)
    @rule(index=st.integers(0, 20))
    def kafka_confirms(self, index: int) -> None:
        step = self.held.pop(index % len(self.held))
        self.machine.settle(step)
        self.owed.discard(step.message_id)

    @rule(wait_ms=st.sampled_from([1, 5000, TEN_S, 60_000]))
    def time_passes(self, wait_ms: int) -> None:
        self.now += wait_ms
        result = self.machine.expire(self.now)
        if result is not None:
            self.results[result.command_id] += 1
            self.open = ""

    @invariant()
    def owes_what_it_took(self) -> None:
        if hasattr(self, "machine"):
            assert self.machine.pending == len(self.held) == len(self.owed)
            assert self.machine.open_call == self.open

    def teardown(self) -> None:
        if not hasattr(self, "machine"):
            return
        result = self.machine.close(self.now)
        if result is not None:
            assert result.outcome is not CommandOutcome.ACCEPTED
            self.results[result.command_id] += 1
        assert self.results == Counter(command.command_id for command in self.asked)


TestStationAndUs = pytest.mark.slow(StationAndUs.TestCase)
TestStationAndUs.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
