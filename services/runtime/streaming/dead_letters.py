"""Records that could not be processed, kept raw with the reason (`replay` sends them again)."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from services.domain.events.dlq import DeadLetter
from services.domain.failures import BadRecord
from services.domain.ids import derived_id
from services.domain.units import Millis

Record = tuple[int, bytes | None, bytes | None, Millis]
"""Offset, key, value and timestamp of a Kafka record."""

_RATIO_FROM = 10_000


class TooManyDeadLetters(Exception):
    """Nearly everything is bad, which is the fault of the code or of a producer rather than of the records."""


class DeadLetterLimit:
    """Stops a process that would turn everything into dead letters, as after a bad deploy.

    `in_a_row` bad records with no good one between, or more than `percent` of 10,000 and more, are too many.
    """

    def __init__(self, in_a_row: int, percent: int) -> None:
        self._in_a_row = in_a_row
        self._percent = percent
        self._seen = 0
        self._bad = 0
        self._row = 0
        self._row_ends_at = -1

    def bad(self, index: int) -> None:
        """Count a bad record, `index` records after those that `taken` has counted; TooManyDeadLetters."""
        at = self._seen + index
        self._row = self._row + 1 if at == self._row_ends_at else 1
        self._row_ends_at = at + 1
        self._bad += 1
        if self._row >= self._in_a_row:
            raise TooManyDeadLetters(self._advice(f"{self._row} bad records in a row"))

    def taken(self, count: int) -> None:
        """Count records as seen, good and bad; TooManyDeadLetters."""
        self._seen += count
        if self._seen < _RATIO_FROM:
            return
        if self._bad * 100 > self._seen * self._percent:
            raise TooManyDeadLetters(self._advice(f"{self._bad} bad records of {self._seen}"))
        if self._seen >= 2 * _RATIO_FROM:
            self._row_ends_at -= self._seen - self._seen // 2
            self._seen //= 2
            self._bad //= 2

    @staticmethod
    def _advice(found: str) -> str:
        return (
            f"{found}: deploy the version before, or, if they really are bad, "
            "raise WATTLOG_DEAD_LETTERS_IN_A_ROW or WATTLOG_DEAD_LETTER_PERCENT"
        )


def dead_letter(
    consumer: str, source: tuple[str, int], record: Record, error: BadRecord, failed_at: Millis
) -> DeadLetter:
    """The dead letter of a record from `source` (topic, partition); the same record always gets the same id."""
    topic, partition = source
    offset, key, value, timestamp = record
    return DeadLetter(
        event_id=derived_id("dead-letter", consumer, topic, partition, offset),
        consumer=consumer,
        source_topic=topic,
        source_partition=partition,
        source_offset=offset,
        record_key=key,
        record_value=value,
        record_timestamp=timestamp,
        error_class=error_class(error),
        reason=str(error),
        code_version=code_version(),
        failed_at=failed_at,
    )


def error_class(error: BadRecord) -> str:
    """The most telling class name: of a subclass of BadRecord, else of its cause, else BadRecord."""
    telling = error if type(error) is not BadRecord else error.__cause__ or error
    return type(telling).__name__


@cache
def code_version() -> str:
    """Version of the installed distribution, or "unknown"."""
    try:
        return version("wattlog")
    except PackageNotFoundError:
        return "unknown"
