"""What is right is known at once; whatever is doubtful is left to the reader, who says why."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpi.wire.checking import checker
from services.ocpi.wire.model import MODEL, V211, V221, V230, Field
from services.ocpi.wire.reading import read, validate
from tests.unit.ocpi.wire.test_reading import CONNECTOR, TOKEN

EVSE: dict[str, Any] = {
    "uid": "1",
    "status": "AVAILABLE",
    "connectors": [CONNECTOR],
    "last_updated": "2026-11-21T10:00:00.000Z",
}

TEXTS = st.text(max_size=8) | st.sampled_from(
    ["2026-11-21T10:00:00Z", "2026-13-01T00:00:00Z", "https://a.b/c", "DE"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | TEXTS


def odd_values(known: list[str]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(known) | st.text(max_size=3)
    return st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=4)
    )


def right(field: Field, version: str) -> Any:
    """Some value that a field may have."""
    if (version, field.type) in MODEL.enums:
        one: Any = sorted(MODEL.enums[version, field.type].known)[0]
    elif (version, field.type) in MODEL.objects:
        one = right_object(field.type, version)
    else:
        plain = {"DateTime": "2026-11-21T10:00:00Z", "URL": "https://example.com/x", "int": 1, "boolean": True}
        one = plain.get(field.type, Decimal("1.5") if field.type == "number" else "D")
    return [one] if field.many else one


def right_object(name: str, version: str) -> dict[str, Any]:
    return {field.name: right(field, version) for field in MODEL.objects[version, name].values()}


class TestChecker:
    @pytest.mark.parametrize(("version", "name"), sorted(MODEL.objects))
    def test_knows_every_object_with_all_its_fields(self, version: str, name: str) -> None:
        whole = right_object(name, version)
        assert checker(name, version)(whole)
        assert read(whole, name, version) == (whole, ())

    @pytest.mark.parametrize(("version", "name"), sorted(MODEL.objects))
    def test_misses_nothing_that_is_required(self, version: str, name: str) -> None:
        whole = right_object(name, version)
        for field in MODEL.objects[version, name].values():
            without = {key: item for key, item in whole.items() if key != field.name}
            assert checker(name, version)(without) is not field.required
            if field.many and field.required:
                assert not checker(name, version)(whole | {field.name: []})

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("uid", "x" * 37),
            ("uid", "ä"),
            ("uid", "a\nb"),
            ("uid", 1),
            ("uid", None),
            ("type", "rfid"),
            ("type", 1),
            ("valid", 1),
            ("last_updated", "2026-02-30T10:00:00Z"),
            ("last_updated", "2026-11-21T10:00:00+01:00"),
            ("last_updated", 1),
            ("energy_contract", []),
            ("unknown", 1),
        ],
    )
    def test_leaves_what_is_doubtful_to_the_reader(self, field: str, value: Any) -> None:
        assert checker("Token", V230)(TOKEN)
        assert not checker("Token", V230)(TOKEN | {field: value})

    @pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), 1.5, True, "1", None])
    def test_takes_exact_numbers_only(self, value: Any) -> None:
        price = {"before_taxes": Decimal("1.10")}
        assert checker("Price", V230)(price)
        assert not checker("Price", V230)({"before_taxes": value})

    @pytest.mark.parametrize("value", [True, 1.0, Decimal(1), 10**19])
    def test_takes_whole_numbers_that_fit(self, value: Any) -> None:
        assert checker("Connector", V221)(CONNECTOR)
        assert not checker("Connector", V221)(CONNECTOR | {"max_voltage": value})

    def test_looks_into_lists(self) -> None:
        assert checker("EVSE", V221)(EVSE)
        assert not checker("EVSE", V221)(EVSE | {"connectors": [CONNECTOR, CONNECTOR | {"id": 1}]})
        assert not checker("EVSE", V221)(EVSE | {"connectors": CONNECTOR})

    @pytest.mark.parametrize("value", ["https://", "ftp://a.b", "https://a.b/" + "x" * 255, 1])
    def test_takes_web_addresses_only(self, value: Any) -> None:
        assert not checker("Endpoint", V211)({"identifier": "cdrs", "url": value})

    @given(st.sampled_from(sorted(MODEL.objects)), st.data())
    def test_never_says_yes_where_the_reader_has_something_to_say(
        self, key: tuple[str, str], data: st.DataObject
    ) -> None:
        version, name = key
        whole = right_object(name, version)
        fields = list(MODEL.objects[key])
        changed = data.draw(
            st.dictionaries(st.sampled_from(fields) | st.text(max_size=3), odd_values(fields), max_size=3)
        )
        value = whole | changed
        if checker(name, version)(value):
            assert read(value, name, version) == (value, ())
            assert validate(value, name, version) == ()
