"""What the push process counts, by partner."""

from prometheus_client import Counter, Gauge, Histogram

WAITING = Gauge("ocpi_push_waiting", "Changes that wait to be told", ["partner", "lane"])
OLDEST = Gauge("ocpi_push_oldest_seconds", "Age of the oldest change that waits", ["partner"])
CIRCUIT = Gauge("ocpi_push_circuit", "0 closed, 1 half open, 2 open: nothing is sent", ["partner"])
ATTEMPTS = Counter(
    "ocpi_push_attempts_total", "Attempts to tell a partner something", ["partner", "module", "outcome"]
)
SUPERSEDED = Counter("ocpi_push_superseded_total", "Changes that something newer took the place of", ["partner"])
NOT_TOLD = Counter("ocpi_push_not_told_total", "Changes that were not to be sent", ["partner", "reason"])
DELAY = Histogram(
    "ocpi_push_delay_seconds",
    "From a change to the partner's answer",
    ["lane"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400),
)
_WARNINGS = Counter("ocpi_push_warnings_total", "What could not be told to partners as it is", ["field"])


def lost(warnings: list[str]) -> None:
    """Count what was lost when a request was made, and forget it."""
    for warning in warnings:
        _WARNINGS.labels(warning.partition(":")[0]).inc()
    warnings.clear()
