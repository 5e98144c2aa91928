"""A partner that does not answer is left alone for longer and longer, and is tried again by one request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpi.push.circuit import CLOSED, Circuit, Patience, State, pause_ms

PATIENCE = Patience(first_ms=1_000, most_ms=60_000, failures=3)
NOW = 1_790_000_000_000


def failing(times: int, circuit: Circuit = CLOSED, chance: float = 0.5) -> Circuit:
    for _ in range(times):
        circuit = circuit.failed(NOW, PATIENCE, chance)
    return circuit


class TestPauses:
    @given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
    def test_are_anything_up_to_the_limit(self, failures: int, chance: float) -> None:
        assert 0 <= pause_ms(PATIENCE, failures, chance) <= PATIENCE.most_ms

    def test_have_a_limit_that_doubles(self) -> None:
        longest = [pause_ms(PATIENCE, failures, 0.999999) for failures in range(1, 9)]
        assert [round(limit, -1) for limit in longest] == [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]

    def test_are_spread_over_the_whole_of_it(self) -> None:
        assert [pause_ms(PATIENCE, 3, chance) for chance in (0.0, 0.25, 0.5, 0.75)] == [0, 1000, 2000, 3000]


class TestACircuit:
    def test_stays_closed_for_a_few_failures(self) -> None:
        assert failing(2).state is State.CLOSED
        assert failing(2).most_at_once(8) == 8

    def test_forgets_failures_that_are_not_in_a_row(self) -> None:
        assert failing(2, failing(2).succeeded()).state is State.CLOSED

    def test_opens_after_that_and_lets_nothing_through(self) -> None:
        opened = failing(3)
        assert (opened.state, opened.until, opened.most_at_once(8)) == (State.OPEN, NOW + 500, 0)
        assert opened.at(opened.until - 1).state is State.OPEN

    def test_lets_one_request_try_when_the_time_has_come(self) -> None:
        tried = failing(3).at(NOW + 500)
        assert (tried.state, tried.most_at_once(8)) == (State.HALF_OPEN, 1)

    def test_closes_when_that_succeeds(self) -> None:
        assert failing(3).at(NOW + 500).succeeded() == CLOSED

    def test_opens_for_longer_when_it_does_not(self) -> None:
        again = failing(1, failing(3).at(NOW + 500))
        assert (again.state, again.until) == (State.OPEN, NOW + 1_000)

    def test_does_not_wait_longer_for_requests_that_were_on_their_way(self) -> None:
        assert failing(8).until == failing(3).until

    def test_opens_at_once_for_as_long_as_the_partner_wants(self) -> None:
        left_alone = CLOSED.failed(NOW, PATIENCE, 0.5, retry_after_ms=120_000)
        assert (left_alone.state, left_alone.until) == (State.OPEN, NOW + 120_000)

    @pytest.mark.parametrize(("wanted", "until"), [(100, NOW + 500), (9_000, NOW + 9_000)])
    def test_never_tries_earlier_than_somebody_wanted(self, wanted: int, until: int) -> None:
        assert failing(3).failed(NOW, PATIENCE, 0.5, retry_after_ms=wanted).until == until
