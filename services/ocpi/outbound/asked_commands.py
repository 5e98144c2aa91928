"""Commands that we give CPOs as a provider (mod_commands), and what becomes of them."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from services.domain.events.roaming import RoamingCommandAnswered, RoamingCommandSent
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpi.wire.envelope import encoded

OBJECTS: Final[Mapping[str, str]] = {
    "START_SESSION": "StartSession",
    "STOP_SESSION": "StopSession",
    "UNLOCK_CONNECTOR": "UnlockConnector",
}
RESULT_S: Final = 120
"""How long a result is taken; CPOs wait for stations for less."""


def secret_sha256(secret: str) -> str:
    """What is kept of a response_url."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sent(
    whose: tuple[str, str],
    command: str,
    version: str,
    body: Mapping[str, Any],
    secret: str,
    by: str,
    now_ms: Millis,
) -> RoamingCommandSent:
    """A command to the partner `whose` (tenant, partner id), before it is asked; its secret is its own."""
    known_as = secret_sha256(secret)
    tenant, partner_id = whose
    return RoamingCommandSent(
        event_id=derived_id("RoamingCommandSent", tenant, partner_id, known_as),
        tenant=tenant,
        partner_id=partner_id,
        command_id=derived_id("roaming-command", tenant, partner_id, known_as),
        command=command,
        version=version,
        body_json=encoded(body).decode(),
        secret_sha256=known_as,
        requested_by=by,
        requested_at=now_ms,
        expires_at=now_ms + RESULT_S * 1000,
    )


def answered(
    command: RoamingCommandSent, result: str, message: str, now_ms: Millis, *, final: bool
) -> RoamingCommandAnswered:
    """What the CPO says."""
    return RoamingCommandAnswered(
        event_id=derived_id("RoamingCommandAnswered", command.command_id, str(final)),
        tenant=command.tenant,
        partner_id=command.partner_id,
        command_id=command.command_id,
        final=final,
        result=result,
        message=message,
        answered_at=now_ms,
    )
