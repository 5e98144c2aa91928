from pathlib import Path

import pytest

from services.runtime.streaming.changelog import DELETES_KEPT_MS, SEAL
from services.runtime.streaming.recovery import Disturbed, Recovered, Revoked, recover
from services.runtime.streaming.store import Position, Store
from tests.unit.runtime.streaming.memory_log import Crash, MemoryLog

NOW = 1_800_000_000_000


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "0")


def states(store: Store) -> dict[bytes, bytes]:
    return dict(store.items())


def run(log: MemoryLog, store: Store) -> Recovered:
    return recover(log, {0: store}, lambda: True, NOW)


class TestRecover:
    def test_finds_nothing_to_do_in_an_empty_changelog(self, log: MemoryLog, store: Store) -> None:
        assert run(log, store) == Recovered(records=0, undone=0, cleared=0, ends={0: 0})
        assert states(store) == {}

    def test_reads_everything_into_an_empty_store(self, log: MemoryLog, store: Store) -> None:
        log.append({0: [(b"a", b"1"), (b"b", b"2")]})
        log.append({0: [(b"a", b"3"), (b"b", None)]})
        assert run(log, store) == Recovered(records=6, undone=0, cleared=0, ends={0: 6})
        assert states(store) == {b"a": b"3"}
        assert store.position == Position("topic-1", 5, NOW)

    def test_reads_only_what_a_store_has_not(self, log: MemoryLog, store: Store) -> None:
        log.append({0: [(b"a", b"1")]})
        run(log, store)
        log.append({0: [(b"b", b"2")]})
        assert run(log, store).records == 2
        assert states(store) == {b"a": b"1", b"b": b"2"}

    def test_reads_nothing_when_a_store_is_up_to_date(self, log: MemoryLog, store: Store) -> None:
        log.append({0: [(b"a", b"1")]})
        run(log, store)
        before = log.reads
        assert run(log, store).records == 0
        assert log.reads == before

    def test_goes_over_compacted_gaps(self, log: MemoryLog, store: Store) -> None:
        for number in range(20):
            log.append({0: [(b"a", b"%d" % number), (b"k%d" % number, b"x")]})
        log.compact()
        recovered = run(log, store)
        assert recovered.records == 22
        assert recovered.ends == {0: 60}
        assert states(store)[b"a"] == b"19"
        assert len(states(store)) == 21

    def test_begins_where_the_log_begins_when_its_head_was_deleted(self, log: MemoryLog, store: Store) -> None:
        log.append({0: [(b"a", b"1")]})
        log.append({0: [(b"b", b"2")]})
        log.entries[0] = log.entries[0][2:]
        run(log, store)
        assert states(store) == {b"b": b"2"}

    def test_recovers_partitions_side_by_side(self, log: MemoryLog, tmp_path: Path) -> None:
        stores = {p: Store(tmp_path / f"p{p}") for p in range(3)}
        log.append({0: [(b"a", b"0")], 1: [(b"a", b"1")]})
        recovered = recover(log, stores, lambda: True, NOW)
        assert [states(store) for store in stores.values()] == [{b"a": b"0"}, {b"a": b"1"}, {}]
        assert recovered.ends == {0: 2, 1: 2, 2: 0}


class TestAStoreThatDoesNotFit:
    def test_is_built_anew_when_the_topic_is_another(self, log: MemoryLog, store: Store) -> None:
        store.write([(b"old", b"x")], Position("deleted-topic", 1, NOW))
        log.append({0: [(b"a", b"1"), (b"b", b"2")]})
        assert run(log, store).cleared == 1
        assert states(store) == {b"a": b"1", b"b": b"2"}

    def test_is_built_anew_when_it_is_ahead_of_the_changelog(self, log: MemoryLog, store: Store) -> None:
        store.write([(b"old", b"x")], Position("topic-1", 2, NOW))
        log.append({0: [(b"a", b"1")]})
        assert run(log, store).cleared == 1
        assert states(store) == {b"a": b"1"}

    def test_is_built_anew_when_deletions_may_be_forgotten(self, log: MemoryLog, store: Store) -> None:
        log.append({0: [(b"a", b"1")]})
        store.write([(b"deleted-long-ago", b"x"), (b"a", b"1")], Position("topic-1", 1, NOW - DELETES_KEPT_MS))
        assert run(log, store).cleared == 1
        assert states(store) == {b"a": b"1"}

    def test_stays_when_it_was_away_for_a_day(self, log: MemoryLog, store: Store) -> None:
        log.append({0: [(b"a", b"1")]})
        store.write([(b"a", b"1")], Position("topic-1", 1, NOW - 86_400_000))
        assert run(log, store).cleared == 0


