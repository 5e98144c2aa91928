"""The OCPP edge's process: settings, Kafka, listening, the second hand, and leaving in good order."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from prometheus_client import REGISTRY, CollectorRegistry

from services.domain.agreements import agreement_for
from services.domain.events.agreement import Agreement
from services.domain.events.authorization import AuthorizationAnswered
from services.domain.events.certificate import Certificate
from services.domain.events.common import CertificateStatus
from services.domain.events.location import Location
from services.domain.events.partner import Partner
from services.domain.events.reservation import Reservation
from services.domain.events.station import CommandAnswered, CommandRequested, Connection, Station
from services.domain.events.token import Token
from services.domain.events.transaction import TransactionStarted
from services.domain.providers import Providers
from services.domain.reservations import accepted_last
from services.domain.units import Millis
from services.ocpp.delivery import Delivery
from services.ocpp.edge import SERVICE_RESTART, TURN_S, StationEdge
from services.ocpp.frame_log import FLUSH_S, FrameLog
from services.ocpp.inbound.reply import Edge
from services.ocpp.inquiries import Inquiries
from services.ocpp.renewal import ContractCas, renewals
from services.ocpp.settings import OcppSettings
from services.ocpp.soap.server import SoapServer
from services.ocpp.sockets import Listeners, serve
from services.ocpp.token_inquiries import TokenInquiries
from services.ocpp.tokens_in_use import HORIZON_MS, TokensInUse
from services.ocpp.wire.quirks import chooser
from services.runtime import garbage
from services.runtime.bus import Bus
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.egress import Egress
from services.runtime.process import Process, run
from services.runtime.registry import codec_of
from services.runtime.secret_file import kept_secret
from services.runtime.settings import load
from services.runtime.tail import Tail
from services.runtime.tariff_book import TariffBook
from services.runtime.view import View
from services.runtime.watched_files import WatchedFiles, watch

_TICK_S: Final = 1.0
_LOOK_S: Final = 0.05
_SECRET_FILE: Final = "transaction-id.key"

Listening = Callable[[StationEdge, Listeners], None]
"""Told the edge and its ports once stations are let in."""


def main() -> None:
    """`wattlog ocpp`."""
    settings = load(OcppSettings)
    run(partial(operate, settings), "ocpp", settings.ocpp_metrics_port, settings.common)


async def operate(
    settings: OcppSettings,
    process: Process,
    listening: Listening | None = None,
    metrics: CollectorRegistry = REGISTRY,
) -> None:
    """Run the edge until the process is to stop."""
    codec = await asyncio.to_thread(codec_of, settings.common)
    bus = Bus(settings.kafka, codec)
    tokens: View[Token] = View(settings.kafka, codec, Token.TOPIC)
    registry = _Registry(settings, codec)
    egress, about_tokens = Egress(), TokenInquiries(bus.send, now_ms)
    inquiries = Inquiries(settings.inquiry_timeout_s, egress, about_tokens.answer)
    edge = _station_edge(settings, tokens, registry, bus, inquiries)
    registry.edge = edge
    readers: list[View[Any] | Tail] = [
        tokens, registry.stations, *registry.tariffs.views, registry.locations, registry.reservations,
        registry.certificates,
        registry.partners, registry.agreements,
        *_tails(settings, codec, edge, registry.in_use), _answers(settings, codec, about_tokens),
    ]  # fmt: skip
    for reader in readers:
        reader.start()
    metrics.register(edge.metrics)
    soap = SoapServer(edge, registry.stations.get, egress) if settings.ocpp_soap_host else None
    _say(process, edge, listeners := await serve(edge), soap)
    try:
        async with asyncio.TaskGroup() as tasks:
            beside = tasks.create_task(_beside(edge, renewals(edge, listeners, registry.contract_cas)))
            await _until(process, lambda: all(reader.caught_up for reader in readers))
            edge.begin()
            garbage.calm()
            process.ready = True
            if listening and not process.stopping.is_set():
                listening(edge, listeners)
            await process.stopping.wait()
            process.ready = False
            listeners.close()
            await _drain(edge)
            beside.cancel()
    finally:
        listeners.close()
        await _hang_up(soap, inquiries, egress)
        metrics.unregister(edge.metrics)
        for reader in readers:
            reader.stop()
        _flush(edge)
        left = await bus.close(settings.hold_s)
        if left:
            process.log.error("stopped with events that Kafka has not confirmed", events=left)


def _say(process: Process, edge: StationEdge, listeners: Listeners, soap: SoapServer | None) -> None:
    """Tell the operator where stations connect to."""
    settings, tls_port = edge.settings, listeners.tls_port
    if settings.allow_unauthenticated:
        process.log.warning("stations with security profile 0 are let in WITHOUT PASSWORD: never in production")
    process.log.info(
        "listening",
        url=f"ws://{settings.ocpp_host}:{listeners.port}/ocpp/<station>",
        tls_url=f"wss://{settings.ocpp_host}:{tls_port}/ocpp/<station>" if tls_port else None,
        soap_url=f"http://{settings.ocpp_soap_host}:{soap.port}/ocpp" if soap else None,
        edge_id=edge.edge.edge_id,
    )


class _Registry:
    """What the edge decides from beside the whitelist, and the edge, which wants to know who is struck off."""

    def __init__(self, settings: OcppSettings, codec: Codec) -> None:
        self.edge: StationEdge | None = None
        self.stations: View[Station] = View(settings.kafka, codec, Station.TOPIC, self._changed)
        self.tariffs = TariffBook(settings.kafka, codec)
        self.agreements: View[Agreement] = View(settings.kafka, codec, Agreement.TOPIC)
        self.reservations: View[Reservation] = View(settings.kafka, codec, Reservation.TOPIC)
        self.locations: View[Location] = View(settings.kafka, codec, Location.TOPIC)
        self.certificates: View[Certificate] = View(settings.kafka, codec, Certificate.TOPIC, self._certified)
        self.providers = Providers()
        self.partners: View[Partner] = View(settings.kafka, codec, Partner.TOPIC, self.providers.changed)
        self.in_use = TokensInUse()
        self.contract_cas = ContractCas(settings.contract_cas())
        self._loop = asyncio.get_running_loop()

    def agreement(self, tenant: str, contract_id: str | None, at: Millis) -> Agreement | None:
        """Under which a contract charges what starts then."""
        return agreement_for((known for _, known in self.agreements.items()), tenant, contract_id, at)

    def reservation(self, tenant: str, station_id: str, number: int) -> Reservation | None:
        """The one with this number that the station accepted last."""
        return accepted_last((known for _, known in self.reservations.items()), tenant, station_id, number)

    def _changed(self, key: str, station: Station | None) -> None:
        """On the view's thread."""
        if self.edge is None:
            return
        if key in self.edge.sockets or station is None or not station.enabled:
            self._loop.call_soon_threadsafe(self.edge.registered, key, station)

    def _certified(self, _key: str, certificate: Certificate | None) -> None:
        """On the view's thread too."""
        if self.edge is not None and certificate is not None and certificate.status is CertificateStatus.REVOKED:
            self._loop.call_soon_threadsafe(self.edge.revoked, f"{certificate.tenant}/{certificate.station_id}")


