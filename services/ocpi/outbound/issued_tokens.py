"""Tokens that we issue, as a provider tells CPOs of them (mod_tokens: Sender Interface)."""

from typing import Any, Final

from services.domain.events.common import TokenStatus
from services.domain.events.token import Token
from services.domain.tokens import ACCEPTED, BLOCKED, EXPIRED, Decision
from services.domain.units import Millis, rfc3339
from services.ocpi.wire.parties import Party

ALLOWED: Final = "ALLOWED"

_ALLOWED_TYPES: Final = {ACCEPTED: ALLOWED, BLOCKED: "BLOCKED", EXPIRED: "EXPIRED"}
_LONGEST_ISSUER: Final = 64


def issued(token: Token, owner: Party, now_ms: Millis) -> dict[str, Any]:
    """One of our tokens in 2.3.0; `valid` as of now."""
    expired = token.expires_at is not None and token.expires_at <= now_ms
    told = {
        "country_code": owner.country_code,
        "party_id": owner.party_id,
        "uid": token.token_uid,
        "type": token.token_type,
        "contract_id": token.contract_id,
        "issuer": token.issuer[:_LONGEST_ISSUER] or f"{owner.country_code}*{owner.party_id}",
        "valid": token.status is TokenStatus.VALID and not expired,
        "whitelist": token.whitelist or "ALWAYS",
        "last_updated": rfc3339(token.updated_at),
    }
    return told | ({"group_id": token.group_id} if token.group_id else {})


def authorization_info(
    token: dict[str, Any], decision: Decision, reference: str, location: dict[str, Any] | None
) -> dict[str, Any]:
    """The answer to whether a token may charge (mod_tokens: AuthorizationInfo)."""
    info: dict[str, Any] = {"allowed": allowed(decision), "token": token}
    if decision.accepted:
        info["authorization_reference"] = reference
        return info | ({"location": location} if location else {})
    return info | {"info": {"language": "en", "text": f"This token is not accepted: {decision.reason}"}}


def allowed(decision: Decision) -> str:
    """mod_tokens: AllowedType."""
    return _ALLOWED_TYPES.get(decision.status, "NOT_ALLOWED")
