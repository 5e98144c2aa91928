"""Logs that stations upload and firmware that they download."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from prometheus_client import Counter
from starlette.requests import ClientDisconnect

from services.console.firmware_files import FirmwareFiles
from services.console.inbound import commands, logs
from services.console.inbound.logs import Ticket
from services.console.outbound import shown
from services.console.routes import GRACE_S, IdempotencyKey, Shell, StationId, answer, operator_of
from services.console.uploads import Stored, Uploads
from services.console.wire.multipart import FirstPart, boundary_of
from services.console.wire.problems import Problem
from services.domain.events.station import LogUploaded
from services.domain.ids import derived_id
from services.domain.units import Millis

_DOWNLOADED: Final = {"Content-Type": "application/octet-stream"}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {"log_type": "DiagnosticsLog", "oldest": "2026-09-20T00:00:00Z"},
            }
        }
    }
}

_uploaded = Counter("console_uploaded_bytes_total", "Bytes of logs that stations uploaded")


def file_routes(shell: Shell, secret: bytes) -> APIRouter:
    """The routes of uploads and firmware; `secret` marks upload URLs as ours."""
    routes = APIRouter()
    api = _Logs(shell, secret)
    routes.post("/stations/{station_id}/logs", tags=["logs"], status_code=202, openapi_extra=_BODY)(api.ask)
    routes.get("/stations/{station_id}/logs", tags=["logs"])(api.all)
    routes.get("/stations/{station_id}/logs/{name}", tags=["logs"])(api.one)
    for path in ("/uploads/{token}", "/uploads/{token}/{name:path}"):
        routes.api_route(path, methods=["PUT", "POST"], include_in_schema=False, status_code=201)(api.upload)
    firmware = _Firmware(shell)
    routes.get("/firmware", tags=["firmware"])(firmware.all)
    routes.get("/firmware/{name}", tags=["firmware"])(firmware.one)
    routes.head("/firmware/{name}", include_in_schema=False)(firmware.one)
    return routes


class _Logs:
    def __init__(self, shell: Shell, secret: bytes) -> None:
        self._shell = shell
        self._secret = secret
        self._uploads = Uploads(shell.settings.uploads, shell.settings.upload_max_bytes)

    async def ask(
        self,
        request: Request,
        station_id: StationId,
        timeout_s: Annotated[int, Query(ge=1, le=600)] = 30,
        wait: bool = False,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Ask a station for its log (GetLog or GetDiagnostics), with a URL that is good for one file."""
        station, operator = self._shell.station(request, station_id), operator_of(request)
        connection = self._shell.copies.connection(station)
        if connection is None:
            raise Problem(409, f"{station_id} has never been connected: which OCPP version it speaks is not known")
        order = logs.order_of(await request.body())
        unique = commands.unique_of(idempotency_key, secrets.token_hex(16))
        number = logs.request_id(station.tenant, station_id, f"{operator.operator_id}\x1f{unique}")
        now_ms, settings = self._shell.now_ms(), self._shell.settings
        ticket = Ticket(station.tenant, station_id, number, now_ms + settings.upload_valid_s * 1000)
        location = f"{settings.public_url}/uploads/{logs.token(ticket, self._secret)}"
        operation, payload = logs.command_for(order, location, number, connection.protocol)
        asked = commands.Asked(operator, operation, payload, timeout_s, now_ms, f"log\x1f{unique}")
        command = commands.command(asked, station, connection, refuse_offline=False)
        # The URL of a repeated request would be another one: what was asked first counts.
        return await self._shell.given(command, timeout_s + GRACE_S if wait else 0, same=lambda *_: True)

    async def all(self, request: Request, station_id: StationId) -> Response:
        """Files that the station has uploaded, newest first."""
        station = self._shell.station(request, station_id)
        found = await asyncio.to_thread(self._uploads.listed, station.tenant, station_id)
        return answer({"logs": [shown.log(file) for file in found]})

    async def one(self, request: Request, station_id: StationId, name: str) -> Response:
        """An uploaded file, as it came."""
        station = self._shell.station(request, station_id)
        path = await asyncio.to_thread(self._uploads.path, station.tenant, station_id, name)
        if path is None:
            raise Problem(404, f"there is no such file: GET /stations/{station_id}/logs lists them")
        return FileResponse(path, headers=_DOWNLOADED, filename=name)

    async def upload(self, request: Request, token: str, name: str = "") -> Response:
        """N01.FR.18: PUT and POST; the name is in the URL, in Content-Disposition (N01.FR.19) or in the form."""
        ticket = logs.ticket_of(token, self._secret, self._shell.now_ms())
        if self._uploads.taken(ticket):
            raise Problem(409, "this upload URL was used")
        said = request.headers.get("content-length", "0")
        most = self._shell.settings.upload_max_bytes
        if not said.isdecimal() or int(said) > most:
            raise Problem(413, f"files may have {most} bytes")
        boundary = boundary_of(request.headers.get("content-type", ""))
        part = FirstPart(boundary) if boundary else None

        def named() -> str:
            disposition = request.headers.get("content-disposition", "")
            return name or logs.disposition_name(part.head if part else disposition)

        try:
            async with aclosing(self._parts(request, ticket, part)) as parts:
                stored = await self._uploads.store(ticket, named, parts, secrets.token_hex(16))
        except ClientDisconnect:
            raise Problem(400, "the connection ended before the file did") from None
        _uploaded.inc(stored.size_bytes)
        await self._shell.durable(_told(ticket, stored, self._shell.now_ms()))
        return Response(status_code=HTTPStatus.CREATED)

    async def _parts(
        self, request: Request, ticket: Ticket, part: FirstPart | None
    ) -> AsyncGenerator[bytes, None]:
        """The file's bytes as they come; Problem 408 when they stop coming, or the URL's time is up."""
        stall_s = self._shell.settings.upload_stall_s
        stream = request.stream()
        while True:
            try:
                data = await asyncio.wait_for(anext(stream), stall_s)
            except StopAsyncIteration:
                break
            except TimeoutError:
                raise Problem(408, f"nothing came for {stall_s} s") from None
            if self._shell.now_ms() >= ticket.expires_at:
                raise Problem(408, "the time for this upload is over")
            yield part.feed(data) if part else data
        if part and not part.complete:
            raise Problem(400, "the form is not complete")


def _told(ticket: Ticket, stored: Stored, now_ms: Millis) -> LogUploaded:
    return LogUploaded(
        event_id=derived_id("LogUploaded", ticket.tenant, ticket.station_id, ticket.request_id),
        tenant=ticket.tenant,
        station_id=ticket.station_id,
        request_id=ticket.request_id,
        file_name=stored.name,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        recorded_at=now_ms,
    )


class _Firmware:
    def __init__(self, shell: Shell) -> None:
        self._files = FirmwareFiles(shell.settings.firmware)
        self._url = f"{shell.settings.public_url}/firmware"

    async def all(self) -> Response:
        """What stations may download, with the URL for UpdateFirmware."""
        found = await asyncio.to_thread(self._files.all)
        told = [
            {
                "name": one.path.name,
                "size_bytes": one.size_bytes,
                "sha256": one.sha256.hex(),
                "location": f"{self._url}/{one.path.name}",
            }
            for one in found
        ]
        return answer({"firmware": told})

    async def one(self, name: str) -> Response:
        """A firmware file, or a range of it, with its SHA-256 in Repr-Digest. Stations show no key for it."""
        found = await asyncio.to_thread(self._files.find, name)
        if found is None:
            raise Problem(404, "there is no such firmware")
        return FileResponse(found.path, headers=_DOWNLOADED | {"Repr-Digest": found.digest_header})
