"""Block J: readings, exact to the last digit, and signed data untouched."""

import hashlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import SampledValue, SignedMeterValue
from services.domain.events.transaction import TransactionUpdated
from services.ocpp.inbound.meter_values import (
    default_unit,
    is_plain_number,
    meter_values,
    number_text,
    read_all,
    read_sample,
    register_at,
    watt_hours,
)
from tests.unit.ocpp.circumstances import NOW, STATION, TENANT, V21, V201, context, fits

OCMF = 'OCMF|{"FV":"1.0","GI":"WÄTT"}|{"SD":"3045"}'


def reading(*samples: dict[str, Any], timestamp: str = "2026-09-21T14:13:20Z") -> dict[str, Any]:
    return {"timestamp": timestamp, "sampledValue": list(samples)}


def register(value: Any, **more: Any) -> tuple[Decimal | None, list[str]]:
    """The energy register that one sampled value gives, and the warnings about it."""
    now = context()
    (read,) = read_all([reading({"value": value} | more)], read_sample, now)
    return read.energy_register_wh, now.warnings


def in_unit(unit: str, multiplier: int = 0) -> dict[str, Any]:
    return {"unitOfMeasure": {"unit": unit, "multiplier": multiplier}}


class TestMeterValues:
    def test_records_readings_of_an_evse(self) -> None:
        payload = {"evseId": 2, "meterValue": [reading({"value": 5.5, "measurand": "Voltage"})]}
        reply = meter_values(payload, context())
        (event,) = reply.events
        assert isinstance(event, TransactionUpdated)
        assert (event.tenant, event.station_id, event.protocol) == (TENANT, STATION, V201)
        assert (event.transaction_id, event.evse_id, event.connector_id, event.seq_no) == (None, 2, None, None)
        assert (event.occurred_at, event.recorded_at) == (NOW, NOW)
        assert event.meter_values[0].sampled_values == (SampledValue(value="5.5", measurand="Voltage", unit="V"),)
        assert reply.durable
        assert fits(V201, "MeterValues", reply)

    def test_is_the_same_event_when_it_is_repeated(self) -> None:
        payload = {"evseId": 2, "meterValue": [reading({"value": 5, "phase": "L1"})]}
        again = {
            "meterValue": [{"sampledValue": [{"phase": "L1", "value": 5}], "timestamp": "2026-09-21T14:13:20Z"}]
        }
        first = meter_values(payload, context(message_id="a")).events[0]
        assert meter_values(again | {"evseId": 2}, context(message_id="b")).events == (first,)

    def test_is_another_event_when_a_reading_differs(self) -> None:
        ids = {
            meter_values({"evseId": 2, "meterValue": [reading({"value": value})]}, context()).events[0].event_id  # type: ignore[attr-defined]
            for value in (5, 5.5, 6)
        }
        assert len(ids) == 3


class TestReadSample:
    def test_fills_in_what_the_specification_implies(self) -> None:
        assert read_sample({"value": 12}, [], context()) == SampledValue(
            value="12",
            measurand="Energy.Active.Import.Register",
            context="Sample.Periodic",
            phase=None,
            location="Outlet",
            unit="Wh",
            multiplier=0,
        )

    def test_takes_what_is_said(self) -> None:
        raw = {
            "value": 16.1, "measurand": "Current.Import", "context": "Transaction.Begin", "phase": "L2-N",
            "location": "EV", "unitOfMeasure": {"unit": "mA", "multiplier": 3},
        }  # fmt: skip
        assert read_sample(raw, [], context()) == SampledValue(
            value="16.1",
            measurand="Current.Import",
            context="Transaction.Begin",
            phase="L2-N",
            location="EV",
            unit="mA",
            multiplier=3,
        )

    def test_carries_signed_data_byte_for_byte_beside_the_number(self) -> None:
        signed: list[SignedMeterValue] = []
        meter = {
            "signedMeterData": OCMF,
            "encodingMethod": "OCMF",
            "signingMethod": "ECDSA-secp256r1-SHA256",
            "publicKey": "oca:base16:asn1:30",
        }
        raw = {"value": 1.5, "context": "Transaction.End", "signedMeterValue": meter}
        value = read_sample(raw, signed, context())
        assert value is not None
        assert value.value == "1.5"
        assert signed == [
            SignedMeterValue(
                signed_data=OCMF.encode(),
                sha256=hashlib.sha256(OCMF.encode()).hexdigest(),
                encoding_method="OCMF",
                signing_method="ECDSA-secp256r1-SHA256",
                public_key="oca:base16:asn1:30",
                context="Transaction.End",
            )
        ]

    def test_keeps_signed_data_of_a_method_that_is_not_said(self) -> None:
        signed: list[SignedMeterValue] = []
        meter = {"signedMeterData": OCMF, "encodingMethod": "OCMF"}
        assert read_sample({"value": 1.5, "signedMeterValue": meter}, signed, context(V21)) is not None
        (kept,) = signed
        assert (kept.signed_data, kept.signing_method, kept.public_key) == (OCMF.encode(), "", "")

    def test_keeps_signed_data_whose_number_cannot_be_used(self) -> None:
        signed: list[SignedMeterValue] = []
        meter = {"signedMeterData": OCMF, "encodingMethod": "", "signingMethod": "", "publicKey": ""}
        assert read_sample({"value": 1e300, "signedMeterValue": meter}, signed, context()) is None
        assert len(signed) == 1

    @given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
    def test_never_rounds_a_number(self, number: float) -> None:
        value = read_sample({"value": number}, [], context())
        if value is not None:
            assert Decimal(value.value) == Decimal(repr(number))
            assert is_plain_number(value.value) or len(value.value) > 20

    def test_leaves_out_a_multiplier_that_is_none(self) -> None:
        now = context()
        value = read_sample({"value": 1, "unitOfMeasure": {"multiplier": 10**12}}, [], now)
        assert value is not None
        assert value.multiplier == 0
        assert len(now.warnings) == 1


