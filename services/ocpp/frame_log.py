"""The raw message log: every frame is noted in memory and told to Kafka in batches that nobody waits for."""

import re
from collections.abc import Callable
from typing import Final, NamedTuple, cast

from services.domain.events.common import Frame
from services.domain.events.ocpp import FramesLogged
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpp.wire.secrets import masked

FLUSH_S: Final = 0.5
MAX_FRAMES: Final = 500
MAX_BYTES: Final = 262_144
"""A batch is told once it has so many; with the last frame it stays below what a broker takes (1 MiB)."""

MAX_FRAME_KEPT: Final = 65_536
MAX_UNCONFIRMED: Final = 64
"""Batches that Kafka has not confirmed before more are dropped: some 16 MiB."""

_PLAIN: Final = re.compile(
    rb'\[2,"[^"]{1,36}","'
    rb"(?:Authorize|BootNotification|Heartbeat|MeterValues|StartTransaction|StatusNotification|StopTransaction"
    rb'|TransactionEvent)",'
)
"""Calls of stations that have no field for a secret, as nearly all are: they need not be searched for one."""

Send = Callable[[Event, Callable[[Exception | None], None]], None]
Later = Callable[[Callable[[], None]], object]
"""Calls a function after FLUSH_S."""


class Noted(NamedTuple):
    """The fields of `common.v1.Frame`, for a third of what building one costs."""

    station_id: str
    protocol: str
    received: bool
    at: Millis
    data: bytes


class FrameLog:
    """Takes frames of all stations of an edge, of whatever binding. Noting one is an append.

    The log is for looking at what happened; what counts is in events. So nothing waits for it: while Kafka is
    away, batches are dropped and counted.
    """

    def __init__(
        self,
        tenant: str,
        edge_id: str,
        send: Send,
        now_ms: Callable[[], Millis],
        later: Later,
        enabled: bool = True,
    ) -> None:
        self.enabled = enabled
        self.dropped = 0
        """Frames that Kafka did not get."""
        self._tenant = tenant
        self._edge_id = edge_id
        self._send = send
        self._now_ms = now_ms
        self._later = later
        self._noted: list[Noted] = []
        self._bytes = 0
        self._batches = 0
        self._unconfirmed = 0

    def note(self, station_id: str, protocol: str, received: bool, data: bytes) -> None:
        """Take one frame: from the station (`received`), or from us."""
        if not self.enabled:
            return
        noted = self._noted
        if not noted:
            self._later(self.flush)
        noted.append(Noted(station_id, protocol, received, self._now_ms(), data))
        self._bytes += len(data)
        if len(noted) >= MAX_FRAMES or self._bytes >= MAX_BYTES:
            self.flush()

    def flush(self) -> None:
        """Tell Kafka what was noted since the last time."""
        noted, self._noted, self._bytes = self._noted, [], 0
        if not noted:
            return
        count = len(noted)
        if self._unconfirmed >= MAX_UNCONFIRMED:
            self.dropped += count
            return
        self._unconfirmed += 1
        self._send(self._batch(noted), lambda error: self._told(error, count))

    def _batch(self, noted: list[Noted]) -> FramesLogged:
        self._batches += 1
        first_at = noted[0].at
        return FramesLogged(
            event_id=derived_id("FramesLogged", self._tenant, self._edge_id, first_at, self._batches),
            tenant=self._tenant,
            edge_id=self._edge_id,
            frames=cast(tuple[Frame, ...], tuple([_kept(frame) for frame in noted])),
            recorded_at=first_at,
        )

    def _told(self, error: Exception | None, count: int) -> None:
        self._unconfirmed -= 1
        if error is not None:
            self.dropped += count


def _kept(frame: Noted) -> Noted:
    """What of a frame may be told. Replies are ours: there is no secret of a station in them."""
    _, _, received, _, data = frame
    plain = _PLAIN.match(data) if received else data.startswith(b"[3,")
    if plain and len(data) <= MAX_FRAME_KEPT:
        return frame
    return frame._replace(data=masked(data)[:MAX_FRAME_KEPT])
