"""Avro binary straight from event objects: one compiled function per record, a few times fastavro's speed.

The bytes are those that fastavro writes (tested byte for byte), but that arrays of records tell their size, as
Avro lets them: a reader that does not need one steps over it at once.
"""

from collections.abc import Callable, Iterator
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from functools import cache
from typing import Any, Final

_MAX_REMEMBERED: Final = 8192
_MAX_TEXT: Final = 64
_INT64: Final = 1 << 63
_SIX_BYTES: Final = (1 << 35, 1 << 42)
_EXACT: Final = Context(prec=60, Emin=-60, Emax=60, traps=[Inexact, InvalidOperation, Overflow])

Writer = Callable[[Any], bytes]


class Unwritable(ValueError):
    """A value that its Avro type cannot hold."""


class _Texts(dict[str, bytes]):
    """Length and UTF-8 of texts; short ones are remembered, since events repeat most of theirs."""

    def __missing__(self, text: str) -> bytes:
        data = text.encode()
        written = _WHOLES[len(data)] + data
        if len(data) <= _MAX_TEXT:
            if len(self) >= _MAX_REMEMBERED:
                self.clear()
            self[text] = written
        return written


class _Wholes(dict[int, bytes]):
    """Zigzag varints; remembered likewise (small numbers, and the times of one moment)."""

    def __missing__(self, number: int) -> bytes:
        if len(self) >= _MAX_REMEMBERED:
            self.clear()
        written = self[number] = _whole(number)
        return written


class _Decimals(dict[Decimal, bytes]):
    """Length and unscaled number of decimals of one precision and scale; remembered likewise.

    An event's energy is in what it leads to as well, a session's first reading in all that follows.
    """

    def __init__(self, precision: int, scale: int) -> None:
        super().__init__()
        self._limit = 10**precision
        self._scale = scale

    def __missing__(self, number: Decimal) -> bytes:
        if len(self) >= _MAX_REMEMBERED:
            self.clear()
        written = self[number] = _decimal(number, self._limit, self._scale)
        return written


class _Optional(dict[Any, bytes]):
    """The union of null and a type whose values `_Texts` or `_Wholes` write."""

    def __init__(self, written: dict[Any, bytes]) -> None:
        super().__init__({None: b"\0"})
        self._written = written

    def __missing__(self, value: Any) -> bytes:
        written = b"\2" + self._written[value]
        if len(written) <= _MAX_TEXT:
            if len(self) >= _MAX_REMEMBERED:
                self.clear()
                self[None] = b"\0"
            self[value] = written
        return written


def _whole(number: int) -> bytes:
    if not -_INT64 <= number < _INT64:
        raise Unwritable(f"{number} does not fit 64 bits")
    r = (number << 1) ^ (number >> 63)
    if _SIX_BYTES[0] <= r < _SIX_BYTES[1]:  # the milliseconds of our time
        return bytes(
            (
                r & 127 | 128,
                r >> 7 & 127 | 128,
                r >> 14 & 127 | 128,
                r >> 21 & 127 | 128,
                r >> 28 & 127 | 128,
                r >> 35,
            )
        )
    written = bytearray()
    while r > 0x7F:
        written.append(r & 0x7F | 0x80)
        r >>= 7
    written.append(r)
    return bytes(written)


def _decimal(number: Decimal, limit: int, scale: int) -> bytes:
    try:
        scaled = number.scaleb(scale, _EXACT)
        unscaled = int(scaled)
    except (ArithmeticError, ValueError):
        unscaled, scaled = 0, Decimal("NaN")
    if unscaled != scaled:
        raise Unwritable(f"{number} has more than {scale} decimals, far too many digits, or is not finite")
    if not -limit < unscaled < limit:
        raise Unwritable(f"{number} has more than {len(str(limit)) - 1} digits at scale {scale}")
    size = (unscaled.bit_length() + 8) // 8 or 1
    return _WHOLES[size] + unscaled.to_bytes(size, "big", signed=True)


def compile_writer(schema: Any, prefix: bytes) -> Writer:
    """A function that writes one record of `schema` (a self-contained, parsed JSON schema) after `prefix`.

    Raises Unwritable from that function for numbers out of range.
    """
    builder = _Builder()
    name = builder.record(schema)
    source = "\n".join([*builder.source, _WRITE.format(name=name)])
    scope: dict[str, Any] = {
        **builder.constants,
        "PREFIX": prefix,
        "Unwritable": Unwritable,
        "TEXT": _TEXTS,
        "WHOLE": _WHOLES,
        "OPTIONAL_TEXT": _Optional(_TEXTS),
        "OPTIONAL_WHOLE": _Optional(_WHOLES),
    }
    exec(compile(source, f"<avro {name}>", "exec"), scope)
    return scope["write"]  # type: ignore[no-any-return]


