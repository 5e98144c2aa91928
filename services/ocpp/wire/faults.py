"""What can be wrong with a message, and how each OCPP version spells it in a CALLERROR."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from services.domain.operations import V16, V21, V201

__all__ = ["UNREADABLE_ID", "V16", "V21", "V201", "Fault", "Refused", "code"]

V16S: Final = "ocpp1.6s"
V15S: Final = "ocpp1.5s"
"""The SOAP bindings: OCPP-S 1.6, and OCPP 1.5, which has no other."""

UNREADABLE_ID: Final = "-1"
"""The message id of a CALLERROR when that of the CALL cannot be read (OCPP-J 2.0.1, 4.2.3)."""


class Fault(StrEnum):
    """Kinds of wrong, named as in OCPP-J 2.0.1, table 8."""

    FORMAT = "FormatViolation"
    GENERIC = "GenericError"
    INTERNAL = "InternalError"
    MESSAGE_TYPE = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURRENCE = "OccurrenceConstraintViolation"
    PROPERTY = "PropertyConstraintViolation"
    PROTOCOL = "ProtocolError"
    RPC_FRAMEWORK = "RpcFrameworkError"
    SECURITY = "SecurityError"
    TYPE = "TypeConstraintViolation"


# OCPP-J 1.6, table 7. Its misspellings are kept on purpose (errata 2025-04, 5.1 and 5.2).
_V16: Final[Mapping[Fault, str]] = {
    Fault.FORMAT: "FormationViolation",
    Fault.RPC_FRAMEWORK: "FormationViolation",
    Fault.MESSAGE_TYPE: "GenericError",
    Fault.OCCURRENCE: "OccurenceConstraintViolation",
}


class Refused(Exception):
    """A CALL that is answered by a CALLERROR; `description` is for the station's developer."""

    def __init__(self, fault: Fault, description: str) -> None:
        super().__init__(description)
        self.fault = fault
        self.description = description


def family(protocol: str) -> str:
    """The sub-protocol that has the messages of a protocol: what comes by SOAP is told in those of 1.6."""
    return V16 if protocol in (V16S, V15S) else protocol


def code(protocol: str, fault: Fault) -> str:
    """The errorCode of a fault in one OCPP version."""
    return _V16.get(fault, fault.value) if family(protocol) == V16 else fault.value
