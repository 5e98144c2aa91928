"""Durable before reply: events on their way to Kafka, and the replies that wait for them."""

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from services.domain.folding import Event
from services.domain.units import Millis
from services.ocpp.connection import Step

Done = Callable[[Exception | None], None]
Send = Callable[[Event, Done], None]
"""Hands an event to Kafka and reports once, later, whether it is there (`services.runtime.bus.Bus.send`)."""

MAX_RETRIED: Final = 100_000
"""Publications that are kept for another attempt while Kafka is away."""


_PAUSE_MS: Final = 5_000
"""Sweeps are a second apart; a longer time between two of them is a pause of this process."""


class Asker(Protocol):
    """Who waits for a reply: a station's socket."""

    def release(self, step: Step, waited_ms: Millis) -> None:
        """The events of the step are durable: its reply may go."""

    def give_up(self) -> None:
        """They are not, and the time is up: no reply may go, so that the station keeps its message."""


class Publication:
    """Events that belong together, and who waits for them to be durable."""

    __slots__ = ("_delivery", "asker", "deadline_ms", "events", "failed", "left", "over", "step")

    def __init__(
        self,
        delivery: "Delivery",
        events: tuple[Event, ...],
        asker: Asker | None = None,
        step: Step | None = None,
        deadline_ms: Millis = 0,
    ) -> None:
        self._delivery = delivery
        self.events = events
        self.asker = asker
        self.step = step
        self.deadline_ms = deadline_ms
        self.left = len(events)
        self.failed = False
        self.over = False

    def __call__(self, error: Exception | None) -> None:
        """One of the events is durable, or is not."""
        self.left -= 1
        if error is not None:
            self.failed = True
        if self.left == 0:
            self._delivery.finished(self)


class Delivery:
    """Publishes; tries again what failed (same event ids: harmless); knows for how long Kafka has been silent."""

    def __init__(self, send: Send, now_ms: Callable[[], Millis], hold_ms: Millis) -> None:
        self._send = send
        self._now_ms = now_ms
        self._hold_ms = hold_ms
        self._held: dict[Publication, None] = {}
        self._retried: deque[Publication] = deque()
        self._outstanding = 0
        self._silent_since: Millis | None = None
        self._swept_at: Millis | None = None
        self.lost = 0
        """Publications nobody waited for that were given up because too many were waiting."""

    @property
    def held(self) -> int:
        """Replies that wait."""
        return len(self._held)

    @property
    def outstanding(self) -> int:
        """Publications that Kafka has not confirmed."""
        return self._outstanding + len(self._retried)

    def silent_ms(self, now_ms: Millis) -> Millis:
        """For how long Kafka has confirmed nothing although something was waiting; 0 when all is well."""
        return 0 if self._silent_since is None else now_ms - self._silent_since

    def down(self, now_ms: Millis) -> bool:
        """True when Kafka has been silent for longer than a reply may be held."""
        return self.silent_ms(now_ms) > self._hold_ms

    def publish(self, *events: Event) -> None:
        """Publish events that no reply waits for; ValueError when one cannot be encoded."""
        self._hand_over(Publication(self, events))

    def hold(self, step: Step, asker: Asker, now_ms: Millis) -> None:
        """Publish the step's events, then release its reply, or give it up when that takes too long.

        ValueError as `publish`; then nobody is called.
        """
        publication = Publication(self, step.events, asker, step, now_ms + self._hold_ms)
        self._hand_over(publication)
        self._held[publication] = None

    def finished(self, publication: Publication) -> None:
        """Kafka has answered for every event of a publication."""
        self._outstanding -= 1
        if publication.failed:
            self._keep(publication)
            return
        now_ms = self._now_ms()
        self._silent_since = now_ms if self._outstanding else None
        if publication.asker is not None and not publication.over:
            publication.over = True
            self._held.pop(publication, None)
            assert publication.step is not None
            publication.asker.release(publication.step, now_ms - publication.deadline_ms + self._hold_ms)

    def sweep(self, now_ms: Millis) -> None:
        """Give up what has been held for too long and try again what failed; to be called every second."""
        self._leave_out_pause(now_ms)
        while self._held:
            publication = next(iter(self._held))
            if publication.deadline_ms > now_ms:
                break
            del self._held[publication]
            publication.over = True
            assert publication.asker is not None
            publication.asker.give_up()
        for _ in range(len(self._retried)):
            publication = self._retried.popleft()
            if not publication.over:
                publication.left, publication.failed = len(publication.events), False
                self._hand_over(publication)
        if not self.outstanding:
            self._silent_since = None

    def _leave_out_pause(self, now_ms: Millis) -> None:
        """While this process stood still, it was not Kafka that was silent."""
        before, self._swept_at = self._swept_at, now_ms
        if self._silent_since is not None and before is not None and now_ms - before > _PAUSE_MS:
            self._silent_since = max(self._silent_since, now_ms - _PAUSE_MS)

    def _hand_over(self, publication: Publication) -> None:
        if self._silent_since is None:
            self._silent_since = self._now_ms()
        self._outstanding += 1
        for number, event in enumerate(publication.events):
            try:
                self._send(event, publication)
            except ValueError:
                # What was handed over before it will report; nothing is to come of that.
                publication.over = True
                publication.left = number
                if number == 0:
                    self._outstanding -= 1
                raise

    def _keep(self, publication: Publication) -> None:
        if publication.over:
            return
        if len(self._retried) >= MAX_RETRIED:
            self.lost += 1
            return
        self._retried.append(publication)
