import pytest

from services.runtime.embedded.supervision import (
    LONGEST_PAUSE_MS,
    STEADY_AFTER_MS,
    State,
    Watched,
    answered,
    ended,
    may_start,
    started,
    stopped,
    why,
)

READY = started(Watched(), 0)


class TestMayStart:
    def test_waits_for_everything_that_is_needed(self) -> None:
        assert may_start(Watched(), [], 0)
        assert may_start(Watched(), [State.READY, State.READY], 0)
        assert not may_start(Watched(), [State.READY, State.STARTING], 0)

    def test_waits_out_the_pause(self) -> None:
        broken = ended(started(Watched(), 0), 1, 100)
        assert not may_start(broken, [], 100)
        assert may_start(broken, [], broken.start_at)

    @pytest.mark.parametrize("state", [State.STARTING, State.READY, State.STOPPED])
    def test_never_starts_what_runs_or_was_stopped(self, state: State) -> None:
        assert not may_start(Watched(state=state), [], 10**9)


class TestStarted:
    def test_counts_restarts_but_not_the_first_start(self) -> None:
        first = started(Watched(), 5)
        assert (first.state, first.restarts, first.started_at) == (State.STARTING, 0, 5)
        assert started(ended(first, -9, 6), 300).restarts == 1


class TestEnded:
    def test_pauses_longer_each_time_it_does_not_last(self) -> None:
        watched, pauses = Watched(), []
        for _ in range(8):
            watched = ended(started(watched, 0), 1, 0)
            pauses.append(watched.start_at)
        assert pauses == sorted(pauses)
        assert pauses[0] < pauses[1] < pauses[2]
        assert pauses[-1] == LONGEST_PAUSE_MS

    def test_begins_anew_after_a_steady_run(self) -> None:
        shaky = ended(started(ended(started(Watched(), 0), 1, 0), 0), 1, 0)
        steady = ended(answered(started(shaky, 0)), -9, STEADY_AFTER_MS)
        assert (steady.failures, steady.state, steady.status) == (1, State.BROKEN, -9)


class TestStopped:
    def test_is_final(self) -> None:
        assert stopped(READY, 0).state is State.STOPPED


class TestWhy:
    @pytest.mark.parametrize(
        ("status", "text"), [(None, ""), (0, "exit status 0"), (3, "exit status 3"), (-9, "killed by signal 9")]
    )
    def test_says_how_it_ended(self, status: int | None, text: str) -> None:
        assert why(status) == text
