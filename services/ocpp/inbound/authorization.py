"""Block C, authorization: Authorize, and the decision that starts and ends of transactions carry too."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple

from services.domain.events.authorization import AuthorizationAnswered, AuthorizationDecided
from services.domain.events.common import IdToken
from services.domain.events.token import Token
from services.domain.local_list import token_info
from services.domain.tokens import ACCEPTED, INVALID, Decision, decide, normalise_uid, token_key
from services.domain.units import Millis
from services.ocpp.inbound import asking, contracts
from services.ocpp.inbound.asking import AUTH_REQUEST, Occasion, Plan
from services.ocpp.inbound.reply import Answer, Context, Granted, Inquiry, Reply

NO_AUTHORIZATION = "NoAuthorization"
CONCURRENT = "ConcurrentTx"

_LONGEST_MESSAGE: Final = 512


class Authorization(NamedTuple):
    """A decision with the whitelist entry it was made from and the event that records it."""

    decision: Decision
    token: Token | None
    event: AuthorizationDecided
    answer: AuthorizationAnswered | None = None
    """The provider's, if it is its word."""

    def shown(self, value: str, kind: str) -> IdToken:
        """The token as transactions keep it."""
        event = self.event
        return IdToken(
            value=value,
            type=kind,
            authorization_method=event.authorization_method,
            authorization_reference=event.authorization_reference,
        )


class Asked(NamedTuple):
    """A token that somebody shows: which, for what, and what makes this different from all other occasions."""

    uid: str
    kind: str
    occasion: Occasion
    content: tuple[str | int, ...]


def authorize(payload: dict[str, Any], context: Context) -> Reply:
    """C01: may this token charge here? Answered from the local copy of the whitelist, or by its provider."""
    id_token = payload["idToken"]
    # Two Authorize requests for one token are two decisions, so their messages identify them.
    content = (context.epoch, context.message_id)
    asked = Asked(id_token["idToken"], id_token["type"], Occasion("Authorize"), content)
    if not contracts.shows_contract(payload):
        return settled(asked, context, lambda made: Reply({"idTokenInfo": id_token_info(made)}, (made.event,)))
    found = contracts.shown(payload, context)
    planned = _listed(asked, context) if found.fault else _plan(asked, context)
    requests = (planned.request,) if isinstance(planned, Plan) else ()
    if not found.questions and not requests:
        return _by_contract(asked, context, found, planned, (), context.now_ms)
    then = partial(_by_contract, asked, context, found, planned)
    return Reply({}, inquiry=Inquiry((*found.questions, *requests), then))


def _by_contract(
    asked: Asked,
    context: Context,
    found: contracts.Shown,
    planned: Plan | Decision,
    answers: Sequence[Answer],
    now_ms: Millis,
) -> Reply:
    """C07: the contract certificate and the whitelist, or the provider, have to agree."""
    context.now_ms = now_ms
    if isinstance(planned, Plan):
        *answers, word = answers
        made = _by_answer(asked, context, planned, word, now_ms)
    else:
        made = _at_once(asked, context, planned)
    status, decided = contracts.combined(contracts.judged(found, answers, context), made.decision)
    event = replace(made.event, status=decided.status, reason=decided.reason)
    info = id_token_info(made._replace(decision=decided))
    return Reply({"idTokenInfo": info, "certificateStatus": status}, (event,))


def settled(asked: Asked, context: Context, then: Callable[[Authorization], Reply]) -> Reply:
    """The reply that `then` makes of the decision; if the provider has a word in it, later."""
    planned = _plan(asked, context)
    if not isinstance(planned, Plan):
        return then(_at_once(asked, context, planned))

    def answered(answers: Sequence[Answer], now_ms: Millis) -> Reply:
        return then(_by_answer(asked, context, planned, answers[0], now_ms))

    return Reply({}, inquiry=Inquiry((planned.request,), answered))


def at_end(uid: str, kind: str, name: str, context: Context, *content: str | int) -> Authorization:
    """The decision about a token that starts nothing: nobody is asked."""
    asked = Asked(uid, kind, Occasion(name), content)
    return _at_once(asked, context, _listed(asked, context))


