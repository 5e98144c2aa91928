"""The route of the description of what is served, for partners who read it by machine."""

from functools import cache
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.routing import Route

from services.ocpi.gate import envelope
from services.ocpi.outbound.openapi import Served, described
from services.ocpi.wire.envelope import encoded

PATH = "/ocpi/openapi.json"


class DescriptionRoutes:
    """Any partner gets it; it is the same for all."""

    def __init__(self, server: str) -> None:
        self._server = server

    def mount(self, app: FastAPI) -> None:
        @cache
        def body() -> bytes:
            return encoded(description(app, self._server))

        def openapi(request: Request) -> Response:
            return envelope(body())

        app.get(PATH)(openapi)


def description(app: FastAPI, server: str) -> dict[str, Any]:
    """Of all routes but its own."""
    routes = (route for route in app.routes if isinstance(route, Route) and route.path != PATH)
    return described((Served(route.path, frozenset(route.methods or ())) for route in routes), server)
