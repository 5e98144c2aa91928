"""Avro schemas, parsed strictly."""

import json
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime import schemas
from services.runtime.avro_schema import Decimal, InvalidSchema, Type, fits, parse


def parsed(raw: Any) -> Type:
    return parse(json.dumps(raw))


def record(*fields: Any, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": "R", "fields": list(fields)} | more


def item(kind: Any, name: str = "a", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind} | more


class TestParse:
    @pytest.mark.parametrize("name", sorted(schemas.shipped()))
    def test_reads_every_schema_that_we_ship(self, name: str) -> None:
        assert parse(schemas.shipped()[name].text).name == name

    @pytest.mark.parametrize("kind", ["null", "boolean", "int", "long", "float", "double", "bytes", "string"])
    def test_reads_primitives_in_both_spellings(self, kind: str) -> None:
        assert parsed(kind).kind == parsed({"type": kind, "doc": "ignored"}).kind == kind

    def test_reads_containers(self) -> None:
        found = parsed({"type": "map", "values": {"type": "array", "items": ["null", "int"]}})
        assert str(found) == "map of array of [null, int]"
        assert str(parsed(record())) == "record R"

    def test_resolves_names_in_the_namespace_around_them(self) -> None:
        enum = {"type": "enum", "name": "E", "symbols": ["A"], "aliases": ["F", "other.G"]}
        found = parsed(record(item(enum), item("E", "b"), item("x.y.E", "c"), namespace="x.y", aliases=["Old"]))
        assert (found.name, found.short_name, found.aliases) == ("x.y.R", "R", ("x.y.Old",))
        first, second, third = (field.type for field in found.fields)
        assert first is second is third
        assert (first.name, first.aliases) == ("x.y.E", ("x.y.F", "other.G"))

    def test_lets_a_dotted_name_win_over_the_namespace(self) -> None:
        found = parsed(record(item({"type": "fixed", "name": "F", "size": 2}), name="a.b.R", namespace="c"))
        assert [found.name, found.fields[0].type.name] == ["a.b.R", "a.b.F"]

    def test_takes_an_empty_namespace_as_none(self) -> None:
        inner = {"type": "enum", "name": "E", "namespace": "", "symbols": []}
        assert parsed(record(item(inner), namespace="x")).fields[0].type.name == "E"

    def test_reads_recursive_types(self) -> None:
        found = parsed(record(item(["null", "R"], "next", default=None)))
        assert found.fields[0].type.inner[1] is found

    def test_reads_a_reference_that_is_written_as_an_object(self) -> None:
        found = parsed(record(item(["null", {"type": "R"}])))
        assert found.fields[0].type.inner[1] is found

    def test_keeps_decimals_of_bytes_and_fixed(self) -> None:
        logical = {"logicalType": "decimal", "precision": 12, "scale": 4}
        assert parsed({"type": "bytes"} | logical).decimal == Decimal(12, 4)
        assert parsed({"type": "fixed", "name": "F", "size": 6} | logical).decimal == Decimal(12, 4)
        assert parsed({"type": "bytes", "logicalType": "decimal", "precision": 3}).decimal == Decimal(3, 0)

    @pytest.mark.parametrize(
        "logical",
        [
            {"logicalType": "decimal"},
            {"logicalType": "decimal", "precision": 2, "scale": 3},
            {"logicalType": "decimal", "precision": 0},
            {"logicalType": "decimal", "precision": 2, "scale": -1},
            {"logicalType": "decimal", "precision": "2"},
            {"logicalType": "decimal", "precision": 2, "scale": None},
            {"logicalType": "money", "precision": 2},
            {"precision": 2},
        ],
    )
    def test_ignores_logical_types_that_are_invalid_or_unknown(self, logical: dict[str, Any]) -> None:
        assert parsed({"type": "bytes"} | logical).decimal is None

    def test_takes_a_default_of_any_branch_of_a_union(self) -> None:
        found = parsed(record(item(["null", "int"], default=None), item(["null", "int"], "b", default=1)))
        assert [field.default for field in found.fields] == [None, 1]

    def test_takes_a_default_of_a_record_that_comes_to_its_fields_later(self) -> None:
        inner = record(item("int", "x", default=1), name="Inner")
        assert parsed(record(item(inner, default={}))).fields[0].has_default

    @pytest.mark.parametrize(
        ("raw", "why"),
        [
            (5, "/: 5 is not a type"),
            (None, "/: null is not a type"),
            ({}, "/: {} is not a type"),
            ({"type": {"type": "int"}}, "is not a type"),
            ("Foo", "/: no type is named Foo"),
            ({"type": "int2"}, "/: no type is named int2"),
            ({"type": "array"}, "/: items is missing"),
            ({"type": "map"}, "/: values is missing"),
            ({"type": "map", "values": "Foo"}, "/values: no type is named Foo"),
            (["int", "int"], "/: twice in a union: int"),
            (["int", ["null"]], "/: a union directly in a union"),
            ([record(), "R"], "/: twice in a union: R"),
            ({"type": "record", "fields": []}, "/: name is missing"),
            ({"type": "record", "name": "R"}, "/: fields is missing"),
            ({"type": "record", "name": "R", "fields": {}}, "/: the fields of R are not a list"),
            (record(5), "/fields/0: 5 is not a field"),
            (record({"type": "int"}), "/fields/0: name is missing"),
            (record({"name": "a"}), "/fields/0: type is missing"),
            (record(item("int"), item("int")), "/: twice in R: a"),
            (record(item("int", "b c")), '/fields/0: "b c" is not a name'),
            (record(item("int", 5)), "/fields/0: 5 is not a name"),  # type: ignore[arg-type]
            (record(item("int", aliases="b")), "/fields/0: aliases is not a list of names"),
            (record(item("int", aliases=["1"])), '/fields/0: "1" is not a name'),
            (
                record(item(["null", {"type": "array", "items": "X"}])),
                "/fields/0/type/1/items: no type is named X",
            ),
            (record(item("int", default="x")), '/fields/0: the default "x" is not a value of int'),
            (record(name="1a"), "/: '1a' is not a name"),
            (record(name="a..b"), "/: 'a..b' is not a name"),
            (record(name=""), "/: '' is not a name"),
            (record(name="string"), "/: 'string' is not a name"),
            (record(name=7), "/: name and namespace are to be text"),
            (record(namespace=7), "/: name and namespace are to be text"),
            (record(aliases=[7]), "/: aliases is not a list of names"),
            (record(item(record())), "/fields/0/type: R is defined twice"),
            ({"type": "enum", "name": "E"}, "/: symbols is missing"),
            ({"type": "enum", "name": "E", "symbols": "AB"}, "/: symbols is not a list of names"),
            ({"type": "enum", "name": "E", "symbols": ["A-B"]}, '/: "A-B" is not a name'),
            ({"type": "enum", "name": "E", "symbols": ["A", "A"]}, "/: a symbol twice in E"),
            ({"type": "enum", "name": "E", "symbols": ["A"], "default": "B"}, "/: the default of E is not one"),
            ({"type": "fixed", "name": "F"}, "/: size is missing"),
            ({"type": "fixed", "name": "F", "size": "2"}, "/: the size of F is not a number of bytes"),
            ({"type": "fixed", "name": "F", "size": True}, "/: the size of F is not a number of bytes"),
            ({"type": "fixed", "name": "F", "size": -1}, "/: the size of F is not a number of bytes"),
        ],
    )
    def test_says_where_and_why_it_is_none(self, raw: Any, why: str) -> None:
        with pytest.raises(InvalidSchema) as caught:
            parsed(raw)
        assert why in str(caught.value)

    @pytest.mark.parametrize("text", ["", "{", "int", '{"type": NaN}', "9" * 5000, '"\ud800'])
    def test_says_that_it_is_not_json(self, text: str) -> None:
        with pytest.raises(InvalidSchema, match="not JSON"):
            parse(text)

    @pytest.mark.parametrize(
        "text",
        [
            "[" * 100_000,
            '{"type": "array", "items": ' * 20_000 + '"int"' + "}" * 20_000,
            '{"type":"array","items":' * 152 + '"int"' + "}" * 152,
        ],
    )
    def test_survives_any_depth(self, text: str) -> None:
        with pytest.raises(InvalidSchema, match="nested too deeply"):
            parse(text)

    def test_reads_what_is_nested_reasonably(self) -> None:
        assert parse('{"type":"array","items":' * 150 + '"int"' + "}" * 150).kind == "array"

    @given(
        st.recursive(st.none() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c))
    )
    def test_refuses_anything_else(self, raw: Any) -> None:
        try:
            parsed(raw)
        except InvalidSchema:
            return

    @given(
        st.dictionaries(
            st.sampled_from(
                ["type", "name", "namespace", "fields", "symbols", "size", "items", "aliases", "default"]
            ),
            st.recursive(
                st.sampled_from(["record", "enum", "fixed", "array", "map", "int", "x", "", None, 3, []]),
                lambda c: st.lists(c, max_size=3),
                max_leaves=4,
            ),
        )
    )
    def test_never_fails_otherwise(self, raw: dict[str, Any]) -> None:
        try:
            parsed(raw)
        except InvalidSchema:
            return

    @pytest.mark.parametrize("name", sorted(schemas.shipped()))
    def test_gives_the_names_that_fastavro_gives(self, name: str) -> None:
        text = schemas.shipped()[name].text
        theirs: Any = fastavro.parse_schema(json.loads(text))
        assert [field.name for field in parse(text).fields] == [field["name"] for field in theirs["fields"]]


