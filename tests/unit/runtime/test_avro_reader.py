import io
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import events
from services.runtime import avro_reader, schemas
from services.runtime.avro_reader import Unreadable, compile_reader
from services.runtime.avro_writer import compile_writer

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "schemas" / "examples").glob("*.json"))
REFUSED = (Unreadable, IndexError, UnicodeDecodeError)
STEPPED_OVER = {"MeterValue.sampled_values", "MeterValue.signed_meter_values"}
IN = {"type": "record", "name": "In", "fields": [{"name": "s", "type": "string"}]}
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}


@dataclass(frozen=True, slots=True)
class One:
    """A record of one field."""

    f: Any


class Colour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"


@dataclass(frozen=True, slots=True)
class Coloured:
    f: Colour


@dataclass(frozen=True, slots=True)
class Four:
    a: int | None
    b: str | None
    c: int | None
    d: int | None


@dataclass(frozen=True, slots=True)
class Inner:
    f: int


@dataclass(frozen=True, slots=True)
class Outer:
    a: Inner
    b: tuple[Inner, ...]


def without(event: Any) -> Any:
    """The event as it is read by who steps over its values."""
    if not hasattr(event, "meter_values"):
        return event
    bare = [replace(value, sampled_values=(), signed_meter_values=()) for value in event.meter_values]
    return replace(event, meter_values=tuple(bare))


def type_of(example: Path) -> str:
    names = [".".join(example.name.split(".")[:count]) for count in (4, 3)]
    return next(name for name in names if name in events.TYPES)


def written(example: Path) -> tuple[Any, dict[str, Any], bytes]:
    """The example as an event, its schema, and its Avro."""
    name = type_of(example)
    event = msgspec.json.decode(example.read_bytes(), type=events.TYPES[name])
    schema = json.loads(schemas.shipped()[name].text)
    return event, schema, compile_writer(schema, b"")(event)


def by_fastavro(schema: Any, kind: type[Any]) -> Callable[[bytes], Any]:
    """Reads as fastavro does, times as numbers; an error when bytes are left."""
    plain = json.loads(json.dumps(schema).replace('"logicalType": "timestamp-millis"', '"doc": ""'))
    parsed = fastavro.parse_schema(plain)

    def read(data: bytes) -> Any:
        buffer = io.BytesIO(data)
        event = msgspec.convert(fastavro.schemaless_reader(buffer, parsed, None), kind)
        if buffer.tell() != len(data):
            raise ValueError("bytes left")
        return event

    return read


def whole(schema: Any, kind: type[Any]) -> Callable[[bytes], Any]:
    """Reads with the reader that is tested; an error when bytes are left or missing."""
    compiled = compile_reader(schema, kind)

    def read(data: bytes) -> Any:
        event, end = compiled(data, 0)
        if end != len(data):
            raise Unreadable("bytes left or missing")
        return event

    return read


def read_whole(schema: Any, data: bytes, kind: type[Any]) -> Any:
    return whole(schema, kind)(data)


def one_field(avro: Any) -> dict[str, Any]:
    return {"type": "record", "name": "One", "namespace": "x", "fields": [{"name": "f", "type": avro}]}


def one(avro: Any, data: bytes) -> Any:
    return read_whole(one_field(avro), data, One).f


def avro_of(avro: Any, value: Any) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(one_field(avro)), {"f": value})
    return buffer.getvalue()


