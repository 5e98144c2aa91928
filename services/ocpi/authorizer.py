"""Stations wait: asks all providers that may keep a token at once, and tells the word of the first that allows."""

import asyncio
import secrets
from collections import Counter as Counted
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import structlog
from prometheus_client import Counter, Histogram

from services.domain.events.authorization import AuthorizationAnswered, AuthorizationRequested
from services.domain.events.common import ProviderReply
from services.domain.events.partner import Partner
from services.domain.hubs import is_hub
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpi.directory import Directory
from services.ocpi.inbound import authorization_info as info
from services.ocpi.inbound import tokens
from services.ocpi.inbound.authorization_info import Said
from services.ocpi.inbound.clients import Standing
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.outbound import authorize, configuration
from services.ocpi.peer import Peer
from services.ocpi.registrar import access_to
from services.ocpi.routes import party_of_partner
from services.ocpi.silence import Silence
from services.ocpi.wire.envelope import encoded
from services.ocpi.wire.errands import Errand
from services.ocpi.wire.parties import Party
from services.runtime.egress import Refused, Unreachable
from services.runtime.sealing import CannotUnseal, Seal

MOST_BYTES: Final = 65_536
_MOST_OPEN: Final = 2_000
_MOST_OPEN_AT_ONE: Final = 50
"""Requests to one partner: the others have to get through."""

_MARGIN_MS: Final = 200
"""The answer has to get back to the station's edge before it gives up."""

BUSY: Final = "BUSY"

log = structlog.get_logger(__name__)
_latency = Histogram(
    "ocpi_authorization_seconds", "How long providers take to authorize tokens", ["outcome"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4),
)  # fmt: skip
_answered = Counter("ocpi_authorizations_total", "Answers to stations about tokens", ["outcome"])


