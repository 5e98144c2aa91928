"""Events to table rows."""

from dataclasses import replace
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.rows import reading, rows_of
from services.analytics.tables import TABLES
from services.domain import events
from services.domain.events import authorization, cdr, common, session, station, transaction

EXAMPLES = sorted(
    path
    for path in (Path(__file__).parents[3] / "schemas" / "examples").glob("*.json")
    if not path.name.startswith("dlq.")
)
SHOWN = (
    "authorization.events.",
    "cdr.state.",
    "delivery.events.",
    "cdr.events.v1.CdrCredited",
    "cdr.events.v1.CdrIssued",
    "evidence.events.v1.SessionVerified",
    "evidence.records.",
    "meterkey.state.",
    "ocpp.frames.",
    "roaming.state.",
    "roamingcdr.state.",
    "roamingsession.state.",
    "session.state.",
    "settlement.chain.",
    "settlement.state.",
    "station.events.v1.ConnectorStatusChanged",
    "station.events.v1.FirmwareStatusChanged",
    "station.events.v1.MonitorEventsReported",
    "station.events.v1.SecurityEventRaised",
    "station.events.v1.VariablesReported",
    "station.results.v1.CommandAnswered",
    "transaction.events.",
)
REGISTER = "Energy.Active.Import.Register"

SAMPLE = common.SampledValue(value="12.5", measurand="Power.Active.Import", unit="kW")
VALUES = (
    common.MeterValue(sampled_at=1_000, sampled_values=(SAMPLE, common.SampledValue(value="100"))),
    common.MeterValue(sampled_at=2_000, sampled_values=(common.SampledValue(value="101", phase="L1"),)),
)
UPDATED = transaction.TransactionUpdated(
    event_id="e1",
    tenant="t",
    station_id="CP1",
    protocol="ocpp1.6",
    transaction_id="7",
    evse_id=1,
    connector_id=2,
    occurred_at=1_500,
    recorded_at=3_000,
    meter_values=VALUES,
)
STARTED = transaction.TransactionStarted(
    event_id="e0",
    tenant="t",
    station_id="CP1",
    protocol="ocpp1.6",
    transaction_id="7",
    start_key="k",
    started_at=500,
    recorded_at=600,
    meter_start_wh=Decimal("1200.0000"),
)
ENDED = transaction.TransactionEnded(
    event_id="e2",
    tenant="t",
    station_id="CP1",
    protocol="ocpp1.6",
    transaction_id="7",
    ended_at=9_000,
    recorded_at=9_100,
    meter_stop_wh=Decimal("1200.5000"),
    seq_no=4,
    offline=True,
)
STATUS = station.ConnectorStatusChanged(
    event_id="e3",
    tenant="t",
    station_id="CP1",
    protocol="ocpp1.6",
    connector_id=1,
    status="Occupied",
    reported_status="Charging",
    occurred_at=1,
    recorded_at=2,
    warnings=("odd",),
)
DECIDED = authorization.AuthorizationDecided(
    event_id="e4",
    tenant="t",
    token_uid="DEADBEEF",
    token_type="RFID",
    station_id="CP1",
    occasion="Authorize",
    status="Accepted",
    reason="valid",
    token_updated_at=5,
    decided_at=6,
)
SESSION = session.Session(
    tenant="t",
    session_id="s1",
    station_id="CP1",
    transaction_id="7",
    protocol="ocpp1.6",
    status=common.SessionStatus.ACTIVE,
    id_token=common.IdToken(
        value="DEADBEEF", type="ISO14443", authorization_method="AUTH_REQUEST", authorization_reference="A-7"
    ),
    started_at=500,
    energy_wh=Decimal("0.5000"),
    quality_flags=("gap",),
    version=3,
    updated_at=3_000,
)
SIGNED = common.SignedMeterValue(signed_data="OCMF|{é}|{}".encode(), sha256="ab", encoding_method="OCMF")
DETAIL = common.ChargeDetail(
    tenant="t",
    cdr_id="c1",
    session_id="s1",
    revision=1,
    country_code="DE",
    party_id="ABC",
    station_id="CP1",
    transaction_id="7",
    protocol="ocpp1.6",
    started_at=500,
    ended_at=9_000,
    duration_s=8,
    energy_wh=Decimal("500.0000"),
    location=common.CdrLocation(
        location_id="L1",
        name="Depot",
        address="Street 1",
        city="Town",
        postal_code="1",
        country="DEU",
        latitude="1.0",
        longitude="2.0",
        time_zone="Europe/Berlin",
    ),
    id_token=common.IdToken(value="DEADBEEF"),
    tariff=common.TariffTerms(
        tariff_id="T1",
        currency="EUR",
        energy_price_per_kwh=Decimal("0.490000"),
        time_price_per_hour=Decimal("0.000000"),
        session_fee=Decimal("0.350000"),
        vat_percent=Decimal("19.0000"),
    ),
    total_cost_excl_vat=Decimal("0.595000"),
    periods=(common.ChargingPeriod(started_at=500, ended_at=9_000, energy_wh=Decimal("500.0000")),),
    signed_meter_values=(SIGNED,),
)
CDR = cdr.Cdr(tenant="t", cdr_id="c1", status=common.CdrStatus.ISSUED, detail=DETAIL, version=1, updated_at=10_000)
EVERY = [STARTED, UPDATED, ENDED, STATUS, DECIDED, SESSION, CDR]


