"""The message log: what is noted, when it is told, and what happens while Kafka is away."""

from collections.abc import Callable
from typing import Any

from services.domain.events.ocpp import FramesLogged
from services.domain.folding import Event
from services.ocpp.frame_log import MAX_BYTES, MAX_FRAME_KEPT, MAX_FRAMES, MAX_UNCONFIRMED, FrameLog
from services.runtime.codec import Codec

CALL = b'[2,"1","Heartbeat",{}]'


class Around:
    """A log, its clock, and a Kafka that confirms when it is told to."""

    def __init__(self, enabled: bool = True) -> None:
        self.now = 1_790_000_000_000
        self.told: list[Any] = []
        self.waiting: list[Callable[[Exception | None], None]] = []
        self.turns: list[Callable[[], None]] = []
        self.log = FrameLog("t", "edge-1", self.send, lambda: self.now, self.turns.append, enabled)

    def send(self, event: Event, done: Callable[[Exception | None], None]) -> None:
        self.told.append(event)
        self.waiting.append(done)

    def confirm(self, error: Exception | None = None) -> None:
        waiting, self.waiting = self.waiting, []
        for done in waiting:
            done(error)

    def note(self, data: bytes = CALL, received: bool = True) -> None:
        self.log.note("CP1", "ocpp1.6", received, data)


class TestFrameLog:
    def test_tells_both_directions_in_order_when_its_turn_comes(self) -> None:
        around = Around()
        around.note()
        around.now += 3
        around.note(b"[3]", received=False)
        assert not around.told
        assert len(around.turns) == 1
        around.turns[0]()
        (event,) = around.told
        assert [(f.station_id, f.protocol, f.received, f.data) for f in event.frames] == [
            ("CP1", "ocpp1.6", True, CALL),
            ("CP1", "ocpp1.6", False, b"[3]"),
        ]
        assert [f.at - event.recorded_at for f in event.frames] == [0, 3]

    def test_asks_for_a_turn_again_after_a_batch(self) -> None:
        around = Around()
        around.note()
        around.turns[0]()
        around.note()
        assert len(around.turns) == 2

    def test_tells_a_full_batch_at_once(self) -> None:
        around = Around()
        for _ in range(MAX_FRAMES):
            around.note()
        assert [len(event.frames) for event in around.told] == [MAX_FRAMES]
        around.turns[0]()
        assert len(around.told) == 1

    def test_tells_a_heavy_batch_at_once_and_it_fits_into_a_record(self) -> None:
        around = Around()
        while not around.told:
            around.note(b"x" * 60_000)
        assert len(Codec().encode(around.told[0])) < MAX_BYTES + 2 * MAX_FRAME_KEPT

    def test_gives_each_batch_an_id_of_its_own(self) -> None:
        around = Around()
        for _ in range(2):
            around.note()
            around.log.flush()
        assert len({event.event_id for event in around.told}) == 2

    def test_cuts_a_frame_beyond_its_limit(self) -> None:
        around = Around()
        around.note(b"x" * (MAX_FRAME_KEPT + 1))
        around.log.flush()
        assert len(around.told[0].frames[0].data) == MAX_FRAME_KEPT

    def test_masks_secrets(self) -> None:
        around = Around()
        around.note(b'[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"hidden"}]', received=False)
        around.log.flush()
        assert b"hidden" not in around.told[0].frames[0].data

    def test_drops_and_counts_while_kafka_confirms_nothing(self) -> None:
        around = Around()
        for _ in range(MAX_UNCONFIRMED + 3):
            around.note()
            around.log.flush()
        assert len(around.told) == MAX_UNCONFIRMED
        assert around.log.dropped == 3
        around.confirm(RuntimeError("away"))
        assert around.log.dropped == 3 + MAX_UNCONFIRMED

    def test_goes_on_once_kafka_is_back(self) -> None:
        around = Around()
        for _ in range(MAX_UNCONFIRMED + 1):
            around.note()
            around.log.flush()
        around.confirm()
        around.note()
        around.log.flush()
        assert len(around.told) == MAX_UNCONFIRMED + 1
        assert isinstance(around.told[-1], FramesLogged)

    def test_notes_nothing_when_it_is_switched_off(self) -> None:
        around = Around(enabled=False)
        around.note()
        around.log.flush()
        assert not around.told
        assert not around.turns
