from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.events.dlq import DeadLetter
from services.domain.failures import BadRecord, TryAgain
from services.domain.folding import Changes, Read
from services.runtime.streaming.dead_letters import DeadLetterLimit, Record, TooManyDeadLetters
from services.runtime.streaming.partition import Partition, Surroundings
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.store import Position, Store

STREAM = "inputs.v1"


class Said(msgspec.Struct, frozen=True):
    """An event: what is to happen to which key."""

    key: str
    what: str


class Count(msgspec.Struct, frozen=True):
    total: int


class Blocked(Exception):
    pass


class JsonCodec:
    def encode(self, event: Any) -> bytes:
        return msgspec.json.encode(event)

    def decode(self, data: bytes) -> Said:
        if data == b"later":
            raise TryAgain("registry")
        try:
            return msgspec.json.decode(data, type=Said)
        except msgspec.DecodeError as error:
            raise BadRecord("not JSON") from error


class Bench:
    """A partition with everything around it in sight."""

    def __init__(self, directory: Path, cached_states: int = 100, in_a_row: int = 50) -> None:
        self.published: list[Any] = []
        self.buried: list[DeadLetter] = []
        self.now = 1_000
        self.there: set[str] = set()
        self.store = Store(directory / "0")
        around = Surroundings(
            codec=JsonCodec(),
            publish=self.published.append,
            bury=self.buried.append,
            limit=DeadLetterLimit(in_a_row, 100),
            cached_states=cached_states,
            clock=lambda: self.now,
            retry_first_ms=100,
            retry_most_ms=350,
        )
        processor = Processor(name="counts.v1", inputs=(STREAM,), fold=self.fold, state_type=Count)
        self.partition: Partition[Count] = Partition(5, processor, self.store, around)

    def fold(self, read: Read[Count], said: Said) -> Changes[Count]:
        count = read(said.key) or Count(0)
        match said.what:
            case "add":
                return Changes({said.key: Count(count.total + 1)}, (f"{said.key}={count.total + 1}",))  # type: ignore[arg-type]
            case "delete":
                return Changes({said.key: None})
            case "look":
                return Changes(events=(f"{said.key}:{count.total}",))  # type: ignore[arg-type]
            case "bad":
                raise BadRecord("says bad")
            case "wait" if said.key not in self.there:
                raise TryAgain(f"{said.key} is not there")
            case "crash":
                raise Blocked
        return Changes()

    def take(self, *said: str | None, first: int = 0) -> None:
        self.partition.take(STREAM, records(*said, first=first))

    def checkpoint(self) -> None:
        self.store.write(self.partition.changes(), Position("t", 0, 0))
        self.partition.checkpointed()


def records(*said: str | None, first: int = 0) -> Sequence[Record]:
    """ "add a" is a record that says so; None a tombstone, "!..." raw bytes."""
    return [(first + n, f"k{n}".encode(), value(text), 10 + n) for n, text in enumerate(said)]


def value(text: str | None) -> bytes | None:
    if text is None:
        return None
    if text.startswith("!"):
        return text[1:].encode()
    what, key = text.split()
    return msgspec.json.encode(Said(key, what))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


class TestTake:
    def test_folds_in_order_and_publishes(self, bench: Bench) -> None:
        bench.take("add a", "add b", "add a")
        assert bench.published == ["a=1", "b=1", "a=2"]
        assert bench.partition.events == 3

    def test_notes_where_it_began_and_got_to(self, bench: Bench) -> None:
        bench.take("add a", "add a", first=40)
        bench.take("add a", first=42)
        assert bench.partition.starts == {STREAM: 40}
        assert bench.partition.positions == {STREAM: 43}

    def test_keeps_positions_of_streams_apart(self, bench: Bench) -> None:
        bench.take("add a", first=10)
        bench.partition.take("other.v1", records("add a", first=70))
        assert bench.partition.positions == {STREAM: 11, "other.v1": 71}

    def test_passes_over_tombstones(self, bench: Bench) -> None:
        bench.take("add a", None, "add a")
        assert bench.published == ["a=1", "a=2"]
        assert bench.partition.positions == {STREAM: 3}

    def test_lets_a_defect_out_and_changes_nothing_for_that_record(self, bench: Bench) -> None:
        with pytest.raises(Blocked):
            bench.take("add a", "crash a")
        assert bench.partition.positions == {}


class TestBadRecords:
    def test_are_buried_and_the_rest_goes_on(self, bench: Bench) -> None:
        bench.take("add a", "bad a", "!{", "add a", first=100)
        assert bench.published == ["a=1", "a=2"]
        assert [(letter.source_offset, letter.error_class) for letter in bench.buried] == [
            (101, "BadRecord"),
            (102, "DecodeError"),
        ]
        assert bench.partition.positions == {STREAM: 104}

    def test_say_whose_and_from_where_they_are(self, bench: Bench) -> None:
        bench.take("bad a")
        (letter,) = bench.buried
        assert (letter.consumer, letter.source_topic, letter.source_partition) == ("counts.v1", STREAM, 5)
        assert (letter.record_key, letter.record_timestamp, letter.failed_at) == (b"k0", 10, 1_000)

    def test_stop_the_process_when_there_is_nothing_else(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path, in_a_row=3)
        with pytest.raises(TooManyDeadLetters):
            bench.take("bad a", "bad a", "bad a")

    def test_stop_the_process_across_batches(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path, in_a_row=3)
        bench.take("add a", "bad a", "bad a")
        with pytest.raises(TooManyDeadLetters):
            bench.take("bad a")


