from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sessions.seq_nos import MAX_RUNS, has_gap, with_number


def after(*numbers: int) -> tuple[int, ...]:
    runs: tuple[int, ...] = ()
    for number in numbers:
        runs = with_number(runs, number)
    return runs


class TestWithNumber:
    @pytest.mark.parametrize(
        ("numbers", "wanted"),
        [
            ((0,), (0, 0)),
            ((0, 1, 2), (0, 2)),
            ((0, 2), (0, 0, 2, 2)),
            ((0, 2, 1), (0, 2)),
            ((5, 3), (3, 3, 5, 5)),
            ((5, 4), (4, 5)),
            ((7, 0, 1), (0, 1, 7, 7)),
            ((-1, 0), (-1, 0)),
        ],
    )
    def test_keeps_unbroken_runs(self, numbers: tuple[int, ...], wanted: tuple[int, ...]) -> None:
        assert after(*numbers) == wanted

    def test_is_the_same_object_for_a_number_that_was_there(self) -> None:
        runs = after(0, 1, 2, 5, 6)
        assert all(with_number(runs, number) is runs for number in (0, 1, 2, 5, 6))

    def test_stays_small_when_every_other_number_is_missing(self) -> None:
        runs = after(*range(0, 1000, 2))
        assert len(runs) == 2 * MAX_RUNS
        assert runs[-1] == 998
        assert has_gap(runs)

    @given(st.lists(st.integers(0, 60), min_size=1), st.randoms(use_true_random=False))
    def test_does_not_depend_on_order_or_repetition(self, numbers: list[int], rng: Random) -> None:
        shuffled = numbers * 2
        rng.shuffle(shuffled)
        assert after(*shuffled) == after(*numbers)

    @given(st.sets(st.integers(0, 100), min_size=1))
    def test_holds_exactly_what_was_put_in(self, numbers: set[int]) -> None:
        runs = after(*numbers)
        pairs = zip(runs[::2], runs[1::2], strict=True)
        assert {n for first, last in pairs for n in range(first, last + 1)} == numbers


class TestHasGap:
    def test_says_whether_a_number_is_missing_in_between(self) -> None:
        assert not has_gap(())
        assert not has_gap(after(3, 4, 5))
        assert has_gap(after(3, 5))
