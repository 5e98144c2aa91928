"""Tables and views as BI tools and pull APIs see them, on the embedded ClickHouse."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client

from services.analytics.app import MIGRATIONS
from services.analytics.rows import rows_of
from services.analytics.tables import TABLES
from services.domain.events import cdr, common, session
from services.runtime.clickhouse import (
    ClickHouseSettings,
    ClickHouseWriter,
    connect,
    connect_writer,
    insert_arrow,
    migrate,
)
from services.runtime.embedded.chdb_server import ChdbServer
from tests.integration.ocpi_case import with_causes

pytestmark = pytest.mark.integration

NOON = int(datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC).timestamp() * 1000)
MINUTE = 60_000
VIEWS = ["v_sessions", "v_cdrs", "v_utilisation_15m"]
SIGNED = "OCMF|{é\\'\"}|{\t\n}".encode() + bytes(range(1, 32))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbServer]:
    anywhere = ClickHouseSettings(clickhouse_url="http://127.0.0.1:0")
    with ChdbServer(anywhere, ClickHouseWriter(), tmp_path_factory.mktemp("chdb")) as running:
        migrate(connect_writer(running.clickhouse, ClickHouseWriter()), MIGRATIONS)
        yield running


@pytest.fixture
def writer(server: ChdbServer) -> Iterator[Client]:
    client = connect_writer(server.clickhouse, ClickHouseWriter())
    for table in TABLES:
        client.command(f"TRUNCATE TABLE {table}")
    yield client
    client.close()


@pytest.fixture
def reader(server: ChdbServer) -> Iterator[Client]:
    client = connect(server.clickhouse)
    yield client
    client.close()


def insert(writer: Client, *events: object) -> None:
    for number, event in enumerate(events):
        for table, rows in rows_of(event).items():
            made: list[Mapping[str, Any]] = rows
            insert_arrow(writer, table, pa.Table.from_pylist(made, schema=TABLES[table]), f"{id(event)}-{number}")


def a_session(number: int, start: int, end: int | None, wh: str = "0", version: int = 1) -> session.Session:
    return session.Session(
        tenant="t",
        session_id=f"s{number}",
        station_id="CP1",
        transaction_id=str(number),
        protocol="ocpp1.6",
        status=common.SessionStatus.COMPLETED if end else common.SessionStatus.ACTIVE,
        connector_id=1,
        started_at=start,
        ended_at=end,
        energy_wh=Decimal(wh),
        version=version,
        updated_at=start + version,
    )


def a_cdr(number: int, updated_at: int, version: int = 1, status: str = "ISSUED") -> cdr.Cdr:
    detail = common.ChargeDetail(
        tenant="t",
        cdr_id=f"c{number}",
        session_id=f"s{number}",
        revision=1,
        country_code="DE",
        party_id="WAT",
        station_id="CP1",
        transaction_id=str(number),
        protocol="ocpp1.6",
        started_at=NOON,
        ended_at=NOON + MINUTE,
        duration_s=60,
        contract_id="NL-TNM-C12345678-X",
        energy_wh=Decimal("12345678901.2345"),
        total_cost_excl_vat=Decimal("0.100000"),
        periods=(common.ChargingPeriod(started_at=NOON, ended_at=NOON + 1, energy_wh=Decimal("0.0001")),),
        signed_meter_values=(common.SignedMeterValue(signed_data=SIGNED, sha256="ab"),),
        quality_flags=("gap",),
    )
    return cdr.Cdr(
        tenant="t",
        cdr_id=f"c{number}",
        status=common.CdrStatus(status),
        detail=detail,
        version=version,
        updated_at=updated_at,
    )


class TestEveryTable:
    def test_says_what_it_is(self, reader: Client) -> None:
        tables = reader.query(
            "SELECT name, comment FROM system.tables"
            " WHERE database = currentDatabase() AND engine != 'MaterializedView'"
        ).result_rows
        assert {*TABLES, *VIEWS, "v_pagination_gaps", "schema_migrations"} == {name for name, _ in tables}
        assert all(comment for _, comment in tables)

    @pytest.mark.parametrize("view", VIEWS)
    def test_says_what_its_doubtful_columns_are(self, reader: Client, view: str) -> None:
        columns = dict(
            reader.query(f"SELECT name, comment FROM system.columns WHERE table = '{view}'").result_rows
        )
        speak_for_themselves = r"_(id|uid|name|city|cost|reason|vat|percent|state|wh|s)$"
        silent = reader.query(
            f"SELECT name FROM system.columns WHERE table = '{view}' AND comment = ''"
            f" AND NOT match(name, '{speak_for_themselves}')"
        ).result_rows
        assert columns
        assert silent == []


class TestSessions:
    def test_are_there_once_with_their_highest_version(self, writer: Client, reader: Client) -> None:
        newer = replace(a_session(1, NOON, NOON + 90_500, "5.5", version=3), quality_flags=("gap",))
        insert(writer, a_session(1, NOON, None, version=1), newer, a_session(1, NOON, None, version=2))
        rows = reader.query("SELECT version, duration_s, energy_wh, quality_flags FROM v_sessions").result_rows
        assert rows == [(3, 90, Decimal("5.5"), ["gap"])]


class TestCdrs:
    def test_keep_every_digit_and_every_byte(self, writer: Client, reader: Client) -> None:
        insert(writer, a_cdr(1, NOON))
        row = reader.query(
            "SELECT energy_wh, total_cost_excl_vat, energy_cost, periods[1].energy_wh,"
            " hex(signed_meter_values[1].signed_data) FROM cdrs"
        ).result_rows[0]
        assert row == (
            Decimal("12345678901.2345"),
            Decimal("0.100000"),
            None,
            Decimal("0.0001"),
            SIGNED.hex().upper(),
        )

    def test_are_there_once_as_they_stand(self, writer: Client, reader: Client) -> None:
        insert(writer, a_cdr(1, NOON, 1, "HELD"), a_cdr(1, NOON + 1, 2, "ISSUED"), a_cdr(1, NOON, 1, "HELD"))
        assert reader.query("SELECT cdr_id, status, signed FROM v_cdrs").result_rows == [("c1", "ISSUED", 1)]

    def test_are_as_many_as_stand_somewhere_less_those_that_are_gone(self, writer: Client, reader: Client) -> None:
        """Merged or not, and whatever a compacted topic has kept of their states."""
        states = [a_cdr(n, NOON + n * MINUTE) for n in range(4)]
        insert(writer, *with_causes(states))
        moved = replace(a_cdr(3, NOON + 20 * MINUTE, 2, "CREDITED"), issued_at=states[3].updated_at)
        insert(writer, moved)
        counts = "SELECT countIf(NOT gone) - countIf(gone), uniqExact(cdr_id), count() FROM pulled_cdrs"
        assert reader.query(counts).result_rows == [(4, 4, 6)]
        writer.command("OPTIMIZE TABLE pulled_cdrs FINAL")
        assert reader.query(counts).result_rows == [(4, 4, 6)]


class TestUtilisation:
    def test_spreads_sessions_over_quarters_of_an_hour(self, writer: Client, reader: Client) -> None:
        insert(
            writer,
            a_session(1, NOON + 5 * MINUTE, NOON + 35 * MINUTE, "3000"),
            a_session(2, NOON + 5 * MINUTE, NOON + 6 * MINUTE, "60"),
        )
        rows = reader.query(
            "SELECT starts_at, sessions, occupied_s, utilisation, energy_wh_spread"
            " FROM v_utilisation_15m ORDER BY starts_at"
        ).result_rows
        assert [row[0].minute for row in rows] == [0, 15, 30]
        assert [row[1:] for row in rows] == [
            (2, 660, 0.7333, Decimal("1060.0000")),
            (1, 900, 1.0, Decimal("1500.0000")),
            (1, 300, 0.3333, Decimal("500.0000")),
        ]

    def test_counts_a_session_that_goes_on_until_now_but_not_for_ever(
        self, writer: Client, reader: Client
    ) -> None:
        insert(writer, a_session(1, NOON - 30 * 86_400_000, None))
        assert reader.command("SELECT count() FROM v_utilisation_15m") == 7 * 96

    @pytest.mark.parametrize(
        ("start", "end"),
        [(-(2**60), NOON), (2**60, None), (0, 2**60), (NOON, NOON - 86_400_000), (NOON, NOON)],
    )
    def test_is_not_led_astray_by_clocks(
        self, writer: Client, reader: Client, start: int, end: int | None
    ) -> None:
        insert(writer, a_session(1, start, end))
        assert reader.command("SELECT count() FROM v_utilisation_15m") == 0

    def test_holds_an_end_beyond_all_clocks_to_seven_days(self, writer: Client, reader: Client) -> None:
        insert(writer, a_session(1, NOON, 2**60))
        assert reader.command("SELECT count() FROM v_utilisation_15m") == 7 * 96
