"""How processors run: membership, checkpoints, memory and when to give up."""

from dataclasses import dataclass, field

from services.runtime.settings import CommonSettings, KafkaSettings, setting


@dataclass(frozen=True, slots=True)
class StreamingSettings:
    """Defaults suit one worker per processor; only `worker_id` must differ between workers of one group."""

    worker_id: str = setting(
        "",
        "name of this worker in its group, the same after a restart; empty: made once and kept in data_dir",
    )
    checkpoint_interval_ms: int = setting(500, "at most this much work is done twice after a crash")
    checkpoint_states: int = setting(20_000, "changed states that cause a checkpoint before its time")
    cached_states: int = setting(100_000, "states of a partition that are kept decoded in memory, about")
    poll_records: int = setting(4_000, "records that are folded in one go")
    linger_ms: int = setting(10, "how long outputs wait for others to share a request with")
    session_timeout_ms: int = setting(10_000, "a silent worker loses its partitions after this time")
    heartbeat_interval_ms: int = setting(2_500, "how often a worker says that it is there")
    delivery_timeout_ms: int = setting(60_000, "an output that is not delivered by then stops the process")
    retry_first_ms: int = setting(200, "first pause of a partition whose record is to be tried again; it doubles")
    retry_most_ms: int = setting(10_000, "longest such pause")
    dead_letters_in_a_row: int = setting(1_000, "this many bad records with no good one between stop the process")
    dead_letter_percent: int = setting(
        50, "more than this share of bad records, of 10,000 or more, stops the process"
    )


@dataclass(frozen=True, slots=True)
class ProcessorSettings:
    """What every process that folds needs to know; a slice adds its own."""

    common: CommonSettings = field(default_factory=CommonSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    streaming: StreamingSettings = field(default_factory=StreamingSettings)
