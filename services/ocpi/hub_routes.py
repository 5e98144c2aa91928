"""The routes by which hubs tell us whom they are connected to (mod_hub_client_info: Receiver Interface)."""

from collections.abc import Callable
from typing import Final

from fastapi import FastAPI, Request, Response

from services.domain.events.partner import Partner
from services.domain.hubs import is_hub
from services.domain.units import Millis
from services.ocpi.answering import Answering
from services.ocpi.bodies import json_of
from services.ocpi.credentials_routes import version_of
from services.ocpi.directory import Directory
from services.ocpi.inbound import clients
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.object_keeper import ObjectKeeper
from services.ocpi.outbound.told import told
from services.ocpi.routes import record
from services.ocpi.settings import OcpiSettings
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.model import V211
from services.ocpi.wire.parties import Party, party_named

_PATH: Final = "/{country_code}/{party_id}"


class HubRoutes:
    """A hub's clients, kept per hub; whoever is no hub is refused. No routing headers (transport_and_format)."""

    def __init__(
        self,
        settings: OcpiSettings,
        directory: Directory,
        keeper: ObjectKeeper,
        now_ms: Callable[[], Millis],
        answering: Answering,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._keeper = keeper
        self._now_ms = now_ms
        self._answering = answering

    def mount(self, app: FastAPI) -> None:
        for version in self._settings.own.versions:
            if version != V211:
                path = f"/ocpi/{version}/{clients.MODULE}{_PATH}"
                app.get(path)(self.get)
                app.put(path)(self.put)

    async def get(self, request: Request, country_code: str, party_id: str) -> Response:
        hub, party = _hub(request), _party(country_code, party_id)
        known = self._directory.clients.of(hub).values()
        value = clients.shown([one for one in known if not one.deleted and clients.client(one).party == party])
        warnings: list[str] = []
        shown = told(value, "ClientInfo", version_of(request), warnings)
        record(warnings, hub, clients.MODULE)
        return self._answering.success(value if shown is None else shown)

    async def put(self, request: Request, country_code: str, party_id: str) -> Response:
        hub, party = _hub(request), _party(country_code, party_id)
        body = await json_of(request)
        async with self._keeper.turn(f"{clients.MODULE}/{hub.key}"):
            known = self._directory.clients.of(hub)
            change = clients.put(body, party, hub, version_of(request), known, self._now_ms())
            if change.state is not None:
                await self._keeper.keep(change.state)
        record([warning.strip("/").replace("/", ".") for warning in change.warnings], hub, clients.MODULE)
        created = change.state is not None and change.state.key not in known
        return self._answering.success(None, http_status=201 if created else 200)


def _hub(request: Request) -> Partner:
    partner: Partner = request.scope["partner"]
    if not is_hub(partner):
        raise Refusal(Status.CLIENT_ERROR, "You are not registered as a hub here")
    return partner


def _party(country_code: str, party_id: str) -> Party:
    party = party_named(country_code, party_id)
    if party is None:
        raise Refusal(Status.INVALID_PARAMETERS, "The path names no party")
    return party
