"""How our processes serve HTTP: a port that is taken first, bounded heads, and an event loop that is theirs."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

_LONGEST_HEAD_BYTES: Final = 32_768
_MOST_CONNECTIONS: Final = 1_000
_IDLE_S: Final = 30
_DRAIN_S: Final = 20
_BACKLOG: Final = 1024


class Server(uvicorn.Server):
    """uvicorn on an event loop of ours; signals are the process shell's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(app: ASGIApp, trusted_proxies: str) -> Server:
    """h11, whose heads are bounded, and no trust in forwarded addresses unless a proxy is named."""
    return Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=trusted_proxies or None,
            h11_max_incomplete_event_size=_LONGEST_HEAD_BYTES,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=_DRAIN_S,
        )
    )


def listen(host: str, port: int, cannot: str, instead: str) -> socket.socket:
    """The port, taken before anything else is done; OSError says what `cannot` be, and what to do `instead`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise OSError(f"{cannot} on {host}:{port} ({error}): stop what uses the port, {instead}") from error
