"""Whether a token may charge: the one decision, whichever protocol asks."""

from dataclasses import dataclass

from services.domain.events.common import TokenStatus
from services.domain.events.token import Token
from services.domain.units import Millis

ACCEPTED = "Accepted"
BLOCKED = "Blocked"
EXPIRED = "Expired"
INVALID = "Invalid"


@dataclass(frozen=True, slots=True)
class Decision:
    """`status` is an OCPP 2.0.1 AuthorizationStatusEnumType; `reason` says in words what led to it."""

    status: str
    reason: str

    @property
    def accepted(self) -> bool:
        return self.status == ACCEPTED


def normalise_uid(uid: str) -> str:
    """The form in which token uids are registered and looked up: RFID readers disagree about case."""
    return uid.strip().upper()


def token_key(tenant: str, uid: str) -> str:
    """The key of a token in `token.state`."""
    return f"{tenant}/{normalise_uid(uid)}"


def decide(token: Token | None, now_ms: Millis) -> Decision:
    """Decide from a whitelist entry (None: there is none) and the time; only VALID and not expired is accepted."""
    if token is None:
        return Decision(INVALID, "not in the whitelist")
    if token.status is TokenStatus.BLOCKED:
        return Decision(BLOCKED, token.blocked_reason or "blocked")
    if token.expires_at is not None and token.expires_at <= now_ms:
        return Decision(EXPIRED, "expired")
    if token.status is not TokenStatus.VALID:
        return Decision(INVALID, f"whitelist entry has status {token.status}")
    return Decision(ACCEPTED, "valid")


def may_be_listed(token: Token, now_ms: Millis) -> bool:
    """Whether a token may charge by a station's own list: not if its provider wants to be asked each time."""
    return token.whitelist != "NEVER" and decide(token, now_ms).accepted
