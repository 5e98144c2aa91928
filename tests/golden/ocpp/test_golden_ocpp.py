"""Stations get the answers, and Kafka the events, that they got before."""

import json
from pathlib import Path

import pytest

from services.ocpp.connection import Connection
from services.ocpp.routes import INBOUND
from services.ocpp.wire.schemas import validator
from services.runtime.codec import Codec
from tests.golden.ocpp.golden import CASES, as_text, out
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION, V16, V21, V201

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name} {case.name}")


class TestGoldenFrames:
    @each_case
    def test_are_answered_and_told_as_before(self, case: Path) -> None:
        assert as_text(out(case)) == (case / "out.json").read_text()

    @each_case
    def test_are_answered_as_the_specification_allows(self, case: Path) -> None:
        reply = json.loads((case / "out.json").read_text())["reply"]
        if reply is not None and reply[0] == 3:
            schema = validator(f"ocpp{case.parent.name}", case.name.split("_")[0], answer=True)
            assert schema.is_valid(reply[2])

    @each_case
    def test_become_events_that_kafka_gives_back(self, case: Path) -> None:
        codec = Codec()
        connection = Connection(EDGE, STATION, f"ocpp{case.parent.name}", 1)
        for event in connection.receive((case / "in.json").read_bytes(), NOW).events:
            assert codec.decode(codec.encode(event)) == event

    @pytest.mark.parametrize("protocol", [V16, V21, V201])
    def test_cover_every_message(self, protocol: str) -> None:
        shown = {case.name.split("_")[0] for case in CASES if f"ocpp{case.parent.name}" == protocol}
        assert shown >= INBOUND[protocol].keys()
