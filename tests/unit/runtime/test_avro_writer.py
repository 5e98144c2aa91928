import io
import json
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fastavro
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import events
from services.runtime import schemas
from services.runtime.avro_writer import Unwritable, compile_writer

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "schemas" / "examples").glob("*.json"))


def by_fastavro(schema: Any, record: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(schema), record)
    return buffer.getvalue()


def all_read(schema: Any, data: bytes) -> Any:
    buffer = io.BytesIO(data)
    record = fastavro.schemaless_reader(buffer, fastavro.parse_schema(schema), None)
    assert buffer.tell() == len(data)
    return record


def has_sized_blocks(value: Any) -> bool:
    """Whether there is an array of records in a record."""
    if isinstance(value, list):
        return any(isinstance(item, dict) for item in value)
    return isinstance(value, dict) and any(has_sized_blocks(item) for item in value.values())


def one_field(avro: Any) -> dict[str, Any]:
    return {"type": "record", "name": "One", "namespace": "x", "fields": [{"name": "f", "type": avro}]}


def write(avro: Any, value: Any) -> bytes:
    return compile_writer(one_field(avro), b"")(SimpleNamespace(f=value))


def type_of(example: Path) -> str:
    names = [".".join(example.name.split(".")[:count]) for count in (4, 3)]
    return next(name for name in names if name in events.TYPES)


DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 4}


class TestCompileWriter:
    @pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.stem)
    def test_writes_every_example_as_fastavro_does(self, example: Path) -> None:
        name = type_of(example)
        event = msgspec.json.decode(example.read_bytes(), type=events.TYPES[name])
        schema = json.loads(schemas.shipped()[name].text)
        written, wanted = compile_writer(schema, b"")(event), by_fastavro(schema, event.to_record())
        assert all_read(schema, written) == all_read(schema, wanted)
        assert written == wanted or has_sized_blocks(event.to_record())

    def test_tells_the_size_of_arrays_of_records(self) -> None:
        inner = {"type": "record", "name": "In", "fields": [{"name": "s", "type": "string"}]}
        record = SimpleNamespace(s="abc")
        assert write({"type": "array", "items": inner}, (record, record)) == b"\x03\x10" + b"\x06abc" * 2 + b"\0"
        assert write({"type": "array", "items": inner}, ()) == b"\0"
        assert write({"type": "array", "items": "string"}, ("abc", "d")) == b"\x04\x06abc\x02d\0"

    def test_puts_the_prefix_first(self) -> None:
        assert compile_writer(one_field("int"), b"\x00abcd")(SimpleNamespace(f=1)) == b"\x00abcd\x02"

    @given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
    def test_writes_whole_numbers_as_fastavro_does(self, number: int) -> None:
        assert write("long", number) == by_fastavro(one_field("long"), {"f": number})

    @given(st.text(max_size=100))
    def test_writes_texts_as_fastavro_does(self, text: str) -> None:
        assert write("string", text) == by_fastavro(one_field("string"), {"f": text})

    @given(st.decimals(min_value=-(10**15), max_value=10**15, places=4))
    def test_writes_decimals_so_that_they_read_back_exactly(self, number: Decimal) -> None:
        read: Any = fastavro.schemaless_reader(
            io.BytesIO(write(DECIMAL, number)), fastavro.parse_schema(one_field(DECIMAL)), None
        )
        assert read["f"] == number

    @pytest.mark.parametrize(
        ("number", "same_as"), [("1E+3", "1000"), ("0", "0.0000"), ("-0.0", "0"), ("12.5", "12.5000")]
    )
    def test_writes_equal_decimals_alike(self, number: str, same_as: str) -> None:
        assert write(DECIMAL, Decimal(number)) == write(DECIMAL, Decimal(same_as))

    @pytest.mark.parametrize("value", [None, "x"])
    def test_writes_either_branch_of_a_union(self, value: str | None) -> None:
        for branches in (["null", "string"], ["string", "null"]):
            assert write(branches, value) == by_fastavro(one_field(branches), {"f": value})

    def test_writes_booleans_bytes_and_empty_arrays(self) -> None:
        strings = {"type": "array", "items": "string"}
        assert write("boolean", True) + write("boolean", False) == b"\x01\x00"
        assert write("bytes", b"\x00\xff") == b"\x04\x00\xff"
        assert write(strings, ()) == b"\x00"
        assert write(strings, ("a", "b")) == by_fastavro(one_field(strings), {"f": ["a", "b"]})

    def test_keeps_writing_right_when_it_forgets_what_it_remembered(self) -> None:
        writer = compile_writer(one_field("string"), b"")
        assert all(writer(SimpleNamespace(f=str(n)))[1:] == str(n).encode() for n in range(20_000))


class TestUnwritable:
    @pytest.mark.parametrize("number", ["1.00001", "NaN", "Infinity", "1E-99", "1E+99", "1" * 70, "1E+999999"])
    def test_refuses_decimals_that_would_change(self, number: str) -> None:
        with pytest.raises(Unwritable, match="more than 4 decimals, far too many digits, or is not finite"):
            write(DECIMAL, Decimal(number))

    def test_refuses_a_signalling_nan(self) -> None:
        with pytest.raises(Unwritable, match="signaling"):
            write(DECIMAL, Decimal("-sNaN"))

    @pytest.mark.parametrize("number", ["12345678901234567", "1E+17", "-99999999999999999.9"])
    def test_refuses_decimals_that_are_too_large(self, number: str) -> None:
        with pytest.raises(Unwritable, match="more than 20 digits"):
            write(DECIMAL, Decimal(number))

    @pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**300])
    def test_refuses_whole_numbers_beyond_64_bits(self, number: int) -> None:
        with pytest.raises(ValueError, match=r".+"):
            write("long", number)

    def test_refuses_lone_surrogates(self) -> None:
        with pytest.raises(ValueError, match="surrogates"):
            write("string", "\ud800")
