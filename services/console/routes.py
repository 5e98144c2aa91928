"""The routes of the operations API: thin, they read what was asked, call pure functions and wait for Kafka."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from heapq import nsmallest
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, FastAPI, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from prometheus_client import Counter
from starlette.exceptions import HTTPException

from services.console.copies import Copies
from services.console.gate import refusal
from services.console.inbound import commands
from services.console.inbound.selection import Selection
from services.console.outbound import shown
from services.console.settings import ConsoleSettings
from services.console.wire.problems import Problem
from services.domain.events.operator import Operator
from services.domain.events.station import CommandRequested, Station
from services.domain.folding import Event
from services.domain.units import Millis
from services.runtime.bus import NotDurable

GRACE_S: Final = 2.0
"""A command's last moment is its deadline; its result takes a little longer to get here."""
_RETRY_AFTER_S: Final = 10
_MAX_PAGE: Final = 1000

_commands = Counter("console_commands_total", "Commands that operators asked for", ["operation"])

StationId = Annotated[str, Path(description="identity, as in the station's connection URL", examples=["CP001"])]
IdempotencyKey = Annotated[
    str | None,
    Header(
        description="the same key from the same operator to the same station asks once, however often it is sent"
    ),
]


@dataclass(frozen=True, slots=True)
class Shell:
    """What routes have at hand: settings, local copies, the way into Kafka, the clock."""

    settings: ConsoleSettings
    copies: Copies
    publish: Callable[..., Awaitable[None]]
    now_ms: Callable[[], Millis]

    def station(self, request: Request, station_id: str) -> Station:
        """A station of the operator's tenant; Problem 404 when there is none."""
        station = self.copies.stations.get(f"{operator_of(request).tenant}/{station_id}")
        if station is None:
            raise Problem(404, f"{station_id!r} is not registered: GET /stations lists those that are")
        return station

    async def durable(self, *events: Event) -> None:
        """Return when Kafka has them; Problem 503 when it does not say so in time."""
        try:
            await self.publish(*events)
        except NotDurable:
            detail = "Kafka did not confirm in time: ask again with the same Idempotency-Key"
            raise Problem(503, detail, retry_after_s=_RETRY_AFTER_S) from None

    async def given(
        self,
        command: CommandRequested,
        wait_s: float,
        same: Callable[[CommandRequested, CommandRequested], bool] = commands.same_request,
    ) -> Response:
        """Put it into the log, unless it is there; then say how it stands, within `wait_s` of waiting.

        Problem 422 when what is there is not the `same`.
        """
        known = self.copies.commands.get(command.tenant, command.command_id)
        if known is None or known.asked is None:
            await self.durable(command)
            self.copies.commands.take([command])
            _commands.labels(command.operation).inc()
        elif not same(known.asked, command):
            raise Problem(422, "this Idempotency-Key was used to ask for something else")
        entry = await self.copies.result(command.tenant, command.command_id, wait_s)
        assert entry is not None
        told = shown.command(entry, self.copies.connected(command.key), self.now_ms())
        status = HTTPStatus.OK if entry.result else HTTPStatus.ACCEPTED
        return answer(told, status, {"Location": f"/commands/{command.command_id}"})


def operator_of(request: Request) -> Operator:
    """Who asks, as the gate has found out."""
    operator: Operator = request.scope["operator"]
    return operator


