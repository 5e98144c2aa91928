"""The cdrs process: folds ended sessions into charge detail records."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

from services.cdrs.fold import Record, fold
from services.cdrs.lookups import Lookups
from services.domain.agreements import agreement_for
from services.domain.events.agreement import Agreement
from services.domain.events.cdr import CdrCorrectionRequested
from services.domain.events.evidence import SessionVerified
from services.domain.events.location import Location
from services.domain.events.reservation import Reservation
from services.domain.events.session import SessionEnded
from services.domain.events.station import Station
from services.domain.events.token import Token
from services.domain.reservations import accepted_last
from services.domain.units import Millis
from services.runtime import process
from services.runtime.registry import codec_of
from services.runtime.settings import load, setting
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_processor
from services.runtime.streaming.settings import ProcessorSettings
from services.runtime.tariff_book import TariffBook
from services.runtime.view import View


@dataclass(frozen=True, slots=True)
class CdrsSettings(ProcessorSettings):
    """What the cdrs process needs to know."""

    country_code: str = setting("DE", "ISO 3166-1 alpha-2 of the operator, for stations that are not registered")
    party_id: str = setting("WAT", "party id of the operator, for stations that are not registered")
    cdrs_metrics_port: int = setting(9102, "port of the cdrs process's metrics and health endpoints")


def processor(lookups: Lookups) -> Processor[Record]:
    """The fold with what it looks up."""
    return Processor(
        "cdrs.v1",
        (SessionEnded.TOPIC, SessionVerified.TOPIC, CdrCorrectionRequested.TOPIC),
        partial(fold, lookups),
        Record,
    )


def main() -> None:
    """`wattlog cdrs`."""
    settings = load(CdrsSettings)
    process.run(partial(run, settings), "cdrs", settings.cdrs_metrics_port, settings.common)


async def run(settings: CdrsSettings, host: process.Process) -> None:
    """Fold until the process is to stop, once the copies of what is looked up are complete."""
    codec = await asyncio.to_thread(codec_of, settings.common)
    kinds = (Station, Location, Token)
    views: list[View[Any]] = [View(settings.kafka, codec, kind.TOPIC) for kind in kinds]
    agreements: View[Agreement] = View(settings.kafka, codec, Agreement.TOPIC)
    reservations: View[Reservation] = View(settings.kafka, codec, Reservation.TOPIC)
    book = TariffBook(settings.kafka, codec)
    views += [agreements, reservations, *book.views]
    for view in views:
        view.start()
    for view in views:
        await view.wait_caught_up()
    station, location, token = (view.get for view in views[: len(kinds)])

    def agreement(tenant: str, contract_id: str | None, at: Millis) -> Agreement | None:
        return agreement_for((known for _, known in agreements.items()), tenant, contract_id, at)

    def reservation(tenant: str, station_id: str, number: int) -> Reservation | None:
        return accepted_last((known for _, known in reservations.items()), tenant, station_id, number)

    lookups = Lookups(
        station,
        location,
        book.tariffs.get,
        token,
        settings.country_code,
        settings.party_id,
        agreement,
        book.prices,
        reservation,
    )
    data_dir = settings.common.data_dir
    try:
        await run_processor(processor(lookups), settings.kafka, codec, data_dir, host, settings=settings.streaming)
    finally:
        for view in views:
            view.stop()