def only(event: object, table: str) -> dict[str, Any]:
    (row,) = rows_of(event)[table]
    return dict(row)


class TestRowsOf:
    @pytest.mark.parametrize("event", EVERY, ids=lambda event: type(event).__name__)
    def test_fills_the_columns_of_its_table_and_no_others(self, event: object) -> None:
        for table, found in rows_of(event).items():
            assert found
            for row in found:
                assert list(row) == TABLES[table].names

    @pytest.mark.parametrize("event", EVERY, ids=lambda event: type(event).__name__)
    def test_fits_the_columns(self, event: object) -> None:
        for table, found in rows_of(event).items():
            pa.Table.from_pylist([dict(row) for row in found], schema=TABLES[table])

    @pytest.mark.parametrize("event", EVERY, ids=lambda event: type(event).__name__)
    def test_gives_the_same_rows_each_time(self, event: object) -> None:
        assert rows_of(event) == rows_of(event)

    @pytest.mark.parametrize("event", [None, object(), SAMPLE, "text"])
    def test_has_none_for_what_no_table_shows(self, event: object) -> None:
        assert rows_of(event) == {}


class TestAuthorizations:
    def test_are_by_the_whitelist_when_no_provider_was_asked(self) -> None:
        row = only(DECIDED, "authorizations")
        assert (row["authorization_method"], row["partner_id"], row["waited_ms"]) == ("WHITELIST", "", None)

    def test_name_the_provider_whose_word_they_are(self) -> None:
        asked = replace(
            DECIDED, authorization_method="AUTH_REQUEST", partner_id="NL-TNM", authorization_reference="A-7",
            transaction_id="T1", waited_ms=42,
        )  # fmt: skip
        row = only(asked, "authorizations")
        said = ("authorization_method", "partner_id", "authorization_reference", "transaction_id", "waited_ms")
        assert tuple(row[name] for name in said) == ("AUTH_REQUEST", "NL-TNM", "A-7", "T1", 42)


class TestMeterReadings:
    def test_has_a_row_for_each_sampled_value(self) -> None:
        found = rows_of(UPDATED)["meter_readings"]
        assert [(row["sample_no"], row["sampled_at"], row["value"], row["unit"]) for row in found] == [
            (0, 1_000, Decimal("12.5"), "kW"),
            (1, 1_000, Decimal(100), "Wh"),
            (2, 2_000, Decimal(101), "Wh"),
        ]
        assert {row["event_id"] for row in found} == {"e1"}
        assert found[2]["phase"] == "L1"

    def test_shows_the_registers_at_start_and_stop(self) -> None:
        start, stop = only(STARTED, "meter_readings"), only(ENDED, "meter_readings")
        assert (start["context"], start["sampled_at"], start["value_text"]) == ("Transaction.Begin", 500, "1200")
        assert (stop["context"], stop["sampled_at"], stop["value_text"]) == ("Transaction.End", 9_000, "1200.5")
        assert (stop["measurand"], stop["unit"], stop["value"]) == (REGISTER, "Wh", Decimal("1200.5"))
        assert (stop["offline"], stop["seq_no"]) == (True, 4)

    def test_does_not_show_a_register_twice(self) -> None:
        sent = common.MeterValue(
            sampled_at=500, sampled_values=(common.SampledValue(value="1200", context="Transaction.Begin"),)
        )
        assert len(rows_of(replace(STARTED, meter_values=(sent,)))["meter_readings"]) == 1
        other = common.MeterValue(sampled_at=500, sampled_values=(SAMPLE,))
        assert len(rows_of(replace(STARTED, meter_values=(other,)))["meter_readings"]) == 2

    def test_has_no_rows_when_nothing_was_measured(self) -> None:
        assert rows_of(replace(STARTED, meter_start_wh=None)) == {"meter_readings": []}
        assert rows_of(replace(ENDED, meter_stop_wh=None)) == {"meter_readings": []}

    def test_keeps_what_the_station_sent_when_it_is_no_number(self) -> None:
        odd = common.MeterValue(sampled_at=1, sampled_values=(common.SampledValue(value="n/a", multiplier=3),))
        row = only(replace(UPDATED, meter_values=(odd,)), "meter_readings")
        assert (row["value"], row["value_text"], row["multiplier"]) == (None, "n/a", 3)