class TestFits:
    @pytest.mark.parametrize(
        ("kind", "good", "bad"),
        [
            ("null", [None], [0, "", False]),
            ("boolean", [True, False], [0, "true", None]),
            ("int", [0, -(2**31), 2**31 - 1], [2**31, -(2**31) - 1, 1.0, True, "1", None]),
            ("long", [0, -(2**63), 2**63 - 1], [2**63, 0.5, False]),
            ("float", [0, 1.5], [True, "1", None]),
            ("double", [0, -1.5], [False, "NaN"]),
            ("string", ["", "€"], [1, None]),
            ("bytes", ["", "\x00\xff"], ["€", 1]),
            ({"type": "fixed", "name": "F", "size": 2}, ["\x00\xff"], ["", "abc", "€€", 2]),
            ({"type": "enum", "name": "E", "symbols": ["A"]}, ["A"], ["B", None, 1]),
            ({"type": "array", "items": "int"}, [[], [1, 2]], [[1, "x"], {}, None]),
            ({"type": "map", "values": "int"}, [{}, {"a": 1}], [{"a": "x"}, [], None]),
            (["null", "int"], [None, 1], ["x", 0.5]),
            ([], [], [None, 1]),
            (record(item("int"), item("int", "b", default=1)), [{"a": 1}, {"a": 1, "b": 2}], [{}, {"a": "x"}, []]),
        ],
    )
    def test_tells_defaults_of_a_type_from_others(self, kind: Any, good: list[Any], bad: list[Any]) -> None:
        assert all(fits(value, parsed(kind)) for value in good)
        assert not any(fits(value, parsed(kind)) for value in bad)
