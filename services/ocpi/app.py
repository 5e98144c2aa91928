"""The OCPI edge: serves roaming partners over HTTP from ClickHouse and from local copies of state topics."""

import asyncio
import secrets
import socket
from functools import partial

from fastapi import FastAPI
from starlette.types import ASGIApp

from services.ocpi.answering import Answering
from services.ocpi.booking_routes import BookingRoutes
from services.ocpi.command_routes import CommandRoutes
from services.ocpi.credentials_routes import CredentialsRoutes
from services.ocpi.deliveries import Deliveries
from services.ocpi.description_routes import DescriptionRoutes
from services.ocpi.directory import TOPICS, Directory
from services.ocpi.gate import Gate
from services.ocpi.hub_puller import HubPuller, Means
from services.ocpi.hub_routes import HubRoutes
from services.ocpi.inbound.routing import Known
from services.ocpi.object_routes import ObjectRoutes
from services.ocpi.peer import Peer
from services.ocpi.profile_routes import ProfileRoutes
from services.ocpi.recorder import Recorder
from services.ocpi.registrar import Outside, Registrar, access_to
from services.ocpi.registry_routes import RegistryRoutes
from services.ocpi.roaming import holdings
from services.ocpi.roaming.provider import Provider
from services.ocpi.routes import PullRoutes
from services.ocpi.settings import OcpiSettings
from services.ocpi.station_requests import StationRequests
from services.ocpi.station_traffic import StationTraffic
from services.ocpi.token_routes import TokenRoutes
from services.ocpi.wire.parties import Party
from services.runtime import garbage, http_server, process, settings, topics
from services.runtime.bus import Bus
from services.runtime.clock import now_ms
from services.runtime.egress import Egress
from services.runtime.registry import codec_of
from services.runtime.sealing import seal_of
from services.runtime.throttle import Throttle

_TOKEN_BYTES = 32


def main() -> None:
    """Run the process until it is told to stop."""
    chosen = settings.load(OcpiSettings)
    process.run(partial(run, chosen), "ocpi", chosen.ocpi_metrics_port, chosen.common)


async def run(chosen: OcpiSettings, host: process.Process) -> None:
    """Learn what is in Kafka, then serve until the host stops. OSError when the port is taken."""
    await asyncio.to_thread(topics.create_topics, chosen.kafka, (*TOPICS, *holdings.TOPICS))
    listener = listen(chosen)
    codec = await asyncio.to_thread(codec_of, chosen.common)
    directory, bus, egress = Directory(chosen.kafka, codec), Bus(chosen.kafka, codec), Egress()
    seal = seal_of(chosen.sealing_key, chosen.common.data_dir)
    traffic = StationTraffic(chosen, codec, directory, bus, Peer(egress, new_token), seal, new_token)
    provider = Provider(chosen, codec, now_ms, new_token)
    traffic.start()
    directory.start()
    provider.start()
    stopped = asyncio.ensure_future(host.stopping.wait())
    starting = asyncio.ensure_future(_resumed(traffic, provider))
    try:
        await asyncio.wait([starting, stopped], return_when="FIRST_COMPLETED")
        if stopped.done():
            return
        await starting
        garbage.calm()
        pulling = asyncio.ensure_future(hub_puller(chosen, directory, bus, egress).run(chosen.hub_pull_ms))
        server = http_server.server(
            application(chosen, directory, bus, egress, traffic, provider), chosen.trusted_proxies
        )
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        host.ready = True
        host.log.info("serving", versions=f"{chosen.public_url}/ocpi/versions")
        await asyncio.wait([serving, stopped], return_when="FIRST_COMPLETED")
        host.ready = False
        server.should_exit = True
        await serving
        pulling.cancel()
    finally:
        starting.cancel()
        directory.stop()
        provider.stop()
        listener.close()
        await traffic.stop()
        await egress.close()
        await bus.close()


async def _resumed(traffic: StationTraffic, provider: Provider) -> None:
    """Everything that was there is known."""
    await traffic.resume()
    await provider.wait_caught_up()


def listen(chosen: OcpiSettings) -> socket.socket:
    """The port; OSError says how to get another one."""
    return http_server.listen(chosen.ocpi_host, chosen.ocpi_port, "OCPI cannot listen", "or set WATTLOG_OCPI_PORT")


def application(
    chosen: OcpiSettings,
    directory: Directory,
    bus: Bus,
    egress: Egress,
    traffic: StationTraffic,
    provider: Provider,
) -> ASGIApp:
    """Everything that answers, as one ASGI application, without documentation pages.

    Methods that a route does not have are answered 405.
    """
    means = traffic.means
    app = FastAPI(title="Wattlog OCPI", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    answering = Answering(chosen.own.versions, now_ms)
    answering.mount(app)
    outside = Outside(bus.publish, directory.partner, directory.succession.winner, now_ms, new_token)
    registrar = registrar_of(chosen, egress, outside)
    CredentialsRoutes(chosen.own, registrar, answering).mount(app)
    TokenRoutes(chosen, directory, bus.publish, now_ms, answering).mount(app)
    RegistryRoutes(chosen, directory, now_ms, answering).mount(app)
    deliveries = Deliveries(bus.publish, now_ms)
    PullRoutes(chosen, directory, means.store, now_ms, answering, deliveries).mount(app)
    CommandRoutes(chosen, means, answering).mount(app)
    ProfileRoutes(chosen, means, answering).mount(app)
    provider.mount(app, directory, bus.publish, answering)
    ObjectRoutes(chosen, directory, traffic.bookings.keeper, now_ms, answering).mount(app)
    BookingRoutes(chosen, StationRequests(means), traffic.bookings, answering).mount(app)
    HubRoutes(chosen, directory, traffic.bookings.keeper, now_ms, answering).mount(app)
    DescriptionRoutes(chosen.public_url).mount(app)
    recorder = Recorder(app, bus.publish, now_ms, new_token)
    routing = Known(directory.behind, partial(is_ours, chosen.operator, directory), chosen.operator)
    return Gate(
        recorder, directory.partners, Throttle(chosen.ocpi_strangers_per_minute), now_ms, routing, new_token
    )


def hub_puller(chosen: OcpiSettings, directory: Directory, bus: Bus, egress: Egress) -> HubPuller:
    """What asks hubs for their clients."""
    access = partial(access_to, seal=seal_of(chosen.sealing_key, chosen.common.data_dir))
    means = Means(access, directory.clients.of, directory.partners, bus.publish, now_ms)
    return HubPuller(Peer(egress, new_token), means)


def is_ours(operator: Party, directory: Directory, tenant: str, party: Party) -> bool:
    """Whether requests for a party are for us."""
    return party == operator or directory.owns_locations(tenant, party)


def registrar_of(chosen: OcpiSettings, egress: Egress, outside: Outside) -> Registrar:
    """What exchanges credentials, for the edge and for the command line."""
    seal = seal_of(chosen.sealing_key, chosen.common.data_dir)
    return Registrar(chosen.own, Peer(egress, new_token), seal, outside)


def new_token() -> str:
    """43 characters that nobody guesses; also an id for messages."""
    return secrets.token_urlsafe(_TOKEN_BYTES)
