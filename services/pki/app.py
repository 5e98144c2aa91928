"""The pki process: has the CA sign what stations ask for, and tells them."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from prometheus_client import Gauge

from services.domain.events.certificate import Certificate, CertificateOrdered
from services.domain.events.station import CertificateSigningRequested, CommandAnswered
from services.domain.failures import TryAgain
from services.domain.folding import Event
from services.domain.units import datetime_of
from services.pki.authorities import Ca, Signers
from services.pki.csr import BadRequest
from services.pki.fold import Policy, Station, folding
from services.pki.issue import issued
from services.pki.ocsp import answer
from services.pki.register import Register, refused
from services.pki.responder import OcspServer
from services.pki.settings import PkiSettings
from services.runtime import process
from services.runtime.bus import Bus, NotDurable
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.registry import codec_of
from services.runtime.settings import load
from services.runtime.streaming.host import Part
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_processor
from services.runtime.tail import Tail
from services.runtime.view import View
from services.runtime.watched_files import WatchedFiles, watch

ORDERS_MS: Final = 86_400_000
"""Orders older than this are no longer looked for when the process starts: stations ask again by themselves."""

_LOOK_S: Final = 0.1

_broken = Gauge("pki_broken_files", "Changed files of CAs that cannot be used: 1, else 0")


def processor(policy: Policy) -> Processor[Station]:
    """The fold with what it reads."""
    inputs = (CertificateSigningRequested.TOPIC, CertificateOrdered.TOPIC, CommandAnswered.TOPIC)
    return Processor("pki.v1", inputs, folding(policy), Station)


def main() -> None:
    """`wattlog pki`."""
    settings = load(PkiSettings)
    process.run(partial(run, settings), "pki", settings.pki_metrics_port, settings.common)


async def run(settings: PkiSettings, host: process.Process) -> None:
    """Fold, and have orders signed, until the process is to stop. At most one such process may run."""
    codec = await asyncio.to_thread(codec_of, settings.common)
    signers = await asyncio.to_thread(settings.signers) if settings.sign_certificates else None
    folds = Part(host.stopping)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            run_processor(
                processor(settings.policy()), settings.kafka, codec, settings.common.data_dir, folds,
                settings=settings.streaming,
            )
        )  # fmt: skip
        tasks.create_task(sign(settings, codec, signers, host, lambda: folds.ready))
        if signers is not None:
            tasks.create_task(_reread(settings, signers, host))
        if signers is not None and settings.ocsp_port:
            tasks.create_task(_answer_ocsp(settings, codec, signers, host))


async def _reread(settings: PkiSettings, signers: Signers, host: process.Process) -> None:
    """Take the CAs' files again when they change; those that cannot be used change nothing."""
    files = WatchedFiles("CAs that sign here", settings.ca_files(), settings.signers, signers.take)
    _broken.set_function(lambda: float(bool(files.broken)))
    looking = asyncio.create_task(watch([files]))
    await host.stopping.wait()
    looking.cancel()


async def _answer_ocsp(settings: PkiSettings, codec: Codec, signers: Signers, host: process.Process) -> None:
    """Say whether our certificates are good, from the copy of `certificate.state` once that has been read."""
    known: View[Certificate] = View(settings.kafka, codec, Certificate.TOPIC)
    known.start()
    while not known.caught_up and not host.stopping.is_set():
        await asyncio.sleep(_LOOK_S)
    tenant = settings.common.tenant
    server = OcspServer(
        settings.ocsp_host,
        settings.ocsp_port,
        lambda der: answer(
            der, signers.answerers, lambda number: known.get(f"{tenant}/{number}"), datetime_of(now_ms())
        ),
    )
    host.log.info("answers OCSP", port=await server.started())
    await host.stopping.wait()
    await server.close()
    known.stop()


async def sign(
    settings: PkiSettings,
    codec: Codec,
    signers: Signers | None,
    host: process.Process,
    others_ready: Callable[[], bool] = lambda: True,
) -> None:
    """Learn which orders are open, then have them signed one after the other."""
    bus, register = Bus(settings.kafka, codec), Register()
    tail = Tail(settings.kafka, codec, [CertificateOrdered.TOPIC], register.take, now_ms() - ORDERS_MS)
    tail.start()
    try:
        while not host.stopping.is_set():
            host.ready = tail.caught_up and others_ready()
            if signers is not None and tail.caught_up:
                await signers.part()
                for order in register.due(now_ms()):
                    await _answer(bus, register, signers.cas, order, host)
            await asyncio.sleep(_LOOK_S)
    finally:
        host.ready = False
        tail.stop()
        await bus.close()


async def _answer(bus: Bus, register: Register, ca: Ca, order: CertificateOrdered, host: process.Process) -> None:
    """What the CA says is recorded first; stations are told by the record."""
    event: Event | None
    try:
        event = issued(order, await ca.sign(order), now_ms())
    except BadRequest as error:
        event = refused(order, str(error), now_ms())
    except (TryAgain, ValueError) as error:
        host.log.warning("the CA does not sign now", station=order.key, reason=str(error))
        event = register.postpone(order, str(error), now_ms())
    if event is None:
        return
    try:
        await bus.publish(event)
    except NotDurable as error:
        host.log.warning("Kafka does not confirm, trying again", station=order.key, error=str(error))
        register.postpone(order, str(error), now_ms())
    else:
        register.take([event])
