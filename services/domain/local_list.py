"""What stations are told about tokens, one by one or as their local authorization list (C01, D01)."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from services.domain.events.token import Token
from services.domain.tokens import Decision, decide, may_be_listed, normalise_uid
from services.domain.units import Millis, rfc3339

GROUP_TOKEN_TYPE: Final = "Central"
"""Whitelist entries name a group, not what kind of token the group's is."""

MAX_ID_TOKEN_LENGTH: Final = 36

_TYPES: Final = {"RFID": "ISO14443"}
_OTHER_TYPE: Final = "Central"
"""IdTokenEnumType of tokens that no reader reads."""


def token_info(decided: Decision, token: Token | None) -> dict[str, Any]:
    """IdTokenInfoType: status, and what a station needs to remember it by."""
    info: dict[str, Any] = {"status": decided.status}
    if token is None:
        return info
    if token.group_id is not None and len(token.group_id) <= MAX_ID_TOKEN_LENGTH:
        info["groupIdToken"] = {"idToken": token.group_id, "type": GROUP_TOKEN_TYPE}
    if token.expires_at is not None:
        info["cacheExpiryDateTime"] = rfc3339(token.expires_at)
    return info


def entry(token: Token, now_ms: Millis) -> dict[str, Any]:
    """AuthorizationData of a token."""
    return {
        "idToken": {"idToken": token.token_uid, "type": _TYPES.get(token.token_type, _OTHER_TYPE)},
        "idTokenInfo": token_info(decide(token, now_ms), token),
    }


def entries(
    tokens: Iterable[Token], now_ms: Millis, uids: Collection[str] = (), group: str = ""
) -> list[dict[str, Any]]:
    """AuthorizationData of the tokens that may charge now, by uid; `uids` and `group`, if given, choose."""
    chosen = {normalise_uid(uid) for uid in uids}
    wanted = [
        token
        for token in tokens
        if (not chosen or token.token_uid in chosen)
        and (not group or token.group_id == group)
        and len(token.token_uid) <= MAX_ID_TOKEN_LENGTH
        and may_be_listed(token, now_ms)
    ]
    return [entry(token, now_ms) for token in sorted(wanted, key=lambda token: token.token_uid)]
