"""Commands through the operations API, two edges and real stations: each reaches its station exactly once."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.console_case import READER_KEY, REVOKED_KEY, api, client, let_in
from tests.integration.ocpp_case import V16, V201, RunningEdge, registered, running, until
from tests.integration.stations import Answering, requested

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def edges(own_kafka: KafkaSettings, tmp_path: Path) -> AsyncIterator[tuple[RunningEdge, RunningEdge]]:
    create_topics(own_kafka)
    registered(own_kafka, "CP1", "CP2")
    let_in(own_kafka)
    async with (
        running(own_kafka, tmp_path, edge_id="edge-a") as one,
        running(own_kafka, tmp_path, edge_id="edge-b") as other,
    ):
        yield one, other


def api_process(kafka: KafkaSettings, data_dir: Path, port: int) -> subprocess.Popen[bytes]:
    """The API as a process that can be killed."""
    env = os.environ | {
        "WATTLOG_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "WATTLOG_TOPIC_PREFIX": kafka.topic_prefix,
        "WATTLOG_DATA_DIR": str(data_dir),
        "WATTLOG_CONSOLE_PORT": str(port),
        "WATTLOG_CONSOLE_METRICS_PORT": str(free_ports(1)[0]),
    }
    return subprocess.Popen([sys.executable, "-m", "services", "console"], cwd=ROOT, env=env)


async def serving(http: httpx.AsyncClient) -> None:
    """Wait until it answers."""
    for _ in range(1000):
        with suppress(httpx.HTTPError):
            if (await http.get("/stations")).status_code == 200:
                return
        await asyncio.sleep(0.05)
    raise AssertionError


async def connected(http: httpx.AsyncClient, name: str, edge_id: str) -> None:
    """Wait until the API has heard that this edge holds the station's socket."""
    for _ in range(500):
        connection = (await http.get(f"/stations/{name}")).json()["connection"]
        if connection and connection["connected"] and connection["edge_id"] == edge_id:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(connection)


