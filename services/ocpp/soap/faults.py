"""What is refused, in the words of SOAP 1.2 and OCPP-S (table 1), and in those of a CALLERROR."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from services.ocpp.wire.faults import Fault


class Code(StrEnum):
    """SOAP 1.2 (5.4.6): whose trouble it is."""

    SENDER = "Sender"
    RECEIVER = "Receiver"
    MUST_UNDERSTAND = "MustUnderstand"
    VERSION_MISMATCH = "VersionMismatch"


class Subcode(StrEnum):
    """OCPP-S 1.6, table 1."""

    IDENTITY_MISMATCH = "IdentityMismatch"
    INTERNAL = "InternalError"
    NOT_SUPPORTED = "NotSupported"
    PROTOCOL = "ProtocolError"
    SECURITY = "SecurityError"


class Refusal(NamedTuple):
    """A SOAP fault; `reason` is for the station's developer."""

    code: Code
    subcode: Subcode | None
    reason: str


class Refused(Exception):
    """A message that is answered by a SOAP fault."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def protocol_error(reason: str) -> Refused:
    """The sender's message is not as it should be."""
    return Refused(Refusal(Code.SENDER, Subcode.PROTOCOL, reason))


_OTHER: Final[Mapping[str, tuple[Code, Subcode]]] = {
    Fault.SECURITY.value: (Code.SENDER, Subcode.SECURITY),
    Fault.GENERIC.value: (Code.RECEIVER, Subcode.INTERNAL),
    Fault.INTERNAL.value: (Code.RECEIVER, Subcode.INTERNAL),
    Fault.NOT_IMPLEMENTED.value: (Code.RECEIVER, Subcode.NOT_SUPPORTED),
    Fault.NOT_SUPPORTED.value: (Code.RECEIVER, Subcode.NOT_SUPPORTED),
}


def of_call_error(code: str, description: str) -> Refusal:
    """The fault of a CALLERROR: OCPP-S has fewer words, so the error's own is said in the reason."""
    known = _OTHER.get(code, (Code.SENDER, Subcode.PROTOCOL))
    return Refusal(*known, f"{code}: {description}" if description else code)
