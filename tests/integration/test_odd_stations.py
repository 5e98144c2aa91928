"""Stations of unusual orders and manners charge; their CDRs are their own ledgers, to the Wh."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from services.runtime.settings import KafkaSettings
from tests.integration import odd_stations_16, odd_stations_201
from tests.integration.clients_world import World
from tests.integration.ocpp_case import station
from tests.integration.odd_line import Ledger, Line

pytestmark = pytest.mark.integration

Play = Callable[[Line], Awaitable[Ledger]]
STATIONS: list[Play] = [*odd_stations_16.STATIONS, *odd_stations_201.STATIONS]
NAMES = {play: f"{number} *|{play.__name__}"[:48] for number, play in enumerate(STATIONS)}


@pytest.fixture(scope="module")
def world(kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(kafka, tmp_path_factory.mktemp("odd"))
    try:
        made.open([station(name) for name in NAMES.values()])
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def ledgers(world: World) -> dict[Play, Ledger | BaseException]:
    """All of them charge at the same time."""

    async def go() -> list[Ledger | BaseException]:
        lines = {play: Line(world.port, name) for play, name in NAMES.items()}
        return await asyncio.gather(*(play(line) for play, line in lines.items()), return_exceptions=True)

    return dict(zip(STATIONS, asyncio.run(go()), strict=True))


@pytest.mark.parametrize("play", STATIONS, ids=lambda play: play.__name__)
def test_a_station_that(play: Play, world: World, ledgers: dict[Play, Ledger | BaseException]) -> None:
    ledger = ledgers[play]
    if isinstance(ledger, BaseException):
        raise ledger
    world.wait_for_records(NAMES[play], ledger)