def answer(content: Any, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return Response(orjson.dumps(content), status, headers, "application/json")


def build(*routers: APIRouter) -> FastAPI:
    """The application. Refusals of the framework's own look like ours."""
    app = FastAPI(
        title="Wattlog operations",
        description="Tell stations what to do and see what they answer. Every request shows an API key:"
        " `Authorization: Bearer <key>`. Refusals are `application/problem+json` (RFC 9457).",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for router in routers:
        app.include_router(router)
    app.openapi = partial(_described, app)  # type: ignore[method-assign]

    async def refused(_: Request, error: Exception) -> Response:
        return refusal(_problem(error))

    for kind in (Problem, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, refused)
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document; it says that every request shows a key."""
    if app.openapi_schema is None:
        told = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        told.setdefault("components", {})["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = told | {"security": [{"key": []}]}
    return app.openapi_schema


def _problem(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case HTTPException(status_code=404):
            return Problem(404, "Nothing is served here: see /openapi.json")
        case HTTPException():
            return Problem(error.status_code, f"{error.detail}: see /openapi.json")
        case RequestValidationError():
            first = error.errors()[0]
            return Problem(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    raise error


def station_routes(shell: Shell) -> APIRouter:
    """The registry, who is connected, and commands."""
    routes = APIRouter()
    api = _Stations(shell)
    routes.get("/stations", tags=["stations"])(api.stations)
    routes.get("/stations/{station_id}", tags=["stations"])(api.station)
    routes.get("/stations/{station_id}/commands", tags=["commands"])(api.commands)
    routes.get("/commands/{command_id}", tags=["commands"])(api.command)
    routes.post(
        "/stations/{station_id}/commands/{operation}",
        tags=["commands"],
        status_code=202,
        openapi_extra=_BODY,
        responses={200: {"description": "answered, with wait=true"}, 202: {"description": "durable in the log"}},
    )(api.ask)
    return routes


_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "description": "The operation's payload: that of OCPP 2.0.1 (also for stations of 1.6), or 1.6's own.",
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "examples": {
                    "Reset": {"value": {"type": "OnIdle"}},
                    "RequestStartTransaction": {
                        "value": {"idToken": {"idToken": "04A1B2C3", "type": "ISO14443"}, "remoteStartId": 1}
                    },
                    "ChangeConfiguration (1.6)": {"value": {"key": "HeartbeatInterval", "value": "60"}},
                },
            }
        },
    }
}


class _Stations:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._copies = shell.copies

    async def stations(
        self,
        request: Request,
        connected: bool | None = None,
        vendor: str | None = None,
        model: str | None = None,
        firmware: str | None = None,
        location: str | None = None,
        after: Annotated[str, Query(description="the last station_id of the page before")] = "",
        limit: Annotated[int, Query(ge=1, le=_MAX_PAGE)] = 100,
    ) -> Response:
        """Registered stations in the order of their ids."""
        wanted = Selection(vendor=vendor, model=model, firmware=firmware, location=location)
        copies, tenant = self._copies, operator_of(request).tenant
        meant = (
            entry
            for key, entry in copies.stations.items()
            if entry.tenant == tenant
            and entry.station_id > after
            and (connected is None or copies.connected(key) is connected)
            and wanted.takes(entry, copies.boots.get(key))
        )
        # One more than asked for tells whether any follow.
        page = nsmallest(limit + 1, meant, key=lambda entry: entry.station_id)
        told = [
            shown.station(entry, copies.connection(entry), copies.boots.get(entry.key)) for entry in page[:limit]
        ]
        return answer({"stations": told, "next": page[limit - 1].station_id if len(page) > limit else None})

    async def station(self, request: Request, station_id: StationId) -> Response:
        """A registry entry, who holds the socket, and how the station last introduced itself."""
        entry = self._shell.station(request, station_id)
        return answer(shown.station(entry, self._copies.connection(entry), self._copies.boots.get(entry.key)))

    async def commands(
        self, request: Request, station_id: StationId, limit: Annotated[int, Query(ge=1, le=_MAX_PAGE)] = 100
    ) -> Response:
        """What the station was asked lately, newest first."""
        key = self._shell.station(request, station_id).key
        connected, now_ms = self._copies.connected(key), self._shell.now_ms()
        entries = self._copies.commands.of(key, limit)
        return answer({"commands": [shown.command(entry, connected, now_ms) for entry in entries]})

    async def command(self, request: Request, command_id: str) -> Response:
        """How a command stands."""
        tenant = operator_of(request).tenant
        entry = self._copies.commands.get(tenant, command_id)
        if entry is None:
            raise Problem(404, f"there is no such command of the last {self._shell.settings.console_history_s} s")
        event = entry.asked or entry.sent or entry.result
        connected = event is not None and self._copies.connected(event.key)
        return answer(shown.command(entry, connected, self._shell.now_ms()))

    async def ask(
        self,
        request: Request,
        station_id: StationId,
        operation: Annotated[str, Path(examples=["Reset"])],
        timeout_s: Annotated[
            int, Query(ge=1, description="seconds that the station has to come and take it")
        ] = 30,
        if_offline: Annotated[
            Literal["queue", "refuse"], Query(description="queue: it waits for the station; refuse: 409")
        ] = "queue",
        wait: Annotated[bool, Query(description="answer when the station has, or when its time is up")] = False,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Put a command into the station's durable log; the edge that holds its socket sends it, once."""
        most = self._shell.settings.console_max_timeout_s
        if timeout_s > most:
            raise Problem(422, f"timeout_s may be at most {most}: POST /fleet waits longer for stations")
        station = self._shell.station(request, station_id)
        payload = commands.payload_of(await request.body())
        unique = commands.unique_of(idempotency_key, secrets.token_hex(16))
        asked = commands.Asked(operator_of(request), operation, payload, timeout_s, self._shell.now_ms(), unique)
        connection = self._copies.connection(station)
        command = commands.command(asked, station, connection, if_offline == "refuse")
        return await self._shell.given(command, timeout_s + GRACE_S if wait else 0)
