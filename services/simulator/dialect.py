"""What each OCPP version offers to the rest of the simulator."""

from typing import Protocol

from services.domain.units import Millis
from services.simulator.connection import Message, Payload
from services.simulator.station import Station, Step

REGISTER = "Energy.Active.Import.Register"


class Refusal(Exception):
    """A call from the backend that is answered with a CALLERROR of this code."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


class Dialect(Protocol):
    """One station's way of speaking one OCPP version."""

    subprotocol: str

    def boot(self) -> Message:
        """The BootNotification."""
        ...

    def introduce(self, now: Millis) -> list[Message]:
        """What follows an accepted boot or a reconnection."""
        ...

    def heartbeat(self) -> Message:
        """The Heartbeat."""
        ...

    def messages(self, step: Step, offline: bool) -> list[Message]:
        """The calls that tell about a step."""
        ...

    def learn(self, message: Message, answer: Payload) -> None:
        """Take from an answer what later messages need."""
        ...

    def answer(self, action: str, payload: Payload, station: Station, now: Millis) -> Payload:
        """Carry out a call of the backend and return the answer; raises Refusal."""
        ...


def said(action: str, payload: Payload) -> Message:
    """A message about no transaction, with fixed content."""
    return Message(action, lambda: payload)
