"""What a slice declares to have its fold run: a name, the topics it reads, and the type of its states."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

from services.domain.folding import Fold
from services.domain.units import Millis

S = TypeVar("S")

_NAME = re.compile(r"([a-z][a-z0-9-]*)\.v([1-9][0-9]*)")


class Codec(Protocol):
    """Turns events into bytes and back (services.runtime.codec is the real one)."""

    def encode(self, event: Any) -> bytes:
        """The bytes of one event."""
        ...

    def decode(self, data: bytes) -> Any:
        """The event in `data`; BadRecord when it cannot be read, TryAgain when not now."""
        ...

    def leaving_out(self, unread: Collection[str]) -> Self:
        """The same, but it may read these arrays ("MeterValue.sampled_values") as empty."""
        ...


@dataclass(frozen=True, slots=True)
class Processor(Generic[S]):
    """A fold with what it reads and what it remembers.

    `name` is `<slice>.v<major>` and names its consumer group, changelog and dead letters: raise the major to start
    afresh from the beginning of the inputs. `inputs` are partitioned alike, since one partition number of all of
    them shares its states. `state_type` is a msgspec.Struct, or a union of tagged ones. `unread` names
    arrays of the inputs ("MeterValue.sampled_values") that the fold never looks at. `collect_ms`: while the inputs
    are busy, Kafka may collect records for so long; the first after a pause comes at once.
    """

    name: str
    inputs: tuple[str, ...]
    fold: Fold[S]
    state_type: Any
    unread: tuple[str, ...] = ()
    collect_ms: Millis = 100

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"processor name {self.name!r} is not like 'sessions.v1'")
        if not self.inputs:
            raise ValueError(f"processor {self.name} reads no topic: name at least one input")

    @property
    def group(self) -> str:
        """Consumer group."""
        return self.name

    @property
    def changelog(self) -> str:
        """Compacted topic that its states are recovered from."""
        return f"{self.name}-changelog"

    @property
    def dead_letters(self) -> str:
        """Topic of the records that it could not process, `<slice>.dlq.v<major>`."""
        slice_name, _, major = self.name.rpartition(".")
        return f"{slice_name}.dlq.{major}"