class Authorizer:
    """Lives on the event loop. What it was asking about when it is killed is not answered."""

    def __init__(
        self,
        peer: Peer,
        seal: Seal,
        directory: Directory,
        operator: Party,
        publish: Callable[..., Awaitable[None]],
        now_ms: Callable[[], Millis],
        chance: Callable[[], float],
    ) -> None:
        self._peer = peer
        self._seal = seal
        self._directory = directory
        self._operator = operator
        self._publish = publish
        self._now_ms = now_ms
        self._tasks: set[asyncio.Task[None]] = set()
        self._open_at: Counted[str] = Counted()
        self._silence = Silence(now_ms, chance)

    def take(self, events: Sequence[Any]) -> None:
        """Records of `authorization.requests`. What is too late, or too much, is left to the edge's fallback."""
        for event in events:
            if not isinstance(event, AuthorizationRequested) or event.deadline_at <= self._now_ms():
                continue
            if len(self._tasks) >= _MOST_OPEN:
                _answered.labels(BUSY).inc()
                continue
            task = asyncio.get_running_loop().create_task(self._settle(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Drop what is open: the edges have a deadline of their own."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _settle(self, request: AuthorizationRequested) -> None:
        try:
            replies = await self._ask_all(request)
            word = info.together(replies) or Said("", info.SILENT)
            await self._publish(*self._registered(request, word), self._answer(request, word, replies))
            _answered.labels(word.outcome).inc()
        except Exception:
            log.exception("a token could not be asked about", station=request.station_id)

    async def _ask_all(self, request: AuthorizationRequested) -> list[Said]:
        """The replies until one allows, all are there, or the time is up."""
        errands = self._errands(request)
        known = self._directory.token(request.tenant, request.token_uid) is not None
        tasks = [asyncio.create_task(self._ask(errand, request, known)) for errand in errands]
        replies: list[Said] = []
        try:
            for task in asyncio.as_completed(tasks):
                replies.append(await task)
                if replies[-1].outcome == info.ALLOWED:
                    break
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return replies

    def _errands(self, request: AuthorizationRequested) -> list[Errand]:
        token = self._directory.token(request.tenant, request.token_uid)
        station = self._directory.station(request.tenant, request.station_id)
        providers = self._directory.providers
        if token is None:
            asked: Sequence[Partner] = providers.about_unknown(request.tenant)
        else:
            keeper = providers.of(token)
            asked = (keeper,) if keeper else ()
        return [authorize.errand(partner, request, token, station) for partner in asked]

    async def _ask(self, errand: Errand, request: AuthorizationRequested, known: bool) -> Said:
        partner = errand.partner
        started = self._now_ms()
        standing = self._directory.standing(partner)
        if standing is not Standing.HERE:
            return info.silent(errand, standing.value)
        if self._open_at[partner.key] >= _MOST_OPEN_AT_ONE:
            return info.silent(errand, "too many requests to it are open")._replace(outcome=BUSY)
        why_not = self._silence.why_not(partner.key, self._open_at[partner.key])
        if why_not:
            return info.silent(errand, why_not)
        self._open_at[partner.key] += 1
        try:
            reply = await self._asked(errand, request, known, started)
            self._silence.answered(partner.key)
        except (Refused, CannotUnseal) as error:
            reply = info.silent(errand, str(error))
        except Unreachable as error:
            self._silence.kept_silent(partner.key)
            reply = info.silent(errand, str(error))
        finally:
            self._open_at[partner.key] -= 1
        reply = reply._replace(latency_ms=max(0, self._now_ms() - started))
        _latency.labels(reply.outcome).observe(reply.latency_ms / 1000)
        return reply

    async def _asked(self, errand: Errand, request: AuthorizationRequested, known: bool, started: Millis) -> Said:
        partner = errand.partner
        answer = await self._peer.send(
            "POST",
            errand.url,
            access_to(partner, self._seal),
            b"" if errand.body is None else encoded(errand.body),
            self._routing(request, partner),
            timeout_s=max(0, request.deadline_at - _MARGIN_MS - started) / 1000,
            most_bytes=MOST_BYTES,
        )
        evse_uids = errand.body["evse_uids"] if errand.body else ()
        return info.said(errand, answer.status, answer.body, known=known, evse_uids=evse_uids)

    def _routing(self, request: AuthorizationRequested, partner: Partner) -> dict[str, str]:
        token = self._directory.token(request.tenant, request.token_uid)
        to = Party(token.owner_country_code, token.owner_party_id) if token else party_of_partner(partner)
        whole = configuration.routing_headers(self._operator, to, partner.version)
        return configuration.openly(whole) if token is None and is_hub(partner) else whole

    def _registered(self, request: AuthorizationRequested, word: Said) -> tuple[Any, ...]:
        """A token that came with the answer, for the record of what it charges; it is asked about each time."""
        known = self._directory.token(request.tenant, request.token_uid)
        if word.outcome != info.ALLOWED or known is not None or word.owner is None or word.token is None:
            return ()
        others = {party_of_partner(one) for one in self._directory.partners()} - {word.owner}
        try:
            made = tokens.learned(word.token, request.tenant, word.owner, others, self._now_ms())
        except Refusal as refusal:
            log.warning("a token that was allowed cannot be kept", partner=word.partner_id, why=refusal.message)
            return ()
        return made.events

    def _answer(
        self, request: AuthorizationRequested, word: Said, replies: Sequence[Said]
    ) -> AuthorizationAnswered:
        token = word.token or {}
        return AuthorizationAnswered(
            event_id=derived_id("AuthorizationAnswered", request.event_id, secrets.token_hex(8)),
            request_id=request.event_id,
            tenant=request.tenant,
            token_uid=request.token_uid,
            station_id=request.station_id,
            outcome=word.outcome,
            partner_id=word.partner_id,
            authorization_reference=word.reference,
            contract_id=token.get("contract_id"),
            group_id=token.get("group_id"),
            info=word.info,
            info_language=word.info_language,
            replies=tuple(
                ProviderReply(
                    partner_id=one.partner_id, outcome=one.outcome, latency_ms=one.latency_ms, detail=one.detail
                )
                for one in replies
            ),
            answered_at=self._now_ms(),
        )
