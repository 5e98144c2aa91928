"""A running fleet process, and operations as the API shows them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from services.fleet.app import FleetSettings, run
from services.runtime.process import Process
from services.runtime.settings import CommonSettings, KafkaSettings
from tests.integration.ocpp_case import until


@asynccontextmanager
async def fleet(kafka: KafkaSettings, data_dir: Path, **chosen: Any) -> AsyncIterator[Process]:
    """The fleet process, in this one."""
    host = Process("fleet")
    settings = FleetSettings(common=CommonSettings(data_dir=data_dir), kafka=kafka, **chosen)
    task = asyncio.create_task(run(settings, host))
    try:
        await until(lambda: host.ready or task.done(), 60)
        yield host
    finally:
        host.stopping.set()
        await task


async def stood(http: httpx.AsyncClient, fleet_id: str, *statuses: str, done: int = 0) -> dict[str, Any]:
    """The operation once it has one of these statuses, and so many stations are done."""
    for _ in range(3000):
        told: dict[str, Any] = (await http.get(f"/fleet/{fleet_id}")).json()
        if told["status"] in statuses and told["done"] >= done:
            return told
        await asyncio.sleep(0.02)
    raise AssertionError(told)
