import json
from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.tariff.model import (
    Amount,
    DayOfWeek,
    Dimension,
    PriceComponent,
    Reservation,
    Tariff,
    TariffElement,
    TariffRestrictions,
    TaxIncluded,
)
from services.domain.tariff.ocpi_tariff import read_tariff
from services.domain.tariff.reading import Reader, Refused, parse_json

FULL: dict[str, Any] = {
    "country_code": "DE",
    "party_id": "ALL",
    "id": "T1",
    "currency": "EUR",
    "min_price": {"excl_vat": 0.5, "incl_vat": 0.55},
    "max_price": {"excl_vat": 10},
    "start_date_time": "2026-01-01T00:00:00Z",
    "end_date_time": "2027-01-01T00:00:00Z",
    "elements": [
        {
            "price_components": [{"type": "TIME", "price": 5.0, "vat": 20.0, "step_size": 300}],
            "restrictions": {
                "start_time": "09:00",
                "end_time": "18:00",
                "start_date": "2026-01-01",
                "end_date": "2026-12-31",
                "min_kwh": 1,
                "max_kwh": 2.5,
                "min_current": 6,
                "max_current": 32,
                "min_power": 1,
                "max_power": 22,
                "min_duration": 60,
                "max_duration": 3600,
                "day_of_week": ["MONDAY", "SUNDAY"],
                "reservation": "RESERVATION",
            },
        }
    ],
    "last_updated": "2026-01-01T00:00:00Z",
}
COMPONENT = {"type": "ENERGY", "price": 0.25, "step_size": 1}


def of(**changes: Any) -> dict[str, Any]:
    plain = {"id": "T1", "currency": "EUR", "elements": [{"price_components": [COMPONENT]}]}
    return {name: value for name, value in (plain | changes).items() if value is not None}


def with_component(**changes: Any) -> dict[str, Any]:
    component = {name: value for name, value in (COMPONENT | changes).items() if value is not None}
    return of(elements=[{"price_components": [component]}])


def restricted(**limits: Any) -> dict[str, Any]:
    return of(elements=[{"price_components": [COMPONENT], "restrictions": limits}])


def read(value: object, version: str = "221") -> tuple[Tariff, list[str]]:
    reader = Reader()
    found = read_tariff(parse_json(json.dumps(value)), version, reader)
    return found, [f"{warned.path} {warned.says}" for warned in reader.warnings]


