"""Dead letters are sent again once, raw and to where they were."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaException

from services.runtime.settings import KafkaSettings
from services.runtime.streaming.replay import Replayed, replay
from tests.chaos.checker import read_all
from tests.integration.streaming_case import Case, CaseCodec, Said, numbers_of, says

pytestmark = pytest.mark.integration


class ReplayCodec(CaseCodec):
    """Reads dead letters, as `replay` does."""

    def decode(self, data: bytes) -> object:
        return self._real.decode(data)


@pytest.fixture
async def case(own_kafka: KafkaSettings, tmp_path: Path) -> AsyncIterator[Case]:
    made = Case(own_kafka, "faust", tmp_path)
    yield made
    await made.close()


def send_again(case: Case, error_class: str | None = None, *, dry_run: bool = False) -> Replayed:
    stream = case.processor.dead_letters
    return replay(case.kafka, ReplayCodec(), stream, error_class=error_class, dry_run=dry_run)


def inputs(case: Case) -> list[tuple[int, bytes, bytes]]:
    return list(read_all(case.kafka, Said.TOPIC))


async def test_are_processed_when_the_code_is_right(case: Case) -> None:
    await case.start()
    case.send(*says("ann", range(3), "bad"), *says("bob", range(3)))
    await case.dead_letters(3)
    await case.stop()
    before = inputs(case)
    assert send_again(case) == Replayed(sent=3, already_sent=0, of_another_class=0, by_class={"BadRecord": 3})
    assert sorted(inputs(case)) == sorted([*before, *[record for record in before if record[1] == b"ann"]])
    mended = case.fold
    case.processor = type(case.processor)(
        "case.v1",
        (Said.TOPIC,),
        lambda read, said: mended(read, Said(said.speaker, said.number)),
        case.processor.state_type,
    )
    await case.start()
    assert numbers_of(await case.outputs(6), "ann") == [0, 1, 2]


async def test_are_sent_once_however_often_replay_is_run(case: Case) -> None:
    await case.start()
    case.send(*says("ann", range(2), "bad"))
    await case.dead_letters(2)
    await case.stop()
    assert send_again(case).sent == 2
    assert send_again(case) == Replayed(sent=0, already_sent=2, of_another_class=0, by_class={})
    await case.start()
    await case.dead_letters(4)
    await case.stop()
    assert send_again(case) == Replayed(sent=2, already_sent=2, of_another_class=0, by_class={"BadRecord": 2})


async def test_can_be_chosen_by_class(case: Case) -> None:
    await case.start()
    case.send(Said("ann", 0, "bad"), b"\xff\x00 raw", Said("ann", 1, "bad"))
    await case.dead_letters(3)
    await case.stop()
    assert send_again(case, "DecodeError") == Replayed(1, 0, 2, {"DecodeError": 1})
    assert [record[1:] for record in inputs(case)].count((b"raw", b"\xff\x00 raw")) == 2
    assert send_again(case) == Replayed(2, 1, 0, {"BadRecord": 2})
    assert send_again(case, "BadRecord").sent == 0


async def test_stay_where_they_are_in_a_dry_run(case: Case) -> None:
    await case.start()
    case.send(Said("ann", 0, "bad"))
    await case.dead_letters(1)
    await case.stop()
    before = inputs(case)
    assert send_again(case, dry_run=True) == Replayed(1, 0, 0, {"BadRecord": 1})
    assert inputs(case) == before
    assert send_again(case).sent == 1


async def test_may_be_none(case: Case) -> None:
    await case.start()
    await case.stop()
    assert send_again(case) == Replayed(0, 0, 0, {})


async def test_say_when_there_is_no_such_topic(own_kafka: KafkaSettings) -> None:
    with pytest.raises(KafkaException):
        replay(own_kafka, ReplayCodec(), "nobody.dlq.v1")
