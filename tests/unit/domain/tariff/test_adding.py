"""Tariffs of a file: what is billed by is read strictly, and errors say where."""

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.tariff.adding import Added, pointed, read_tariffs
from services.domain.tariff.reading import Refused

TARIFF: dict[str, Any] = {
    "country_code": "DE",
    "party_id": "WAT",
    "id": "NIGHT",
    "currency": "EUR",
    "type": "REGULAR",
    "elements": [
        {
            "price_components": [{"type": "ENERGY", "price": 0.25, "vat": 19, "step_size": 1}],
            "restrictions": {"start_time": "22:00", "end_time": "06:00", "day_of_week": ["MONDAY", "SUNDAY"]},
        },
        {"price_components": [{"type": "ENERGY", "price": 0.5, "vat": 19, "step_size": 1}]},
    ],
    "min_price": {"excl_vat": 1, "incl_vat": 1.19},
    "last_updated": "2026-01-01T00:00:00Z",
}


def changed(path: str, value: Any) -> bytes:
    """The tariff with the value at a dotted path set, or taken out when it is None."""
    whole = json.loads(json.dumps(TARIFF))
    *parents, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    place = whole
    for step in parents:
        place = place[step]
    if value is None:
        place.pop(last)
    else:
        place[last] = value
    return json.dumps(whole).encode()


def read(text: bytes | None = None, **options: Any) -> Added:
    (found,) = read_tariffs(json.dumps(TARIFF).encode() if text is None else text, **options)
    return found


