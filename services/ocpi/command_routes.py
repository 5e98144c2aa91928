"""The routes of commands (mod_commands: Receiver Interface)."""

import asyncio
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from services.domain.events.partner import Partner
from services.ocpi.answering import Answering
from services.ocpi.bodies import json_of
from services.ocpi.credentials_routes import correlation_id, version_of
from services.ocpi.inbound import commands, reservations
from services.ocpi.inbound.commands import Known, NotDone
from services.ocpi.inbound.reservations import Asking
from services.ocpi.outbound import command_results, configuration
from services.ocpi.outbound.told import told
from services.ocpi.routes import party_of_partner
from services.ocpi.settings import OcpiSettings
from services.ocpi.station_requests import TIMEOUT_S, Means, StationRequests, Wish

_MOST_ID: Final = 0x7FFF_FFFF


class CommandRoutes:
    """A command is answered at once, and again when the station has answered."""

    def __init__(self, settings: OcpiSettings, means: Means, answering: Answering) -> None:
        self._settings = settings
        self._requests = StationRequests(means)
        self._answering = answering

    def mount(self, app: FastAPI) -> None:
        for version in self._settings.own.versions:
            app.post(f"/ocpi/{version}/commands/" + "{command}")(self.command)

    async def command(self, request: Request, command: str) -> Response:
        partner: Partner = request.scope["partner"]
        version = version_of(request)
        asked = commands.body_of(command, await json_of(request), version, party_of_partner(partner))
        wish = Wish(partner, version, command, asked["response_url"], correlation_id(request))
        try:
            await self._passed_on(wish, asked)
            said = command_results.response("ACCEPTED", TIMEOUT_S)
        except NotDone as error:
            said = command_results.response(error.result, TIMEOUT_S, error.message)
        routing = configuration.routing_headers(self._settings.operator, party_of_partner(partner), version)
        return self._answering.success(told(said, "CommandResponse", version, []), routing)

    async def _passed_on(self, wish: Wish, asked: dict[str, Any]) -> None:
        self._requests.check(wish)
        command_id = self._requests.new_command_id(wish)
        start_id = int(command_id[:8], 16) % _MOST_ID + 1
        asking = Asking(wish.partner.tenant, wish.partner.partner_id, wish.version, self._requests.means.now_ms())
        known = self._known(wish.partner, asking)
        operation = await asyncio.to_thread(commands.operation, wish.command, asked, known, asking, start_id)
        await self._requests.pass_on(wish, operation, command_id, asked.get("session_id"))

    def _known(self, partner: Partner, asking: Asking) -> Known:
        requests, directory = self._requests, self._requests.means.directory

        def taken(station_id: str) -> set[int]:
            others = directory.reservations(partner.tenant, station_id)
            return {one.number for one in others if reservations.standing(one, asking.now_ms)}

        return Known(
            outlets=lambda location_id: requests.outlets(partner.tenant, location_id),
            session=lambda session_id: requests.session(partner, session_id),
            connected=lambda station_id: directory.connected(partner.tenant, station_id),
            keeps=lambda uid: requests.keeps(partner, uid),
            reservation=lambda reservation_id: directory.reservation(
                partner.tenant, partner.partner_id, reservation_id
            ),
            numbers=taken,
        )
