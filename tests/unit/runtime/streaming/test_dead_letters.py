import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.failures import BadRecord
from services.runtime.streaming.dead_letters import (
    DeadLetterLimit,
    TooManyDeadLetters,
    code_version,
    dead_letter,
    error_class,
)


class UnknownUnit(BadRecord):
    pass


def caused(cause: Exception) -> BadRecord:
    try:
        raise BadRecord("no") from cause
    except BadRecord as error:
        return error


class TestDeadLetter:
    def test_keeps_the_record_raw_with_where_it_was(self) -> None:
        letter = dead_letter(
            "sessions.v1", ("t.v1", 3), (17, b"\xff\x00key", b"\x00\xffvalue", 5), BadRecord("why"), 9
        )
        assert (letter.consumer, letter.source_topic, letter.source_partition, letter.source_offset) == (
            "sessions.v1",
            "t.v1",
            3,
            17,
        )
        assert (letter.record_key, letter.record_value, letter.record_timestamp) == (
            b"\xff\x00key",
            b"\x00\xffvalue",
            5,
        )
        assert (letter.error_class, letter.reason, letter.failed_at) == ("BadRecord", "why", 9)
        assert letter.code_version == code_version()

    def test_keeps_a_missing_key(self) -> None:
        assert dead_letter("s.v1", ("t", 0), (0, None, b"", 0), BadRecord(), 0).record_key is None

    def test_has_the_same_id_whenever_the_same_record_fails(self) -> None:
        first = dead_letter("s.v1", ("t", 0), (1, None, b"a", 0), BadRecord("x"), 10)
        again = dead_letter("s.v1", ("t", 0), (1, None, b"a", 0), BadRecord("y"), 20)
        assert first.event_id == again.event_id

    @pytest.mark.parametrize(
        ("consumer", "source", "offset"),
        [("other.v1", ("t", 0), 1), ("s.v1", ("u", 0), 1), ("s.v1", ("t", 1), 1), ("s.v1", ("t", 0), 2)],
    )
    def test_has_another_id_for_another_record(self, consumer: str, source: tuple[str, int], offset: int) -> None:
        first = dead_letter("s.v1", ("t", 0), (1, None, b"a", 0), BadRecord(), 0)
        assert dead_letter(consumer, source, (offset, None, b"a", 0), BadRecord(), 0).event_id != first.event_id


class TestErrorClass:
    def test_is_the_subclass(self) -> None:
        assert error_class(UnknownUnit("kWmin")) == "UnknownUnit"

    def test_is_the_cause_of_a_plain_bad_record(self) -> None:
        assert error_class(caused(EOFError())) == "EOFError"

    def test_is_bad_record_when_nothing_tells_more(self) -> None:
        assert error_class(BadRecord("x")) == "BadRecord"


class TestDeadLetterLimit:
    def test_stops_at_so_many_in_a_row(self) -> None:
        limit = DeadLetterLimit(in_a_row=3, percent=100)
        limit.bad(0)
        limit.bad(1)
        with pytest.raises(TooManyDeadLetters, match=r"3 bad records in a row.*WATTLOG_DEAD_LETTERS_IN_A_ROW"):
            limit.bad(2)

    def test_begins_again_after_a_good_one(self) -> None:
        limit = DeadLetterLimit(in_a_row=2, percent=100)
        for index in range(0, 100, 2):
            limit.bad(index)

    def test_counts_a_row_across_batches(self) -> None:
        limit = DeadLetterLimit(in_a_row=2, percent=100)
        limit.bad(4)
        limit.taken(5)
        with pytest.raises(TooManyDeadLetters):
            limit.bad(0)

    def test_sees_good_ones_at_the_end_of_a_batch(self) -> None:
        limit = DeadLetterLimit(in_a_row=2, percent=100)
        limit.bad(4)
        limit.taken(6)
        limit.bad(0)

    def test_stops_when_most_are_bad(self) -> None:
        limit = DeadLetterLimit(in_a_row=10_000, percent=10)
        for index in range(0, 9_999, 5):
            limit.bad(index)
        limit.taken(9_999)
        with pytest.raises(TooManyDeadLetters, match="2000 bad records of 10000"):
            limit.taken(1)

    def test_says_nothing_of_few_records(self) -> None:
        limit = DeadLetterLimit(in_a_row=10_000, percent=0)
        for index in range(0, 9_000, 2):
            limit.bad(index)
        limit.taken(9_000)

    @settings(deadline=None)
    @given(batches=st.lists(st.integers(1, 5_000), max_size=60))
    def test_never_stops_good_streams_with_a_bad_one_per_batch(self, batches: list[int]) -> None:
        limit = DeadLetterLimit(in_a_row=62, percent=100)
        for size in batches:
            limit.bad(size // 2)
            limit.taken(size)

    def test_forgets_by_halves_so_that_a_bad_day_is_seen_after_a_good_year(self) -> None:
        limit = DeadLetterLimit(in_a_row=1_000_000, percent=50)
        for _ in range(1_000):
            limit.taken(10_000)

        def bad_day() -> None:
            for _ in range(5):
                for index in range(10_000):
                    limit.bad(index)
                limit.taken(10_000)

        with pytest.raises(TooManyDeadLetters):
            bad_day()

    def test_counts_a_row_across_the_forgetting(self) -> None:
        limit = DeadLetterLimit(in_a_row=3, percent=100)
        limit.bad(19_999)
        limit.taken(20_000)
        limit.bad(0)
        with pytest.raises(TooManyDeadLetters):
            limit.bad(1)