class TestReadTariffs:
    def test_keeps_elements_restrictions_vat_and_limits(self) -> None:
        found = read(time_zone="Europe/Berlin")
        terms = found.terms
        night, day = terms.elements
        assert found.warnings == ()
        assert (terms.tariff_id, terms.currency, terms.type) == ("NIGHT", "EUR", "REGULAR")
        assert terms.time_zone == "Europe/Berlin"
        assert night.restrictions is not None
        assert (night.restrictions.start_time, night.restrictions.end_time) == ("22:00", "06:00")
        assert night.restrictions.day_of_week == ("MONDAY", "SUNDAY")
        assert [one.price_components[0].price for one in (night, day)] == [Decimal("0.25"), Decimal("0.5")]
        assert day.price_components[0].vat_percent == 19
        assert terms.min_price is not None
        assert (terms.min_price.excl_vat, terms.min_price.incl_vat) == (1, Decimal("1.19"))

    def test_knows_2_3_0_by_its_taxes(self) -> None:
        new = {**TARIFF, "tax_included": "YES", "min_price": {"before_taxes": 1, "after_taxes": 1.19}}
        terms = read(json.dumps(new).encode()).terms
        assert terms.tax_included == "YES"
        assert terms.min_price is not None
        assert terms.min_price.incl_vat == Decimal("1.19")

    def test_wants_the_limits_of_2_3_0_in_its_words(self) -> None:
        with pytest.raises(Refused, match=r"^/min_price/before_taxes is missing$"):
            read(json.dumps({**TARIFF, "tax_included": "NO"}).encode())

    def test_takes_a_list(self) -> None:
        both = [TARIFF, {**TARIFF, "id": "OTHER"}]
        assert [one.terms.tariff_id for one in read_tariffs(json.dumps(both).encode())] == ["NIGHT", "OTHER"]

    def test_says_what_it_does_not_keep_or_know(self) -> None:
        text = json.dumps({**TARIFF, "tariff_alt_text": [], "colour": "red"}).encode()
        assert read(text).warnings == (
            "/colour is not in the specification and was ignored",
            "/tariff_alt_text is not kept",
        )

    @pytest.mark.parametrize(
        ("path", "value", "says"),
        [
            ("id", None, "/id is missing"),
            ("id", "a b", "/id or currency: tariff id 'a b' is not"),
            ("id", "x" * 37, "/id or currency: tariff id 'x"),
            ("id", 7, "/id is not a string"),
            ("currency", "EURO", "/id or currency: currency 'EURO'"),
            ("type", "CHEAP", "/type is none of AD_HOC_PAYMENT"),
            ("type", ["REGULAR"], "/type is none of"),
            ("elements", [], "/elements is empty"),
            ("elements", {}, "/elements is not a list"),
            ("elements", [TARIFF["elements"][1]] * 201, "/elements are more than 200"),
            ("elements.1", 5, "/elements/1 is not an object"),
            ("elements.1.price_components", [], "/elements/1/price_components are not 1 to 16"),
            ("elements.1.price_components.0.type", "WATER", "/elements/1/price_components are not 1 to 16"),
            ("elements.1.price_components.0.price", None, "/elements/1/price_components/0/price is missing"),
            ("elements.1.price_components.0.price", True, "/elements/1/price_components/0/price is not a number"),
            ("elements.1.price_components.0.price", 1e9, "/elements/1/price_components/0/price is beyond 100000"),
            ("elements.1.price_components.0.price", 0.1234567, "/elements/1/price_components/0/price has more"),
            ("elements.1.price_components.0.vat", 101, "/elements/1/price_components/0/vat 101 is not between"),
            ("elements.1.price_components.0.vat", 1.00001, "/elements/1/price_components/0/vat has more than 4"),
            (
                "elements.1.price_components.0.step_size",
                10**10,
                "/elements/1/price_components/0/step_size is more",
            ),
            ("elements.0.restrictions.start_time", "25:00", "/elements/0/restrictions/start_time is not a time"),
            (
                "elements.0.restrictions.day_of_week",
                ["FUNDAY"],
                "/elements/0/restrictions/day_of_week/0 is no day",
            ),
            ("elements.0.restrictions.min_kwh", 1e7, "/elements/0/restrictions/min_kwh is beyond"),
            ("elements.0.restrictions.reservation", "MAYBE", "/elements/0/restrictions/reservation is neither"),
            ("min_price", {"excl_vat": 1e6}, "/min_price is beyond"),
            ("max_price", {"excl_vat": 0.5}, "/max_price is less than min_price"),
            ("start_date_time", "yesterday", "/start_date_time is not a time"),
        ],
    )
    def test_points_to_what_is_wrong(self, path: str, value: Any, says: str) -> None:
        with pytest.raises(Refused) as error:
            read_tariffs(changed(path, value))
        assert str(error.value).startswith(says)

    def test_refuses_an_end_that_is_not_after_the_start(self) -> None:
        dates = {"start_date_time": "2026-02-01T00:00:00Z", "end_date_time": "2026-01-01T00:00:00Z"}
        with pytest.raises(Refused, match="/end_date_time is not after"):
            read(json.dumps(TARIFF | dates).encode())

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (b"", "it is not JSON"),
            (b"\xff\xfe", "it is not JSON"),
            (b"[]", "it holds 0 tariffs"),
            (b"[" + b"{}," * 100 + b"{}]", "it holds 101 tariffs"),
            (b"null", "it is not an object"),
            (b"[1]", "/0 is not an object"),
            (b'{"id": NaN}', "NaN is no number"),
            (b"[" * 100_000, "it is nested too deeply"),
            (b" " * 1_000_001, "it is longer than"),
        ],
    )
    def test_refuses_what_is_no_tariff(self, text: bytes, says: str) -> None:
        with pytest.raises(Refused) as error:
            read_tariffs(text)
        assert str(error.value).startswith(says)

    @pytest.mark.parametrize("name", ["Europe/Nowhere", "../etc/passwd", "", "\x00", "x" * 300])
    def test_refuses_a_time_zone_that_is_none(self, name: str) -> None:
        with pytest.raises(Refused, match="is not the name of a time zone"):
            read(time_zone=name)

    @given(st.sampled_from(list(TARIFF)), st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ))  # fmt: skip
    def test_never_fails_in_another_way(self, name: str, value: Any) -> None:
        with suppress(Refused):
            read_tariffs(json.dumps({**TARIFF, name: value}).encode())


class TestPointed:
    @pytest.mark.parametrize(
        ("sentence", "said"),
        [
            ("$.elements[0].price_components[12].vat is odd", "/elements/0/price_components/12/vat is odd"),
            ("$[3].id is missing", "/3/id is missing"),
            ("$ is empty", "it is empty"),
            ("no path, but $.later", "no path, but /later"),
        ],
    )
    def test_turns_paths_into_pointers(self, sentence: str, said: str) -> None:
        assert pointed(sentence) == said
