"""The local authorization list of a station, made from the whitelist (D01)."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from services.domain.events.token import Token
from services.domain.tokens import decide, normalise_uid
from services.domain.units import Millis
from services.ocpp.inbound.authorization import MAX_ID_TOKEN_LENGTH, token_info

_MAX_VERSION: Final = 0x7FFF_FFFF
_TYPES: Final = {"RFID": "ISO14443"}
_OTHER_TYPE: Final = "Central"
"""IdTokenEnumType of tokens that no reader reads."""


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
        and decide(token, now_ms).accepted
    ]
    return [
        {
            "idToken": {"idToken": token.token_uid, "type": _TYPES.get(token.token_type, _OTHER_TYPE)},
            "idTokenInfo": token_info(decide(token, now_ms), token),
        }
        for token in sorted(wanted, key=lambda token: token.token_uid)
    ]


def full_list(known_version: int, said: list[dict[str, Any]]) -> dict[str, Any]:
    """SendLocalList that replaces what a station has of `known_version` (0 or less: nothing).

    The version leaves one number for each part that the list may have to be sent in.
    """
    step = max(1, len(said))
    version = max(0, known_version) + step
    update = {"versionNumber": version if version <= _MAX_VERSION else step, "updateType": "Full"}
    return update | ({"localAuthorizationList": said} if said else {})
