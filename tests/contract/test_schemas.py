"""What schemas/ promises: fresh generated code, examples that round-trip, topics that know their people."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from services.domain import events
from services.domain.folding import Event
from services.runtime.codec import Codec
from services.runtime.topics import streams

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "schemas" / "examples").glob("*.json"))
SLICES = {
    "ocpp",
    "ocpi",
    "sessions",
    "cdrs",
    "whitelist",
    "analytics",
    "console",
    "fleet",
    "settlement",
    "smartcharging",
    "pki",
    "devices",
    "evidence",
    "nap",
}


def type_of(example: Path) -> str:
    """`a.b.v1.Name.case.json` and `a.b.v1.Name.json` are examples of `a.b.v1.Name`."""
    return ".".join(example.name.split(".")[:4])


def read(example: Path) -> Event:
    return msgspec.json.decode(
        example.read_bytes(), type=events.TYPES.get(type_of(example)) or events.TYPES[short(example)]
    )


def short(example: Path) -> str:
    return ".".join(example.name.split(".")[:3])


class TestGeneratedEvents:
    def test_are_fresh(self) -> None:
        done = subprocess.run(
            [sys.executable, "tools/generate_events.py", "--check"], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


class TestExamples:
    def test_exist_for_every_type(self) -> None:
        shown = {type_of(e) for e in EXAMPLES} | {short(e) for e in EXAMPLES}
        assert set(events.TYPES) <= shown

    @pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.stem)
    def test_come_back_from_avro_as_they_were(self, example: Path) -> None:
        codec, event = Codec(), read(example)
        assert codec.decode(codec.encode(event)) == event

    @pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.stem)
    def test_come_back_from_a_record_as_they_were(self, example: Path) -> None:
        event = read(example)
        assert type(event).from_record(event.to_record()) == event  # type: ignore[attr-defined]

    @pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.stem)
    def test_have_a_key_without_gaps(self, example: Path) -> None:
        assert all(read(example).key.split("/"))


class TestTopics:
    def test_have_a_schema_each(self) -> None:
        declared = yaml.safe_load((ROOT / "schemas" / "topics.yaml").read_text())
        used = {kind.TOPIC for kind in events.TYPES.values()} - {"dlq.v1"}
        assert used == {name for name, entry in declared.items() if "type" not in entry}

    @pytest.mark.parametrize("name", streams())
    def test_are_written_and_read_by_slices_that_exist(self, name: str) -> None:
        stream = streams()[name]
        assert stream.about
        assert {*stream.producers, *stream.consumers} <= SLICES
        assert stream.producers

    @pytest.mark.parametrize("name", streams())
    def test_keep_state_compacted(self, name: str) -> None:
        kind = name.split(".")[1]
        assert streams()[name].compacted == (
            kind in ("state", "connection", "boot", "status", "locallist", "template", "wanted", "queue")
        )
