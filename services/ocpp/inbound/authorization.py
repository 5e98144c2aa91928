"""Block C, authorization: Authorize, and the decision that starts and ends of transactions carry too."""

from typing import Any, NamedTuple

from services.domain.events.authorization import AuthorizationDecided
from services.domain.events.token import Token
from services.domain.local_list import token_info
from services.domain.tokens import ACCEPTED, INVALID, Decision, decide, normalise_uid, token_key
from services.ocpp.inbound.reply import Context, Reply

NO_AUTHORIZATION = "NoAuthorization"
CONCURRENT = "ConcurrentTx"


class Authorization(NamedTuple):
    """A decision with the whitelist entry it was made from and the event that records it."""

    decision: Decision
    token: Token | None
    event: AuthorizationDecided


def authorize(payload: dict[str, Any], context: Context) -> Reply:
    """C01: may this token charge here? Answered from the local copy of the whitelist."""
    id_token = payload["idToken"]
    # Two Authorize requests for one token are two decisions, so their messages identify them.
    made = decision(id_token["idToken"], id_token["type"], "Authorize", context, context.epoch, context.message_id)
    return Reply({"idTokenInfo": id_token_info(made)}, (made.event,))


def decision(
    uid: str, kind: str, occasion: str, context: Context, *content: str | int, starts: str = ""
) -> Authorization:
    """Decide about a token; `content` is what makes this occasion different from all others of the station.

    `starts`: the id of the transaction that is to begin with it, if one is. A master pass is not for that
    (C16.FR.03), and a token that is charging elsewhere perhaps not.
    """
    token = None
    if kind == NO_AUTHORIZATION:
        # C15, F01: the station is configured to charge whoever plugs in.
        decided = Decision(ACCEPTED, "the station asks for no authorization")
    else:
        token = context.edge.token(token_key(context.tenant, uid))
        decided = decide(token, context.now_ms)
        if token is not None and starts and decided.accepted:
            decided = _decide_about_start(decided, token, starts, context)
    event = AuthorizationDecided(
        event_id=context.event_id("AuthorizationDecided", occasion, uid, *content),
        tenant=context.tenant,
        token_uid=normalise_uid(uid),
        token_type=kind,
        station_id=context.station_id,
        occasion=occasion,
        status=decided.status,
        reason=decided.reason,
        contract_id=token.contract_id if token else None,
        token_updated_at=token.updated_at if token else None,
        decided_at=context.now_ms,
    )
    return Authorization(decided, token, event)


def _decide_about_start(decided: Decision, token: Token, transaction_id: str, context: Context) -> Decision:
    edge = context.edge
    if edge.master_pass_group and token.group_id == edge.master_pass_group:
        return Decision(INVALID, "a master pass ends transactions and starts none")
    station = f"{context.tenant}/{context.station_id}"
    if edge.charging_elsewhere(token.key, station, transaction_id, context.now_ms):
        return Decision(CONCURRENT, "is charging in another transaction")
    return decided


def id_token_info(made: Authorization) -> dict[str, Any]:
    """IdTokenInfoType of an answer."""
    return token_info(made.decision, made.token)
