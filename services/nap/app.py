"""The process that serves the national access point: copies of state, two documents, one port."""

import asyncio
import socket
from functools import partial

from services.nap.holdings import Holdings
from services.nap.outbound.dynamic import status_publication
from services.nap.outbound.static import table_publication
from services.nap.publication import Shelf
from services.nap.server import application, listen
from services.nap.settings import NapSettings
from services.runtime import http_server, process
from services.runtime.clock import now_ms
from services.runtime.registry import codec_of
from services.runtime.settings import load

_SECOND_MS = 1000


def main() -> None:
    """`wattlog nap`."""
    settings = load(NapSettings)
    process.run(partial(run, settings), "nap", settings.nap_metrics_port, settings.common)


async def run(settings: NapSettings, host: process.Process) -> None:
    """Serve until the process is to stop; ready once all that was there is known. OSError: the port is taken."""
    codec = await asyncio.to_thread(codec_of, settings.common)
    with listen(settings) as listener:
        holdings = Holdings(settings.kafka, codec)
        holdings.start()
        try:
            if await _caught_up(holdings, host):
                await _serve(settings, holdings, host, listener)
        finally:
            await asyncio.to_thread(holdings.stop)


async def _caught_up(holdings: Holdings, host: process.Process) -> bool:
    """However long it takes: half of the stations would be worse than none. False when it is to stop."""
    while not host.stopping.is_set():
        try:
            await holdings.wait_caught_up(_SECOND_MS / 1000)
        except TimeoutError as error:
            host.log.warning("not ready yet", reason=str(error))
            continue
        return True
    return False


async def _serve(
    settings: NapSettings, holdings: Holdings, host: process.Process, listener: socket.socket
) -> None:
    tenant, publisher = settings.common.tenant, settings.publisher
    static = Shelf(
        lambda now: table_publication(holdings.scene(tenant), publisher, now), settings.nap_static_s * _SECOND_MS
    )
    dynamic = Shelf(
        lambda now: status_publication(holdings.scene(tenant), publisher, now), settings.nap_dynamic_s * _SECOND_MS
    )
    pages = http_server.server(application(settings, static, dynamic, now_ms), settings.trusted_proxies)
    serving = asyncio.ensure_future(pages.serve(sockets=[listener]))
    host.ready = True
    host.log.info("serving", address=f"http://{settings.nap_host}:{settings.nap_port}")
    await host.stopping.wait()
    host.ready = False
    pages.should_exit = True
    await serving
