"""Registration: what a station that is not accepted may say, and what may be said to it (B01 to B03)."""

from collections.abc import Mapping
from typing import Any, Final

from services.domain.events.common import RegistrationStatus
from services.domain.events.station import CommandRequested, Station
from services.domain.ids import derived_id
from services.domain.units import Millis

BOOT: Final = "BootNotification"

_REPORT: Final = frozenset({"NotifyReport"})
_SIGN: Final = frozenset({"SignCertificate"})
_TRIGGERED: Final[Mapping[str, frozenset[str]]] = {
    "SignChargePointCertificate": _SIGN,
    "SignChargingStationCertificate": _SIGN,
    "SignCombinedCertificate": _SIGN,
    "SignV2GCertificate": _SIGN,
    "StatusNotification": frozenset({"StatusNotification", "NotifyEvent"}),
}
"""Where the message that a trigger asks for is not called like the trigger."""


_BOOT_MS: Final = 60_000


def boot_again(station: Station, now_ms: Millis) -> CommandRequested:
    """Asks a station that has been accepted in the registry to come and be told so (F06)."""
    command_id = derived_id("boot again", station.key, station.updated_at)
    return CommandRequested(
        event_id=derived_id("CommandRequested", station.tenant, command_id),
        command_id=command_id,
        tenant=station.tenant,
        station_id=station.station_id,
        operation="TriggerMessage",
        payload_json='{"requestedMessage":"BootNotification"}',
        requested_by="registry",
        requested_at=now_ms,
        deadline_at=now_ms + _BOOT_MS,
    )


class Registration:
    """What one connection's station was told, and what it was asked to say although it is not accepted."""

    __slots__ = ("_asked_for", "_told")

    def __init__(self) -> None:
        self._told: RegistrationStatus | None = None
        self._asked_for: frozenset[str] = frozenset()

    @property
    def pending(self) -> bool:
        """True while it waits to be accepted: it was told so on this connection."""
        return self._told is RegistrationStatus.PENDING

    @property
    def accepted(self) -> bool:
        """True once it was told so on this connection."""
        return self._told is RegistrationStatus.ACCEPTED

    def status(self, registered: RegistrationStatus) -> RegistrationStatus:
        """What it was told last on this connection or, before it has booted on it, what the registry says."""
        return registered if self._told is None else self._told

    def told(self, status: str) -> None:
        """Our answer to its BootNotification."""
        self._told = RegistrationStatus(status.upper())
        self._asked_for = frozenset()

    def may_say(self, action: str, registered: RegistrationStatus) -> bool:
        """B01.FR.10: whether a CALL is one that a station of this status may send; else it is a SecurityError."""
        if action == BOOT:
            return True
        status = self.status(registered)
        if status is RegistrationStatus.PENDING:
            return action in self._asked_for
        return status is RegistrationStatus.ACCEPTED

    def may_be_asked(self, registered: RegistrationStatus) -> bool:
        """B03.FR.03: nothing is sent to a station that is rejected."""
        return self.status(registered) is not RegistrationStatus.REJECTED

    def asks(self, action: str, payload: Mapping[str, Any]) -> None:
        """We send it this CALL: what follows from it may be said (B02.FR.02)."""
        if action in ("GetBaseReport", "GetReport"):
            self._asked_for |= _REPORT
        elif action in ("TriggerMessage", "ExtendedTriggerMessage"):
            message = payload["requestedMessage"]
            self._asked_for |= _TRIGGERED.get(message, frozenset({message}))
