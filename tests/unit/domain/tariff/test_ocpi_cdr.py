import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.tariff.ocpi_cdr import Record, read_record, seconds
from services.domain.tariff.reading import Reader, Refused, parse_json
from services.domain.tariff.session import Period

START, END = "2026-03-02T09:00:00Z", "2026-03-02T11:00:00Z"
ENERGY = {"type": "ENERGY", "volume": 5.5}
PARTY = {"country_code": "DE", "party_id": "WAT", "currency": "EUR"}


def period(*dimensions: Any, start: str = START, **others: Any) -> dict[str, Any]:
    return {"start_date_time": start, "dimensions": list(dimensions), **others}


def cdr(*periods: Any, **changes: Any) -> dict[str, Any]:
    plain = PARTY | {"start_date_time": START, "end_date_time": END, "charging_periods": list(periods)}
    return {name: value for name, value in (plain | changes).items() if value is not None}


def read(value: object, version: str = "221") -> tuple[Record, list[str]]:
    reader = Reader()
    found = read_record(parse_json(json.dumps(value)), version, UTC, reader)
    return found, [f"{warned.path} {warned.says}" for warned in reader.warnings]


class TestRecords:
    def test_are_read_with_all_dimensions(self) -> None:
        dimensions = {
            "ENERGY": 5.5,
            "TIME": 0.25,
            "PARKING_TIME": 0.5,
            "RESERVATION_TIME": 1,
            "MIN_CURRENT": 6,
            "MAX_CURRENT": 32,
            "MIN_POWER": 1.4,
            "MAX_POWER": 22,
        }
        told = [{"type": kind, "volume": volume} for kind, volume in dimensions.items()]
        found, warnings = read(cdr(period(*told, tariff_id="T1")))
        assert not warnings
        assert found.session.started_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
        assert found.session.ended_at == datetime(2026, 3, 2, 11, tzinfo=UTC)
        assert found.session.periods == (
            Period(
                started_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
                energy_kwh=Decimal("5.5"),
                charging_s=Decimal(900),
                parking_s=Decimal(1800),
                reserved_s=Decimal(3600),
                min_current=Decimal(6),
                max_current=Decimal(32),
                min_power=Decimal("1.4"),
                max_power=Decimal(22),
                tariff_id="T1",
            ),
        )

    def test_have_their_periods_sorted(self) -> None:
        later = period(ENERGY, start="2026-03-02T10:00:00Z")
        found, _ = read(cdr(later, period()))
        assert [one.energy_kwh for one in found.session.periods] == [None, Decimal("5.5")]

    def test_carry_their_tariffs(self) -> None:
        assert read(cdr(period(), tariffs=[{"id": "T"}]))[0].tariffs == ({"id": "T"},)
        assert read(cdr(period()))[0].tariffs == ()

    def test_of_211_stop_and_know_fewer_dimensions(self) -> None:
        told = [ENERGY, {"type": "FLAT", "volume": 1}, {"type": "MAX_POWER", "volume": 1}]
        record = cdr(period(*told), end_date_time=None, stop_date_time=END, total_cost=5, country_code=None)
        found, warnings = read(record, "211")
        assert found.session.periods[0].energy_kwh == Decimal("5.5")
        assert found.session.periods[0].max_power is None
        assert warnings == ["$.charging_periods[0].dimensions[2].type 'MAX_POWER' is not priced"]

    def test_of_230_have_other_names_for_costs(self) -> None:
        _, warnings = read(cdr(period(ENERGY), total_cost={"before_taxes": 1.23456, "taxes": []}), "230")
        assert warnings == ["$.total_cost.before_taxes has more than 4 decimals"]

    @pytest.mark.parametrize(
        ("value", "warns"),
        [
            (cdr(period(), country_code=None), "country_code is missing"),
            (cdr(period(), country_code="DEU"), "country_code is not of 2 letters"),
            (cdr(period(), country_code="de"), "country_code is not upper case"),
            (cdr(period(), party_id=5), "party_id is not of 3 letters"),
            (cdr(period(), currency="EURO"), "currency is not of 3 letters"),
            (cdr(period(), total_energy=26.100000000000012), "total_energy has more than 4 decimals"),
            (cdr(period(), total_cost=5), "total_cost is a number"),
            (cdr(period(), total_cost={"excl_vat": 5, "incl_vat": 4}), "total_cost is less with taxes"),
            (cdr(period(start=END)), "do not lie between"),
            (cdr(period(start="2026-03-02T08:59:59Z"), period()), "do not lie between"),
            (cdr(period({"type": "FLAT", "volume": 1})), "'FLAT' is not priced"),
            (cdr(period({"type": "SESSION_TIME"})), "'SESSION_TIME' is not priced"),
        ],
    )
    def test_are_read_with_a_warning(self, value: Any, warns: str) -> None:
        _, warnings = read(value)
        assert len(warnings) == 1
        assert warns in warnings[0]

    @pytest.mark.parametrize(
        ("value", "says"),
        [
            (5, r"\$ is not an object"),
            (cdr(period(), start_date_time=None), "start_date_time is missing"),
            (cdr(period(), end_date_time="later"), "end_date_time is not a time"),
            (cdr(), "charging_periods is empty"),
            (cdr(period(), charging_periods=None), "charging_periods is missing"),
            (cdr(5), r"charging_periods\[0\] is not an object"),
            (cdr({}), "start_date_time is missing"),
            (cdr({"start_date_time": START}), "dimensions is missing"),
            (cdr(period(5)), r"dimensions\[0\] is not an object"),
            (cdr(period({})), "type is missing"),
            (cdr(period({"type": 5})), "type is not a string"),
            (cdr(period({"type": "ENERGY"})), "volume is missing"),
            (cdr(period({"type": "ENERGY", "volume": "much"})), r"dimensions\[0\] is not a number"),
            (cdr(period(tariff_id=5)), "tariff_id is not a string"),
            (cdr(period(), tariffs={}), "tariffs is not a list"),
            (cdr(period(), total_time="long"), "total_time is not a number"),
        ],
    )
    def test_that_cannot_be_priced_are_refused(self, value: Any, says: str) -> None:
        with pytest.raises(Refused, match=says):
            read(value)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(cdr(period()))), inner),
        ),
        st.sampled_from(["211", "221", "230"]),
    )
    def test_of_any_shape_are_read_or_refused(self, value: object, version: str) -> None:
        with suppress(Refused):
            read(value, version)


@pytest.mark.parametrize(("hours", "wanted"), [("0.0833333333333", "300"), ("-0.0056", "-20.16"), ("1", "3600")])
def test_hours_are_seconds_to_the_nanosecond(hours: str, wanted: str) -> None:
    assert seconds(Decimal(hours)) == Decimal(wanted)
