"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FramesLogged:
    """What an edge and its stations said to each other in about half a second."""

    FULL_NAME: ClassVar[str] = "ocpp.frames.v1.FramesLogged"
    TOPIC: ClassVar[str] = "ocpp.frames.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    edge_id: str  # The edge process that held the sockets.
    frames: tuple[common.Frame, ...]  # In the order in which they came and went.
    recorded_at: int  # When the first of them was noted.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.edge_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "edge_id": self.edge_id,
            "frames": [item.to_record() for item in self.frames],
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            edge_id=record["edge_id"],
            frames=tuple([common.Frame.from_record(item) for item in record["frames"]]),
            recorded_at=record["recorded_at"],
        )