class TestEvents:
    @pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.stem)
    def test_reads_every_example_as_fastavro_does(self, example: Path) -> None:
        event, schema, data = written(example)
        found, wanted = read_whole(schema, data, type(event)), by_fastavro(schema, type(event))(data)
        assert found == event == wanted
        assert repr(found) == repr(wanted)

    @pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.stem)
    def test_steps_over_arrays_whether_they_tell_their_size_or_not(self, example: Path) -> None:
        event, schema, data = written(example)
        plain = json.loads(json.dumps(schema).replace('"logicalType": "timestamp-millis"', '"doc": ""'))
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, fastavro.parse_schema(plain), event.to_record())
        read = compile_reader(schema, type(event), STEPPED_OVER)
        for whole_record in (data, buffer.getvalue()):
            found, end = read(whole_record, 0)
            assert end == len(whole_record)
            assert found == without(event)

    @given(st.data())
    def test_never_runs_on_when_bytes_that_it_steps_over_are_changed(self, data: st.DataObject) -> None:
        example = data.draw(st.sampled_from([e for e in EXAMPLES if "transaction.events" in e.name]))
        event, schema, record = written(example)
        at = data.draw(st.integers(0, len(record) - 1))
        changed = record[:at] + bytes([data.draw(st.integers(0, 255))]) + record[at + 1 :]
        read = compile_reader(schema, type(event), STEPPED_OVER)
        with suppress(*REFUSED, ValueError, OverflowError):
            assert read(changed, 0)[1] >= 0

    def test_steps_over_values_of_every_type(self) -> None:
        kinds = [
            "string",
            "bytes",
            "int",
            "long",
            "boolean",
            ["null", "long"],
            DECIMAL,
            {"type": "array", "items": IN},
        ]
        fields = [{"name": f"f{number}", "type": kind} for number, kind in enumerate(kinds)]
        item = {"type": "record", "name": "Item", "namespace": "x", "fields": fields}
        schema = one_field({"type": "array", "items": item})
        values = ["ab", b"cd", 7, 2**40, True, 5, Decimal("1.25"), [{"s": "e"}]]
        records = [{f"f{number}": value for number, value in enumerate(values)}] * 2
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, fastavro.parse_schema(schema), {"f": records})
        record, end = compile_reader(schema, One, {"One.f"})(buffer.getvalue(), 0)
        assert (record.f, end) == ((), len(buffer.getvalue()))

    def test_steps_over_no_array_of_plain_values(self) -> None:
        with pytest.raises(TypeError, match="is read, not stepped over"):
            compile_reader(one_field({"type": "array", "items": "string"}), One, {"One.f"})

    def test_refuses_a_branch_that_a_union_has_not_in_what_it_steps_over(self) -> None:
        item = {"type": "record", "name": "Item", "fields": [{"name": "u", "type": ["null", "int"]}]}
        read = compile_reader(one_field({"type": "array", "items": item}), One, {"One.f"})
        with pytest.raises(Unreadable, match="no branch 2"):
            read(b"\x02\x04\x00", 0)

    @pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.stem)
    def test_refuses_every_example_that_is_cut_short(self, example: Path) -> None:
        event, schema, data = written(example)
        read = compile_reader(schema, type(event))
        for length in range(len(data)):
            try:
                _, end = read(data[:length], 0)
            except REFUSED:
                continue
            assert end > length

    @pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.stem)
    def test_reads_a_changed_byte_as_fastavro_does_or_refuses_it(self, example: Path) -> None:
        event, schema, data = written(example)
        read, read_by_fastavro = whole(schema, type(event)), by_fastavro(schema, type(event))
        for position in range(0, len(data), max(1, len(data) // 25)):
            for byte in (0, 1, 2, 3, 0x7F, 0x80, 0xFF):
                changed = data[:position] + bytes([byte]) + data[position + 1 :]
                try:
                    found = read(changed)
                except REFUSED:
                    continue
                assert found == read_by_fastavro(changed)

    @pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.stem)
    def test_makes_events_that_are_written_to_the_same_bytes_again(self, example: Path) -> None:
        event, schema, data = written(example)
        assert compile_writer(schema, b"")(read_whole(schema, data, type(event))) == data

    def test_begins_where_it_is_told_and_says_where_the_record_ends(self) -> None:
        assert compile_reader(one_field("int"), One)(b"abcde\x02rest", 5) == (One(1), 6)


class TestValues:
    @given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
    def test_reads_whole_numbers(self, number: int) -> None:
        assert one("long", avro_of("long", number)) == number

    @pytest.mark.parametrize("bits", range(65))
    def test_reads_numbers_of_every_length_to_the_last_byte(self, bits: int) -> None:
        for number in (-(1 << bits - 1) if bits else 0, (1 << max(0, bits - 1)) - 1):
            assert one("long", avro_of("long", number)) == number

    @given(st.text(max_size=100))
    def test_reads_texts(self, text: str) -> None:
        assert one("string", avro_of("string", text)) == text

    @given(st.binary(max_size=200))
    def test_reads_bytes(self, data: bytes) -> None:
        assert one("bytes", avro_of("bytes", data)) == data

    @given(st.decimals(min_value=-9999, max_value=9999, places=2))
    def test_reads_decimals_with_their_scale(self, number: Decimal) -> None:
        found = one(DECIMAL, avro_of(DECIMAL, number))
        assert (found, found.as_tuple().exponent) == (number, -2)

    def test_refuses_a_decimal_of_more_digits_than_its_type_has(self) -> None:
        for unscaled in (10**6, -(10**6), 10**40):
            data = unscaled.to_bytes(20, "big", signed=True)
            with pytest.raises(Unreadable, match="more than 6 digits"):
                one(DECIMAL, bytes([40]) + data)

    @pytest.mark.parametrize("value", [True, False])
    def test_reads_booleans(self, value: bool) -> None:
        assert one("boolean", avro_of("boolean", value)) is value

    def test_refuses_a_boolean_of_another_byte(self) -> None:
        with pytest.raises(Unreadable, match="boolean of 7"):
            one("boolean", b"\x07")

    @pytest.mark.parametrize("branches", [["null", "string"], ["string", "null"]])
    @pytest.mark.parametrize("value", [None, "x"])
    def test_reads_either_branch_of_a_union(self, branches: list[str], value: str | None) -> None:
        assert one(branches, avro_of(branches, value)) == value

    @pytest.mark.parametrize("byte", [1, 4, 0x80])
    def test_refuses_a_branch_that_a_union_has_not(self, byte: int) -> None:
        with pytest.raises(Unreadable, match="no branch"):
            one(["null", "string"], bytes([byte, 0]))

    def test_reads_enums_and_refuses_symbols_that_are_not_there(self) -> None:
        enum = {"type": "enum", "name": "Colour", "symbols": ["RED", "BLUE"]}
        assert read_whole(one_field(enum), b"\x02", Coloured).f is Colour.BLUE
        for data in (b"\x04", b"\x01", b"\xfe\x7f"):
            with pytest.raises((IndexError, Unreadable)):
                read_whole(one_field(enum), data, Coloured)

    def test_reads_nulls_in_a_row_and_values_among_them(self) -> None:
        fields = [{"name": n, "type": ["null", "string" if n == "b" else "int"]} for n in "abcd"]
        schema = {"type": "record", "name": "Four", "fields": fields}
        assert read_whole(schema, b"\0\0\0\0", Four) == Four(None, None, None, None)
        assert read_whole(schema, b"\0\2\2x\2\x08\0", Four) == Four(None, "x", 4, None)

    @pytest.mark.parametrize("data", [b"\x05\x61", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"])
    def test_refuses_lengths_that_cannot_be(self, data: bytes) -> None:
        with pytest.raises(Unreadable):
            one("string", data)

    def test_refuses_a_negative_length_of_many_bytes(self) -> None:
        with pytest.raises(Unreadable, match="a length of -"):
            one("bytes", avro_of("long", -100_000))

    def test_refuses_text_that_is_not_utf_8(self) -> None:
        with pytest.raises(UnicodeDecodeError):
            one("string", b"\x04\xc3\x28")

    def test_remembers_only_so_many_texts_and_no_long_ones(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(avro_reader, "_MAX_REMEMBERED", 3)
        texts = avro_reader._Texts()
        for number in range(10):
            assert texts[str(number).encode()] == str(number)
            assert len(texts) <= 3
        assert texts[b"x" * 65] == "x" * 65
        assert b"x" * 65 not in texts


class TestArrays:
    ARRAY = {"type": "array", "items": "int"}  # noqa: RUF012

    def test_reads_blocks_one_after_the_other_and_such_as_tell_their_size(self) -> None:
        assert one(self.ARRAY, b"\0") == ()
        assert one(self.ARRAY, b"\x04\x02\x04\x02\x06\0") == (1, 2, 3)
        assert one(self.ARRAY, b"\x03\x04\x02\x04\0") == (1, 2)

    def test_refuses_a_count_beyond_the_bytes_without_making_room_for_it(self) -> None:
        with pytest.raises(IndexError):
            one(self.ARRAY, avro_of("long", 2**62) + b"\x02")

    def test_reads_a_record_that_is_named_again(self) -> None:
        inner = {"type": "record", "name": "Inner", "namespace": "x", "fields": [{"name": "f", "type": "int"}]}
        fields = [{"name": "a", "type": inner}, {"name": "b", "type": {"type": "array", "items": "x.Inner"}}]
        schema = {"type": "record", "name": "Outer", "namespace": "x", "fields": fields}
        assert read_whole(schema, b"\x02\x04\x04\x06\0", Outer) == Outer(Inner(1), (Inner(2), Inner(3)))

    def test_is_not_made_for_arrays_of_arrays(self) -> None:
        with pytest.raises(TypeError, match="put a record between"):
            compile_reader(one_field({"type": "array", "items": self.ARRAY}), One)
