"""Listening for stations of OCPP-S: uvicorn on the loop of the WebSocket edge."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from services.domain.events.station import Station
from services.ocpp.edge import StationEdge
from services.ocpp.soap.calls import Calls
from services.ocpp.soap.endpoint import Endpoint
from services.runtime.egress import Egress
from services.runtime.http_server import Server, listen

_LONGEST_HEAD_BYTES: Final = 16_384
_MOST_CONNECTIONS: Final = 4_000
_FIRST_REQUEST_S: Final = 10.0
_IDLE_S: Final = 60
_DRAIN_S: Final = 5


class SoapServer:
    """The open port and the process's requests to stations."""

    def __init__(self, edge: StationEdge, station: Callable[[str], Station | None], egress: Egress) -> None:
        self._listener = _listen(edge)
        self._calls = Calls(edge, station, edge.settings.soap_networks(), egress)
        self._server = Server(_config(Endpoint(edge, self._calls.ask)))
        self._serving = asyncio.ensure_future(self._server.serve(sockets=[self._listener]))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    async def close(self) -> None:
        """Answer what has come, take nothing more, and let go of what we asked."""
        self._server.should_exit = True
        await self._serving
        await self._calls.close()
        self._listener.close()


class _Protocol(H11Protocol):
    """A connection that has not said its first request in time is dropped."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.loop.call_later(_FIRST_REQUEST_S, self._drop_if_silent)

    def _drop_if_silent(self) -> None:
        if getattr(self, "cycle", None) is None:
            self.transport.close()


def _listen(edge: StationEdge) -> socket.socket:
    settings = edge.settings
    instead = "set WATTLOG_OCPP_SOAP_PORT, or WATTLOG_OCPP_SOAP_HOST empty for no SOAP"
    return listen(settings.ocpp_soap_host, settings.ocpp_soap_port, "OCPP-S cannot listen", instead)


def _config(app: Any) -> uvicorn.Config:
    """h11, whose heads are bounded. Forwarded addresses are the door's affair, as for WebSockets."""
    return uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=_LONGEST_HEAD_BYTES,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_DRAIN_S,
    )
