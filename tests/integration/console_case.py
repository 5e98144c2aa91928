"""A running operations API on real Kafka and a real socket, beside the edge of ocpp_case."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from services.console.app import run
from services.console.inbound.keys import Role, key_hash
from services.console.settings import ConsoleSettings
from services.domain.events.operator import Operator
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.process import Process
from services.runtime.settings import CommonSettings, KafkaSettings
from tests.integration.ocpp_case import TENANT

KEY, READER_KEY, REVOKED_KEY = "wattlog_operates", "wattlog_reads", "wattlog_revoked"


def operator(name: str, key: str, **changes: Any) -> Operator:
    values: dict[str, Any] = {"role": Role.OPERATE.value, "enabled": True, "updated_at": 1} | changes
    return Operator(tenant=TENANT, operator_id=name, key_hash=key_hash(key), **values)


def let_in(kafka: KafkaSettings) -> None:
    """An operator, a reader, and one whose key was revoked."""
    entries = [
        operator("control-room", KEY),
        operator("dashboard", READER_KEY, role=Role.READ.value),
        operator("gone", REVOKED_KEY, enabled=False),
    ]
    publish_sync(kafka, Codec(), entries)


@asynccontextmanager
async def api(kafka: KafkaSettings, data_dir: Path, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The API in this process, and a client that shows the operator's key."""
    named: dict[str, Any] = {"console_port": 0} | settings
    chosen = ConsoleSettings(common=CommonSettings(data_dir=data_dir), kafka=kafka, **named)
    host = Process("console")
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(run(chosen, host, started.set_result))
    try:
        await asyncio.wait([task, started], timeout=60, return_when="FIRST_COMPLETED")
        port = await started
        async with client(port) as http:
            yield http
    finally:
        host.stopping.set()
        await task


def client(port: int, key: str | None = KEY) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, timeout=30)
