"""Logs that stations upload and firmware that they download, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.domain.events.station import LogUploaded
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.console_case import api, client, let_in
from tests.integration.ocpp_case import V16, V201, RunningEdge, registered, running, until
from tests.integration.stations import Answering

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


@pytest.fixture
async def edge(own_kafka: KafkaSettings, tmp_path: Path) -> AsyncIterator[RunningEdge]:
    create_topics(own_kafka)
    registered(own_kafka, "CP1")
    let_in(own_kafka)
    async with running(own_kafka, tmp_path) as one:
        yield one


async def known(http: httpx.AsyncClient) -> None:
    """Wait until the API has heard of the station's connection."""
    for _ in range(500):
        if (await http.get("/stations/CP1")).json()["connected"]:
            return
        await asyncio.sleep(0.02)
    raise AssertionError


async def asked_for_log(
    edge: RunningEdge, http: httpx.AsyncClient, protocol: str = V201, **order: Any
) -> list[Any]:
    """The CALL with which a station was asked for its log."""
    async with edge.connect("CP1", protocols=(protocol,)) as socket:
        says = {"status": "Accepted", "filename": "x.log"} if protocol == V201 else {"fileName": "x.log"}
        station = Answering(socket, says)
        await known(http)
        answer = await http.post("/stations/CP1/logs", json=order, params={"wait": True})
        assert (answer.status_code, answer.json()["result"]["outcome"]) == (200, "ACCEPTED")
        (call,) = station.calls
        return call  # type: ignore[no-any-return]


def outside(folder: Path) -> set[Path]:
    """All files that are no uploads."""
    return {path for path in folder.rglob("*") if "uploads" not in path.parts}


async def url_of(edge: RunningEdge, http: httpx.AsyncClient) -> str:
    call = await asked_for_log(edge, http)
    return str(call[3]["log"]["remoteLocation"])