class TestNumberText:
    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("1e-07", "0.0000001"), ("1.5E3", "1500"), ("+5", "5"), (" 12.0 ", "12.0"), (".5", "0.5"), ("5.", "5"),
            ("-0", "-0"), ("1E+15", "1000000000000000"), ("0" * 20 + "5", "5"), ("٣", "3"),
        ],
    )  # fmt: skip
    def test_resolves_what_is_no_plain_number(self, text: str, plain: str) -> None:
        assert number_text(text, context()) == plain

    @pytest.mark.parametrize(
        "text",
        [
            "", " ", "abc", "NaN", "sNaN", "Infinity", "-inf", "1e999999999", "1e16", "1e-16", "1_000", "0x10",
            "1,5", "--1", "1e", "5 Wh", "9" * 61, "1." + "0" * 70_000, "\x00",
        ],
    )  # fmt: skip
    def test_leaves_out_what_is_none_with_a_warning(self, text: str) -> None:
        now = context()
        assert number_text(text, now) is None
        assert now.warnings == [f"sampled value {text[:40]!r} is not a usable number: left out"]

    @given(st.text())
    def test_never_fails(self, text: str) -> None:
        found = number_text(text, context())
        assert found is None or Decimal(found).is_finite()


class TestEnergyRegister:
    @pytest.mark.parametrize(
        ("value", "more", "register_wh"),
        [
            (12345, {}, "12345"),
            (12345.67, {}, "12345.67"),
            (12.345678, in_unit("kWh"), "12345.678"),
            (12, in_unit("kWh"), "12000"),
            (5, in_unit("Wh", 3), "5000"),
            (5, in_unit("kWh", -3), "5"),
            (0, in_unit("Wh"), "0"),
            (-5, {}, "-5"),
            (0.1, in_unit("kWh"), "100.0"),
            (9_999_999_999_999.999, {}, "9999999999999.998"),
        ],
    )
    def test_is_exact_in_wh(self, value: float, more: dict[str, Any], register_wh: str) -> None:
        assert register(value, **more) == (Decimal(register_wh), [])

    @pytest.mark.parametrize(
        "more",
        [
            {"phase": "L1-L2"},
            {"phase": "N"},
            {"phase": "L1", "location": "Inlet"},
            {"phase": "L1", "measurand": "Energy.Reactive.Import.Register"},
            {"location": "Inlet"},
            {"measurand": "Energy.Active.Export.Register"},
            {"measurand": "Energy.Active.Import.Interval"},
            {"measurand": "Power.Active.Import"},
        ],
    )
    def test_is_not_read_from_anything_else(self, more: dict[str, Any]) -> None:
        assert register(5, **more) == (None, [])

    @pytest.mark.parametrize(
        ("value", "more", "rounded"),
        [
            (1.00005, {}, "1.0000"), (1.00015, {}, "1.0002"), (1.00025, {}, "1.0002"),
            (0.00000005, in_unit("kWh"), "0.0000"), (1, in_unit("Wh", -5), "0.0000"),
        ],
    )  # fmt: skip
    def test_is_rounded_half_even_to_4_decimals_with_a_warning(
        self, value: float, more: dict[str, Any], rounded: str
    ) -> None:
        found, warnings = register(value, **more)
        assert str(found) == rounded
        assert [w.endswith("is rounded to 4 decimals") for w in warnings] == [True]

    @pytest.mark.parametrize(
        ("value", "more"),
        [
            (5, in_unit("BTU")), (5, in_unit("mWh")), (5, in_unit("x" * 5000)), (5, in_unit("Wh", 17)),
            (5, in_unit("Wh", -17)), (5, in_unit("Wh", 2_000_000_000)), (999_999_999_999_999, in_unit("kWh")),
            (5, in_unit("Wh", 16)),
        ],
    )  # fmt: skip
    def test_is_left_out_with_a_warning_when_it_cannot_be_meant(self, value: float, more: dict[str, Any]) -> None:
        found, warnings = register(value, **more)
        assert found is None
        assert len(warnings) == 1
        assert len(warnings[0]) < 120

    def test_is_the_first_that_fits(self) -> None:
        now = context()
        (read,) = read_all([reading({"value": 1, "phase": "L1"}, {"value": 2}, {"value": 3})], read_sample, now)
        assert read.energy_register_wh == 2

    @pytest.mark.parametrize(
        ("samples", "wh", "phases"),
        [
            ([{"value": n, "phase": f"L{n}"} for n in (1, 2, 3)], 6, "L1, L2, L3"),
            ([{"value": 5, "phase": "L2-N"}, {"value": 7, "phase": "L2"}], 5, "L2"),
            ([in_unit("kWh") | {"value": 1, "phase": "L1"}, {"value": 1, "phase": "L3"}], 1001, "L1, L3"),
            ([{"value": 4, "phase": "L1"}, {"value": 9, "phase": "L2", "context": "Trigger"}], 4, "L1"),
            ([{"value": 3, "phase": "L1", "location": "Inlet"}, {"value": 8, "phase": "L2"}], 8, "L2"),
        ],
    )
    def test_is_the_sum_of_the_phases_where_there_is_none_over_all(
        self, samples: list[dict[str, Any]], wh: int, phases: str
    ) -> None:
        now = context()
        (read,) = read_all([reading(*samples)], read_sample, now)
        assert (read.energy_register_wh, len(read.sampled_values)) == (wh, len(samples))
        assert now.warnings == [f"energy register is the sum of phases {phases}"]

    @given(st.decimals(min_value=0, max_value=10**9, places=4), st.sampled_from(["Wh", "kWh"]))
    def test_of_any_number_fits_the_event(self, number: Decimal, unit: str) -> None:
        found, _ = register(float(number), **in_unit(unit))
        assert found is not None
        assert found.as_tuple().exponent >= -4  # type: ignore[operator]