class TestAnUnfinishedCheckpoint:
    def test_is_undone_in_the_changelog(self, log: MemoryLog, store: Store) -> None:
        log.append({0: [(b"a", b"1"), (b"b", b"1")]})
        log.write(0, b"a", b"2")
        log.write(0, b"new", b"2")
        recovered = run(log, store)
        assert recovered.undone == 2
        assert states(store) == {b"a": b"1", b"b": b"1"}
        assert dict((k, v) for _, k, v in log.entries[0][5:]) == {b"a": b"1", b"new": None, SEAL: b""}
        assert store.position == Position("topic-1", recovered.ends[0] - 1, NOW)

    def test_does_not_show_in_a_store_built_from_nothing_later(
        self, log: MemoryLog, store: Store, tmp_path: Path
    ) -> None:
        log.append({0: [(b"a", b"1")]})
        log.write(0, b"a", b"2")
        run(log, store)
        fresh = Store(tmp_path / "fresh")
        assert run(log, fresh).undone == 0
        assert states(fresh) == {b"a": b"1"}

    def test_may_be_the_first_of_all(self, log: MemoryLog, store: Store) -> None:
        log.write(0, b"a", b"1")
        assert run(log, store).undone == 1
        assert states(store) == {}

    def test_of_a_store_that_had_read_all_before_is_undone(self, log: MemoryLog, store: Store) -> None:
        log.append({0: [(b"a", b"1")]})
        run(log, store)
        log.write(0, b"a", b"2")
        assert run(log, store).undone == 1
        assert states(store) == {b"a": b"1"}

    def test_is_undone_by_the_next_when_undoing_is_interrupted(self, log: MemoryLog, store: Store) -> None:
        log.append({0: [(b"a", b"1"), (b"b", b"1")]})
        log.write(0, b"a", b"2")
        log.write(0, b"b", b"2")
        log.budget = 1
        with pytest.raises(Crash):
            run(log, store)
        log.budget = None
        run(log, store)
        assert states(store) == {b"a": b"1", b"b": b"1"}

    def test_longer_than_the_first_window_is_found(self, log: MemoryLog, store: Store) -> None:
        log.append({0: [(b"a", b"1")]})
        for number in range(10_000):
            log.write(0, b"k%d" % number, b"x")
        assert run(log, store).undone == 10_000
        assert states(store) == {b"a": b"1"}


class TestOwnership:
    def test_ends_recovery_when_it_is_gone_before_reading(self, log: MemoryLog, store: Store) -> None:
        log.append({0: [(b"a", b"1")]})
        with pytest.raises(Revoked):
            recover(log, {0: store}, lambda: False, NOW)

    def test_is_asked_before_anything_is_undone(self, log: MemoryLog, store: Store) -> None:
        log.write(0, b"a", b"1")
        with pytest.raises(Revoked):
            recover(log, {0: store}, lambda: False, NOW)
        assert log.ends[0] == 1

    def test_of_another_who_writes_meanwhile_is_overcome(self, log: MemoryLog, store: Store) -> None:
        log.append({0: [(b"a", b"1"), (b"c", b"1")]})
        log.write(0, b"a", b"2")
        log.strangers = [(0, b"c", b"9")]
        recovered = run(log, store)
        assert states(store) == {b"a": b"1", b"c": b"1"}
        assert recovered.ends[0] == log.ends[0]
        fresh = Store(Path(str(store._path) + "-fresh"))
        run(log, fresh)
        assert states(fresh) == states(store)

    def test_of_another_who_never_stops_is_an_error(self, log: MemoryLog, store: Store) -> None:
        class Haunted(MemoryLog):
            def append(self, changes):  # type: ignore[no-untyped-def]
                self.strangers = [(0, b"c", b"9")]
                return super().append(changes)

        haunted = Haunted()
        haunted.write(0, b"a", b"2")
        with pytest.raises(Disturbed, match="worker_id"):
            run(haunted, store)
