"""The routes of tokens, which providers push to us (mod_tokens: Receiver Interface)."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from services.domain.events.partner import Partner
from services.domain.events.token import Token, TokenBlocked, TokenRegistered
from services.domain.folding import Event
from services.domain.units import Millis
from services.ocpi.answering import Answering
from services.ocpi.bodies import json_of
from services.ocpi.credentials_routes import version_of
from services.ocpi.directory import Directory
from services.ocpi.inbound import tokens
from services.ocpi.inbound.tokens import Change, Pushed
from services.ocpi.outbound import configuration
from services.ocpi.outbound.told import told
from services.ocpi.outbound.whitelisting import as_whitelisted
from services.ocpi.routes import party_of_partner, record
from services.ocpi.settings import OcpiSettings

_RECENT: Final = 10_000
_TURNS: Final = 256
_PATH: Final = "/tokens/{country_code}/{party_id}/{uid}"


class TokenRoutes:
    """GET, PUT and PATCH of one token. Changes of one token wait for each other."""

    def __init__(
        self,
        settings: OcpiSettings,
        directory: Directory,
        publish: Callable[..., Awaitable[None]],
        now_ms: Callable[[], Millis],
        answering: Answering,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._publish = publish
        self._now_ms = now_ms
        self._answering = answering
        self._turns = [asyncio.Lock() for _ in range(_TURNS)]
        self._recent: OrderedDict[str, Token] = OrderedDict()

    def mount(self, app: FastAPI) -> None:
        for version in self._settings.own.versions:
            path = f"/ocpi/{version}{_PATH}"
            app.get(path)(self.get)
            app.put(path)(self.put)
            app.patch(path)(self.patch)

    async def get(self, request: Request, country_code: str, party_id: str, uid: str) -> Response:
        pushed = self._pushed(request, country_code, party_id, uid)
        found = tokens.kept(self._known(pushed), pushed)
        wanted = request.query_params.get("type")
        if found is None or wanted not in (None, "", found["type"]):
            raise tokens.unknown()
        warnings: list[str] = []
        shown = told(found, "Token", pushed.version, warnings)
        record(warnings, request.scope["partner"], "tokens")
        return self._answering.success(found if shown is None else shown, self._routing(request))

    async def put(self, request: Request, country_code: str, party_id: str, uid: str) -> Response:
        return await self._changed(request, self._pushed(request, country_code, party_id, uid), tokens.put)

    async def patch(self, request: Request, country_code: str, party_id: str, uid: str) -> Response:
        return await self._changed(request, self._pushed(request, country_code, party_id, uid), tokens.patch)

    async def _changed(self, request: Request, pushed: Pushed, change: Callable[..., Change]) -> Response:
        body: Any = await json_of(request)
        partner: Partner = request.scope["partner"]
        others = {party_of_partner(one) for one in self._directory.partners()} - {pushed.owner}
        key = f"{pushed.tenant}/{pushed.known_as}"
        async with self._turns[hash(key) % _TURNS]:
            known = self._known(pushed)
            # Later than whatever is known: the whitelist goes by the time.
            now = max(self._now_ms(), known.updated_at + 1 if known else 0)
            made = change(body, pushed, known, others, now)
            await self._publish(*made.events)
            self._remember(made.events)
        record([warning.strip("/").replace("/", ".") for warning in made.warnings], partner, "tokens")
        return self._answering.success(None, self._routing(request), 201 if made.created else 200)

    def _known(self, pushed: Pushed) -> Token | None:
        """The whitelist's entry, or what was just published and is on its way there."""
        known = self._directory.token(pushed.tenant, pushed.uid)
        recent = self._recent.get(f"{pushed.tenant}/{pushed.known_as}")
        if recent is None or (known is not None and known.updated_at >= recent.updated_at):
            return known
        return recent

    def _remember(self, events: tuple[Event, ...]) -> None:
        if not events:
            return
        registered, blocked = events[0], events[-1]
        assert isinstance(registered, TokenRegistered)
        entry = as_whitelisted(registered, blocked if isinstance(blocked, TokenBlocked) else None)
        self._recent[entry.key] = entry
        self._recent.move_to_end(entry.key)
        while len(self._recent) > _RECENT:
            self._recent.popitem(last=False)

    def _pushed(self, request: Request, country_code: str, party_id: str, uid: str) -> Pushed:
        partner: Partner = request.scope["partner"]
        owner = tokens.checked_owner(party_of_partner(partner), country_code, party_id)
        return Pushed(partner.tenant, owner, uid, version_of(request))

    def _routing(self, request: Request) -> dict[str, str]:
        asking = party_of_partner(request.scope["partner"])
        return configuration.routing_headers(self._settings.operator, asking, version_of(request))
