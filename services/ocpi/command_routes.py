"""The routes of commands (mod_commands: Receiver Interface)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from services.domain.events.partner import Partner
from services.domain.events.session import Session
from services.domain.events.station import CommandRequested
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpi.answering import Answering
from services.ocpi.bodies import json_of
from services.ocpi.command_desk import CommandDesk, Waiting
from services.ocpi.credentials_routes import version_of
from services.ocpi.directory import Directory
from services.ocpi.inbound import commands
from services.ocpi.inbound.commands import Known, NotDone, Outlet
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.outbound import command_results, configuration
from services.ocpi.outbound.told import told
from services.ocpi.routes import party_of_partner
from services.ocpi.settings import OcpiSettings
from services.ocpi.store import Store
from services.ocpi.wire.envelope import Status, encoded
from services.runtime.egress import Refused, checked_url

TIMEOUT_S: Final = 30
_MOST_ID: Final = 0x7FFF_FFFF


@dataclass(frozen=True, slots=True)
class Means:
    """What commands are carried out with. `new_id` makes an id that there was not before."""

    directory: Directory
    store: Store
    desk: CommandDesk
    publish: Callable[..., Awaitable[None]]
    now_ms: Callable[[], Millis]
    new_id: Callable[[], str]


class CommandRoutes:
    """A command is answered at once, and again when the station has answered."""

    def __init__(self, settings: OcpiSettings, means: Means, answering: Answering) -> None:
        self._settings = settings
        self._means = means
        self._answering = answering

    def mount(self, app: FastAPI) -> None:
        for version in self._settings.own.versions:
            app.post(f"/ocpi/{version}/commands/" + "{command}")(self.command)

    async def command(self, request: Request, command: str) -> Response:
        partner: Partner = request.scope["partner"]
        version = version_of(request)
        asked = commands.body_of(command, await json_of(request), version, party_of_partner(partner))
        try:
            checked_url(asked["response_url"], allow_private=partner.allow_private)
        except Refused as error:
            raise Refusal(Status.INVALID_PARAMETERS, f"response_url: {error}") from error
        try:
            await self._passed_on(partner, version, command, asked)
            said = command_results.response("ACCEPTED", TIMEOUT_S)
        except NotDone as error:
            said = command_results.response(error.result, TIMEOUT_S, error.message)
        routing = configuration.routing_headers(self._settings.operator, party_of_partner(partner), version)
        return self._answering.success(told(said, "CommandResponse", version, []), routing)

    async def _passed_on(self, partner: Partner, version: str, command: str, asked: dict[str, Any]) -> None:
        """Durable in the station's command log before it is answered; the id tells parallel commands apart."""
        if not partner.sealed_token:
            raise NotDone(commands.REJECTED, "Exchange credentials first: results could not be delivered to you")
        if self._means.desk.full:
            raise NotDone(commands.REJECTED, "Too many commands are waiting: try again")
        now = self._means.now_ms()
        command_id = derived_id("ocpi-command", partner.tenant, partner.partner_id, command, self._means.new_id())
        start_id = int(command_id[:8], 16) % _MOST_ID + 1
        operation = await asyncio.to_thread(commands.operation, command, asked, self._known(partner), start_id)
        self._means.desk.expect(command_id, Waiting(partner, version, asked["response_url"], command), TIMEOUT_S)
        requested = CommandRequested(
            event_id=derived_id("CommandRequested", partner.tenant, command_id),
            command_id=command_id,
            tenant=partner.tenant,
            station_id=operation.station_id,
            operation=operation.action,
            payload_json=encoded(operation.payload).decode(),
            requested_by=f"ocpi:{partner.partner_id}",
            requested_at=now,
            deadline_at=now + TIMEOUT_S * 1000,
        )
        try:
            await self._means.publish(requested)
        except Exception:
            self._means.desk.forget(command_id)
            raise

    def _known(self, partner: Partner) -> Known:
        directory, tenant = self._means.directory, partner.tenant

        def outlets(location_id: str) -> list[Outlet] | None:
            place = directory.place(tenant, location_id)
            if place is None:
                return None
            return [Outlet(one.station, own, one.connected) for one in place[1] for own in one.station.evses]

        def session(session_id: str) -> Session | None:
            found = self._means.store.session(tenant, session_id)
            if found is None or found.id_token is None:
                return None
            keeper = directory.owner(tenant, found.id_token.value)
            return found if keeper == party_of_partner(partner) else None

        def keeps(uid: str) -> bool:
            return directory.owner(tenant, uid) == party_of_partner(partner)

        return Known(outlets, session, lambda station_id: directory.connected(tenant, station_id), keeps)
