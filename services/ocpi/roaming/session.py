"""Everything that a command of the command line needs to speak to a CPO, opened and closed together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.domain.events.partner import Partner
from services.domain.events.roaming import RoamingCommandAnswered
from services.domain.units import Millis
from services.ocpi.peer import Peer
from services.ocpi.registrar import access_to
from services.ocpi.roaming import holdings as kept
from services.ocpi.roaming.commander import Commander, Outside, Results
from services.ocpi.roaming.holdings import Holdings
from services.ocpi.roaming.partners import Cpo
from services.ocpi.settings import OcpiSettings
from services.runtime import topics
from services.runtime.bus import Bus
from services.runtime.egress import Egress
from services.runtime.registry import codec_of
from services.runtime.sealing import seal_of
from services.runtime.tail import Tail


@dataclass(frozen=True, slots=True)
class Line:
    """A line to a CPO that stands."""

    cpo: Cpo
    holdings: Holdings
    commander: Commander
    bus: Bus


@asynccontextmanager
async def line_to(
    partner: Partner,
    behind: tuple[Partner, ...],
    chosen: OcpiSettings,
    now_ms: Callable[[], Millis],
    new_id: Callable[[], str],
) -> AsyncIterator[Line]:
    """Until the block ends; `behind` are the parties of a hub.

    CannotUnseal when the partner's token was sealed with another key.
    """
    access = access_to(partner, seal_of(chosen.sealing_key, chosen.common.data_dir))
    await asyncio.to_thread(topics.create_topics, chosen.kafka, kept.TOPICS)
    codec = await asyncio.to_thread(codec_of, chosen.common)
    egress, bus, results = Egress(), Bus(chosen.kafka, codec), Results()
    holdings = Holdings(chosen.kafka, codec, chosen.clickhouse, now_ms())
    answers = Tail(chosen.kafka, codec, [RoamingCommandAnswered.TOPIC], results.take, now_ms())
    holdings.start()
    answers.start()
    try:
        await holdings.wait_caught_up()
        cpo = Cpo(partner, access, chosen.operator, Peer(egress, new_id), behind)
        outside = Outside(chosen.public_url, bus.publish, now_ms, new_id)
        yield Line(cpo, holdings, Commander(outside, results), bus)
    finally:
        holdings.stop()
        answers.stop()
        await egress.close()
        await bus.close()
