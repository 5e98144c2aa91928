"""The routes that CPOs ask: our tokens, whether one may charge (mod_tokens: Sender Interface), and where they
answer our commands (mod_commands: Sender Interface)."""

import asyncio
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from services.domain.events.partner import Partner
from services.domain.events.roaming import RoamingAuthorized
from services.domain.events.token import Token
from services.domain.ids import derived_id
from services.domain.tokens import decide, normalise_uid
from services.ocpi.bodies import bytes_of, json_of, parsed
from services.ocpi.credentials_routes import version_of
from services.ocpi.directory import Directory
from services.ocpi.inbound import answered_commands
from services.ocpi.inbound.page_request import page_request
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.outbound import asked_commands, pages
from services.ocpi.outbound.issued_tokens import allowed, authorization_info, issued
from services.ocpi.outbound.listing import listed, page_of
from services.ocpi.outbound.told import told
from services.ocpi.roaming.desk import BASE, Desk, cpo_of
from services.ocpi.routes import record
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.versions import understand

_LONGEST_SECRET: Final = 64
_LONGEST_REFERENCE: Final = 36
_SEEN_S: Final = 5.0
_POLL_S: Final = 0.02


class SenderRoutes:
    """What we are asked as the provider of our drivers."""

    def __init__(self, desk: Desk, directory: Directory) -> None:
        self._desk = desk
        self._directory = directory

    def mount(self, app: FastAPI, versions: tuple[str, ...]) -> None:
        for version in versions:
            base = BASE.format(version=version)
            app.get(f"{base}/tokens")(self.tokens)
            app.post(base + "/tokens/{uid}/authorize")(self.authorize)
            app.post(base + "/commands/{command}/{secret}")(self.result)

    async def tokens(self, request: Request) -> Response:
        """mod_tokens: GET. Only tokens that we issue, not those that other providers have pushed."""
        partner = cpo_of(request)
        now, version, ours = self._desk.now_ms(), version_of(request), self._desk.settings.operator
        asked = page_request(request.query_params, now, self._desk.settings.ocpi_settle_ms)
        known = (self._ours(partner.tenant, uid) for uid in self._directory.token_uids(partner.tenant, ours))
        page = page_of((listed(one.updated_at, one.token_uid, one) for one in known if one), asked)
        warnings: list[str] = []
        objects = [told(issued(item.value, ours, now), "Token", version, warnings) for item in page.objects]
        record(warnings, partner, "tokens")
        last = page.objects[-1][:2] if page.more else None
        url = f"{self._desk.public_url}{BASE.format(version=version)}/tokens"
        headers = pages.headers(url, asked, page.total, len(page.objects), last)
        return self._desk.success(request, [shown for shown in objects if shown is not None], headers)

    async def authorize(self, request: Request, uid: str) -> Response:
        """mod_tokens: POST authorize, from the whitelist; 2004 (HTTP 404) for a token that is not ours."""
        partner = cpo_of(request)
        version, place = version_of(request), await self._place(request)
        token = self._ours(partner.tenant, uid)
        wanted = request.query_params.get("type") or "RFID"
        if token is None or token.token_type != wanted:
            raise Refusal(Status.UNKNOWN_TOKEN, "This token is not one of ours", 404)
        now = self._desk.now_ms()
        decision = decide(token, now)
        reference = self._desk.new_id()[:_LONGEST_REFERENCE]
        decided = RoamingAuthorized(
            event_id=derived_id("RoamingAuthorized", partner.tenant, partner.partner_id, reference),
            tenant=partner.tenant,
            partner_id=partner.partner_id,
            token_uid=token.token_uid,
            allowed=allowed(decision),
            reason=decision.reason,
            location_id=str((place or {}).get("location_id", "")),
            authorization_reference=reference if decision.accepted else "",
            decided_at=now,
        )
        await self._desk.publish(decided)
        whole = issued(token, self._desk.settings.operator, now)
        info = authorization_info(whole, decision, reference, place)
        return self._desk.success(request, told(info, "AuthorizationInfo", version, []), {})

    async def result(self, request: Request, command: str, secret: str) -> Response:
        """mod_commands: the result of a command, once, from the partner that was asked."""
        partner = cpo_of(request)
        body = await json_of(request)
        sent = await self._waiting(partner, command, secret[:_LONGEST_SECRET])
        said = answered_commands.result(body, version_of(request))
        now = self._desk.now_ms()
        answered = asked_commands.answered(sent, said.result, said.message, now, final=True)
        # Out of the list before it is published: a second result at the same moment finds nothing.
        self._desk.holdings.take([answered])
        await self._desk.publish(answered)
        return self._desk.success(request, None, {})

    async def _waiting(self, partner: Partner, command: str, secret: str) -> Any:
        """A result may overtake the event that says that the command was sent; the same answer for whatever is
        unknown, late, answered or somebody else's."""
        known_as = asked_commands.secret_sha256(secret)
        # A hub may deliver to a URL without saying for whom.
        keys = {partner.key, *(one.key for one in self._directory.all_behind(partner))}
        for _ in range(int(_SEEN_S / _POLL_S)):
            found = self._desk.holdings.command(known_as, keys, self._desk.now_ms())
            if found is not None and found.command == command:
                return found
            if self._desk.holdings.answered(known_as):
                break
            await asyncio.sleep(_POLL_S)
        raise Refusal(Status.INVALID_PARAMETERS, "No command waits for a result here", 404)

    def _ours(self, tenant: str, uid: str) -> Token | None:
        """A token that we issue: its contract is ours, and no provider keeps it."""
        token = self._directory.token(tenant, normalise_uid(uid))
        if token is None or self._directory.owner(tenant, uid) != self._desk.settings.operator:
            return None
        return token if token.token_type else None

    async def _place(self, request: Request) -> dict[str, Any] | None:
        """Where the driver stands; the body may be empty."""
        raw = await bytes_of(request)
        if not raw.strip():
            return None
        return understand(parsed(raw), "LocationReferences", version_of(request)).value or None
