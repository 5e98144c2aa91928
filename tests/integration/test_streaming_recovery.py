"""Recovery from a real changelog: gaps, deleted topics, unfinished checkpoints, and another's writing."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from services.runtime.settings import KafkaSettings
from services.runtime.streaming.changelog import SEAL, Changelog
from services.runtime.streaming.outbox import NotDelivered, Outbox
from services.runtime.streaming.recovery import recover
from services.runtime.streaming.settings import StreamingSettings
from services.runtime.streaming.store import Store
from tests.chaos.checker import read_all
from tests.integration.streaming_case import PARTITIONS, Case, CaseCodec, Said, says

pytestmark = pytest.mark.integration

NOW = 1_800_000_000_000
NAME = "states.v1-changelog"


def changelog_of(kafka: KafkaSettings, name: str = NAME) -> Changelog:
    outbox = Outbox(kafka, CaseCodec(), lambda _topic: False, StreamingSettings())
    changelog = Changelog(kafka, name, outbox)
    changelog.ensure(PARTITIONS)
    return changelog


@pytest.fixture
def changelog(own_kafka: KafkaSettings) -> Changelog:
    return changelog_of(own_kafka)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "0")


def write(changelog: Changelog, *records: tuple[bytes, bytes | None], partition: int = 0) -> None:
    """Append without a seal, as a process does that is killed in the middle."""
    for key, value in records:
        changelog._outbox.produce(changelog.topic, value, key, partition)
    changelog._outbox.deliver()


def rebuilt(changelog: Changelog, tmp_path: Path) -> dict[bytes, bytes]:
    """What a worker with an empty disk would get."""
    fresh = Store(tmp_path / f"fresh-{time.time_ns()}")
    recover(changelog, {0: fresh}, lambda: True, NOW)
    return dict(fresh.items())


class TestChangelog:
    def test_is_made_as_compacted_topic_that_keeps_deletions(self, changelog: Changelog) -> None:
        admin = AdminClient({"bootstrap.servers": changelog._kafka.bootstrap_servers})
        resource = ConfigResource(ResourceType.TOPIC, changelog.topic)
        config = admin.describe_configs([resource])[resource].result()
        assert config["cleanup.policy"].value == "compact"
        assert config["min.compaction.lag.ms"].value == "3600000"

    def test_says_so_when_partitions_differ(self, changelog: Changelog) -> None:
        with pytest.raises(ValueError, match="4 partitions and the inputs 7"):
            changelog.ensure(7)

    def test_gives_the_offsets_of_its_seals(self, changelog: Changelog) -> None:
        assert changelog.append({0: [(b"a", b"1"), (b"b", b"1")], 2: []}) == {0: 2, 2: 0}
        assert changelog.append({0: [(b"a", b"2")]}) == {0: 4}
        assert changelog.bounds([0, 1, 2]) == {0: (0, 5), 1: (0, 0), 2: (0, 1)}

    def test_finds_the_last_seal_behind_a_long_tail(self, changelog: Changelog) -> None:
        changelog.append({0: [(b"a", b"1")]})
        write(changelog, *[(b"k%d" % n, b"x") for n in range(6_000)])
        assert changelog.last_seals({0: (0, 6_002), 1: (0, 0)}) == {0: 1}

    def test_finds_no_seal_where_there_is_none(self, changelog: Changelog) -> None:
        write(changelog, (b"a", b"1"))
        assert changelog.last_seals({0: (0, 1)}) == {}

    def test_reads_ranges_and_no_more(self, changelog: Changelog) -> None:
        changelog.append({0: [(b"a", b"1"), (b"b", None)], 1: [(b"c", b"3")]})
        read = [entry for entries in changelog.read({0: (1, 3), 1: (0, 1)}) for entry in entries]
        assert sorted(read) == [(0, 1, b"b", None), (0, 2, SEAL, b""), (1, 0, b"c", b"3")]


class TestRecover:
    def test_reads_what_was_sealed_and_undoes_the_rest(
        self, changelog: Changelog, store: Store, tmp_path: Path
    ) -> None:
        changelog.append({0: [(b"a", b"1"), (b"b", b"1")]})
        changelog.append({0: [(b"a", b"2")]})
        write(changelog, (b"a", b"3"), (b"b", None), (b"new", b"3"))
        recovered = recover(changelog, {0: store}, lambda: True, NOW)
        assert (recovered.undone, recovered.ends) == (3, {0: 12})
        assert dict(store.items()) == {b"a": b"2", b"b": b"1"}
        assert rebuilt(changelog, tmp_path) == {b"a": b"2", b"b": b"1"}

    def test_reads_over_gaps_of_compaction(self, changelog: Changelog, store: Store) -> None:
        _compact_soon(changelog)
        for number in range(30):
            changelog.append({0: [(b"a", b"%d" % number), (b"k%d" % (number % 5), b"x" * 50_000)]})
        before = changelog.bounds([0])[0][1]
        while _records(changelog) > 60:
            changelog.append({0: [(b"a", b"30"), (b"more", b"x" * 50_000)]})
            time.sleep(0.5)
        recover(changelog, {0: store}, lambda: True, NOW)
        assert changelog.bounds([0])[0][1] > before
        assert store.get(b"a") == b"30"
        assert len(list(store.items())) == 7

    def test_builds_a_store_anew_when_its_topic_was_deleted(
        self, changelog: Changelog, store: Store, own_kafka: KafkaSettings
    ) -> None:
        changelog.append({0: [(b"a", b"1"), (b"b", b"1")]})
        recover(changelog, {0: store}, lambda: True, NOW)
        _delete(changelog)
        again = changelog_of(own_kafka)
        assert again.topic_id != changelog.topic_id
        again.append({0: [(b"c", b"%d" % number) for number in range(9)]})
        assert recover(again, {0: store}, lambda: True, NOW).cleared == 1
        assert dict(store.items()) == {b"c": b"8"}


@pytest.fixture(params=["faust", "librdkafka"])
async def case(own_kafka: KafkaSettings, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    made = Case(own_kafka, request.param, tmp_path)
    yield made
    await made.close()


async def test_a_stranger_in_the_changelog_does_no_harm(case: Case) -> None:
    """What a worker writes that was frozen and lost its partitions meanwhile."""
    await case.start()
    case.send(*says("ann", range(5)))
    await case.outputs(5)
    await asyncio.sleep(0.3)
    changelog = changelog_of(case.kafka, case.processor.changelog)
    (partition,) = {p for p, key, _ in read_all(case.kafka, case.processor.changelog) if key == b"ann"}
    stale = b"\x82\xa6number\x00\xa5times\x01"
    changelog.append({partition: [(b"ann", stale), (b"nobody", stale)]})
    case.send(Said("ann", 5))
    await case.outputs(6)
    await case.stop()
    shutil.rmtree(case.directory)
    await case.start()
    case.send(Said("ann", 6), Said("nobody", 0))
    outputs = await case.outputs(8)
    assert [heard.times for heard in outputs if heard.speaker == "ann"][-1] == 7
    assert [heard.times for heard in outputs if heard.speaker == "nobody"] == [1]


async def test_an_output_that_kafka_refuses_stops_the_worker(case: Case) -> None:
    """Nothing is committed behind it, and all is done again."""
    await case.start()
    admin = AdminClient({"bootstrap.servers": case.kafka.bootstrap_servers})
    resource = ConfigResource(
        ResourceType.TOPIC, case.kafka.topic_prefix + "case.heard.v1", set_config={"max.message.bytes": "10"}
    )
    admin.alter_configs([resource])[resource].result()
    case.send(*says("ann", range(3)))
    assert isinstance(await case.failure(), NotDelivered)
    resource.set_config("max.message.bytes", "1000000")
    admin.alter_configs([resource])[resource].result()
    await case.start()
    assert [heard.times for heard in await case.outputs(3)] == [1, 2, 3]


def _compact_soon(changelog: Changelog) -> None:
    wanted = {
        "cleanup.policy": "compact",
        "min.compaction.lag.ms": "0",
        "min.cleanable.dirty.ratio": "0.01",
        "segment.bytes": "1048576",
        "max.compaction.lag.ms": "1000",
        "segment.ms": "500",
    }
    admin = AdminClient({"bootstrap.servers": changelog._kafka.bootstrap_servers})
    resource = ConfigResource(ResourceType.TOPIC, changelog.topic, set_config=wanted)
    admin.alter_configs([resource])[resource].result()


def _records(changelog: Changelog) -> int:
    bounds: Any = changelog.bounds([0])
    return sum(len(entries) for entries in changelog.read(bounds))


def _delete(changelog: Changelog) -> None:
    admin = AdminClient({"bootstrap.servers": changelog._kafka.bootstrap_servers})
    admin.delete_topics([changelog.topic])[changelog.topic].result()
    while changelog.topic in admin.list_topics(timeout=10).topics:
        time.sleep(0.1)
    time.sleep(0.5)