class TestTryAgain:
    def test_keeps_what_came_before_and_stops_there(self, bench: Bench) -> None:
        bench.take("add a", "wait x", "add a", first=10)
        assert bench.published == ["a=1"]
        assert bench.partition.positions == {STREAM: 11}
        assert bench.partition.waiting
        assert bench.partition.waiting_for == "x is not there"

    def test_counts_nothing_when_the_first_record_waits(self, bench: Bench) -> None:
        bench.take("wait x", "add a")
        assert bench.partition.positions == {}
        assert bench.partition.starts == {}

    def test_can_come_from_decoding(self, bench: Bench) -> None:
        bench.take("!later")
        assert bench.partition.waiting_for == "registry"

    def test_holds_back_all_that_follows(self, bench: Bench) -> None:
        bench.take("wait x")
        bench.take("add a", first=1)
        assert bench.published == []

    def test_goes_on_in_order_when_it_is_there(self, bench: Bench) -> None:
        bench.take("wait x", "add a")
        bench.take("add a", "add b", first=2)
        bench.there.add("x")
        bench.now += 100
        bench.partition.retry()
        assert bench.published == ["a=1", "a=2", "b=1"]
        assert bench.partition.positions == {STREAM: 4}
        assert not bench.partition.waiting
        assert bench.partition.waiting_for == ""

    def test_is_not_tried_before_its_pause_is_over(self, bench: Bench) -> None:
        bench.take("wait x", "add a")
        bench.there.add("x")
        bench.now += 99
        bench.partition.retry()
        assert bench.partition.waiting

    def test_pauses_longer_each_time_up_to_the_most(self, bench: Bench) -> None:
        bench.take("wait x")
        pauses = []
        for _ in range(4):
            before = bench.now
            while bench.partition._retry_at > bench.now:
                bench.now += 1
            pauses.append(bench.now - before)
            bench.partition.retry()
        assert pauses == [100, 200, 350, 350]

    def test_begins_with_the_first_pause_for_another_record(self, bench: Bench) -> None:
        bench.take("wait x", "wait y")
        for _ in range(3):
            bench.now += 1_000
            bench.partition.retry()
        bench.there.add("x")
        bench.now += 1_000
        bench.partition.retry()
        assert bench.partition.waiting_for == "y is not there"
        assert bench.partition._retry_at == bench.now + 100

    def test_waits_for_the_next_of_several_batches(self, bench: Bench) -> None:
        bench.take("wait x")
        bench.take("add a", "wait y", "add a", first=1)
        bench.there.add("x")
        bench.now += 100
        bench.partition.retry()
        assert bench.published == ["a=1"]
        assert bench.partition.positions == {STREAM: 2}
        bench.there.add("y")
        bench.now += 100
        bench.partition.retry()
        assert bench.published == ["a=1", "a=2"]


class TestStates:
    def test_are_read_from_what_changed_then_memory_then_disk(self, bench: Bench) -> None:
        bench.take("add a")
        assert bench.partition.read("a") == Count(1)
        bench.checkpoint()
        assert bench.partition.read("a") == Count(1)
        bench.partition._young.clear()
        assert bench.partition.read("a") == Count(1)
        assert bench.partition.read("never") is None

    def test_survive_a_restart_after_a_checkpoint_and_not_before(self, tmp_path: Path) -> None:
        first = Bench(tmp_path)
        first.take("add a", "add a")
        first.checkpoint()
        first.take("add a")
        first.store.close()
        again = Bench(tmp_path)
        again.take("look a")
        assert again.published == ["a:2"]

    def test_are_written_once_per_checkpoint(self, bench: Bench) -> None:
        bench.take("add a", "add a", "add b")
        assert [key for key, _ in bench.partition.changes()] == [b"a", b"b"]
        bench.checkpoint()
        assert bench.partition.changes() == []
        assert bench.partition.positions == {}

    def test_can_be_deleted(self, bench: Bench) -> None:
        bench.take("add a", "delete a", "look a")
        assert bench.published == ["a=1", "a:0"]
        assert bench.partition.changes() == [(b"a", None)]
        bench.checkpoint()
        bench.take("look a")
        assert bench.published[-1] == "a:0"

    def test_stay_deleted_when_they_were_on_disk_and_in_memory(self, bench: Bench) -> None:
        bench.take("add a")
        bench.checkpoint()
        bench.take("delete a")
        bench.checkpoint()
        bench.take("look a")
        assert bench.published[-1] == "a:0"

    def test_leave_memory_when_there_are_many(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path, cached_states=10)
        for number in range(50):
            bench.take(f"add k{number}")
            bench.checkpoint()
        assert len(bench.partition._young) + len(bench.partition._old) <= 10
        bench.take("look k0", "look k49")
        assert bench.published[-2:] == ["k0:1", "k49:1"]


@settings(deadline=None, max_examples=60)
@given(
    said=st.lists(
        st.tuples(st.sampled_from(["add", "add", "delete", "look", "bad"]), st.sampled_from("abc")), max_size=40
    ),
    cuts=st.sets(st.integers(0, 40)),
    checkpoints=st.sets(st.integers(0, 40)),
)
@pytest.mark.slow
def test_publishes_the_same_however_records_come_in_batches(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str]], cuts: set[int], checkpoints: set[int]
) -> None:
    lines = [f"{what} {key}" for what, key in said]
    whole = Bench(tmp_path_factory.mktemp("whole"), in_a_row=1_000)
    whole.take(*lines)
    parts = Bench(tmp_path_factory.mktemp("parts"), cached_states=2, in_a_row=1_000)
    start = 0
    for end in [*sorted(cut for cut in cuts if 0 < cut < len(lines)), len(lines)]:
        parts.take(*lines[start:end], first=start)
        if end in checkpoints:
            parts.checkpoint()
        start = end
    assert parts.published == whole.published
    assert [letter.event_id for letter in parts.buried] == [letter.event_id for letter in whole.buried]
    whole.store.close()
    parts.store.close()
