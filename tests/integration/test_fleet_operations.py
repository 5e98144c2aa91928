"""Operations on many stations on real Kafka: paced, watched, stopped, and killed without asking anybody twice."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import orjson
import pytest

from services.domain.events.station import CommandRequested
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.console_case import api, let_in
from tests.integration.fleet_case import fleet, stood
from tests.integration.ocpp_case import V16, V201, RunningEdge, call, registered, running
from tests.integration.stations import Answering, requested

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parents[2]
NAMES = [f"CP{number:02}" for number in range(20)]


@pytest.fixture
async def edge(own_kafka: KafkaSettings, tmp_path: Path) -> AsyncIterator[RunningEdge]:
    create_topics(own_kafka)
    registered(own_kafka, *NAMES)
    let_in(own_kafka)
    async with running(own_kafka, tmp_path) as one:
        yield one


def fleet_process(kafka: KafkaSettings, data_dir: Path) -> subprocess.Popen[bytes]:
    """The fleet process, as one that can be killed."""
    env = os.environ | {
        "WATTLOG_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "WATTLOG_TOPIC_PREFIX": kafka.topic_prefix,
        "WATTLOG_DATA_DIR": str(data_dir),
        "WATTLOG_FLEET_METRICS_PORT": str(free_ports(1)[0]),
    }
    return subprocess.Popen([sys.executable, "-m", "services", "fleet"], cwd=ROOT, env=env)


class TestFleetOperations:
    async def test_ask_every_station_once_and_say_who_refused(self, edge: RunningEdge, tmp_path: Path) -> None:
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(api(edge.kafka, tmp_path))
            await stack.enter_async_context(fleet(edge.kafka, tmp_path / "fleet"))
            stations = []
            for number, name in enumerate(NAMES[:10]):
                socket = await stack.enter_async_context(
                    edge.connect(name, protocols=(V16 if number % 2 else V201,))
                )
                says = {"status": "Rejected"} if number == 3 else {"status": "Accepted"}
                stations.append(Answering(socket, says))
            order = {
                "operation": "Reset", "payload": {"type": "OnIdle"}, "stations": NAMES[:10], "pace_per_s": 50,
                "max_failures_percent": 50,
            }  # fmt: skip
            key = {"Idempotency-Key": "tonight"}
            begun = await http.post("/fleet", json=order, headers=key)
            assert begun.status_code == 202
            fleet_id = begun.json()["fleet_id"]
            assert (await http.post("/fleet", json=order, headers=key)).json()["fleet_id"] == fleet_id
            told = await stood(http, fleet_id, "FINISHED")
            assert (told["accepted"], told["rejected"], told["done"]) == (9, 1, 10)
            assert told["failures"] == [{"station_id": "CP03", "outcome": "REJECTED", "detail": "Rejected"}]
            assert [len(station.calls) for station in stations] == [1] * 10
            assert (await http.post(f"/fleet/{fleet_id}/resume")).status_code == 409
            (listed,) = (await http.get("/fleet")).json()["fleet"]
            assert listed["fleet_id"] == fleet_id

    async def test_wait_for_stations_keep_to_their_pace_and_stop_when_told(
        self, edge: RunningEdge, tmp_path: Path
    ) -> None:
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(api(edge.kafka, tmp_path))
            await stack.enter_async_context(fleet(edge.kafka, tmp_path / "fleet"))
            for name in NAMES[:8]:
                Answering(await stack.enter_async_context(edge.connect(name, protocols=(V201,))))
            order = {
                "operation": "ClearCache", "selector": {"all": True}, "pace_per_s": 2, "max_in_flight": 3,
            }  # fmt: skip
            fleet_id = (await http.post("/fleet", json=order)).json()["fleet_id"]
            await stood(http, fleet_id, "RUNNING", done=2)
            assert (await http.post(f"/fleet/{fleet_id}/stop")).status_code == 202
            stopped = await stood(http, fleet_id, "STOPPED")
            assert stopped["reason"] == "stopped by control-room"
            assert stopped["done"] + stopped["asked"] < 8
            assert (await http.post(f"/fleet/{fleet_id}/stop")).status_code == 200
            assert (await http.post(f"/fleet/{fleet_id}/resume")).status_code == 202
            waiting = await stood(http, fleet_id, "RUNNING", done=8)
            assert (waiting["accepted"], waiting["waiting"]) == (8, 12)
            Answering(await stack.enter_async_context(edge.connect(NAMES[15], protocols=(V201,))))
            assert (await stood(http, fleet_id, "RUNNING", done=9))["accepted"] == 9

    async def test_stop_themselves_when_too_many_refuse_and_pass_over_who_is_away(
        self, edge: RunningEdge, tmp_path: Path
    ) -> None:
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(api(edge.kafka, tmp_path))
            await stack.enter_async_context(fleet(edge.kafka, tmp_path / "fleet"))
            for name in NAMES[:14]:
                socket = await stack.enter_async_context(edge.connect(name, protocols=(V201,)))
                Answering(socket, {"status": "Rejected"})
            order = {
                "operation": "ClearCache", "stations": [*reversed(NAMES)], "pace_per_s": 100, "max_in_flight": 2,
                "max_failures_percent": 10, "if_offline": "skip",
            }  # fmt: skip
            fleet_id = (await http.post("/fleet", json=order)).json()["fleet_id"]
            told = await stood(http, fleet_id, "STOPPED", done=16)
            assert told["unreachable"] == 6
            assert 10 <= told["rejected"] <= 12
            assert "more than 10 %" in told["reason"]

    async def test_choose_stations_by_how_they_booted(self, edge: RunningEdge, tmp_path: Path) -> None:
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(api(edge.kafka, tmp_path))
            await stack.enter_async_context(fleet(edge.kafka, tmp_path / "fleet"))
            for name, version in (("CP01", "1.4"), ("CP02", "1.5")):
                socket = await stack.enter_async_context(edge.connect(name, protocols=(V16,)))
                boot = {"chargePointVendor": "ACME", "chargePointModel": "Fast", "firmwareVersion": version}
                assert (await call(socket, "BootNotification", boot))[0] == 3
                Answering(socket)
            for _ in range(1000):
                found = (await http.get("/stations", params={"vendor": "ACME"})).json()["stations"]
                if len(found) == 2:
                    break
                await asyncio.sleep(0.02)
            assert [(one["station_id"], one["firmware_version"]) for one in found] == [
                ("CP01", "1.4"),
                ("CP02", "1.5"),
            ]
            order = {"operation": "ClearCache", "selector": {"vendor": "ACME", "firmware": "1.4"}}
            fleet_id = (await http.post("/fleet", json=order)).json()["fleet_id"]
            told = await stood(http, fleet_id, "FINISHED")
            assert (told["stations"], told["accepted"]) == (1, 1)

    async def test_ask_nobody_twice_when_their_process_is_killed_again_and_again(
        self, edge: RunningEdge, tmp_path: Path
    ) -> None:
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(api(edge.kafka, tmp_path))
            stations = {}
            for name in NAMES:
                stations[name] = Answering(await stack.enter_async_context(edge.connect(name, protocols=(V201,))))
            order = {"operation": "ClearCache", "stations": NAMES, "pace_per_s": 5, "max_in_flight": 4}
            fleet_id = (await http.post("/fleet", json=order)).json()["fleet_id"]
            for done in (3, 9, 15):
                process = fleet_process(edge.kafka, tmp_path / "fleet")
                try:
                    await stood(http, fleet_id, "RUNNING", "FINISHED", done=done)
                finally:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
            await stack.enter_async_context(fleet(edge.kafka, tmp_path / "fleet"))
            told = await stood(http, fleet_id, "FINISHED")
            assert (told["accepted"], told["done"]) == (20, 20)
            assert {name: len(station.calls) for name, station in stations.items()} == dict.fromkeys(NAMES, 1)
            asked = Counter(command.station_id for command in await requested(edge.kafka))
            assert asked == dict.fromkeys(NAMES, 1)

    async def test_that_make_no_sense_are_explained(self, edge: RunningEdge, tmp_path: Path) -> None:
        async with api(edge.kafka, tmp_path) as http:
            good = {"operation": "ClearCache", "stations": ["CP01"]}
            cases: list[tuple[bytes, int, str]] = [
                (b"{", 400, "not JSON"),
                (b'{"operation": "ClearCache", "pace_per_s": NaN}', 400, "not JSON"),
                (b'{"payload": {"x": ' + b"[" * 100_000, 400, "not JSON"),
                (orjson.dumps(good | {"pace_per_s": 0}), 422, "$.pace_per_s"),
                (orjson.dumps(good | {"pace": 1}), 422, "pace"),
                (orjson.dumps(good | {"operation": "Explode"}), 422, "no operation"),
                (orjson.dumps(good | {"payload": {"x": 1}}), 422, "does not fit ClearCache"),
                (orjson.dumps(good | {"stations": ["CP01", "NOBODY"]}), 422, "'NOBODY'"),
                (orjson.dumps(good | {"selector": {"all": True}}), 422, "either"),
                (orjson.dumps({"operation": "ClearCache", "selector": {}}), 422, "names nothing"),
                (orjson.dumps({"operation": "ClearCache", "selector": {"vendor": "no"}}), 422, "no station"),
                (b'{"operation": "Reset", "stations": ["CP01"], "payload": {"x": %s}}' % (b"9" * 40), 422, ""),
            ]  # fmt: skip
            for body, status, said in cases:
                answer = await http.post("/fleet", content=body)
                assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
                assert said in answer.json()["detail"]
            assert (await http.get("/fleet/none")).status_code == 404
            assert (await http.post("/fleet/none/stop")).status_code == 404
        assert [event for event in edge.told if isinstance(event, CommandRequested)] == []
