"""The routes that CPOs push to (mod_locations, mod_tariffs, mod_sessions, mod_cdrs: Receiver Interface)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import FastAPI, Request, Response

from services.domain.events.partner import Partner
from services.domain.units import Millis
from services.ocpi.bodies import bytes_of, parsed
from services.ocpi.inbound import received, received_cdrs, received_members, tokens
from services.ocpi.inbound.received import LOCATIONS, SESSIONS, TARIFFS, Kept, Outcome, Received
from services.ocpi.inbound.received_cdrs import CDRS
from services.ocpi.outbound.told import told
from services.ocpi.roaming.desk import BASE, Desk, cpo_of
from services.ocpi.routes import party_of_partner, record
from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.model import V211

_TURNS: Final = 256
_OBJECT: Final = "/{country_code}/{party_id}/{object_id}"
_NOTHING: Final = b""

Change = Callable[[Received, Kept | None], Outcome]


class ReceiverRoutes:
    """What CPOs tell, each object durable before it is answered. Changes of one object wait for each other."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turns = [asyncio.Lock() for _ in range(_TURNS)]

    def mount(self, app: FastAPI, versions: tuple[str, ...]) -> None:
        for version in versions:
            base = BASE.format(version=version)
            for module in (LOCATIONS, TARIFFS, SESSIONS):
                path = f"{base}/{module}{_OBJECT}"
                app.get(path)(self._getting(module))
                app.put(path)(self._changing(module, received.whole))
                if module != TARIFFS or version == V211:
                    app.patch(path)(self._changing(module, received.part))
            app.delete(f"{base}/{TARIFFS}{_OBJECT}")(self._changing(TARIFFS, received.taken_back))
            for members in ("/{evse_uid}", "/{evse_uid}/{connector_id}"):
                path = f"{base}/{LOCATIONS}{_OBJECT}{members}"
                app.get(path)(self._getting(LOCATIONS))
                app.put(path)(self._member_changing(received_members.whole))
                app.patch(path)(self._member_changing(received_members.part))
            app.post(f"{base}/{CDRS}")(self.post_cdr)
            app.get(f"{base}/{CDRS}/" + "{object_id}")(self.cdr)

    def _getting(self, module: str) -> Callable[[Request], Awaitable[Response]]:
        async def get(request: Request) -> Response:
            """An object of the partner's as it is kept here."""
            came = self._came(request, _NOTHING)
            path = request.path_params
            known = await self._known(module, came, path["object_id"])
            value = None if known is None else known.value
            members = _members(path)
            if value is not None and members:
                value = received_members.member(value, members)
            name = (
                ("Location", "EVSE", "Connector")[len(members)] if module == LOCATIONS else received.NAMES[module]
            )
            return self._shown(request, came, module, value, name)

        return get

    def _changing(
        self, module: str, change: Callable[[str, str, Received, Kept | None], Outcome]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def put(request: Request) -> Response:
            """An object, some fields of it, or that it is no more."""
            object_id = request.path_params["object_id"]
            return await self._changed(
                request, module, object_id, lambda came, known: change(module, object_id, came, known)
            )

        return put

    def _member_changing(
        self, change: Callable[[str, tuple[str, ...], Received, Kept | None], Outcome]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def put(request: Request) -> Response:
            """An EVSE or connector, or some fields of it."""
            object_id, members = request.path_params["object_id"], _members(request.path_params)
            return await self._changed(
                request, LOCATIONS, object_id, lambda came, known: change(object_id, members, came, known)
            )

        return put

    async def post_cdr(self, request: Request) -> Response:
        """mod_cdrs: POST. The same again is answered as before."""
        raw = await bytes_of(request)
        came = replace(self._came(request, raw), body=parsed(raw))
        object_id = received_cdrs.object_id(came)
        async with self._turns[hash(object_id) % _TURNS]:
            known = await self._known(CDRS, came, object_id)
            zone = self._zone(came)
            made = await asyncio.to_thread(received_cdrs.post, came, known, zone)
            await self._desk.keep(made)
        record(_warnings(made), request.scope["partner"], CDRS)
        base = f"{self._desk.public_url}{BASE.format(version=came.version)}"
        where = {"Location": f"{base}/{CDRS}/{quote(object_id, safe='')}"}
        return self._desk.success(request, None, where, 201)

    async def cdr(self, request: Request, object_id: str) -> Response:
        """mod_cdrs: GET, at the address that POST has answered with."""
        came = self._came(request, _NOTHING)
        known = await self._known(CDRS, came, object_id)
        return self._shown(request, came, CDRS, None if known is None else known.value, "CDR")

    async def _changed(self, request: Request, module: str, object_id: str, change: Change) -> Response:
        raw = await bytes_of(request)
        came = self._came(request, raw)
        if request.method != "DELETE":
            came = replace(came, body=parsed(raw))
        async with self._turns[hash((came.partner_id, object_id.lower())) % _TURNS]:
            known = await self._known(module, came, object_id)
            made = change(replace(came, at=self._next_at(module, came, object_id)), known)
            await self._desk.keep(made)
            await self._desk.seen(made)
        record(_warnings(made), request.scope["partner"], module)
        return self._desk.success(request, None, {}, 201 if made.created else 200)

    async def _known(self, module: str, came: Received, object_id: str) -> Kept | None:
        if module in (LOCATIONS, TARIFFS):
            return self._desk.holdings.object(came.tenant, came.partner_id, module, object_id)
        found = await self._desk.holdings.kept(module, came.tenant, came.partner_id, [object_id])
        return found.get(object_id.lower())

    def _next_at(self, module: str, came: Received, object_id: str) -> Millis:
        now = self._desk.now_ms()
        return self._desk.holdings.next_at(came.tenant, came.partner_id, module, object_id, now)

    def _zone(self, came: Received) -> ZoneInfo:
        """Of the record's location, as far as the CPO has told us of it."""
        place = came.body.get("cdr_location") if isinstance(came.body, dict) else None
        location_id = str(place.get("id", "")) if isinstance(place, dict) else ""
        known = self._desk.holdings.object(came.tenant, came.partner_id, LOCATIONS, location_id)
        return zone_of(known)

    def _shown(
        self, request: Request, came: Received, module: str, value: dict[str, Any] | None, name: str
    ) -> Response:
        if value is None:
            raise received.unknown(module)
        warnings: list[str] = []
        scene = Scene(location=self._place(came, value)) if came.version == V211 else None
        shown = told(value, name, came.version, warnings, scene)
        record(warnings, request.scope["partner"], module)
        return self._desk.success(request, value if shown is None else shown, {})

    def _place(self, came: Received, value: dict[str, Any]) -> dict[str, Any] | None:
        location_id = value.get("location_id") or value.get("cdr_location", {}).get("id", "")
        known = self._desk.holdings.object(came.tenant, came.partner_id, LOCATIONS, str(location_id))
        return None if known is None else known.value

    def _came(self, request: Request, raw: bytes) -> Received:
        """Who speaks, and for whom: Refusal when the partner is no CPO, or the path names another party."""
        partner: Partner = cpo_of(request)
        owner, path = party_of_partner(partner), request.path_params
        if "country_code" in path:
            owner = tokens.checked_owner(owner, path["country_code"], path["party_id"])
        return Received(
            tenant=partner.tenant,
            partner_id=partner.partner_id,
            owner=owner,
            version=request.scope["path"].split("/")[2],
            method=request.method,
            raw=raw,
            body=None,
            at=self._desk.now_ms(),
        )


def zone_of(location: Kept | None) -> ZoneInfo:
    """The time zone of a location; UTC when it is not known."""
    name = location.value.get("time_zone", "") if location else ""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _members(path: dict[str, Any]) -> tuple[str, ...]:
    return tuple(path[name] for name in ("evse_uid", "connector_id") if name in path)


def _warnings(made: Outcome) -> list[str]:
    return [finding.strip("/").replace("/", ".") for finding in made.findings]