class TestRegisterAt:
    def test_is_that_of_the_context(self) -> None:
        readings = read_all(
            [
                reading({"value": 7, "context": "Sample.Clock"}),
                reading({"value": 1, "context": "Transaction.Begin"}),
                reading({"value": 9, "context": "Transaction.Begin", "measurand": "Voltage"}),
                reading({"value": 5, "context": "Transaction.End"}),
            ],
            read_sample,
            context(),
        )
        assert register_at(readings, "Transaction.Begin") == 1
        assert register_at(readings, "Transaction.End") == 5
        assert register_at(readings, "Interruption.Begin") is None
        assert register_at((), "Transaction.End") is None

    def test_is_nothing_when_only_another_measurand_has_the_context(self) -> None:
        readings = read_all(
            [reading({"value": 3}, {"value": 9, "context": "Transaction.End", "measurand": "SoC"})],
            read_sample,
            context(),
        )
        assert register_at(readings, "Transaction.End") is None


class TestDefaultUnit:
    @pytest.mark.parametrize(
        ("measurand", "unit"),
        [
            ("Energy.Active.Import.Register", "Wh"), ("Energy.Reactive.Export.Interval", "varh"),
            ("Energy.Apparent.Net", "VAh"), ("Power.Active.Import", "W"), ("Power.Reactive.Import", "var"),
            ("Power.Factor", ""), ("Power.Offered", "W"), ("Current.Offered", "A"), ("Voltage", "V"),
            ("Frequency", "Hertz"), ("SoC", "Percent"), ("Temperature", "Celsius"), ("RPM", "RPM"), ("Cats", ""),
        ],
    )  # fmt: skip
    def test_is_what_the_measurand_is_measured_in(self, measurand: str, unit: str) -> None:
        assert default_unit(measurand) == unit


class TestWattHours:
    @given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15))
    def test_fits_20_digits_4_of_them_decimals(self, number: Decimal) -> None:
        found = watt_hours(number, context())
        assert found is not None
        assert abs(found - number) <= Decimal("0.00005")
        assert found.as_tuple().exponent >= -4  # type: ignore[operator]
