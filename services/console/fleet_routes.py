"""Operations on many stations: begun, watched and stopped over HTTP; the fleet process carries them out."""

import secrets
from collections import OrderedDict
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query, Request, Response

from services.console.inbound import fleet
from services.console.inbound.commands import unique_of
from services.console.outbound import shown
from services.console.routes import IdempotencyKey, Shell, answer, operator_of
from services.console.wire.problems import Problem
from services.domain.events.common import FleetStatus
from services.domain.events.fleet import FleetOperation, FleetRequested

_MOST_NEW: Final = 1_000


def fleet_routes(shell: Shell) -> APIRouter:
    """The routes under /fleet."""
    routes = APIRouter(prefix="/fleet", tags=["fleet"])
    api = _Fleet(shell)
    schema, parts = msgspec.json.schema_components([fleet.FleetOrder], ref_template="#/$defs/{name}")
    body = {"schema": _inlined(schema[0], parts), "examples": {"firmware": {"value": fleet.EXAMPLE}}}
    described: dict[str, Any] = {"requestBody": {"content": {"application/json": body}, "required": True}}
    routes.post("", status_code=202, openapi_extra=described)(api.begin)
    routes.get("")(api.all)
    routes.get("/{fleet_id}")(api.one)
    routes.post("/{fleet_id}/stop")(api.stop)
    routes.post("/{fleet_id}/resume")(api.resume)
    return routes


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    """The schema without references, as OpenAPI cannot resolve ours."""
    match schema:
        case {"$ref": str(place)}:
            return _inlined(parts[place.rpartition("/")[2]], parts)
        case dict():
            return {name: _inlined(value, parts) for name, value in schema.items()}
        case list():
            return [_inlined(value, parts) for value in schema]
    return schema


class _Fleet:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._new: OrderedDict[str, FleetRequested] = OrderedDict()

    async def begin(self, request: Request, idempotency_key: IdempotencyKey = None) -> Response:
        """Ask many stations the same, at a pace; durable when it is answered 202."""
        order = fleet.order_of(await request.body())
        copies, operator = self._shell.copies, operator_of(request)
        stations = fleet.Stations(dict(copies.stations.items()), copies.boots.get)
        unique = unique_of(idempotency_key, secrets.token_hex(16))
        requested, events = fleet.begin(order, operator, stations, unique, self._shell.now_ms())
        known = copies.fleets.get(requested.key) or self._new.get(requested.key)
        if known is None:
            await self._shell.durable(*events)
            self._remember(requested)
        elif not fleet.same_order(known, requested):
            raise Problem(422, "this Idempotency-Key was used to ask for something else")
        told = shown.fleet(self._state(requested.key))
        return answer(told, HTTPStatus.ACCEPTED, {"Location": f"/fleet/{requested.fleet_id}"})

    async def all(self, request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Response:
        """Operations, newest first."""
        tenant = operator_of(request).tenant
        keys = {key for key, state in self._shell.copies.fleets.items() if state.tenant == tenant}
        keys |= {key for key, begun in self._new.items() if begun.tenant == tenant}
        states = sorted((self._state(key) for key in keys), key=lambda state: -state.requested_at)
        return answer({"fleet": [shown.fleet(state, with_failures=False) for state in states[:limit]]})

    async def one(self, request: Request, fleet_id: str) -> Response:
        """How an operation stands, and which stations did not do it and why."""
        return answer(shown.fleet(self._known(request, fleet_id)))

    async def stop(self, request: Request, fleet_id: str) -> Response:
        """Ask no further station; those that were asked may still answer."""
        return await self._tell(request, fleet_id, fleet.stop)

    async def resume(self, request: Request, fleet_id: str) -> Response:
        """Go on with an operation that was stopped, or stopped itself."""
        return await self._tell(request, fleet_id, fleet.resume)

    async def _tell(self, request: Request, fleet_id: str, decide: Any) -> Response:
        state = self._known(request, fleet_id)
        event = decide(state, operator_of(request), self._shell.now_ms())
        if event is not None:
            await self._shell.durable(event)
        return answer(shown.fleet(state), HTTPStatus.OK if event is None else HTTPStatus.ACCEPTED)

    def _remember(self, requested: FleetRequested) -> None:
        self._new[requested.key] = requested
        if len(self._new) > _MOST_NEW:
            self._new.popitem(last=False)

    def _known(self, request: Request, fleet_id: str) -> FleetOperation:
        key = f"{operator_of(request).tenant}/{fleet_id}"
        if self._shell.copies.fleets.get(key) is None and key not in self._new:
            raise Problem(404, "there is no such operation: GET /fleet lists them")
        return self._state(key)

    def _state(self, key: str) -> FleetOperation:
        """As the fleet process tells it, or as it was asked for when that has said nothing yet."""
        told = self._shell.copies.fleets.get(key)
        if told is not None:
            return told
        begun = self._new[key]
        record = {name: value for name, value in begun.to_record().items() if name != "event_id"}
        return FleetOperation(
            **record, status=FleetStatus.REQUESTED, waiting=begun.stations_total, updated_at=begun.requested_at
        )
