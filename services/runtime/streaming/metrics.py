"""What /metrics says of the processors of this process."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("wattlog_processor_events", "records taken from the inputs, good and bad", ["processor"])
DEAD_LETTERS = Counter("wattlog_processor_dead_letters", "records that could not be processed", ["processor"])
CHECKPOINT = Histogram(
    "wattlog_processor_checkpoint_seconds",
    "time that a checkpoint took",
    ["processor"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
LAG = Gauge("wattlog_processor_lag_seconds", "age of the newest record taken, 0 if none comes", ["processor"])
WAITING = Gauge(
    "wattlog_processor_waiting_partitions", "partitions whose next record is tried again later", ["processor"]
)
RECOVERED = Counter("wattlog_processor_recovered", "changelog records read into local stores", ["processor"])
