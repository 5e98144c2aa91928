"""Avro schema resolution: what can read what, by the specification and against fastavro."""

import json
from io import BytesIO
from typing import Any

import fastavro
import pytest
from fastavro.utils import generate_one
from hypothesis import assume, given
from hypothesis import strategies as st

from services.runtime import schemas
from services.runtime.avro_compatibility import Level, differences, incompatibilities
from services.runtime.avro_schema import Type, parse


def parsed(raw: Any) -> Type:
    return parse(json.dumps(raw))


def compare(reader: Any, writer: Any) -> list[str]:
    return differences(parsed(reader), parsed(writer))


def record(*fields: Any, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": "R", "fields": list(fields)} | more


def item(kind: Any, name: str = "a", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind} | more


def enum(*symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "E", "symbols": list(symbols)} | more


def fixed(size: int = 4, **more: Any) -> dict[str, Any]:
    return {"type": "fixed", "name": "F", "size": size} | more


def decimal(precision: int, scale: int) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"]
PROMOTED = {
    ("long", "int"),
    ("float", "int"),
    ("double", "int"),
    ("float", "long"),
    ("double", "long"),
    ("double", "float"),
    ("string", "bytes"),
    ("bytes", "string"),
}
LIST = {"type": "record", "name": "R", "fields": [{"name": "next", "type": ["null", "R"]}]}


class TestDifferences:
    @pytest.mark.parametrize("reader", PRIMITIVES)
    @pytest.mark.parametrize("writer", PRIMITIVES)
    def test_allow_the_promotions_of_primitives_alone(self, reader: str, writer: str) -> None:
        assert (compare(reader, writer) == []) == (reader == writer or (reader, writer) in PROMOTED)

    @pytest.mark.parametrize(
        ("reader", "writer"),
        [
            (record(), record(item("int"))),
            (record(item("int", default=1)), record()),
            (record(item(["null", "int"], default=None)), record()),
            (record(item("long")), record(item("int"))),
            (record(item("int", "b", aliases=["a"])), record(item("int"))),
            (record(item("int", "b"), item("int")), record(item("int"), item("int", "b"))),
            (record(name="New", aliases=["R"]), record()),
            (record(name="x.New", aliases=["y.R"]), record(name="y.R")),
            (record(name="x.R"), record(name="y.R")),
            (enum("A", "B"), enum("A")),
            (enum("B", "A"), enum("A", "B")),
            (enum("A", default="A"), enum("A", "B")),
            (enum("A", name="x.E"), enum("A")),
            (enum("A", name="N", aliases=["E"]), enum("A")),
            (fixed(), fixed()),
            (fixed(name="y.F"), fixed(name="x.F")),
            (fixed(name="G", aliases=["F"]), fixed()),
            ({"type": "array", "items": "double"}, {"type": "array", "items": "int"}),
            ({"type": "map", "values": "double"}, {"type": "map", "values": "int"}),
            (["null", "int"], "int"),
            (["null", "int"], "null"),
            (["null", "long"], "int"),
            (["string", "double"], "int"),
            (["null", "int"], ["null", "int"]),
            (["int", "null"], ["null", "int"]),
            (["null", "int", "string"], ["null", "int"]),
            (["null", "double"], ["null", "int"]),
            ("double", ["int", "long"]),
            ("int", ["int"]),
            ([], []),
            ("int", []),
            (["null", record(item("int"), name="A"), record(name="B")], record(item("int"), name="A")),
            (decimal(12, 4), decimal(12, 4)),
            (decimal(14, 4), decimal(12, 4)),
            (decimal(12, 4), "bytes"),
            ("bytes", decimal(12, 4)),
            ({"type": "long", "logicalType": "timestamp-millis"}, "long"),
        ],
    )
    def test_are_none_where_the_specification_resolves(self, reader: Any, writer: Any) -> None:
        assert compare(reader, writer) == []

    @pytest.mark.parametrize(
        ("reader", "writer", "why"),
        [
            ("int", "long", "/: int cannot read long"),
            (
                record(item("int")),
                record(),
                "/a: the writer has no such field, and the reader has no default for it",
            ),
            (record(item(["null", "int"])), record(), "/a: the writer has no such field"),
            (record(item("int")), record(item("string")), "/a: int cannot read string"),
            (record(name="S"), record(), "/: record S cannot read record R: neither its name nor an alias"),
            (record(name="S", aliases=["x.R"]), record(), "neither its name nor an alias"),
            (record(name="x.S", aliases=["R"]), record(), "neither its name nor an alias"),
            (record(), record(aliases=["R2"], name="S"), "neither its name nor an alias"),
            (
                record(item("int", "b")),
                record(item("int", "a", aliases=["b"])),
                "/b: the writer has no such field",
            ),
            (
                record(item("int", "b", aliases=["a"])),
                record(item("int"), item("int", "b")),
                "/b: both a and b of the writer match this field",
            ),
            (enum("A"), enum("A", "B", "C"), "/: enum E has no B, C and no default"),
            (enum("A", name="G"), enum("A"), "/: enum G cannot read enum E"),
            (enum("A"), "string", "/: enum E cannot read string"),
            ("string", enum("A"), "/: string cannot read enum E"),
            (fixed(4), fixed(5), "/: fixed F has 4 bytes, not 5"),
            (fixed(name="G"), fixed(), "/: fixed G cannot read fixed F"),
            (fixed(), "bytes", "/: fixed F cannot read bytes"),
            (
                {"type": "array", "items": "int"},
                {"type": "array", "items": "long"},
                "/items: int cannot read long",
            ),
            ({"type": "map", "values": "int"}, {"type": "map", "values": "long"}, "/values: int cannot read long"),
            (
                {"type": "map", "values": "int"},
                {"type": "array", "items": "int"},
                "/: map of int cannot read array",
            ),
            (record(), {"type": "map", "values": "int"}, "/: record R cannot read map of int"),
            (["null", "int"], "string", "/: no branch of [null, int] can read string"),
            (["null", "int"], ["null", "int", "string"], "/2: no branch of [null, int] can read string"),
            ("int", ["null", "int"], "/0: int cannot read null"),
            ([], "int", "/: no branch of [] can read int"),
            (["null", record(item("int"))], record(), "/a: the writer has no such field"),
            (["null", enum("A")], ["null", enum("A", "B")], "/1: enum E has no B and no default"),
            (decimal(12, 2), decimal(12, 4), "/: decimal(12, 2) cannot read decimal(12, 4)"),
            (decimal(10, 4), decimal(12, 4), "/: decimal(10, 4) cannot read decimal(12, 4)"),
            (
                fixed(logicalType="decimal", precision=5, scale=1),
                fixed(logicalType="decimal", precision=5, scale=2),
                "/: decimal(5, 1) cannot read decimal(5, 2)",
            ),
        ],
    )
    def test_say_where_and_why_it_does_not(self, reader: Any, writer: Any, why: str) -> None:
        found = compare(reader, writer)
        assert len(found) == 1
        assert why in found[0]

    def test_are_all_told(self) -> None:
        found = compare(record(item("int"), item("int", "b"), item("int", "c")), record(item("string")))
        assert [difference.split(":")[0] for difference in found] == ["/a", "/b", "/c"]

    def test_know_where_they_are(self) -> None:
        inner = {"type": "array", "items": {"type": "map", "values": ["null", "int"]}}
        outer = {"type": "array", "items": {"type": "map", "values": ["null", "string"]}}
        found = compare(record(item(inner)), record(item(outer)))
        assert found == ["/a/items/values/1: no branch of [null, int] can read string"]


class TestDifferencesOfRecursiveTypes:
    def test_end(self) -> None:
        assert compare(LIST, LIST) == []

    def test_are_found_in_the_depth(self) -> None:
        longer = {**LIST, "fields": [*LIST["fields"], item("int", "value")]}
        assert compare(longer, LIST) == [
            "/value: the writer has no such field, and the reader has no default for it"
        ]
        assert compare(LIST, longer) == []

    def test_are_found_when_two_types_refer_to_each_other(self) -> None:
        def tree(leaf: str) -> dict[str, Any]:
            children = {"type": "array", "items": "Node"}
            node = {"type": "record", "name": "Node", "fields": [item("Tree", "tree"), item(leaf, "leaf")]}
            more = {"type": "array", "items": node}
            return {"type": "record", "name": "Tree", "fields": [item(more, "nodes"), item(children, "again")]}

        assert compare(tree("long"), tree("int")) == []
        found = compare(tree("int"), tree("long"))
        assert found
        assert all(difference.endswith("leaf: int cannot read long") for difference in found)

    def test_are_found_in_a_type_that_was_taken_as_good_inside_another(self) -> None:
        """Q is met inside P, where P is taken as readable. P turns out not to be, which makes Q unreadable too."""

        def both(last: str, *more: Any) -> dict[str, Any]:
            q = {"type": "record", "name": "Q", "fields": [item(["null", "P"], "p")]}
            p = {"type": "record", "name": "P", "fields": [item(q, "q"), item(last, "last")]}
            return record(item([p, *more], "one"), item("Q", "two"))

        reads_p = {"type": "record", "name": "Anything", "aliases": ["P"], "fields": []}
        found = compare(both("int", reads_p), both("long"))
        assert found == ["/two/p/1/last: int cannot read long"]

    def test_cost_little_however_often_types_are_used(self) -> None:
        def chain(length: int) -> Any:
            deepest: Any = record(name="R0")
            for number in range(1, length):
                fields = [item(deepest), *(item(f"R{number - 1}", f"b{n}") for n in range(4))]
                deepest = record(*fields, name=f"R{number}")
            return deepest

        assert compare(chain(40), chain(40)) == []


class TestIncompatibilities:
    OLD = parsed(record(item("int")))
    WITH_OPTIONAL = parsed(record(item("int"), item("int", "b", default=0)))
    WITHOUT = parsed(record())
    WITH_REQUIRED = parsed(record(item("int"), item("int", "b")))

    @pytest.mark.parametrize(
        ("new", "backward", "forward"),
        [
            (OLD, True, True),
            (WITH_OPTIONAL, True, True),
            (WITHOUT, True, False),
            (WITH_REQUIRED, False, True),
            (parsed(record(item("string"))), False, False),
        ],
    )
    def test_follow_the_direction_of_the_level(self, new: Type, backward: bool, forward: bool) -> None:
        good = {level for level in Level if not incompatibilities(level, new, [self.OLD])}
        assert (Level.BACKWARD in good) == (Level.BACKWARD_TRANSITIVE in good) == backward
        assert (Level.FORWARD in good) == (Level.FORWARD_TRANSITIVE in good) == forward
        assert (Level.FULL in good) == (Level.FULL_TRANSITIVE in good) == (backward and forward)
        assert Level.NONE in good

    @pytest.mark.parametrize("level", list(Level))
    def test_look_at_all_versions_only_when_transitive(self, level: Level) -> None:
        strange = parsed(record(item("string", "a")))
        found = incompatibilities(level, self.OLD, [strange, self.OLD])
        assert bool(found) == level.endswith("_TRANSITIVE")

    @pytest.mark.parametrize("level", list(Level))
    def test_are_none_for_a_first_version(self, level: Level) -> None:
        assert incompatibilities(level, self.OLD, []) == []

    def test_say_which_way(self) -> None:
        assert incompatibilities(Level.FULL, self.WITH_REQUIRED, [self.WITHOUT]) == [
            "new cannot read old: /a: the writer has no such field, and the reader has no default for it",
            "new cannot read old: /b: the writer has no such field, and the reader has no default for it",
        ]
        assert incompatibilities(Level.FORWARD, self.WITHOUT, [self.OLD])[0].startswith("old cannot read new: /a:")

    def test_are_told_once_for_many_versions(self) -> None:
        found = incompatibilities(Level.BACKWARD_TRANSITIVE, self.WITH_REQUIRED, [self.OLD] * 5)
        assert len(found) == 1


_leaf = st.sampled_from(["null", "boolean", "int", "long", "float", "double", "bytes", "string"])


def _some_enum(number: int) -> st.SearchStrategy[Any]:
    symbols = st.lists(st.sampled_from("ABCD"), min_size=1, unique=True)
    return symbols.flatmap(
        lambda chosen: st.sampled_from([{}, {"default": chosen[0]}]).map(
            lambda more: {"type": "enum", "name": f"E{number}", "symbols": chosen} | more
        )
    )


@st.composite
def type_pairs(draw: st.DrawFn, depth: int = 3) -> tuple[Any, Any]:
    """A writer's type and a reader's that is the same but for a change here or there."""
    kind = draw(st.sampled_from(["leaf", "leaf", "enum", "fixed", "array", "map", "record", "union"]))
    if depth == 0 or kind == "leaf":
        writer = draw(_leaf)
        return writer, draw(st.just(writer) | _leaf)
    number = draw(st.integers(0, 10**9))
    if kind == "enum":
        return draw(_some_enum(number)), draw(_some_enum(number))
    if kind == "fixed":
        sizes = draw(st.sampled_from([(2, 2), (2, 2), (2, 3)]))
        old, new = ({"type": "fixed", "name": f"F{number}", "size": size} for size in sizes)
        return old, new
    if kind in ("array", "map"):
        key = "items" if kind == "array" else "values"
        old, new = draw(type_pairs(depth - 1))
        return {"type": kind, key: old}, {"type": kind, key: new}
    if kind == "union":
        old, new = draw(type_pairs(0))
        return draw(st.sampled_from([(["null", old], ["null", new]), (old, ["null", new]), (["null", old], new)]))
    return draw(_record_pairs(number, depth))


@st.composite
def _record_pairs(draw: st.DrawFn, number: int, depth: int) -> tuple[Any, Any]:
    written, read = [], []
    for name in draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=4)):
        old, new = draw(type_pairs(depth - 1))
        change = draw(st.sampled_from(["same", "same", "same", "added", "dropped", "renamed", "optional"]))
        if change != "added":
            written.append({"name": name, "type": old})
        if change == "renamed":
            read.append({"name": f"{name}_new", "type": new, "aliases": [name]})
        elif change == "optional":
            read.append({"name": f"{name}_new", "type": ["null", "int"], "default": None})
        elif change != "dropped":
            read.append({"name": name, "type": new})
    return tuple({"type": "record", "name": f"R{number}", "fields": fields} for fields in (written, read))