class TestCommands:
    @pytest.mark.parametrize("place", [0, 1])
    async def test_reach_a_station_exactly_once_at_whichever_edge_it_is(
        self, edges: tuple[RunningEdge, RunningEdge], tmp_path: Path, place: int
    ) -> None:
        kafka = edges[0].kafka
        async with (
            api(kafka, tmp_path) as http,
            api(kafka, tmp_path) as other_http,
            edges[place].connect("CP1", protocols=(V201,)) as socket,
        ):
            station = Answering(socket)
            await connected(http, "CP1", ("edge-a", "edge-b")[place])
            path, key = "/stations/CP1/commands/Reset", {"Idempotency-Key": "once"}
            answers = await asyncio.gather(
                *(
                    one.post(path, json={"type": "OnIdle"}, params={"wait": True}, headers=key)
                    for one in (http, other_http, http)
                )
            )
            assert [answer.status_code for answer in answers] == [200, 200, 200]
            told = answers[0].json()
            assert told["result"]["outcome"] == "ACCEPTED"
            assert told["result"]["edge_id"] == ("edge-a", "edge-b")[place]
            assert told["payload"] == {"type": "OnIdle"}
            assert {answer.json()["command_id"] for answer in answers} == {told["command_id"]}
            again = await http.post(path, json={"type": "OnIdle"}, headers=key)
            assert again.json()["result"] == told["result"]
            assert (await http.get(f"/commands/{told['command_id']}")).json()["state"] == "answered"
            listed = (await other_http.get("/stations/CP1/commands")).json()["commands"]
            assert [entry["command_id"] for entry in listed] == [told["command_id"]]
            assert [call[2] for call in station.calls] == ["Reset"]
            other = await http.post(path, json={"type": "Immediate"}, headers=key)
            assert other.status_code == 422

    async def test_wait_for_a_station_that_moves_from_edge_to_edge(
        self, edges: tuple[RunningEdge, RunningEdge], tmp_path: Path
    ) -> None:
        one, other = edges
        async with api(one.kafka, tmp_path) as http:
            seen: list[str] = []
            ids = []
            for number in range(12):
                edge = edges[number % 2]
                answer = await http.post(
                    "/stations/CP1/commands/ChangeConfiguration", json={"key": "K", "value": str(number)}
                )
                assert answer.status_code == 202
                ids.append(answer.json()["command_id"])
                async with edge.connect("CP1", protocols=(V16,)) as socket:
                    station = Answering(socket)
                    await until(lambda station=station: bool(station.calls))
                    seen += [call[3]["value"] for call in station.calls]
            async with other.connect("CP1", protocols=(V16,)) as socket:
                station = Answering(socket)
                for command_id in ids:
                    await answered(http, command_id)
                seen += [call[3]["value"] for call in station.calls]
            assert len(seen) == len(set(seen))
            assert set(seen) == {str(number) for number in range(12)}

    async def test_are_answered_after_the_api_was_killed_and_started_again(
        self, edges: tuple[RunningEdge, RunningEdge], tmp_path: Path
    ) -> None:
        kafka = edges[0].kafka
        async with api(kafka, tmp_path) as http:
            asked = await http.post(
                "/stations/CP2/commands/Reset", json={"type": "Soft"}, headers={"Idempotency-Key": "night"}
            )
            assert asked.status_code == 202
            command_id = asked.json()["command_id"]
            assert asked.headers["Location"] == f"/commands/{command_id}"
            assert asked.json()["state"] == "requested"
        async with edges[1].connect("CP2", protocols=(V16,)) as socket:
            station = Answering(socket)
            async with api(kafka, tmp_path) as http:
                assert (await answered(http, command_id))["result"]["outcome"] == "ACCEPTED"
                again = await http.post(
                    "/stations/CP2/commands/Reset", json={"type": "Soft"}, headers={"Idempotency-Key": "night"}
                )
                assert again.json()["result"]["outcome"] == "ACCEPTED"
            assert len(station.calls) == 1
        assert len(await requested(kafka)) == 1

    async def test_are_asked_once_when_the_api_is_killed_in_the_middle_and_asked_again(
        self, edges: tuple[RunningEdge, RunningEdge], tmp_path: Path
    ) -> None:
        kafka = edges[0].kafka
        async with AsyncExitStack() as stack:
            stations = [
                Answering(await stack.enter_async_context(edge.connect(name, protocols=(V201,))))
                for edge, name in zip(edges, ("CP1", "CP2"), strict=True)
            ]
            (port,) = free_ports(1)
            http = await stack.enter_async_context(client(port))

            async def ask(number: int) -> bool:
                path = f"/stations/CP{number % 2 + 1}/commands/SetVariables"
                data = {
                    "component": {"name": "C"}, "variable": {"name": "V"}, "attributeValue": str(number),
                }  # fmt: skip
                key = {"Idempotency-Key": f"key {number}"}
                try:
                    answer = await http.post(path, json={"setVariableData": [data]}, headers=key)
                except httpx.HTTPError:
                    return False
                assert answer.status_code in (200, 202)
                return True

            for _ in range(3):
                process = api_process(kafka, tmp_path, port)
                await serving(http)
                asking = [asyncio.create_task(ask(number)) for number in range(40)]
                await asyncio.wait(asking, return_when="FIRST_COMPLETED")
                process.kill()
                process.wait()
                await asyncio.gather(*asking)
            process = api_process(kafka, tmp_path, port)
            stack.callback(process.wait)
            stack.callback(process.kill)
            await serving(http)
            assert all(await asyncio.gather(*(ask(number) for number in range(40))))
            await until(lambda: sum(len(station.calls) for station in stations) >= 40, 60)
            heard = [call[3]["setVariableData"][0]["attributeValue"] for one in stations for call in one.calls]
            assert sorted(heard, key=int) == [str(number) for number in range(40)]

    async def test_are_refused_for_a_station_that_is_not_there_if_asked_to(
        self, edges: tuple[RunningEdge, RunningEdge], tmp_path: Path
    ) -> None:
        async with api(edges[0].kafka, tmp_path) as http:
            refused = await http.post("/stations/CP1/commands/ClearCache", params={"if_offline": "refuse"})
            assert refused.status_code == 409
            assert "not connected" in refused.json()["detail"]
            late = await http.post("/stations/CP1/commands/ClearCache", params={"timeout_s": 1, "wait": True})
            assert (late.status_code, late.json()["result"]["outcome"]) == (200, "EXPIRED")
        assert len(await requested(edges[0].kafka)) == 1

    async def test_that_make_no_sense_are_explained(
        self, edges: tuple[RunningEdge, RunningEdge], tmp_path: Path
    ) -> None:
        async with api(edges[0].kafka, tmp_path, console_max_body_bytes=1000) as http:
            cases: list[tuple[str, Any, int, str]] = [
                ("/stations/NOBODY/commands/Reset", b"{}", 404, "not registered"),
                ("/stations/CP1/commands/Explode", b"{}", 422, "no operation"),
                ("/stations/CP1/commands/Reset", b"{", 400, "not JSON"),
                ("/stations/CP1/commands/Reset", b'{"type": NaN}', 400, "not JSON"),
                ("/stations/CP1/commands/Reset", b"[" * 900, 400, "not JSON"),
                ("/stations/CP1/commands/Reset", b"[]", 422, "JSON object"),
                ("/stations/CP1/commands/Reset", b'{"type": "Never"}', 422, "type does not fit Reset"),
                ("/stations/CP1/commands/Reset?timeout_s=0", b'{"type": "Soft"}', 422, "timeout_s"),
                ("/stations/CP1/commands/Reset?timeout_s=9999", b'{"type": "Soft"}', 422, "at most 600"),
                ("/stations/CP1/commands/Reset", b" " * 1001, 413, "longer than 1000"),
                ("/nothing", b"", 404, "Nothing is served here"),
            ]  # fmt: skip
            for path, body, status, said in cases:
                answer = await http.post(path, content=body)
                assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
                assert said in answer.json()["detail"]
            explained = (await http.post("/stations/CP1/commands/Explode")).json()
            assert "Reset" in explained["operations"]
            assert (await http.get("/commands/none")).status_code == 404
            pages = []
            after = ""
            for _ in range(3):
                page = (await http.get("/stations", params={"limit": 1, "after": after})).json()
                pages += [one["station_id"] for one in page["stations"]]
                after = page["next"] or "~"
            assert pages == ["CP1", "CP2"]
            assert (await http.get("/stations", params={"connected": True})).json()["stations"] == []
            described = (await http.get("/openapi.json")).json()
            assert "/stations/{station_id}/commands/{operation}" in described["paths"]
        assert await requested(edges[0].kafka) == []


