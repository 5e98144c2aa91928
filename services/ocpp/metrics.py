"""Figures of the edge for Prometheus: plain counting on the way, families only when somebody asks."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

ACK_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
HANDLING_BOUNDS_S: Final = (0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.1)

Gauges = Callable[[], Mapping[str, float]]
"""Values of the moment: `connections_<protocol>`, `held_replies`, `unconfirmed` and so on."""


class Histogram:
    """Observations counted in buckets; adding one costs a binary search."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus has them."""
        running, shown = 0, []
        for bound, count in zip((*self.bounds, None), self.counts, strict=True):
            running += count
            shown.append(("+Inf" if bound is None else repr(bound), float(running)))
        return shown


class EdgeMetrics(Collector):
    """What `/metrics` says about OCPP. Labels are actions and outcomes that we know, never a station's words."""

    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges
        self.handling_s: defaultdict[tuple[str, str, str], Histogram] = defaultdict(_handling)
        """From frame to events and answer, by protocol, action ("" for none of ours) and outcome.

        Outcomes are ok, repeated, Unmatched, or the OCPP error code that was answered.
        """
        self.ack_durable_s = Histogram(ACK_BOUNDS_S)
        self.connects: Counter[str] = Counter()
        """By protocol."""
        self.refusals: Counter[str] = Counter()
        """By HTTP status."""
        self.disconnects: Counter[str] = Counter()
        """By reason, as StationDisconnected says it."""

    def collect(self) -> Iterator[Metric]:
        messages = HistogramMetricFamily(
            "ocpp_message_seconds",
            "Frames of stations: from frame to events and answer, without waiting.",
            labels=["protocol", "action", "outcome"],
        )
        for labels, histogram in list(self.handling_s.items()):
            messages.add_metric(labels, histogram.buckets(), histogram.total)
        yield messages
        yield HistogramMetricFamily(
            "ocpp_ack_durable_seconds",
            "From a frame to its reply, where the reply waits for Kafka.",
            self.ack_durable_s.buckets(),
            self.ack_durable_s.total,
        )
        yield _counter("ocpp_connects", "Stations that were let in.", "protocol", self.connects)
        yield _counter("ocpp_refusals", "Connections that were not.", "status", self.refusals)
        yield _counter("ocpp_disconnects", "Connections that ended.", "reason", self.disconnects)
        for name, value in self._gauges().items():
            yield GaugeMetricFamily(f"ocpp_{name}", f"{name.replace('_', ' ').capitalize()}, now.", value)


def _handling() -> Histogram:
    return Histogram(HANDLING_BOUNDS_S)


def _counter(name: str, about: str, label: str, counts: Counter[str]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, about, labels=[label])
    for value, count in list(counts.items()):
        family.add_metric([value], count)
    return family
