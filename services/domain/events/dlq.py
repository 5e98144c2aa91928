"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record that could not be processed, with everything needed to do it again."""

    FULL_NAME: ClassVar[str] = "dlq.v1.DeadLetter"
    TOPIC: ClassVar[str] = "dlq.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    consumer: str  # Processor that gave up, e.g. sessions.v1.
    source_topic: str
    source_partition: int
    source_offset: int
    record_key: bytes | None = None
    record_value: bytes | None = None
    record_timestamp: int
    error_class: str
    reason: str
    code_version: str
    failed_at: int

    @property
    def key(self) -> str:
        return f"{self.consumer}/{self.source_topic}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "consumer": self.consumer,
            "source_topic": self.source_topic,
            "source_partition": self.source_partition,
            "source_offset": self.source_offset,
            "record_key": self.record_key,
            "record_value": self.record_value,
            "record_timestamp": self.record_timestamp,
            "error_class": self.error_class,
            "reason": self.reason,
            "code_version": self.code_version,
            "failed_at": self.failed_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            consumer=record["consumer"],
            source_topic=record["source_topic"],
            source_partition=record["source_partition"],
            source_offset=record["source_offset"],
            record_key=record["record_key"],
            record_value=record["record_value"],
            record_timestamp=record["record_timestamp"],
            error_class=record["error_class"],
            reason=record["reason"],
            code_version=record["code_version"],
            failed_at=record["failed_at"],
        )
