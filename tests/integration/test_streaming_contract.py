"""What every path promises of a fold, tested alike on all of them."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.runtime.settings import KafkaSettings
from services.runtime.streaming.dead_letters import TooManyDeadLetters
from services.runtime.streaming.inputs import UnfitInputs
from services.runtime.streaming.run import PathName
from tests.integration.streaming_case import PARTITIONS, Case, Said, numbers_of, says

pytestmark = pytest.mark.integration

ALL: tuple[PathName, ...] = ("faust", "librdkafka", "stock")
OURS: tuple[PathName, ...] = ("faust", "librdkafka")
"""The stock path promises nothing about crashes, and one waiting record holds up all partitions."""

SPEAKERS = ("ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal")


@pytest.fixture
async def case(own_kafka: KafkaSettings, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    made = Case(own_kafka, request.param, tmp_path)
    yield made
    await made.close()


on_all = pytest.mark.parametrize("case", ALL, indirect=True)
on_ours = pytest.mark.parametrize("case", OURS, indirect=True)


@on_all
async def test_keeps_the_order_of_each_key(case: Case) -> None:
    await case.start()
    case.send(*[Said(speaker, number) for number in range(50) for speaker in SPEAKERS])
    outputs = await case.outputs(50 * len(SPEAKERS))
    for speaker in SPEAKERS:
        assert numbers_of(outputs, speaker) == list(range(50))
    assert all(heard.times == heard.number + 1 for heard in outputs)


@on_all
async def test_buries_bad_records_and_goes_on(case: Case) -> None:
    case.send(*says("ann", range(2)), b"\xff not JSON", Said("ann", 2, "bad"), Said("ann", 3))
    await case.start()
    assert numbers_of(await case.outputs(3), "ann") == [0, 1, 3]
    letters = {letter.error_class: letter for letter in await case.dead_letters(2)}
    assert letters["DecodeError"].record_value == b"\xff not JSON"
    assert letters["DecodeError"].record_key == b"raw"
    assert letters["BadRecord"].reason == "ann says bad"
    assert letters["BadRecord"].source_topic == Said.TOPIC
    assert letters["BadRecord"].consumer == "case.v1"


@on_all
async def test_waits_for_what_is_not_there_yet(case: Case) -> None:
    await case.start()
    case.send(Said("ann", 0), Said("ann", 1, "wait"), Said("ann", 2))
    assert numbers_of(await case.outputs(1), "ann") == [0]
    await asyncio.sleep(0.5)
    assert numbers_of(await case.outputs(1), "ann") == [0]
    case.there.add("ann")
    assert numbers_of(await case.outputs(3), "ann") == [0, 1, 2]


@on_ours
async def test_waits_in_one_partition_only(case: Case) -> None:
    await case.start()
    case.send(Said("ann", 0, "wait"))
    case.send(*[Said(speaker, number) for number in range(20) for speaker in SPEAKERS])
    others = {heard.speaker for heard in await case.outputs(60)}
    assert "ann" not in others
    assert len(others) >= 3
    case.there.add("ann")
    assert numbers_of(await case.outputs(20 * len(SPEAKERS)), "ann") == list(range(20))


@on_ours
async def test_waits_across_a_restart(case: Case) -> None:
    await case.start()
    case.send(Said("ann", 0), Said("ann", 1, "wait"), Said("ann", 2))
    await case.outputs(1)
    await case.stop()
    case.there.add("ann")
    await case.start()
    assert numbers_of(await case.outputs(3), "ann") == [0, 1, 2]


@on_all
async def test_changes_nothing_when_events_come_twice(case: Case) -> None:
    await case.start()
    case.send(*says("ann", range(10)))
    case.send(*says("ann", range(10)), Said("ann", 10))
    outputs = await case.outputs(11)
    assert [(heard.number, heard.times) for heard in outputs] == [(n, n + 1) for n in range(11)]


@on_all
async def test_goes_on_after_a_restart(case: Case) -> None:
    await case.start()
    case.send(*[Said(speaker, number) for number in range(5) for speaker in SPEAKERS])
    await case.outputs(5 * len(SPEAKERS))
    await case.stop()
    case.send(*[Said(speaker, number) for number in range(5, 10) for speaker in SPEAKERS])
    await case.start()
    outputs = await case.outputs(10 * len(SPEAKERS))
    assert {(heard.speaker, heard.number, heard.times) for heard in outputs} == {
        (speaker, number, number + 1) for speaker in SPEAKERS for number in range(10)
    }


@on_ours
async def test_does_nothing_twice_after_a_clean_stop(case: Case) -> None:
    await case.start(checkpoint_interval_ms=60_000)
    case.send(*says("ann", range(100)))
    await case.outputs(100)
    await case.stop()
    await case.start()
    case.send(Said("ann", 100))
    assert len(await case.outputs(101)) == 101


@on_all
async def test_gets_its_states_back_when_the_disk_is_lost(case: Case) -> None:
    await case.start()
    case.send(*[Said(speaker, number) for number in range(5) for speaker in SPEAKERS], Said("hal", 5, "forget"))
    await case.outputs(5 * len(SPEAKERS))
    await case.stop()
    shutil.rmtree(case.directory)
    await case.start()
    case.send(*[Said(speaker, 6) for speaker in SPEAKERS])
    outputs = await case.outputs(6 * len(SPEAKERS))
    last = {heard.speaker: heard.times for heard in outputs if heard.number == 6}
    assert last == {speaker: 1 if speaker == "hal" else 6 for speaker in SPEAKERS}


@on_all
async def test_moves_states_between_workers(case: Case) -> None:
    sent = 0

    async def everybody_speaks() -> None:
        nonlocal sent
        case.send(*[Said(speaker, sent) for speaker in SPEAKERS])
        sent += 1
        await case.outputs(sent * len(SPEAKERS))

    await case.start("w1")
    await everybody_speaks()
    await case.start("w2")
    await everybody_speaks()
    await case.stop("w1")
    await everybody_speaks()
    await case.start("w1")
    await everybody_speaks()
    outputs = await case.outputs(sent * len(SPEAKERS))
    assert all(heard.times == heard.number + 1 for heard in outputs)


@on_ours
async def test_stops_on_a_defect_and_does_it_again_when_it_is_mended(case: Case) -> None:
    case.broken = True
    case.send(*says("ann", range(3)), Said("ann", 3, "crash"), Said("ann", 4))
    await case.start()
    assert isinstance(await case.failure(), ZeroDivisionError)
    case.broken = False
    await case.start()
    outputs = await case.outputs(5)
    assert {(heard.number, heard.times) for heard in outputs} == {(n, n + 1) for n in range(5)}


@on_ours
async def test_stops_when_everything_is_bad(case: Case) -> None:
    case.send(*says("ann", range(30), "bad"))
    await case.start(dead_letters_in_a_row=20)
    assert isinstance(await case.failure(), TooManyDeadLetters)


@on_ours
async def test_publishes_the_last_per_key_to_compacted_topics(case: Case) -> None:
    case.send(*[Said(speaker, number) for number in range(200) for speaker in SPEAKERS])
    await case.start(checkpoint_interval_ms=2_000)
    await case.outputs(200 * len(SPEAKERS))
    await case.stop()
    found = case.speakers()
    assert {heard.speaker: heard.times for heard in found} == dict.fromkeys(SPEAKERS, 200)
    assert len(found) < 100 * len(SPEAKERS)


@on_all
async def test_shares_states_between_inputs_that_are_partitioned_alike(case: Case) -> None:
    case.add_input("case.also.v1", PARTITIONS)
    await case.start()
    case.send(*[Said(speaker, number) for number in range(10) for speaker in SPEAKERS])
    await case.outputs(10 * len(SPEAKERS))
    case.send(*[Said(speaker, number) for number in range(10, 20) for speaker in SPEAKERS], stream="case.also.v1")
    outputs = await case.outputs(20 * len(SPEAKERS))
    assert all(heard.times == heard.number + 1 for heard in outputs)


@on_ours
async def test_counts_what_it_does(case: Case) -> None:
    def sample(name: str) -> float:
        return REGISTRY.get_sample_value(name, {"processor": "case.v1"}) or 0.0

    names = ("wattlog_processor_events_total", "wattlog_processor_dead_letters_total")
    before = [sample(name) for name in names]
    case.send(*says("ann", range(10)), Said("ann", 10, "bad"))
    await case.start()
    await case.outputs(10)
    await case.dead_letters(1)
    await case.stop()
    assert [sample(name) - old for name, old in zip(names, before, strict=True)] == [11, 1]
    assert sample("wattlog_processor_checkpoint_seconds_count") > 0


@pytest.mark.parametrize("case", ["faust"], indirect=True)
async def test_refuses_inputs_that_are_partitioned_differently(case: Case) -> None:
    case.add_input("case.other.v1", PARTITIONS + 1)
    await case.start()
    failure = await case.failure()
    assert isinstance(failure, UnfitInputs)
    assert "equal numbers of partitions" in str(failure)


@pytest.mark.parametrize("case", ["faust"], indirect=True)
async def test_says_which_input_is_missing(case: Case) -> None:
    case.processor = type(case.processor)("case.v1", ("no.such.v1",), case.fold, case.processor.state_type)
    await case.start()
    failure = await case.failure()
    assert isinstance(failure, UnfitInputs)
    assert "no.such.v1, which does not exist" in str(failure)