def _edge(settings: OcppSettings, tokens: View[Token], registry: _Registry) -> Edge:
    return Edge(
        tenant=settings.common.tenant,
        edge_id=settings.edge_id or f"{socket.gethostname()}:{settings.ocpp_port or os.getpid()}",
        token=tokens.get,
        transaction_secret=_secret(settings),
        station=registry.stations.get,
        tariff=registry.tariffs.tariffs.get,
        prices=registry.tariffs.prices,
        agreement=registry.agreement,
        location=registry.locations.get,
        reservation=registry.reservation,
        certificate=registry.certificates.get,
        charging_elsewhere=registry.in_use.elsewhere,
        heartbeat_interval_s=settings.heartbeat_interval_s,
        boot_retry_s=settings.boot_retry_s,
        data_transfer_vendors=settings.vendors(),
        master_pass_group=settings.master_pass_group,
        quirks=chooser(settings.quirks()),
        signs_certificates=settings.sign_certificates,
        ocsp_responders=settings.responders(),
        contract_cas=registry.contract_cas,
        ev_certificates=settings.ev_certificates(),
        providers=registry.providers,
        authorization_timeout_ms=settings.authorization_timeout_ms,
        whitelist_fresh_ms=settings.whitelist_fresh_s * 1000,
    )


def _station_edge(
    settings: OcppSettings,
    tokens: View[Token],
    registry: _Registry,
    bus: Bus,
    inquiries: Inquiries,
) -> StationEdge:
    edge = _edge(settings, tokens, registry)
    delivery = Delivery(bus.send, now_ms, settings.hold_s * 1000)
    later = partial(asyncio.get_running_loop().call_later, FLUSH_S)
    frames = FrameLog(edge.tenant, edge.edge_id, bus.send, now_ms, later, settings.frame_log)
    stations = registry.stations.get
    return StationEdge(settings, edge, delivery, stations, now_ms, frames, _later, inquiries.ask)


