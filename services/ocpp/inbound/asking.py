"""Block C, tokens whose provider has a word in it: whether it is asked, and what follows from what it says.

The provider says how its tokens are to be treated (OCPI, mod_tokens: WhitelistType).
"""

from typing import Any, Final, NamedTuple

from services.domain.events.authorization import AuthorizationAnswered, AuthorizationRequested
from services.domain.events.partner import Partner
from services.domain.events.token import Token
from services.domain.providers import ALLOW, ALLOWED, ALLOWED_OFFLINE, NEVER
from services.domain.tokens import ACCEPTED, BLOCKED, EXPIRED, INVALID, Decision, decide, normalise_uid
from services.domain.units import Millis
from services.ocpp.inbound.reply import Context, Granted

AUTH_REQUEST: Final = "AUTH_REQUEST"
"""OCPI AuthMethod."""

GRANTED_MS: Final[Millis] = 300_000
"""How long a start may stand on what the provider said when the token was shown."""

SILENT: Final = "SILENT"
_LONGEST_UID: Final = 36

_STATUS: Final = {
    "ALLOWED": ACCEPTED,
    "BLOCKED": BLOCKED,
    "EXPIRED": EXPIRED,
    "NO_CREDIT": "NoCredit",
    "NOT_ALLOWED": "NotAtThisLocation",
    "UNKNOWN": "Unknown",
}
"""OCPI AllowedType to AuthorizationStatusEnumType."""


class Occasion(NamedTuple):
    """What a token is shown for, and where. `starts`: the transaction that is to begin with it, if one is."""

    name: str
    starts: str = ""
    evse_id: int | None = None
    connector_id: int | None = None


class Plan(NamedTuple):
    """What is asked, and what holds when the provider is silent, and when we cannot even ask."""

    request: AuthorizationRequested
    silent: Decision
    unasked: Decision


def plan(
    uid: str, kind: str, occasion: Occasion, token: Token | None, context: Context, event_id: str
) -> Plan | Decision:
    """How a token is decided about: by asking, or at once."""
    listed = decide(token, context.now_ms)
    fallbacks = _of_known(token, listed, context) if token else _of_unknown(uid, listed, context)
    if isinstance(fallbacks, Decision):
        return fallbacks
    request = AuthorizationRequested(
        event_id=event_id,
        tenant=context.tenant,
        token_uid=normalise_uid(uid),
        uid=uid.strip(),
        token_type=kind,
        station_id=context.station_id,
        evse_id=occasion.evse_id,
        connector_id=occasion.connector_id,
        occasion=occasion.name,
        requested_at=context.now_ms,
        deadline_at=context.now_ms + context.edge.authorization_timeout_ms,
    )
    return Plan(request, *fallbacks)


def _of_unknown(uid: str, listed: Decision, context: Context) -> Decision | tuple[Decision, Decision]:
    askable = uid.strip().isascii() and uid.isprintable() and 0 < len(uid.strip()) <= _LONGEST_UID
    if not askable or not context.edge.providers.about_unknown(context.tenant):
        return listed
    return (
        Decision(INVALID, f"{listed.reason}, and a provider did not answer"),
        Decision(INVALID, f"{listed.reason}, and no provider could be asked"),
    )


def _of_known(token: Token, listed: Decision, context: Context) -> Decision | tuple[Decision, Decision]:
    whitelist = token.whitelist
    if not listed.accepted or whitelist not in (NEVER, ALLOWED, ALLOWED_OFFLINE):
        return listed
    partner = context.edge.providers.of(token)
    if partner is None:
        return Decision(INVALID, "its provider cannot be asked, but wants to be") if whitelist == NEVER else listed
    if whitelist == ALLOWED and context.now_ms - token.updated_at < context.edge.whitelist_fresh_ms:
        return listed
    return _fallbacks(whitelist, partner)


def _fallbacks(whitelist: str, partner: Partner) -> tuple[Decision, Decision]:
    """When the provider is silent, and when it could not be asked: that is our trouble, not the driver's."""
    if whitelist == NEVER:
        return (
            Decision(INVALID, "its provider did not answer"),
            Decision(INVALID, "its provider could not be asked"),
        )
    by_list = Decision(ACCEPTED, "valid; its provider did not answer")
    unasked = Decision(ACCEPTED, "valid; its provider could not be asked")
    if whitelist == ALLOWED_OFFLINE or partner.when_silent == ALLOW:
        return by_list, unasked
    return Decision(INVALID, "its provider did not answer, and is not to be done without"), unasked


def granted(token_key: str, starts: str, context: Context) -> Granted | None:
    """What the provider allowed at this station a moment ago, for this start and for no other."""
    found = context.granted.get(token_key)
    if found is None or context.now_ms - found.at > GRANTED_MS:
        return None
    return found if starts and found.used_for in ("", starts) else None


def decided(planned: Plan, answer: Any) -> tuple[Decision, AuthorizationAnswered | None]:
    """The decision, and whose word it is if it is a provider's."""
    if not isinstance(answer, AuthorizationAnswered):
        return planned.unasked, None
    status = _STATUS.get(answer.outcome)
    if status is None:
        return planned.silent, None
    words = {ACCEPTED: "its provider allows it", "Unknown": "no provider knows it"}
    return Decision(status, words.get(status, f"its provider says {answer.outcome}")), answer