class TestDifferencesAgainstFastavro:
    @given(type_pairs())
    def test_are_none_only_where_fastavro_reads_the_data(self, pair: tuple[Any, Any]) -> None:
        raw_writer, raw_reader = pair
        try:
            writer, reader = parsed(raw_writer), parsed(raw_reader)
        except ValueError:
            assume(False)
        assume(not differences(reader, writer))
        theirs: Any = fastavro.parse_schema(raw_writer)
        for _ in range(3):
            buffer = BytesIO()
            fastavro.schemaless_writer(buffer, theirs, generate_one(theirs))
            size = buffer.tell()
            buffer.seek(0)
            try:
                fastavro.schemaless_reader(buffer, theirs, fastavro.parse_schema(raw_reader))
            except UnicodeDecodeError:  # bytes are read as a string only where they are UTF-8
                continue
            assert buffer.tell() == size

    @pytest.mark.parametrize("name", sorted(schemas.shipped()))
    def test_are_none_between_a_shipped_schema_and_itself(self, name: str) -> None:
        text = schemas.shipped()[name].text
        assert differences(parse(text), parse(text)) == []

    @pytest.mark.parametrize("name", sorted(schemas.shipped()))
    def test_are_none_when_a_shipped_schema_gains_a_field_with_a_default(self, name: str) -> None:
        old = schemas.shipped()[name].text
        new = json.loads(old)
        new["fields"].append(item(["null", "string"], "brand_new", default=None))
        assert incompatibilities(Level.FULL_TRANSITIVE, parsed(new), [parse(old)]) == []
        new["fields"][-1].pop("default")
        assert incompatibilities(Level.BACKWARD_TRANSITIVE, parsed(new), [parse(old)])
