"""Exchanges credentials with partners, when they ask for it and when we do (credentials: Registration)."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog

from services.domain.events.common import PartnerEndpoint
from services.domain.events.partner import Partner
from services.domain.folding import Event
from services.domain.hubs import quirks_of
from services.domain.units import Millis
from services.ocpi.inbound import handshake
from services.ocpi.inbound.authorization import token_hash
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.outbound import configuration, registration
from services.ocpi.outbound.registration import Agreement
from services.ocpi.peer import Access, Peer, Unusable, correlated
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.registrations import INVITED, REGISTERED
from services.runtime.sealing import Seal

_SEEN_S = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outside:
    """What the registrar needs from elsewhere. `known` is the partner of a key as the edge knows it now; `winner`
    is which state came first of those made from one, given that one's token hash and ours (`Succession`)."""

    publish: Callable[..., Awaitable[None]]
    known: Callable[[str], Partner | None]
    winner: Callable[[str, Partner], Partner | None]
    now_ms: Callable[[], Millis]
    new_token: Callable[[], str]


def purpose(partner: Partner) -> str:
    """What a partner's token is sealed for; whoever is behind a hub has the hub's."""
    return f"ocpi/{partner.tenant}/{partner.hub or partner.partner_id}"


class Registrar:
    """Credentials come and go, one exchange with a partner at a time.

    Whoever asks for another while we look back at it is refused: it may be waiting for us as we wait for it.
    """

    def __init__(self, own: configuration.Own, peer: Peer, seal: Seal, outside: Outside) -> None:
        self._own = own
        self._peer = peer
        self._seal = seal
        self._outside = outside
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def exchange(
        self, partner: Partner, version: str, body: Any, *, update: bool, correlation_id: str = ""
    ) -> dict[str, Any]:
        """POST and PUT: the credentials that the partner uses from now on; Refusal when it is not to be.

        What we ask the partner meanwhile carries the correlation id of its request.
        """
        async with self._turn(partner):
            self._check_turn(partner, REGISTERED if update else INVITED)
            try:
                return await self._exchanged(partner, version, body, correlated(correlation_id))
            except Refusal as refusal:
                now = self._outside.now_ms()
                reason = str(refusal.__cause__ or refusal)
                await self._outside.publish(
                    registration.failed(partner, version, int(refusal.status), reason, now)
                )
                raise

    async def end(self, partner: Partner) -> None:
        """DELETE: the partner takes its credentials back, and ours are worth nothing either."""
        async with self._turn(partner):
            self._check_turn(partner, REGISTERED)
            await self._keep(partner, *registration.unregistered(partner, self._outside.now_ms()))

    def _turn(self, partner: Partner) -> asyncio.Lock:
        turn = self._turns[partner.key]
        if turn.locked():
            raise Refusal(Status.CLIENT_ERROR, "Credentials are being exchanged with you: wait for the answer")
        return turn

    def _check_unchanged(self, partner: Partner) -> Partner:
        """The partner as it is now, if it still shows the token that it did; others may exchange tokens too."""
        current = self._outside.known(partner.key)
        if current is None or current.token_hash != partner.token_hash:
            raise Refusal(Status.CLIENT_ERROR, "This token has just been replaced", 401)
        return current

    def _check_turn(self, partner: Partner, wanted: str) -> None:
        """credentials: 405 to whom the method is not for."""
        current = self._check_unchanged(partner)
        if current.registration != wanted:
            already = current.registration == REGISTERED
            told = "You are registered: use PUT" if already else "You are not registered yet: use POST"
            raise Refusal(Status.CLIENT_ERROR, told, 405)

    async def _exchanged(
        self, partner: Partner, version: str, body: Any, headers: dict[str, str]
    ) -> dict[str, Any]:
        offer = handshake.offer(body, version, partner)
        quirks = quirks_of(partner)
        asked = Access(offer.token, registration.wants_plain_token(version), partner.allow_private, quirks)
        endpoints, access = await self._look_back(offer.url, version, asked, headers)
        self._check_unchanged(partner)
        token = self._outside.new_token()
        agreed = Agreement(
            version=version,
            versions_url=offer.url,
            endpoints=endpoints,
            roles=offer.roles,
            token_hash=token_hash(token),
            sealed_token=self._seal.seal(offer.token, purpose(partner)),
            plain_token_header=access.plain,
        )
        now = self._outside.now_ms()
        await self._keep(partner, *registration.registered(partner, agreed, "partner", offer.warnings, now))
        return configuration.credentials(self._own, version, token)

    async def _look_back(
        self, url: str, version: str, access: Access, headers: dict[str, str]
    ) -> tuple[tuple[PartnerEndpoint, ...], Access]:
        """The partner's endpoints, fetched during POST and again on every PUT (credentials: POST, PUT)."""
        try:
            versions, found = await self._peer.find_out("GET", url, access, headers)
            where = handshake.details_url(versions.data, version)
            details = await self._peer.ask("GET", where, found, headers=headers)
        except Unusable as error:
            told = f"Your versions or version details cannot be used: {error.told}"
            raise Refusal(Status.CLIENT_UNUSABLE, told) from error
        return handshake.endpoints(details.data, version), found

    async def _keep(self, before: Partner, after: Partner, *events: Event) -> None:
        """Durable, and known here, before anybody is told: the partner may use its new token at once.

        Refusal when another process has made something else of `before` first; that is what holds then.
        """
        if await self._put(before, after) != after:
            raise Refusal(Status.CLIENT_ERROR, "it has exchanged credentials with us meanwhile")
        await self._outside.publish(*events)

    async def _put(self, before: Partner, after: Partner) -> Partner:
        """What counts in the end: `after`, or what came first, which is published again so that it is the last."""
        while True:
            await self._outside.publish(after)
            winner = await self._winner(before, after)
            if winner == after:
                return after
            before, after = after, winner

    async def _winner(self, before: Partner, after: Partner) -> Partner:
        for _ in range(int(_SEEN_S / 0.01)):
            winner = self._outside.winner(before.token_hash, after)
            if winner is not None:
                return winner
            await asyncio.sleep(0.01)
        log.warning("a partner's new state was not seen in time", partner=after.partner_id)
        return after

    async def register(self, partner: Partner, versions_url: str, given_token: str) -> Partner:
        """Register at a partner that has given us a token (A) and the URL of its versions.

        Before it is asked, its own new token (B) has to be known, since it looks back at us meanwhile. Unusable or
        Refusal when it does not work; the partner is then as it was.
        """
        before = self._outside.known(partner.key) or partner
        token = self._outside.new_token()
        invited = replace(
            before, registration=INVITED, token_hash=token_hash(token), updated_at=self._outside.now_ms()
        )
        await self._keep(before, invited, registration.invited(invited, "cli"))
        try:
            after, event = await self._registered_at(invited, versions_url, given_token, token)
            self._check_still(invited)
        except (Unusable, Refusal):
            await self._restore(before, invited)
            raise
        await self._keep(invited, after, event)
        return after

    def _check_still(self, invited: Partner) -> None:
        """Both may have registered at each other at the same time."""
        current = self._outside.known(invited.key)
        if current is not None and current.token_hash != invited.token_hash:
            raise Refusal(Status.CLIENT_ERROR, "it has exchanged credentials with us meanwhile")

    async def _restore(self, before: Partner, invited: Partner) -> None:
        """As it was, so that the token it has still lets it in; unless something else has happened to it."""
        current = self._outside.known(invited.key)
        if current is not None and current.token_hash == invited.token_hash:
            later = max(self._outside.now_ms(), current.updated_at + 1)
            await self._put(invited, replace(before, updated_at=later))

    async def _registered_at(
        self, invited: Partner, versions_url: str, given_token: str, token: str
    ) -> tuple[Partner, Event]:
        """The partner once it has taken our credentials."""
        asked = Access(given_token, False, invited.allow_private, quirks_of(invited))
        versions, found = await self._peer.find_out("GET", versions_url, asked)
        listed = handshake.listed(versions.data)
        version = handshake.newest_common(listed)
        if version is None:
            raise Refusal(
                Status.UNSUPPORTED_VERSION, f"no common version: it speaks {', '.join(listed) or 'none'}"
            )
        details = await self._peer.ask("GET", listed[version], found)
        endpoints = handshake.endpoints(details.data, version)
        theirs = next(endpoint.url for endpoint in endpoints if endpoint.module == "credentials")
        told = await self._peer.ask("POST", theirs, found, configuration.credentials(self._own, version, token))
        offer = handshake.offer(told.data, version, invited)
        agreed = Agreement(
            version=version,
            versions_url=versions_url,
            endpoints=endpoints,
            roles=offer.roles,
            token_hash=invited.token_hash,
            sealed_token=self._seal.seal(offer.token, purpose(invited)),
            plain_token_header=found.plain,
        )
        now = self._outside.now_ms()
        return registration.registered(invited, agreed, "operator", offer.warnings, now)


def access_to(partner: Partner, seal: Seal) -> Access:
    """How a registered partner is asked; CannotUnseal when its token was sealed with another key."""
    token = seal.unseal(partner.sealed_token, purpose(partner))
    return Access(token, partner.plain_token_header, partner.allow_private, quirks_of(partner))
