"""When a partner that does not answer is asked again; pure: time and chance are arguments.

The circuit of a partner is closed (all is well), open (nothing is sent) or half open (one request tries).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from services.domain.units import Millis


class State(StrEnum):
    """As `delivery.state` says it."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait: the first pause and the longest, and how many failures in a row open a circuit."""

    first_ms: Millis = 1_000
    most_ms: Millis = 300_000
    failures: int = 5
    resync_ms: Millis = 600_000
    """What a partner has is not compared with what we have more often than this."""
    attempts: int = 20
    """An object that is answered with an error this often, while others are taken, is refused for good."""


def pause_ms(patience: Patience, failures: int, chance: float) -> Millis:
    """Exponential backoff with full jitter: anything up to the limit, which doubles; `chance` is in [0, 1).

    Without the jitter all who were turned away at one moment come back at one moment.
    """
    limit = min(patience.most_ms, patience.first_ms * 2 ** min(max(failures, 1) - 1, 30))
    return int(limit * chance)


@dataclass(frozen=True, slots=True)
class Circuit:
    """A partner's circuit; `until` is when it is tried again."""

    state: State = State.CLOSED
    failures: int = 0
    """In a row."""
    until: Millis = 0

    def at(self, now_ms: Millis) -> "Circuit":
        """The circuit as it is by now."""
        if self.state is State.OPEN and now_ms >= self.until:
            return replace(self, state=State.HALF_OPEN)
        return self

    def most_at_once(self, slots: int) -> int:
        """How many requests may be on their way."""
        return {State.CLOSED: slots, State.HALF_OPEN: 1}.get(self.state, 0)

    def succeeded(self) -> "Circuit":
        """The partner has answered as it should."""
        return self if self == CLOSED else CLOSED

    def failed(
        self, now_ms: Millis, patience: Patience, chance: float, retry_after_ms: Millis | None = None
    ) -> "Circuit":
        """The partner has not, or wants to be left alone until later (`Retry-After`).

        Requests that were on their way when it opened count, but do not make it wait longer.
        """
        failures = self.failures + 1
        if retry_after_ms is not None:
            return Circuit(State.OPEN, failures, max(self.until, now_ms + retry_after_ms))
        if self.state is State.OPEN:
            return self
        if self.state is State.CLOSED and failures < patience.failures:
            return replace(self, failures=failures)
        openings = failures - patience.failures + 1
        return Circuit(State.OPEN, failures, now_ms + pause_ms(patience, openings, chance))


CLOSED = Circuit()
