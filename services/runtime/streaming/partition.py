"""One partition's share of a processor: folds records over its states and keeps what changed until the checkpoint.

Knows nothing of Kafka: records come in as bytes, events go out through `publish`.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from services.domain.events.dlq import DeadLetter
from services.domain.failures import BadRecord, TryAgain
from services.domain.folding import Event
from services.domain.units import Millis
from services.runtime.streaming.dead_letters import DeadLetterLimit, Record, dead_letter
from services.runtime.streaming.processor import Codec, Processor
from services.runtime.streaming.store import Store

S = TypeVar("S")

_encode_state = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the partitions of one worker share."""

    codec: Codec
    publish: Callable[[Event], None]
    bury: Callable[[DeadLetter], None]
    limit: DeadLetterLimit
    cached_states: int
    clock: Callable[[], Millis]
    retry_first_ms: Millis
    retry_most_ms: Millis


class Partition(Generic[S]):
    """Folds the records of one partition number of every input, in the order in which they are given."""

    def __init__(self, number: int, processor: Processor[S], store: Store, around: Surroundings) -> None:
        self.number = number
        self.store = store
        self.changelog_end = 0
        self.starts: dict[str, int] = {}
        """First offset by stream of what was folded since the last checkpoint."""
        self.positions: dict[str, int] = {}
        """Next offset by stream after what was folded since the last checkpoint."""
        self.events = 0
        self.waiting_for = ""
        self._processor = processor
        self._around = around
        self._decode_state: Callable[[bytes], S] = msgspec.msgpack.Decoder(processor.state_type).decode
        self._dirty: dict[str, S | None] = {}
        self._young: dict[str, S] = {}
        self._old: dict[str, S] = {}
        self._waiting: deque[tuple[str, Sequence[Record]]] = deque()
        self._retry_at: Millis = 0
        self._pause: Millis = 0

    @property
    def dirty(self) -> int:
        """How many states have changed since the last checkpoint."""
        return len(self._dirty)

    @property
    def waiting(self) -> bool:
        """Whether a record asked to be tried again, and all after it wait."""
        return bool(self._waiting)

    def read(self, key: str) -> S | None:
        """The state of a key, as the last fold left it."""
        if key in self._dirty:
            return self._dirty[key]
        state = self._young.get(key)
        if state is not None:
            return state
        state = self._old.get(key)
        if state is None:
            data = self.store.get(key.encode())
            if data is None:
                return None
            state = self._decode_state(data)
        self._keep(key, state)
        return state

    def take(self, stream: str, records: Sequence[Record]) -> None:
        """Fold records; if one asks to be tried again, it and all that follows wait for `retry`."""
        if self._waiting:
            self._waiting.append((stream, records))
            return
        taken = self._fold(stream, records)
        if taken < len(records):
            self._waiting.append((stream, records[taken:]))

    def retry(self) -> None:
        """Try what waits again, if its pause is over."""
        while self._waiting and self._around.clock() >= self._retry_at:
            stream, records = self._waiting[0]
            taken = self._fold(stream, records)
            if taken < len(records):
                self._waiting[0] = stream, records[taken:]
            else:
                self._waiting.popleft()

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """Keys and encoded states that changed since the last checkpoint; None for deleted ones."""
        return [
            (key.encode(), None if state is None else _encode_state(state)) for key, state in self._dirty.items()
        ]

    def checkpointed(self) -> None:
        """What changed is durable now."""
        for key, state in self._dirty.items():
            if state is None:
                self._young.pop(key, None)
                self._old.pop(key, None)
            else:
                self._keep(key, state)
        self._dirty = {}
        self.starts = {}
        self.positions = {}

    def _keep(self, key: str, state: S) -> None:
        """Keep a decoded state; of two generations the older one is forgotten when the younger is full."""
        if len(self._young) >= self._around.cached_states // 2:
            self._old, self._young = self._young, {}
        self._young[key] = state

    def _fold(self, stream: str, records: Sequence[Record]) -> int:
        """How many of the records were done with."""
        fold, decode, read = self._processor.fold, self._around.codec.decode, self.read
        change, publish = self._dirty.update, self._around.publish
        taken = len(records)
        for index, record in enumerate(records):
            value = record[2]
            if value is None:
                continue
            try:
                changes = fold(read, decode(value))
            except BadRecord as error:
                self._bury(stream, record, index, error)
                continue
            except TryAgain as error:
                self._wait(error, again=index == 0)
                taken = index
                break
            if changes.states:
                change(changes.states)
            for event in changes.events:
                publish(event)
        self._took(stream, records, taken)
        return taken

    def _took(self, stream: str, records: Sequence[Record], taken: int) -> None:
        if taken == 0:
            return
        self.starts.setdefault(stream, records[0][0])
        self.positions[stream] = records[taken - 1][0] + 1
        self.events += taken
        self._around.limit.taken(taken)
        if taken == len(records):
            self.waiting_for = ""

    def _wait(self, error: TryAgain, *, again: bool) -> None:
        around = self._around
        longer = self._pause * 2 if again and self.waiting_for else 0
        self._pause = min(max(longer, around.retry_first_ms), around.retry_most_ms)
        self._retry_at = around.clock() + self._pause
        self.waiting_for = str(error) or type(error).__name__

    def _bury(self, stream: str, record: Record, index: int, error: BadRecord) -> None:
        around = self._around
        around.bury(dead_letter(self._processor.name, (stream, self.number), record, error, around.clock()))
        around.limit.bad(index)
