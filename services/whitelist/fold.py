"""Folds registrations and blocks of tokens into the whitelist, alike in whatever order they come."""

from msgspec import Struct

from services.domain.events.common import TokenStatus
from services.domain.events.token import Token, TokenBlocked, TokenRegistered
from services.domain.folding import Changes, Read
from services.domain.units import Millis


class Entry(Struct, frozen=True, array_like=True):
    """The latest registration and the latest block of a token, under `{tenant}/{token_uid}`."""

    registered: TokenRegistered | None = None
    blocked: TokenBlocked | None = None


def fold(read: Read[Entry], event: TokenRegistered | TokenBlocked) -> Changes[Entry]:
    """What one event of token.events changes; an older one than what is known changes nothing."""
    known = read(event.key) or Entry()
    if isinstance(event, TokenBlocked):
        if known.blocked is not None and event.blocked_at <= known.blocked.blocked_at:
            return Changes()
        entry = Entry(known.registered, event)
    else:
        if known.registered is not None and event.registered_at <= known.registered.registered_at:
            return Changes()
        entry = Entry(event, known.blocked)
    return Changes({event.key: entry}, [whitelisted(entry, event.tenant, event.token_uid)])


def whitelisted(entry: Entry, tenant: str, token_uid: str) -> Token:
    """The whitelist's word on a token: blocked, unless it was registered again after the last block.

    A token that was blocked before anybody registered it has neither type nor contract.
    """
    registered, blocked = entry.registered, entry.blocked
    valid = blocked is None or (registered is not None and registered.registered_at > blocked.blocked_at)
    return Token(
        tenant=tenant,
        token_uid=token_uid,
        token_type=registered.token_type if registered else "OTHER",
        contract_id=registered.contract_id if registered else "",
        issuer=registered.issuer if registered else "",
        group_id=registered.group_id if registered else None,
        expires_at=registered.expires_at if registered else None,
        status=TokenStatus.VALID if valid else TokenStatus.BLOCKED,
        blocked_reason=None if blocked is None or valid else blocked.reason,
        updated_at=_updated_at(registered, blocked),
        owner_country_code=registered.owner_country_code if registered else "",
        owner_party_id=registered.owner_party_id if registered else "",
        whitelist=registered.whitelist if registered else "",
        object_json=registered.object_json if registered else "",
    )


def _updated_at(registered: TokenRegistered | None, blocked: TokenBlocked | None) -> Millis:
    times = [registered.registered_at] if registered else []
    return max([*times, blocked.blocked_at] if blocked else times)
