"""The order of a checkpoint, and a small world in which processes are killed at every step of it."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.folding import Changes, Read
from services.runtime.streaming.changelog import SEAL
from services.runtime.streaming.checkpoint import Fenced, Offsets, checkpoint
from services.runtime.streaming.dead_letters import DeadLetterLimit
from services.runtime.streaming.partition import Partition, Surroundings
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.recovery import Disturbed, recover
from services.runtime.streaming.store import Store
from tests.unit.runtime.streaming.memory_log import Crash, MemoryLog

STREAM = "steps.v1"


class Step(msgspec.Struct, frozen=True):
    """The n-th step of a walker; walkers 0, 1, 2 take turns."""

    walker: str
    number: int


class Steps(msgspec.Struct, frozen=True):
    last: int
    total: int


def fold(read: Read[Steps], step: Step) -> Changes[Steps]:
    """Two states change with every step; the second one counts and would show any step taken twice."""
    walker = read(step.walker) or Steps(-1, 0)
    if step.number <= walker.last:
        return Changes()
    everybody = read("everybody") or Steps(-1, 0)
    return Changes(
        {step.walker: Steps(step.number, walker.total + 1), "everybody": Steps(0, everybody.total + 1)},
        (f"{step.walker}/{step.number}: {everybody.total + 1}",),  # type: ignore[arg-type]
    )


class StepCodec:
    encode = staticmethod(msgspec.json.encode)

    @staticmethod
    def decode(data: bytes) -> Step:
        return msgspec.json.decode(data, type=Step)


def steps(count: int) -> list[bytes]:
    return [msgspec.json.encode(Step(f"w{n % 3}", n // 3)) for n in range(count)]


class Kafka:
    """What outlives a process: outputs, changelog and committed offset."""

    def __init__(self) -> None:
        self.outputs: list[Any] = []
        self.log = MemoryLog()
        self.committed = 0
        self.owner: object = None


class MemoryOutbox:
    """Outputs wait until they are delivered; a killed process takes the undelivered ones with it."""

    def __init__(self, kafka: Kafka, order: list[str]) -> None:
        self.waiting: list[Any] = []
        self.kafka = kafka
        self.order = order
        self.dies: str | None = None

    def publish(self, event: Any) -> None:
        self.waiting.append(event)

    def deliver(self) -> None:
        self.order.append("outputs")
        if self.dies == "half the outputs":
            self.kafka.outputs += self.waiting[: len(self.waiting) // 2]
            raise Crash
        self.kafka.outputs += self.waiting
        self.waiting = []


class Life:
    """One process, from its start to its end."""

    def __init__(self, kafka: Kafka, directory: Path) -> None:
        self.kafka = kafka
        self.order: list[str] = []
        self.outbox: Any = MemoryOutbox(kafka, self.order)
        around = Surroundings(
            codec=StepCodec(),
            publish=self.outbox.publish,
            bury=lambda _letter: None,
            limit=DeadLetterLimit(10, 100),
            cached_states=4,
            clock=lambda: 0,
            retry_first_ms=1,
            retry_most_ms=1,
        )
        processor = Processor(name="walk.v1", inputs=(STREAM,), fold=fold, state_type=Steps)
        self.store = Store(directory)
        self.partition: Partition[Steps] = Partition(0, processor, self.store, around)
        self.partition.changelog_end = recover(kafka.log, {0: self.store}, lambda: True, 0).ends[0]
        self.at = kafka.committed
        kafka.owner = self
        self.dies: str | None = None

    def take(self, inputs: list[bytes], count: int) -> None:
        records = [(n, None, inputs[n], 0) for n in range(self.at, min(self.at + count, len(inputs)))]
        if records:
            self.partition.take(STREAM, records)
            self.at = records[-1][0] + 1

    def checkpoint(self) -> bool:
        return checkpoint([self.partition], self.kafka.log, self.outbox, self.commit, 0)

    def commit(self, offsets: Offsets) -> bool:
        self.order.append(f"commit {offsets[STREAM, 0]}")
        if self.kafka.owner is not self:
            return False
        if self.dies == "before the commit" and offsets[STREAM, 0] != self.kafka.committed:
            raise Crash
        self.kafka.committed = offsets[STREAM, 0]
        return True

    def end(self) -> None:
        self.store.close()


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


class TestCheckpoint:
    def test_asks_for_ownership_then_delivers_then_commits(self, kafka: Kafka, tmp_path: Path) -> None:
        life = Life(kafka, tmp_path / "0")
        life.take(steps(9), 5)
        assert life.checkpoint()
        assert life.order == ["commit 0", "outputs", "commit 5"]
        assert [key for _, key, _ in kafka.log.entries[0]] == [b"w0", b"everybody", b"w1", b"w2", SEAL]
        assert life.store.position is not None
        assert life.store.position.offset == 4
        assert life.partition.changelog_end == 5

    def test_does_nothing_when_nothing_was_taken(self, kafka: Kafka, tmp_path: Path) -> None:
        life = Life(kafka, tmp_path / "0")
        assert life.checkpoint()
        assert life.order == []

    def test_commits_records_that_changed_nothing(self, kafka: Kafka, tmp_path: Path) -> None:
        life = Life(kafka, tmp_path / "0")
        life.take(steps(3), 3)
        life.checkpoint()
        life.at = 0
        life.take(steps(3), 3)
        assert life.checkpoint()
        assert len(kafka.log.entries[0]) == 5

    def test_writes_nothing_when_the_partition_has_another_owner(self, kafka: Kafka, tmp_path: Path) -> None:
        frozen = Life(kafka, tmp_path / "frozen")
        frozen.take(steps(9), 5)
        Life(kafka, tmp_path / "other")
        assert not frozen.checkpoint()
        assert kafka.outputs == []
        assert kafka.log.ends == {}


class TestAStrangerInTheChangelog:
    def test_is_overwritten_by_the_owner(self, kafka: Kafka, tmp_path: Path) -> None:
        life = Life(kafka, tmp_path / "0")
        life.take(steps(9), 6)
        life.checkpoint()
        kafka.log.strangers = [(0, b"w1", msgspec.msgpack.encode(Steps(0, 1))), (0, b"gone", b"x"), (0, SEAL, b"")]
        life.take(steps(9), 3)
        life.checkpoint()
        life.end()
        again = Life(kafka, tmp_path / "fresh")
        assert again.partition.read("w1") == Steps(2, 3)
        assert again.partition.read("everybody") == Steps(0, 9)
        assert again.store.get(b"gone") is None

    def test_may_have_taken_states_that_did_not_change_since(self, kafka: Kafka, tmp_path: Path) -> None:
        life = Life(kafka, tmp_path / "0")
        life.take(steps(4), 3)
        life.checkpoint()
        kafka.log.strangers = [(0, b"w2", msgspec.msgpack.encode(Steps(-1, 0))), (0, SEAL, b"")]
        life.take(steps(4), 1)
        life.checkpoint()
        assert Life(kafka, tmp_path / "fresh").partition.read("w2") == Steps(0, 1)

    def test_is_the_owner_when_we_are_not(self, kafka: Kafka, tmp_path: Path) -> None:
        frozen = Life(kafka, tmp_path / "frozen")
        frozen.take(steps(9), 5)
        other: list[Life] = []

        def freeze() -> None:
            other.append(Life(kafka, tmp_path / "other"))
            other[0].take(steps(9), 9)
            other[0].checkpoint()

        frozen.outbox.deliver = freeze
        with pytest.raises(Fenced, match="another worker"):
            frozen.checkpoint()
        other[0].take([*steps(9), *steps(12)[9:]], 3)
        other[0].checkpoint()
        assert Life(kafka, tmp_path / "fresh").partition.read("everybody") == Steps(0, 12)

    def test_who_never_stops_is_an_error(self, kafka: Kafka, tmp_path: Path) -> None:
        life = Life(kafka, tmp_path / "0")
        life.take(steps(9), 3)
        append = kafka.log.append

        def haunted(changes: Any) -> Any:
            kafka.log.strangers = [(0, b"w9", b"x")]
            return append(changes)

        kafka.log.append = haunted  # type: ignore[method-assign]
        with pytest.raises(Disturbed):
            life.checkpoint()


ENDS = ("half the outputs", "in the changelog", "before the commit", "idle")
end_of_life = st.tuples(
    st.sampled_from(ENDS),
    st.integers(0, 6),
    st.lists(st.integers(1, 7), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(lives=st.lists(end_of_life, max_size=8))
def test_loses_nothing_and_folds_nothing_twice_whenever_it_is_killed(
    tmp_path_factory: pytest.TempPathFactory, lives: list[tuple[str, int, list[int], bool, bool]]
) -> None:
    kafka, inputs, home = Kafka(), steps(40), tmp_path_factory.mktemp("lives")
    directory = home / "0"
    for number, (end, records_left, batches, wiped, compacted) in enumerate(lives):
        life = Life(kafka, directory)
        for batch in batches[:-1]:
            life.take(inputs, batch)
            life.checkpoint()
        life.take(inputs, batches[-1])
        life.dies = life.outbox.dies = end
        kafka.log.budget = records_left if end == "in the changelog" else None
        if end != "idle":
            with suppress(Crash):
                life.checkpoint()
        kafka.log.budget = None
        life.end()
        if wiped:
            directory = home / str(number + 1)
        if compacted:
            kafka.log.compact()
    last = Life(kafka, directory)
    last.take(inputs, len(inputs))
    last.checkpoint()
    assert kafka.committed == len(inputs)
    wanted = {f"w{n % 3}/{n // 3}: {n + 1}" for n in range(len(inputs))}
    assert set(kafka.outputs) == wanted
    fresh = Life(kafka, home / "fresh")
    assert fresh.partition.read("everybody") == Steps(0, len(inputs))
    assert last.partition.read("everybody") == Steps(0, len(inputs))
    fresh.end()
    last.end()
