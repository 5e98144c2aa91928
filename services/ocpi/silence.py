"""Which partners have not answered for a while: whoever waits for their word is not kept waiting for it."""

from collections.abc import Callable
from typing import Final

import structlog
from prometheus_client import Gauge

from services.domain.units import Millis
from services.ocpi.push.circuit import CLOSED, Circuit, Patience, State

PATIENCE: Final = Patience(first_ms=5_000, most_ms=60_000, failures=3)
"""After three in a row nobody is asked for some seconds, then one request tries; a minute at most."""

_LEVELS: Final = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}

log = structlog.get_logger(__name__)
_circuit = Gauge("ocpi_authorization_circuit", "0 closed, 1 half open, 2 open: it is not asked", ["partner"])


class Silence:
    """A circuit per partner, for one process. Lives on the event loop. `chance`: in [0, 1)."""

    def __init__(self, now_ms: Callable[[], Millis], chance: Callable[[], float]) -> None:
        self._now_ms = now_ms
        self._chance = chance
        self._circuits: dict[str, Circuit] = {}

    def why_not(self, key: str, under_way: int) -> str:
        """Why a partner is not asked now, "" if it is; `under_way`: requests that it has not answered yet."""
        known = self._circuits.get(key, CLOSED).at(self._now_ms())
        if under_way < known.most_at_once(under_way + 1):
            return ""
        return f"it has not answered {known.failures} times in a row"

    def answered(self, key: str) -> None:
        """Whatever it said."""
        if self._circuits.pop(key, CLOSED).state is not State.CLOSED:
            log.info("a partner answers again", partner=key)
            _circuit.labels(key).set(_LEVELS[State.CLOSED])

    def kept_silent(self, key: str) -> None:
        """Nothing came back in time."""
        now, before = self._now_ms(), self._circuits.get(key, CLOSED)
        after = self._circuits[key] = before.at(now).failed(now, PATIENCE, self._chance())
        _circuit.labels(key).set(_LEVELS[after.state])
        if after.state is State.OPEN and before.state is State.CLOSED:
            log.warning("a partner that is not answering is left alone for a while", partner=key)
