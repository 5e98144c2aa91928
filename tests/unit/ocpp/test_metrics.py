"""Figures for Prometheus."""

from prometheus_client import CollectorRegistry, generate_latest

from services.ocpp.metrics import EdgeMetrics, Histogram


def shown(metrics: EdgeMetrics) -> str:
    registry = CollectorRegistry()
    registry.register(metrics)
    return generate_latest(registry).decode()


class TestHistogram:
    def test_counts_cumulatively(self) -> None:
        histogram = Histogram((0.1, 1.0))
        for value in (0.05, 0.1, 0.5, 7.0):
            histogram.observe(value)
        assert histogram.buckets() == [("0.1", 2.0), ("1.0", 3.0), ("+Inf", 4.0)]
        assert histogram.total == 7.65


class TestEdgeMetrics:
    def test_shows_what_was_counted(self) -> None:
        metrics = EdgeMetrics(lambda: {"held_replies": 3.0, "connections_ocpp1_6": 7})
        metrics.handling_s["ocpp1.6", "Heartbeat", "ok"].observe(0.00003)
        metrics.handling_s["ocpp1.6", "", "NotImplemented"].observe(5)
        metrics.ack_durable_s.observe(0.004)
        metrics.connects["ocpp1.6"] += 1
        metrics.refusals["401"] += 2
        metrics.disconnects["displaced"] += 1
        text = shown(metrics)
        for line in (
            'ocpp_message_seconds_count{action="Heartbeat",outcome="ok",protocol="ocpp1.6"} 1.0',
            'ocpp_message_seconds_bucket{action="",le="0.1",outcome="NotImplemented",protocol="ocpp1.6"} 0.0',
            'ocpp_ack_durable_seconds_bucket{le="0.005"} 1.0',
            'ocpp_connects_total{protocol="ocpp1.6"} 1.0',
            'ocpp_refusals_total{status="401"} 2.0',
            'ocpp_disconnects_total{reason="displaced"} 1.0',
            "ocpp_held_replies 3.0",
            "ocpp_connections_ocpp1_6 7.0",
        ):
            assert line in text

    def test_shows_something_before_anything_happened(self) -> None:
        assert "ocpp_ack_durable_seconds_count 0.0" in shown(EdgeMetrics(dict))
