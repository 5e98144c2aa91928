"""Block C, authorization: Authorize, and the decision that starts and ends of transactions carry too."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from services.domain.events.authorization import AuthorizationDecided
from services.domain.events.token import Token
from services.domain.local_list import token_info
from services.domain.tokens import ACCEPTED, INVALID, Decision, decide, normalise_uid, token_key
from services.domain.units import Millis
from services.ocpp.inbound import contracts
from services.ocpp.inbound.reply import Context, Inquiry, Reply

NO_AUTHORIZATION = "NoAuthorization"
CONCURRENT = "ConcurrentTx"


class Authorization(NamedTuple):
    """A decision with the whitelist entry it was made from and the event that records it."""

    decision: Decision
    token: Token | None
    event: AuthorizationDecided


def authorize(payload: dict[str, Any], context: Context) -> Reply:
    """C01: may this token charge here? Answered from the local copy of the whitelist."""
    if not contracts.shows_contract(payload):
        made = _authorized(payload, context)
        return Reply({"idTokenInfo": id_token_info(made)}, (made.event,))
    found = contracts.shown(payload, context)
    if not found.questions:
        return _by_contract(payload, context, found, (), context.now_ms)
    return Reply({}, inquiry=Inquiry(found.questions, partial(_by_contract, payload, context, found)))


def _by_contract(
    payload: dict[str, Any],
    context: Context,
    found: contracts.Shown,
    answers: Sequence[bytes | None],
    now_ms: Millis,
) -> Reply:
    """C07: the contract certificate and the whitelist have to agree."""
    context.now_ms = now_ms
    made = _authorized(payload, context)
    status, decided = contracts.combined(contracts.judged(found, answers, context), made.decision)
    event = replace(made.event, status=decided.status, reason=decided.reason)
    info = token_info(decided, made.token)
    return Reply({"idTokenInfo": info, "certificateStatus": status}, (event,))


def _authorized(payload: dict[str, Any], context: Context) -> Authorization:
    id_token = payload["idToken"]
    # Two Authorize requests for one token are two decisions, so their messages identify them.
    return decision(id_token["idToken"], id_token["type"], "Authorize", context, context.epoch, context.message_id)


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