def _flush(edge: StationEdge) -> None:
    """Hand over what was held back for later."""
    edge.departures.flush()
    edge.frames.flush()


def _tails(settings: OcppSettings, codec: Codec, edge: StationEdge, in_use: TokensInUse) -> list[Tail]:
    since_ms = now_ms() - settings.commands_horizon_s * 1000
    tails = [
        Tail(settings.kafka, codec, [Connection.TOPIC], edge.held_elsewhere),
        Tail(
            settings.kafka,
            codec,
            [CommandRequested.TOPIC, CommandAnswered.TOPIC],
            lambda events: edge.commands.take(events, now_ms()),
            since_ms,
        ),
    ]
    if settings.tokens_charge_once:
        since_ms = now_ms() - HORIZON_MS
        tails.append(Tail(settings.kafka, codec, [TransactionStarted.TOPIC], in_use.take, since_ms))
    return tails


def _answers(settings: OcppSettings, codec: Codec, token_inquiries: TokenInquiries) -> Tail:
    return Tail(settings.kafka, codec, [AuthorizationAnswered.TOPIC], token_inquiries.take, now_ms())


def _secret(settings: OcppSettings) -> bytes:
    """The key of transaction ids: as set, or made once and kept with the data."""
    if settings.transaction_id_secret:
        return settings.transaction_id_secret.encode()
    return kept_secret(settings.common.data_dir / _SECRET_FILE)


def _later(turn: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(TURN_S, turn)


async def _beside(edge: StationEdge, watched: Sequence[WatchedFiles[Any]]) -> None:
    """What goes on beside the stations' messages."""
    await asyncio.gather(_tick(edge), watch(watched))


async def _tick(edge: StationEdge) -> None:
    while True:
        await asyncio.sleep(_TICK_S)
        edge.tick()


async def _hang_up(soap: SoapServer | None, inquiries: Inquiries, egress: Egress) -> None:
    """Ask nobody any more."""
    if soap:
        await soap.close()
    await inquiries.close()
    await egress.close()


async def _until(process: Process, true: Callable[[], bool]) -> None:
    while not true() and not process.stopping.is_set():
        await asyncio.sleep(_LOOK_S)


async def _drain(edge: StationEdge) -> None:
    """Close connections at a pace that another edge can take, each after the replies that it waits for."""
    edge.draining = True
    share = max(1, int(edge.settings.drain_per_s * _LOOK_S))
    deadline_ms = now_ms() + edge.settings.hold_s * 1000 + 1000 * len(edge.sockets) // edge.settings.drain_per_s
    while edge.sockets and now_ms() < deadline_ms:
        idle = [held for held in edge.sockets.values() if not held.connection.pending and not held.ending]
        for held in idle[:share]:
            held.close(SERVICE_RESTART, "drained", "this process stops, connect again")
        await asyncio.sleep(_LOOK_S)