class TestTariffs:
    def test_of_221_are_read_whole(self) -> None:
        limits = TariffRestrictions(
            start_time=time(9),
            end_time=time(18),
            start_date=date(2026, 1, 1),
            end_date=date(2026, 12, 31),
            min_kwh=Decimal(1),
            max_kwh=Decimal("2.5"),
            min_current=Decimal(6),
            max_current=Decimal(32),
            min_power=Decimal(1),
            max_power=Decimal(22),
            min_duration_s=60,
            max_duration_s=3600,
            day_of_week=frozenset({DayOfWeek.MONDAY, DayOfWeek.SUNDAY}),
            reservation=Reservation.RESERVATION,
        )
        component = PriceComponent(Dimension.TIME, Decimal(5), Decimal(20), 300)
        assert read(FULL) == (
            Tariff(
                tariff_id="T1",
                currency="EUR",
                elements=(TariffElement((component,), limits),),
                min_price=Amount(Decimal("0.5"), Decimal("0.55")),
                max_price=Amount(Decimal(10), None),
                starts_at=datetime(2026, 1, 1, tzinfo=UTC),
                ends_at=datetime(2027, 1, 1, tzinfo=UTC),
            ),
            [],
        )

    def test_of_211_know_no_taxes_and_no_limits(self) -> None:
        found, warnings = read(FULL, "211")
        (component,) = found.elements[0].price_components
        assert component.vat is None
        assert found.vat_unknown
        assert (found.min_price, found.max_price, found.starts_at, found.ends_at) == (None, None, None, None)
        limits = found.elements[0].restrictions
        assert limits is not None
        assert (limits.max_current, limits.reservation, limits.max_power) == (None, None, Decimal(22))
        assert sum("ignored" in warning for warning in warnings) == 10

    def test_of_230_tell_whether_taxes_are_included(self) -> None:
        limit = {"before_taxes": 1, "after_taxes": 1.2}
        found, warnings = read(of(tax_included="YES", min_price=limit), "230")
        assert (found.tax_included, found.min_price) == (TaxIncluded.YES, Amount(Decimal(1), Decimal("1.2")))
        assert not warnings
        assert read(of(tax_included="N/A"), "230")[0].tax_included is TaxIncluded.NOT_APPLICABLE
        assert read(of(), "230")[0].tax_included is TaxIncluded.NO
        assert read(of(), "230")[1] == ["$.tax_included is missing: taxes come on top"]

    def test_of_230_know_the_taxes_where_one_component_does(self) -> None:
        assert read(of(tax_included="NO"), "230")[0].vat_unknown
        taxed = with_component(vat=19) | {"tax_included": "NO"}
        assert not read(taxed, "230")[0].vat_unknown
        assert not read(of())[0].vat_unknown

    @pytest.mark.parametrize(
        ("value", "warns"),
        [
            (of(colour="red"), "$.colour is not in the specification"),
            (of(min_price=5), "$.min_price is a number"),
            (of(min_price={"excl_vat": 5, "incl_vat": 4}), "$.min_price is less with taxes"),
            (with_component(type="CONGESTION_TIME"), "'CONGESTION_TIME' is not known"),
            (with_component(type="energy"), "'energy' is not upper case"),
            (with_component(price=-1), "price is negative"),
            (with_component(price=0.12345), "more than 4 decimals"),
            (with_component(step_size=None), "step_size is missing"),
            (restricted(min_vehicle_soc=80), "restrictions.min_vehicle_soc is not in"),
            (restricted(day_of_week=["Monday"]), "'Monday' is not upper case"),
            (restricted(start_time="24:00"), "24:00 is written 00:00"),
            (restricted(min_kwh=5, max_kwh=5), "can never hold"),
        ],
    )
    def test_are_read_with_a_warning(self, value: Any, warns: str) -> None:
        _, warnings = read(value)
        assert len(warnings) == 1
        assert warns in warnings[0]

    @pytest.mark.parametrize(
        ("value", "says"),
        [
            ([], r"\$ is not an object"),
            (of(id=None), r"\$\.id is missing"),
            (of(id=5), r"\$\.id is not a string"),
            (of(currency=5), r"\$\.currency is not a string"),
            (of(elements=None), r"\$\.elements is missing"),
            (of(elements={}), r"\$\.elements is not a list"),
            (of(elements=[]), r"\$\.elements is empty"),
            (of(elements=[5]), r"elements\[0\] is not an object"),
            (of(elements=[{}]), r"price_components is missing"),
            (of(elements=[{"price_components": [], "restrictions": 5}]), r"restrictions is not an object"),
            (of(start_date_time="soon"), r"not a time"),
            (of(min_price={"incl_vat": 1}), r"min_price\.excl_vat is missing"),
            (with_component(type=None), r"type is missing"),
            (with_component(type=5), r"type is not a string"),
            (with_component(price=None), r"price is missing"),
            (with_component(price="free"), r"price is not a number"),
            (with_component(price="NaN"), r"price is NaN"),
            (with_component(vat=-1), r"vat -1 is not between"),
            (with_component(vat=101), r"vat 101 is not between"),
            (with_component(step_size=-1), r"step_size is not a whole"),
            (with_component(step_size=1.5), r"step_size is not a whole"),
            (restricted(min_duration="long"), r"min_duration is not a number"),
            (restricted(day_of_week=["SOMEDAY"]), r"day_of_week\[0\] is no day"),
            (restricted(day_of_week="MONDAY"), r"day_of_week is not a list"),
            (restricted(reservation="MAYBE"), r"neither RESERVATION"),
        ],
    )
    def test_that_would_make_wrong_prices_are_refused(self, value: Any, says: str) -> None:
        with pytest.raises(Refused, match=says):
            read(value)

    def test_with_unknown_taxes_are_refused(self) -> None:
        with pytest.raises(Refused, match="not YES, NO or N/A"):
            read(of(tax_included="PERHAPS"), "230")

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(FULL)), inner),
        ),
        st.sampled_from(["211", "221", "230"]),
    )
    def test_of_any_shape_are_read_or_refused(self, value: object, version: str) -> None:
        with suppress(Refused):
            read(value, version)
