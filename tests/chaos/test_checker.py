"""The crash test's judge sees each kind of wrong."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.runtime.settings import KafkaSettings
from services.runtime.streaming.changelog import SEAL
from tests.chaos import checker
from tests.chaos.checker import Anomalies, Expected, check
from tests.chaos.workload import PROCESSOR, LightCodec, Progressed, SessionNow, readings

KAFKA = KafkaSettings()
READINGS = list(readings(0, 200, stations=4))
EXPECTED = Expected.of(READINGS)


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[int, bytes, Any]]]:
    """What a faultless run leaves in Kafka; tests spoil it."""
    states = [(0, key.encode(), checker._encode_state(state)) for key, state in EXPECTED.states.items() if state]
    topics: dict[str, list[tuple[int, bytes, Any]]] = {
        Progressed.TOPIC: [(0, b"", value) for value in EXPECTED.outputs.values()],
        SessionNow.TOPIC: [(0, key.encode(), value) for key, value in EXPECTED.sessions.items()],
        PROCESSOR.changelog: [*states, (0, SEAL, b"")],
        PROCESSOR.dead_letters: [],
    }

    def read_all(_kafka: KafkaSettings, stream: str) -> Iterator[tuple[int, bytes, Any]]:
        yield from topics[stream]

    monkeypatch.setattr(checker, "read_all", read_all)
    return topics


def judged(dead_letters: int = 0) -> Anomalies:
    return check(KAFKA, EXPECTED, dead_letters)


Left = dict[str, list[tuple[int, bytes, Any]]]


class TestCheck:
    def test_finds_nothing_in_a_faultless_run(self, left: Left) -> None:
        assert judged().clean
        assert judged().expected_outputs == 200
        assert judged().expected_states == 4 * 3 + 4 + 4

    def test_finds_a_lost_output(self, left: Left) -> None:
        del left[Progressed.TOPIC][7]
        assert judged().lost == 1
        assert not judged().clean

    def test_allows_an_equal_duplicate(self, left: Left) -> None:
        left[Progressed.TOPIC].append(left[Progressed.TOPIC][7])
        assert judged().equal_duplicates == 1
        assert judged().clean

    def test_finds_a_duplicate_that_differs(self, left: Left) -> None:
        first = next(iter(EXPECTED.outputs))
        other = Progressed(first, "s", 0, 0, "x", 0, 0)
        left[Progressed.TOPIC].append((0, b"", LightCodec().encode(other)))
        assert judged().wrong_content == 1
        assert not judged().clean

    def test_finds_an_output_that_nobody_expects(self, left: Left) -> None:
        left[Progressed.TOPIC].append((0, b"", LightCodec().encode(Progressed("?", "s", 0, 0, "x", 0, 0))))
        assert judged().unexpected == 1
        assert not judged().clean

    def test_finds_outputs_out_of_order(self, left: Left) -> None:
        outputs = left[Progressed.TOPIC]
        outputs[0], outputs[4] = outputs[4], outputs[0]
        assert judged().out_of_order > 0
        assert not judged().clean

    def test_finds_a_wrong_state(self, left: Left) -> None:
        partition, key, _ = left[PROCESSOR.changelog][0]
        left[PROCESSOR.changelog][-1:] = [(partition, key, b"x"), (0, SEAL, b"")]
        assert judged().wrong_states == 1
        assert not judged().clean

    def test_finds_a_state_that_should_be_deleted(self, left: Left) -> None:
        left[PROCESSOR.changelog].insert(0, (0, b"open/gone", b"x"))
        assert judged().wrong_states == 1

    def test_takes_no_account_of_what_is_not_sealed(self, left: Left) -> None:
        left[PROCESSOR.changelog].append((0, b"session/x", b"x"))
        assert judged().clean

    def test_finds_a_stale_session(self, left: Left) -> None:
        _, key, _ = left[SessionNow.TOPIC][0]
        left[SessionNow.TOPIC].append((0, key, b"stale"))
        assert judged().wrong_session_states == 1
        assert not judged().clean

    def test_finds_a_lost_dead_letter(self, left: Left) -> None:
        assert judged(dead_letters=1).lost_dead_letters == 1
        assert not judged(dead_letters=1).clean

    def test_names_each_figure_in_its_table(self, left: Left) -> None:
        assert "equal duplicates" in judged().table()


class TestReadings:
    def test_are_the_same_however_they_are_cut(self) -> None:
        assert [*readings(0, 70, 4), *readings(70, 130, 4)] == READINGS

    def test_come_in_order_in_each_session(self) -> None:
        seen: dict[str, int] = {}
        for reading in READINGS:
            assert reading.seq == seen.get(reading.session, -1) + 1
            seen[reading.session] = reading.seq
