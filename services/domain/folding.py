"""What a processor's pure function looks like: it reads states, is given one event, and returns changes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

S = TypeVar("S")


class Event(Protocol):
    """What every generated event, state and command offers (services/domain/events)."""

    FULL_NAME: ClassVar[str]
    TOPIC: ClassVar[str]

    @property
    def key(self) -> str:
        """The Kafka key, put together from the fields that schemas/topics.yaml names."""
        ...

    def to_record(self) -> dict[str, Any]:
        """The shape that the Avro writer takes."""
        ...


@dataclass(frozen=True, slots=True)
class Changes(Generic[S]):
    """The outcome of one event: states to keep (None deletes) and events to publish, in order.

    States that were read must not be changed in place: build a new one and return it here, so that a fold
    that raises leaves nothing half done.
    """

    states: Mapping[str, S | None] = field(default_factory=dict)
    events: Sequence[Event] = ()


Read = Callable[[str], S | None]
"""Reads one state of the partition that the event came from by its key."""

Fold = Callable[[Read[S], Any], Changes[S]]
"""(read, event) -> changes. No clock, no I/O, no randomness; the same event twice changes nothing."""
