"""The operations API's process: settings, Kafka, local copies, and HTTP until it is told to stop."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.types import ASGIApp

from services.console.copies import TOPICS, Copies
from services.console.file_routes import file_routes
from services.console.fleet_routes import fleet_routes
from services.console.gate import Gate
from services.console.routes import Shell, build, station_routes
from services.console.settings import ConsoleSettings
from services.runtime import http_server, process, settings, topics
from services.runtime.bus import Bus
from services.runtime.clock import now_ms
from services.runtime.registry import codec_of
from services.runtime.secret_file import kept_secret

_SECRET_FILE: Final = "upload.key"

Listening = Callable[[int], None]
"""Told the port once operators are answered."""


def main() -> None:
    """`wattlog console`."""
    chosen = settings.load(ConsoleSettings)
    process.run(partial(run, chosen), "console", chosen.console_metrics_port, chosen.common)


async def run(chosen: ConsoleSettings, host: process.Process, listening: Listening | None = None) -> None:
    """Learn what is in Kafka, then serve until the host stops. OSError when the port is taken."""
    await asyncio.to_thread(topics.create_topics, chosen.kafka, TOPICS)
    listener = listen(chosen)
    chosen = replace(chosen, console_port=listener.getsockname()[1])
    codec = await asyncio.to_thread(codec_of, chosen.common)
    bus = Bus(chosen.kafka, codec)
    publish = partial(bus.publish, timeout_s=chosen.console_hold_s)
    copies = Copies(chosen, codec, now_ms())
    copies.start()
    stopped = asyncio.ensure_future(host.stopping.wait())
    starting = asyncio.ensure_future(copies.wait_caught_up())
    try:
        await asyncio.wait([starting, stopped], return_when="FIRST_COMPLETED")
        if stopped.done():
            return
        server = http_server.server(application(Shell(chosen, copies, publish, now_ms)), chosen.trusted_proxies)
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        host.ready = True
        host.log.info("serving", url=chosen.public_url)
        if listening:
            listening(chosen.console_port)
        await asyncio.wait([serving, stopped], return_when="FIRST_COMPLETED")
        host.ready = False
        server.should_exit = True
        await serving
    finally:
        starting.cancel()
        copies.stop()
        await bus.close()
        listener.close()


def listen(chosen: ConsoleSettings) -> socket.socket:
    """The port; OSError says how to get another one."""
    return http_server.listen(
        chosen.console_host, chosen.console_port, "the operations API cannot listen", "or set WATTLOG_CONSOLE_PORT"
    )


def application(shell: Shell) -> ASGIApp:
    """Everything that answers, as one ASGI application."""
    app = build(station_routes(shell), fleet_routes(shell), file_routes(shell, secret(shell.settings)))
    return Gate(app, shell.copies.operator_list, shell.settings, shell.now_ms)


def secret(chosen: ConsoleSettings) -> bytes:
    """The key of upload URLs: as set, or made once and kept with the data."""
    if chosen.upload_secret:
        return chosen.upload_secret.encode()
    return kept_secret(chosen.common.data_dir / _SECRET_FILE)