def _plan(asked: Asked, context: Context) -> Plan | Decision:
    if asked.kind == NO_AUTHORIZATION:
        return _listed(asked, context)
    if _grant(asked, context) is not None:
        return Decision(ACCEPTED, "its provider has just allowed it")
    # A retry is another question: whoever put the first one may be gone.
    request_id = context.event_id("AuthorizationRequested", asked.uid, context.epoch, context.message_id)
    return asking.plan(asked.uid, asked.kind, asked.occasion, _token(asked, context), context, request_id)


def _listed(asked: Asked, context: Context) -> Decision:
    if asked.kind == NO_AUTHORIZATION:
        # C15, F01: the station is configured to charge whoever plugs in.
        return Decision(ACCEPTED, "the station asks for no authorization")
    return decide(_token(asked, context), context.now_ms)


def _token(asked: Asked, context: Context) -> Token | None:
    if asked.kind == NO_AUTHORIZATION:
        return None
    return context.edge.token(token_key(context.tenant, asked.uid))


def _grant(asked: Asked, context: Context) -> Granted | None:
    return asking.granted(token_key(context.tenant, asked.uid), asked.occasion.starts, context)


def _by_answer(asked: Asked, context: Context, planned: Plan, answer: Answer, now_ms: Millis) -> Authorization:
    token = _token(asked, context)
    decided, word = asking.decided(planned, answer)
    decided = _may_start(decided, token, asked, context)
    event = _event(asked, context, decided, token)
    event = replace(event, decided_at=now_ms, waited_ms=max(0, now_ms - planned.request.requested_at))
    if word is not None:
        event = replace(
            event,
            authorization_method=AUTH_REQUEST,
            partner_id=word.partner_id,
            authorization_reference=word.authorization_reference,
            contract_id=event.contract_id or word.contract_id,
        )
    return Authorization(decided, token, event, word)


def _at_once(asked: Asked, context: Context, listed: Decision) -> Authorization:
    token = _token(asked, context)
    decided = _may_start(listed, token, asked, context)
    event = _event(asked, context, decided, token)
    grant = _grant(asked, context)
    if grant is not None:
        event = replace(
            event,
            authorization_method=AUTH_REQUEST,
            partner_id=grant.partner_id,
            authorization_reference=grant.reference,
        )
    return Authorization(decided, token, event)


def _event(asked: Asked, context: Context, decided: Decision, token: Token | None) -> AuthorizationDecided:
    return AuthorizationDecided(
        event_id=context.event_id("AuthorizationDecided", asked.occasion.name, asked.uid, *asked.content),
        tenant=context.tenant,
        token_uid=normalise_uid(asked.uid),
        token_type=asked.kind,
        station_id=context.station_id,
        occasion=asked.occasion.name,
        status=decided.status,
        reason=decided.reason,
        contract_id=token.contract_id if token else None,
        token_updated_at=token.updated_at if token else None,
        transaction_id=asked.occasion.starts or None,
        decided_at=context.now_ms,
    )


def _may_start(decided: Decision, token: Token | None, asked: Asked, context: Context) -> Decision:
    """A master pass starts nothing (C16.FR.03), and a token that is charging elsewhere perhaps not."""
    edge, starts = context.edge, asked.occasion.starts
    if not starts or not decided.accepted or asked.kind == NO_AUTHORIZATION:
        return decided
    if edge.master_pass_group and token is not None and token.group_id == edge.master_pass_group:
        return Decision(INVALID, "a master pass ends transactions and starts none")
    station, key = f"{context.tenant}/{context.station_id}", token_key(context.tenant, asked.uid)
    if edge.charging_elsewhere(key, station, starts, context.now_ms):
        return Decision(CONCURRENT, "is charging in another transaction")
    return decided


def id_token_info(made: Authorization) -> dict[str, Any]:
    """IdTokenInfoType of an answer."""
    info = token_info(made.decision, made.token)
    if made.answer is not None and made.answer.info:
        # C01: the provider's words for the driver.
        said = {"format": "UTF8", "content": made.answer.info[:_LONGEST_MESSAGE]}
        language = made.answer.info_language
        info["personalMessage"] = said | ({"language": language[:8]} if language else {})
    return info
