"""The routes of versions and credentials, which every version has alike."""

from typing import Any

from fastapi import FastAPI, Request, Response

from services.domain.events.partner import Partner
from services.ocpi.answering import Answering
from services.ocpi.bodies import json_of
from services.ocpi.inbound.message_ids import usable_id
from services.ocpi.outbound import configuration
from services.ocpi.registrar import Registrar


class CredentialsRoutes:
    """Who we are, and how partners come and go."""

    def __init__(self, own: configuration.Own, registrar: Registrar, answering: Answering) -> None:
        self._own = own
        self._registrar = registrar
        self._answering = answering

    def mount(self, app: FastAPI) -> None:
        app.get("/ocpi/versions")(self.versions)
        for version in self._own.versions:
            app.get(f"/ocpi/{version}")(self.version_details)
            path = f"/ocpi/{version}/credentials"
            app.get(path)(self.credentials)
            app.post(path)(self.post)
            app.put(path)(self.put)
            app.delete(path)(self.delete)

    async def versions(self) -> Response:
        return self._answering.success(configuration.versions(self._own))

    async def version_details(self, request: Request) -> Response:
        partner: Partner = request.scope["partner"]
        roles = {partner.role, *(role.role for role in partner.roles)}
        return self._answering.success(configuration.version_details(self._own, version_of(request), roles))

    async def credentials(self, request: Request) -> Response:
        """GET: the token that was shown comes back; we have kept but its hash."""
        told = configuration.credentials(self._own, version_of(request), request.scope["token"])
        return self._answering.success(told)

    async def post(self, request: Request) -> Response:
        return await self._exchange(request, update=False)

    async def put(self, request: Request) -> Response:
        return await self._exchange(request, update=True)

    async def delete(self, request: Request) -> Response:
        await self._registrar.end(request.scope["partner"])
        return self._answering.success(None)

    async def _exchange(self, request: Request, *, update: bool) -> Response:
        partner: Any = request.scope["partner"]
        body = await json_of(request)
        told = await self._registrar.exchange(
            partner, version_of(request), body, update=update, correlation_id=correlation_id(request)
        )
        return self._answering.success(told)


def correlation_id(request: Request) -> str:
    """What we send because of this request carries it too (transport_and_format: Unique message IDs); "": none."""
    return usable_id(request.headers.get("x-correlation-id", ""))


def version_of(request: Request) -> str:
    """The version in the path, which is one that is served."""
    return str(request.scope["path"].split("/")[2])
