"""The one place that reads the clock; everything else is told the time."""

import time

from services.domain.units import Millis


def now_ms() -> Millis:
    """Milliseconds UTC."""
    return time.time_ns() // 1_000_000