class TestStrangers:
    async def test_are_told_nothing_and_readers_do_nothing(
        self, edges: tuple[RunningEdge, RunningEdge], tmp_path: Path
    ) -> None:
        async with api(edges[0].kafka, tmp_path, console_strangers_per_minute=5) as http:
            port = http.base_url.port
            assert port
            told = set()
            for key in (None, "wrong", REVOKED_KEY):
                async with client(port, key) as stranger:
                    for path in ("/stations", "/nothing"):
                        answer = await stranger.get(path)
                        told.add((answer.status_code, answer.text if answer.status_code == 401 else ""))
            assert {status for status, _ in told} == {401, 429}
            assert len(told) == 2
            async with client(port, READER_KEY) as reader:
                assert (await reader.get("/stations")).status_code == 200
                refused = await reader.post("/stations/CP1/commands/Reset", json={"type": "Soft"})
                assert refused.status_code == 403

    async def test_cannot_hold_a_request_open(
        self, edges: tuple[RunningEdge, RunningEdge], tmp_path: Path
    ) -> None:
        async with api(edges[0].kafka, tmp_path, console_body_timeout_s=1) as http:
            reader, writer = await asyncio.open_connection("127.0.0.1", http.base_url.port)
            head = [
                "POST /stations/CP1/commands/Reset HTTP/1.1",
                "Host: x",
                f"Authorization: {http.headers['Authorization']}",
                "Content-Length: 100",
            ]
            writer.write("\r\n".join([*head, "", "{"]).encode())
            assert b"408" in await asyncio.wait_for(reader.readline(), 20)
            writer.close()


async def answered(http: httpx.AsyncClient, command_id: str) -> dict[str, Any]:
    for _ in range(1000):
        told: dict[str, Any] = (await http.get(f"/commands/{command_id}")).json()
        if told.get("state") == "answered":
            return told
        await asyncio.sleep(0.02)
    raise AssertionError(told)
