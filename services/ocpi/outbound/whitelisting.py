"""What the whitelist will say about a token that was just published, before it does."""

from services.domain.events.common import TokenStatus
from services.domain.events.token import Token, TokenBlocked, TokenRegistered


def as_whitelisted(registered: TokenRegistered, blocked: TokenBlocked | None) -> Token:
    """The entry that these events make (services/whitelist folds them alike)."""
    return Token(
        tenant=registered.tenant,
        token_uid=registered.token_uid,
        token_type=registered.token_type,
        contract_id=registered.contract_id,
        issuer=registered.issuer,
        group_id=registered.group_id,
        expires_at=registered.expires_at,
        status=TokenStatus.BLOCKED if blocked else TokenStatus.VALID,
        blocked_reason=blocked.reason if blocked else None,
        updated_at=registered.registered_at,
        owner_country_code=registered.owner_country_code,
        owner_party_id=registered.owner_party_id,
        whitelist=registered.whitelist,
        object_json=registered.object_json,
    )