class TestUploads:
    async def test_bring_the_file_that_was_asked_for_once(self, edge: RunningEdge, tmp_path: Path) -> None:
        async with api(edge.kafka, tmp_path) as http, client(http.base_url.port or 0, None) as station:
            call = await asked_for_log(edge, http, log_type="SecurityLog", oldest="2026-09-20T00:00:00Z")
            assert call[2] == "GetLog"
            assert call[3]["logType"] == "SecurityLog"
            assert call[3]["log"]["oldestTimestamp"] == "2026-09-20T00:00:00Z"
            url, number = call[3]["log"]["remoteLocation"], call[3]["requestId"]
            assert len(url) <= 512
            content = bytes(range(256)) * 4000
            assert (await station.put(f"{url}/security.log", content=content)).status_code == 201
            assert (await station.put(f"{url}/again.log", content=b"x")).status_code == 409
            (listed,) = (await http.get("/stations/CP1/logs")).json()["logs"]
            assert listed["name"] == f"{number}-security.log"
            assert (listed["request_id"], listed["size_bytes"]) == (number, len(content))
            fetched = await http.get(f"/stations/CP1/logs/{listed['name']}")
            assert fetched.content == content
            assert fetched.headers["content-disposition"] == f'attachment; filename="{listed["name"]}"'
            assert fetched.headers["x-content-type-options"] == "nosniff"
            (told,) = await edge.wait_for(LogUploaded)
            assert (told.station_id, told.sha256) == ("CP1", sha256(content).hexdigest())

    async def test_are_asked_of_stations_of_1_6_as_diagnostics(self, edge: RunningEdge, tmp_path: Path) -> None:
        async with api(edge.kafka, tmp_path) as http, client(http.base_url.port or 0, None) as station:
            call = await asked_for_log(edge, http, V16, latest="2026-09-21T00:00:00Z", retries=2)
            assert call[2] == "GetDiagnostics"
            assert (call[3]["stopTime"], call[3]["retries"]) == ("2026-09-21T00:00:00Z", 2)
            form = await station.post(call[3]["location"], files={"file": ("diag.zip", b"PK")})
            assert form.status_code == 201
            (listed,) = (await http.get("/stations/CP1/logs")).json()["logs"]
            assert listed["name"].endswith("-diag.zip")
            assert (await http.get(f"/stations/CP1/logs/{listed['name']}")).content == b"PK"

    async def test_are_named_by_content_disposition_too(self, edge: RunningEdge, tmp_path: Path) -> None:
        async with api(edge.kafka, tmp_path) as http, client(http.base_url.port or 0, None) as station:
            url = await url_of(edge, http)
            headers = {"Content-Disposition": 'form-data; name="uploadfile"; filename="../../cp.log"'}
            assert (await station.post(url, content=b"x", headers=headers)).status_code == 201
            (listed,) = (await http.get("/stations/CP1/logs")).json()["logs"]
            assert listed["name"].endswith("-cp.log")

    @pytest.mark.parametrize(
        "name",
        ["..%2F..%2Fetc%2Fpasswd", "a/../../../b", "%00", ".hidden", "..\\..\\boot.ini", "%2e%2e", "x" * 5000],
    )
    async def test_stay_where_they_belong_whatever_they_are_called(
        self, edge: RunningEdge, tmp_path: Path, name: str
    ) -> None:
        async with api(edge.kafka, tmp_path) as http:
            url = await url_of(edge, http)
            before = outside(tmp_path)
            reader, writer = await asyncio.open_connection("127.0.0.1", http.base_url.port)
            path = httpx.URL(url).path
            writer.write(f"PUT {path}/{name} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx".encode())
            status = await asyncio.wait_for(reader.readline(), 20)
            writer.close()
            assert b"201" in status
            (stored,) = [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]
            assert stored.parent == tmp_path / "uploads" / "wattlog" / "CP1"
            assert outside(tmp_path) == before

    async def test_that_are_too_long_or_break_off_leave_nothing(self, edge: RunningEdge, tmp_path: Path) -> None:
        limits = {"upload_max_bytes": 1000, "upload_stall_s": 1}
        async with (
            api(edge.kafka, tmp_path, **limits) as http,
            client(http.base_url.port or 0, None) as station,
        ):
            url = await url_of(edge, http)

            async def chunks() -> AsyncIterator[bytes]:
                for _ in range(100):
                    yield b"x" * 100

            assert (await station.put(url, content=b"x" * 1001)).status_code == 413
            assert (await station.put(url, content=chunks())).status_code == 413
            form = {"Content-Type": "multipart/form-data; boundary=b"}
            cut = b"--b\r\nContent-Disposition: form-data; filename=a\r\n\r\nhalf"
            assert (await station.post(url, content=cut, headers=form)).status_code == 400
            assert (await station.post(url, content=b"x" * 900, headers=form)).status_code == 400
            for ending in ("stall", "leave"):
                reader, writer = await asyncio.open_connection("127.0.0.1", http.base_url.port)
                head = f"PUT {httpx.URL(url).path} HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nx"
                writer.write(head.encode())
                if ending == "stall":
                    assert b"408" in await asyncio.wait_for(reader.readline(), 20)
                writer.close()
            await until(lambda: not [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()])
            assert (await station.put(url, content=b"at last")).status_code == 201

    async def test_need_a_url_that_is_ours_and_still_valid(self, edge: RunningEdge, tmp_path: Path) -> None:
        async with (
            api(edge.kafka, tmp_path, upload_valid_s=0) as http,
            client(http.base_url.port or 0, None) as station,
        ):
            over = await url_of(edge, http)
            told = {(await station.put(url, content=b"x")).text for url in (over, over[:-1] + "~", "/uploads/a.b")}
            assert len(told) == 1
            assert "not, or no longer, valid" in told.pop()
            assert (await station.get("/stations/CP1/logs")).status_code == 401
        assert not (tmp_path / "uploads").exists()

    async def test_are_asked_for_once_and_never_of_a_station_nobody_knows(
        self, edge: RunningEdge, tmp_path: Path
    ) -> None:
        async with api(edge.kafka, tmp_path) as http:
            assert (await http.post("/stations/CP1/logs")).status_code == 409
            assert (await http.post("/stations/CP9/logs")).status_code == 404
            async with edge.connect("CP1", protocols=(V201,)) as socket:
                station = Answering(socket)
                await known(http)
                key = {"Idempotency-Key": "k"}
                answers = [await http.post("/stations/CP1/logs", headers=key) for _ in range(3)]
                assert {answer.status_code for answer in answers} <= {200, 202}
                assert len({answer.json()["command_id"] for answer in answers}) == 1
                await until(lambda: bool(station.calls))
                bad = await http.post("/stations/CP1/logs", json={"oldest": "yesterday"})
                assert (bad.status_code, "$.oldest" in bad.json()["detail"]) == (422, True)
            assert len(station.calls) == 1
            assert (await http.get("/stations/CP1/logs/none")).status_code == 404
            assert (await http.get("/stations/CP1/logs/..%2F..%2Fupload.key")).status_code == 404


class TestFirmware:
    async def test_is_downloaded_whole_or_in_part_by_its_name_alone(
        self, edge: RunningEdge, tmp_path: Path
    ) -> None:
        folder = tmp_path / "firmware"
        folder.mkdir()
        content = b"firmware" * 1000
        (folder / "acme-1.5.bin").write_bytes(content)
        (folder / ".hidden").write_bytes(b"no")
        (folder / "link").symlink_to(tmp_path / "upload.key")
        async with api(edge.kafka, tmp_path) as http, client(http.base_url.port or 0, None) as station:
            (listed,) = (await http.get("/firmware")).json()["firmware"]
            assert listed["sha256"] == sha256(content).hexdigest()
            fetched = await station.get(listed["location"])
            assert fetched.content == content
            assert fetched.headers["repr-digest"].startswith("sha-256=:")
            part = await station.get(listed["location"], headers={"Range": "bytes=8000-"})
            assert part.status_code == 416
            part = await station.get(listed["location"], headers={"Range": "bytes=7992-"})
            assert (part.status_code, part.content) == (206, b"firmware")
            assert (await station.head(listed["location"])).headers["content-length"] == "8000"
            for name in ("none", ".hidden", "link", "..%2Fupload.key", "a%2F..%2Facme-1.5.bin"):
                assert (await station.get(f"/firmware/{name}")).status_code == 404
            assert (await station.get("/firmware")).status_code == 401
            assert (await station.delete("/firmware/acme-1.5.bin")).status_code == 405
