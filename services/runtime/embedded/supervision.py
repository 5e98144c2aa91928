"""When a supervised process is started, counted as ready, or started again: decided from times and facts alone."""

from dataclasses import dataclass, replace
from enum import StrEnum

from services.domain.units import Millis

FIRST_PAUSE_MS: Millis = 250
LONGEST_PAUSE_MS: Millis = 10_000
STEADY_AFTER_MS: Millis = 30_000
"""The pauses of a process that ran this long before it ended begin anew."""


class State(StrEnum):
    """Where a supervised process stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    BROKEN = "broken"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Watched:
    """One process as its supervisor sees it. Times are monotonic milliseconds."""

    state: State = State.WAITING
    started_at: Millis = 0
    start_at: Millis = 0
    """Not before this."""
    restarts: int = 0
    failures: int = 0
    """Ends in a row that came too soon."""
    status: int | None = None
    """Exit status of its last run, negative for a signal."""


def may_start(watched: Watched, needs: list[State], now: Millis) -> bool:
    """Whether it is its turn: not running, its pause is over, and what it needs is ready."""
    if watched.state not in (State.WAITING, State.BROKEN) or now < watched.start_at:
        return False
    return all(state is State.READY for state in needs)


def started(watched: Watched, now: Millis) -> Watched:
    """After it was started."""
    again = watched.state is State.BROKEN
    return replace(watched, state=State.STARTING, started_at=now, restarts=watched.restarts + again)


def answered(watched: Watched) -> Watched:
    """After it said that it is ready; one that stops saying so later is left alone, it will come back or end."""
    return replace(watched, state=State.READY)


def ended(watched: Watched, status: int, now: Millis) -> Watched:
    """After its process ended by itself: it will be started again, later each time that it does not last."""
    failures = 1 if now - watched.started_at >= STEADY_AFTER_MS else watched.failures + 1
    pause = min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
    return replace(watched, state=State.BROKEN, status=status, failures=failures, start_at=now + pause)


def stopped(watched: Watched, status: int | None) -> Watched:
    """After it was stopped on purpose."""
    return replace(watched, state=State.STOPPED, status=status)


def why(status: int | None) -> str:
    """An exit status in words."""
    if status is None:
        return ""
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"
