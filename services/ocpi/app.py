"""The OCPI edge: serves roaming partners over HTTP from ClickHouse and from local copies of state topics."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from services.ocpi.directory import TOPICS, Directory
from services.ocpi.gate import Gate
from services.ocpi.routes import Edge, build
from services.ocpi.settings import OcpiSettings
from services.ocpi.store import Store
from services.runtime import process, settings, topics
from services.runtime.clock import now_ms
from services.runtime.registry import codec_of
from services.runtime.throttle import Throttle

_LONGEST_HEAD_BYTES = 32_768
_MOST_CONNECTIONS = 1_000
_IDLE_S = 30
_DRAIN_S = 20


def main() -> None:
    """Run the process until it is told to stop."""
    chosen = settings.load(OcpiSettings)
    process.run(partial(run, chosen), "ocpi", chosen.ocpi_metrics_port, chosen.common)


async def run(chosen: OcpiSettings, host: process.Process) -> None:
    """Learn what is in Kafka, then serve until the host stops. OSError when the port is taken."""
    await asyncio.to_thread(topics.create_topics, chosen.kafka, TOPICS)
    listener = listen(chosen)
    directory = Directory(chosen.kafka, await asyncio.to_thread(codec_of, chosen.common))
    directory.start()
    stopped = asyncio.ensure_future(host.stopping.wait())
    starting = asyncio.ensure_future(directory.wait_caught_up())
    try:
        await asyncio.wait([starting, stopped], return_when="FIRST_COMPLETED")
        if stopped.done():
            return
        await starting
        server = Server(config(application(chosen, directory), chosen))
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        host.ready = True
        host.log.info("serving", versions=f"{chosen.public_url}/ocpi/versions")
        await asyncio.wait([serving, stopped], return_when="FIRST_COMPLETED")
        host.ready = False
        server.should_exit = True
        await serving
    finally:
        starting.cancel()
        directory.stop()
        listener.close()


def listen(chosen: OcpiSettings) -> socket.socket:
    """The port, taken before anything else is done; OSError says how to get another one."""
    family = socket.AF_INET6 if ":" in chosen.ocpi_host else socket.AF_INET
    try:
        return socket.create_server((chosen.ocpi_host, chosen.ocpi_port), family=family, backlog=1024)
    except OSError as error:
        raise OSError(
            f"OCPI cannot listen on {chosen.ocpi_host}:{chosen.ocpi_port} ({error}):"
            " stop what uses the port, or set WATTLOG_OCPI_PORT"
        ) from error


def application(chosen: OcpiSettings, directory: Directory) -> ASGIApp:
    """Everything that answers, as one ASGI application."""
    edge = Edge(chosen, directory, Store(chosen.clickhouse), now_ms)
    return Gate(build(edge), directory.partners, Throttle(chosen.ocpi_strangers_per_minute), now_ms)


def config(app: ASGIApp, chosen: OcpiSettings) -> uvicorn.Config:
    """h11, whose heads are bounded, and no trust in forwarded addresses unless a proxy is named."""
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(chosen.trusted_proxies),
        forwarded_allow_ips=chosen.trusted_proxies or None,
        h11_max_incomplete_event_size=_LONGEST_HEAD_BYTES,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_DRAIN_S,
    )


class Server(uvicorn.Server):
    """uvicorn on an event loop of ours; signals are the process shell's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