_WRITE: Final = """
def write(e):
 a = [PREFIX]
 try:
  {name}(e, a)
 except TypeError as error:
  raise Unwritable(str(error)) from error
 return b''.join(a)
"""
"""A TypeError is a value of another type, or a signalling NaN, which cannot be looked up."""


@cache
def _decimals(precision: int, scale: int) -> _Decimals:
    return _Decimals(precision, scale)


_WHOLES: Final = _Wholes()
_TEXTS: Final = _Texts()

_LOCAL: Final = ("TEXT", "WHOLE", "OPTIONAL_TEXT", "OPTIONAL_WHOLE")
"""Tables that a record's function has as locals, which are faster to reach."""

_PRIMITIVES: Final = {
    "string": "TEXT[{0}]",
    "int": "WHOLE[{0}]",
    "long": "WHOLE[{0}]",
    "boolean": "b'\\1' if {0} else b'\\0'",
    "bytes": "WHOLE[len({0})] + {0}",
}


class _Builder:
    """Writes the source: one Python function per record of the schema, which appends bytes to a list.

    What an expression can write is appended together, a tuple for each run of such fields.
    """

    def __init__(self) -> None:
        self.source: list[str] = []
        self.constants: dict[str, Any] = {}
        self._named: dict[str, Any] = {}

    def record(self, schema: dict[str, Any]) -> str:
        name = self._name(schema)
        self._named[name] = schema
        lines: list[str] = []
        run: list[str] = []
        for field in schema["fields"]:
            value = f"e.{field['name']}"
            expression = self._expression(field["type"], value)
            if expression is not None:
                run.append(f"({expression}),")
                continue
            lines += [f" a += ({''.join(run)})"] if run else []
            lines += [f" {line}" for line in self._statements(field["type"], value)]
            run = []
        lines += [f" a += ({''.join(run)})"] if run else []
        tables = ", ".join(f"{table}={table}" for table in _LOCAL)
        self.source.append("\n".join([f"def {name}(e, a, {tables}):", *lines, " return"]))
        return name

    def _expression(self, avro: Any, value: str) -> str | None:
        match avro:
            case str() if avro in _PRIMITIVES:
                return _PRIMITIVES[avro].format(value)
            case str():
                return self._expression(self._named[self._name({"name": avro})], value)
            case ["null", "string"]:
                return f"OPTIONAL_TEXT[{value}]"
            case ["null", "int" | "long"]:
                return f"OPTIONAL_WHOLE[{value}]"
            case list():
                null, branch = avro.index("null"), 1 - avro.index("null")
                inner = self._expression(avro[branch], value)
                other = f"{_whole(branch)!r} + ({inner})"
                return None if inner is None else f"{_whole(null)!r} if {value} is None else {other}"
            case {"logicalType": "decimal"}:
                name = f"DECIMAL_{avro['precision']}_{avro['scale']}"
                self.constants[name] = _decimals(avro["precision"], avro["scale"])
                return f"{name}[{value}]"
            case {"type": "enum"}:
                name = self._name(avro)
                self._named[name] = avro
                self.constants[f"E_{name}"] = {s: _whole(i) for i, s in enumerate(avro["symbols"])}
                return f"E_{name}[{value}.value]"
            case {"type": "record" | "array"}:
                return None
        return self._expression(avro["type"], value)

    def _statements(self, avro: Any, value: str) -> Iterator[str]:
        match avro:
            case list():
                null, branch = avro.index("null"), 1 - avro.index("null")
                yield f"if {value} is None: a.append({_whole(null)!r})"
                yield "else:"
                yield f" a.append({_whole(branch)!r})"
                yield from (f" {line}" for line in self._statements(avro[branch], value))
            case {"type": "array"}:
                yield f"v = {value}"
                yield "if v:"
                expression = self._expression(avro["items"], "i")
                yield from self._items(expression) if expression else self._sized_items(avro["items"])
                yield "a.append(b'\\0')"
            case {"type": "record"}:
                yield f"{self.record(avro)}({value}, a)"
            case str():
                yield f"{self._name({'name': avro})}({value}, a)"
            case _:
                yield from self._statements(avro["type"], value)

    @staticmethod
    def _items(expression: str) -> Iterator[str]:
        yield " a.append(WHOLE[len(v)])"
        yield f" a += [{expression} for i in v]"

    def _sized_items(self, items: Any) -> Iterator[str]:
        """A block that tells its size in bytes, so that who does not need it steps over it at once."""
        yield " a.append(WHOLE[-len(v)])"
        yield " o = a; a = []"
        yield " for i in v:"
        yield from (f"  {line}" for line in self._statements(items, "i"))
        yield " s = b''.join(a); a = o"
        yield " a += (WHOLE[len(s)], s)"

    @staticmethod
    def _name(schema: dict[str, Any]) -> str:
        return str(schema["name"]).rsplit(".", 1)[-1]
