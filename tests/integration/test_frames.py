"""The message log from a station's socket to ClickHouse and the terminal."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client
from typer.testing import CliRunner

from services.analytics.app import MIGRATIONS, keep_frames
from services.analytics.frames import frame_rows
from services.analytics.frames_cli import frames
from services.analytics.rows import rows_of
from services.analytics.tables import TABLES
from services.domain.elements import Element
from services.domain.events.common import Frame
from services.domain.events.ocpp import FramesLogged
from services.runtime.bus import publish_sync
from services.runtime.clickhouse import ClickHouseSettings, ClickHouseWriter, connect_writer, insert_arrow, migrate
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.embedded.chdb_server import ChdbServer
from services.runtime.settings import KafkaSettings
from tests.integration.ocpp_case import RunningEdge, call, registered, running, station, until
from tests.integration.soap_case import SoapStation, envelope, free_port, listening
from tests.unit.analytics.test_frames import NOW, logged

pytestmark = pytest.mark.integration

CALL = b'[2,"1","Authorize",{"idTag":"04A1b2C3"}]'
ANSWER = b'[3,"1",{"idTagInfo":{"status":"Accepted"}}]'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbServer]:
    anywhere = ClickHouseSettings(clickhouse_url="http://127.0.0.1:0")
    with ChdbServer(anywhere, ClickHouseWriter(), tmp_path_factory.mktemp("chdb")) as running_server:
        migrate(connect_writer(running_server.clickhouse, ClickHouseWriter()), MIGRATIONS)
        yield running_server


@pytest.fixture
def writer(server: ChdbServer) -> Iterator[Client]:
    client = connect_writer(server.clickhouse, ClickHouseWriter())
    client.command("TRUNCATE TABLE ocpp_frames")
    yield client
    client.close()


def insert(writer: Client, token: str, *events: FramesLogged) -> None:
    rows = [row for event in events for row in rows_of(event)["ocpp_frames"]]
    insert_arrow(writer, "ocpp_frames", pa.Table.from_pylist(rows, schema=TABLES["ocpp_frames"]), token)


def recent(event: FramesLogged, event_id: str, shift_ms: int = 0) -> FramesLogged:
    now = now_ms() - 60_000 + shift_ms
    moved = tuple(replace(frame, at=now + number) for number, frame in enumerate(event.frames))
    return replace(event, event_id=event_id, frames=moved, recorded_at=now, tenant="wattlog")


class TestTable:
    def test_keeps_a_frame_once_however_often_it_comes(self, writer: Client) -> None:
        event = recent(logged(("CP1", True, CALL), ("CP1", False, ANSWER)), "e1")
        insert(writer, "1", event)
        insert(writer, "2", event)
        rows = writer.query("SELECT direction, action, frame FROM ocpp_frames FINAL ORDER BY at").result_rows
        assert rows == [("in", "Authorize", CALL.decode()), ("out", "Authorize", ANSWER.decode())]

    def test_finds_text_by_its_index(self, writer: Client) -> None:
        noise = [("CP1", True, b'[2,"%d","Heartbeat",{}]' % number) for number in range(5_000)]
        insert(writer, "1", recent(logged(*noise, ("CP1", True, CALL)), "e1"))
        asked_for = "FROM ocpp_frames WHERE upper(frame) LIKE '%04A1B2%'"
        assert writer.query(f"SELECT count() {asked_for}").result_rows == [(1,)]
        plan = "\n".join(
            row[0] for row in writer.query(f"EXPLAIN indexes = 1 SELECT frame {asked_for}").result_rows
        )
        assert "frame_text" in plan
        assert "Granules: 1/" in plan

    def test_deletes_by_the_age_that_is_set(self, writer: Client) -> None:
        made = "SELECT create_table_query FROM system.tables WHERE name = 'ocpp_frames'"
        keep_frames(writer, 3)
        keep_frames(writer, 3)
        assert "toIntervalDay(3)" in str(writer.command(made))
        insert(writer, "old", logged(("CP1", True, CALL)))
        insert(writer, "new", recent(logged(("CP1", True, CALL)), "e2"))
        writer.command("OPTIMIZE TABLE ocpp_frames FINAL")
        aged = writer.query(f"SELECT count() FROM ocpp_frames WHERE at < fromUnixTimestamp64Milli({NOW + 1})")
        assert aged.result_rows == [(0,)]
        keep_frames(writer, 30)


class TestShow:
    @pytest.fixture(autouse=True)
    def there(self, server: ChdbServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WATTLOG_CLICKHOUSE_URL", server.clickhouse.clickhouse_url)

    def shown(self, *arguments: str) -> list[dict[str, str]]:
        answer = CliRunner().invoke(frames, ["CP1", "--json", *arguments])
        assert answer.exit_code == 0, answer.output
        return [json.loads(line) for line in answer.output.splitlines()]

    def test_shows_the_newest_oldest_first(self, writer: Client) -> None:
        insert(writer, "1", recent(logged(("CP1", True, CALL), ("CP2", True, CALL), ("CP1", False, ANSWER)), "e1"))
        assert [row["direction"] for row in self.shown()] == ["in", "out"]
        assert [row["direction"] for row in self.shown("--limit", "1")] == ["out"]

    def test_finds_calls_and_late_answers_by_action(self, writer: Client) -> None:
        insert(writer, "1", recent(logged(("CP1", True, CALL), ("CP1", True, b'[2,"2","Heartbeat",{}]')), "e1"))
        insert(writer, "2", recent(logged(("CP1", False, ANSWER)), "e2", shift_ms=5_000))
        assert [row["message_id"] for row in self.shown("--action", "Authorize")] == ["1", "1"]

    @pytest.mark.parametrize("text", ["04a1B2", '"idTag":"04A', "a1"])
    def test_finds_text(self, writer: Client, text: str) -> None:
        insert(writer, "1", recent(logged(("CP1", True, CALL), ("CP1", False, ANSWER)), "e1"))
        assert [row["direction"] for row in self.shown("--text", text)] == ["in"]

    def test_finds_envelopes_by_action_and_text(self, writer: Client) -> None:
        asked = envelope("CP1", "authorizeRequest", "<idTag>04A1B2C3</idTag>", "m7").encode()
        told = envelope("CP1", "authorizeResponse", more="<a:RelatesTo>m7</a:RelatesTo>").encode()
        insert(writer, "1", recent(logged(("CP1", True, asked), ("CP1", False, told)), "e1"))
        found = self.shown("--action", "Authorize")
        assert [(row["message_type"], row["message_id"]) for row in found] == [
            ("CALL", "m7"),
            ("CALLRESULT", "m7"),
        ]
        assert [row["direction"] for row in self.shown("--text", "<idtag>04a1")] == ["in"]

    @pytest.mark.parametrize("text", ["%", "_", "\\", "'; DROP TABLE ocpp_frames; --", "{station:String}"])
    def test_takes_signs_for_themselves(self, writer: Client, text: str) -> None:
        insert(writer, "1", recent(logged(("CP1", True, CALL)), "e1"))
        assert self.shown("--text", text) == []


def logged_by(edge: RunningEdge) -> list[Frame]:
    return [frame for event in edge.of(FramesLogged) for frame in event.frames]


class TestEdge:
    async def test_logs_what_stations_and_we_say_without_passwords(
        self, own_kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        async with running(registered(own_kafka, "CP1"), tmp_path) as edge, edge.connect("CP1") as station:
            await call(station, "Heartbeat", {})
            payload = {"key": "AuthorizationKey", "value": "0123456789ABCDEF"}
            await edge.ask("CP1", "ChangeConfiguration", payload)
            message_id = orjson.loads(await station.recv())[1]
            await station.send(orjson.dumps([3, message_id, {"status": "Accepted"}]).decode())
            await until(lambda: len(logged_by(edge)) >= 4)
            seen = logged_by(edge)
        said = [(frame.received, orjson.loads(frame.data)[0]) for frame in seen]
        assert said == [(True, 2), (False, 3), (False, 2), (True, 3)]
        assert b"0123456789ABCDEF" not in b"".join(frame.data for frame in seen)

    async def test_logs_envelopes_both_ways_without_passwords(
        self, own_kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        def configured(_: Element) -> str:
            return envelope("CP1", "changeConfigurationResponse", "<status>Accepted</status>")

        port = free_port()
        registered(own_kafka)
        async with listening(configured) as (url, _):
            publish_sync(own_kafka, Codec(), [station("CP1", soap_address=url)])
            async with running(own_kafka, tmp_path, ocpp_soap_port=port) as edge:
                await SoapStation(port, "CP1", "wrong").say("heartbeatRequest")
                await SoapStation(port, "CP1", sender=url).say("authorizeRequest", "<idTag>VALID1</idTag>")
                payload = {"key": "AuthorizationKey", "value": "0123456789ABCDEF"}
                await edge.result(await edge.ask("CP1", "ChangeConfiguration", payload))
                await until(lambda: len(logged_by(edge)) >= 4)
                rows = [row for event in edge.of(FramesLogged) for row in frame_rows(event)]
        assert [(row["station_id"], row["direction"], row["message_type"], row["action"]) for row in rows] == [
            ("CP1", "in", "CALL", "Authorize"),
            ("CP1", "out", "CALLRESULT", "Authorize"),
            ("CP1", "out", "CALL", "ChangeConfiguration"),
            ("CP1", "in", "CALLRESULT", "ChangeConfiguration"),
        ]
        assert {row["protocol"] for row in rows} == {"ocpp1.6s"}
        assert "<idTag>VALID1</idTag>" in rows[0]["frame"]
        assert "AuthorizationKey" in rows[2]["frame"]
        assert "0123456789ABCDEF" not in rows[2]["frame"]
