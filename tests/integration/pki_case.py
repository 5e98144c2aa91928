"""A running pki process, and stations' keys and requests for certificates."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from services.pki.app import run
from services.pki.settings import PkiSettings
from services.runtime.embedded.pki import Pki
from services.runtime.process import Process
from services.runtime.settings import CommonSettings, KafkaSettings
from services.runtime.streaming.settings import StreamingSettings
from tests.integration.ocpp_case import until


@asynccontextmanager
async def pki_process(kafka: KafkaSettings, pki: Pki, data_dir: Path, **chosen: Any) -> AsyncIterator[Process]:
    """The pki process, in this one, with the CAs of a test PKI."""
    host = Process("pki")
    files = {
        "station_ca_file": str(pki.ca_file), "station_ca_key_file": str(pki.key_file),
        "v2g_ca_file": str(pki.v2g_ca_file), "v2g_ca_key_file": str(pki.v2g_key_file),
    }  # fmt: skip
    streaming = StreamingSettings(
        worker_id="w1", session_timeout_ms=6000, heartbeat_interval_ms=1500, checkpoint_interval_ms=100
    )
    common = CommonSettings(data_dir=data_dir)
    settings = PkiSettings(common=common, kafka=kafka, streaming=streaming, **(files | chosen))
    task = asyncio.create_task(run(settings, host))
    try:
        await until(lambda: host.ready or task.done(), 60)
        assert host.ready
        yield host
    finally:
        host.stopping.set()
        await task