class TestSessions:
    def test_names_the_token_and_the_version(self) -> None:
        row = only(SESSION, "sessions")
        assert (row["id_token"], row["id_token_type"]) == ("DEADBEEF", "ISO14443")
        assert (row["authorization_method"], row["authorization_reference"]) == ("AUTH_REQUEST", "A-7")
        assert (row["status"], row["version"], row["ended_at"]) == ("ACTIVE", 3, None)

    def test_may_have_no_token_and_no_start(self) -> None:
        row = only(replace(SESSION, id_token=None, started_at=None), "sessions")
        assert (row["id_token"], row["id_token_type"], row["started_at"]) == (None, None, None)


class TestCdrs:
    def test_spreads_the_detail_over_columns(self) -> None:
        row = only(CDR, "cdrs")
        assert (row["location_city"], row["currency"], row["vat_percent"]) == ("Town", "EUR", Decimal("19.0000"))
        assert (row["status"], row["total_cost_excl_vat"]) == ("ISSUED", Decimal("0.595000"))
        assert row["periods"] == [{"started_at": 500, "ended_at": 9_000, "energy_wh": Decimal("500.0000")}]

    def test_carries_signed_data_byte_for_byte(self) -> None:
        (signed,) = only(CDR, "cdrs")["signed_meter_values"]
        assert signed["signed_data"] == SIGNED.signed_data

    def test_may_have_no_place_tariff_or_token(self) -> None:
        bare = replace(CDR, detail=replace(DETAIL, location=None, tariff=None, id_token=None))
        row = only(bare, "cdrs")
        assert {row[name] for name in ("location_id", "tariff_id", "currency", "id_token", "session_fee")} == {
            None
        }


class TestMoment:
    def test_is_taken_of_every_station_time(self) -> None:
        for event, table, name in [
            (replace(STATUS, occurred_at=2**62), "station_status", "occurred_at"),
            (replace(SESSION, started_at=-(2**62)), "sessions", "started_at"),
            (replace(CDR, detail=replace(DETAIL, ended_at=2**62)), "cdrs", "ended_at"),
        ]:
            assert abs(only(event, table)[name]) < 2**60


class TestReading:
    @pytest.mark.parametrize(
        ("text", "multiplier", "value"),
        [
            ("1", 0, "1"),
            ("-1.5", -3, "-0.0015"),
            ("7.2", 3, "7200"),
            ("1e3", 0, "1000"),
            (" 12 ", 0, "12"),
            ("0", 99, "0"),
            ("0e-99999", 0, "0"),
            ("0.1234567894", 0, "0.123456789"),
            ("9" * 29, 0, "9" * 29),
            ("0." + "1" * 50, 0, "0.111111111"),
        ],
    )
    def test_is_exact_to_nine_places(self, text: str, multiplier: int, value: str) -> None:
        assert reading(text, multiplier) == Decimal(value)

    @pytest.mark.parametrize(
        ("text", "multiplier"),
        [
            ("", 0),
            ("NaN", 0),
            ("sNaN", 0),
            ("-Infinity", 0),
            ("abc", 0),
            ("1,5", 0),
            ("9" * 30, 0),
            ("9.9999999999", 29),
            ("1", 2**31 - 1),
            ("1", -(2**31)),
            ("1e999999999999", 0),
            ("1" * 10_000, 0),
        ],
    )
    def test_is_none_for_what_does_not_fit(self, text: str, multiplier: int) -> None:
        assert reading(text, multiplier) is None

    @given(st.text(), st.integers(-(2**31), 2**31 - 1))
    def test_fits_the_column_whatever_the_station_sends(self, text: str, multiplier: int) -> None:
        pa.array([reading(text, multiplier)], TABLES["meter_readings"].field("value").type)

    @given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(-70, 70))
    def test_fits_the_column_for_every_number(self, number: Decimal, multiplier: int) -> None:
        value = reading(str(number), multiplier)
        pa.array([value], TABLES["meter_readings"].field("value").type)
        if value is not None and abs(multiplier) <= 60:
            with localcontext(prec=500):
                assert abs(value - number.scaleb(multiplier)) <= Decimal("5.1e-10")


class TestExamples:
    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_make_rows_that_fit(self, path: Path) -> None:
        kind = events.TYPES[".".join(path.name.split(".")[:4])]
        found = rows_of(msgspec.json.decode(path.read_bytes(), type=kind))
        for table, made in found.items():
            assert pa.Table.from_pylist([dict(row) for row in made], schema=TABLES[table]).num_rows == len(made)
        assert found == {} or path.name.startswith(SHOWN)
