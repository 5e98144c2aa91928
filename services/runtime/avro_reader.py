"""Event objects straight from Avro binary: one compiled function per record, a few times fastavro's speed.

It reads what this version writes, into the generated classes; what an older writer wrote is resolved by fastavro.
The objects equal those that fastavro and `msgspec.convert` make (tested by example and by mutation), but a decimal
of more digits than its type has is refused, not rounded.
"""

from collections.abc import Callable, Collection, Iterator
from decimal import Context, Decimal, Inexact
from itertools import groupby
from typing import Any, Final, get_args, get_type_hints

_MAX_REMEMBERED: Final = 8192
_MAX_TEXT: Final = 64
_MAX_VARINT_BITS: Final = 63
_MORE: Final = 0x80
"""The bit of a varint's byte that says that more follow."""
_MANY_NULLS: Final = 3
_NOT_SMALL: Final = 0x81
"""Bits of a varint's first byte that say: more bytes follow, or the number is negative."""

Reader = Callable[[bytes, int], tuple[Any, int]]


class Unreadable(ValueError):
    """Bytes that are not what the schema says."""


class _Texts(dict[bytes, str]):
    """Texts of UTF-8; short ones are remembered, since events repeat most of theirs.

    The same object each time also makes every later comparison of it one of identity.
    """

    def __missing__(self, data: bytes) -> str:
        text = data.decode()
        if len(data) <= _MAX_TEXT:
            if len(self) >= _MAX_REMEMBERED:
                self.clear()
            self[data] = text
        return text


def _long(data: bytes, at: int) -> tuple[int, int]:
    """A zigzag varint of up to 64 bits, and where it ends."""
    shift = number = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < _MORE:
            break
        shift += 7
        if shift > _MAX_VARINT_BITS:
            break
    if number >> 64:
        raise Unreadable("a number of more than 64 bits")
    return (number >> 1) ^ -(number & 1), at


def _long_of_several_bytes(data: bytes, at: int) -> tuple[int, int]:
    """The same of two bytes or more, unrolled: three have a meter's Wh, six the milliseconds of our time."""
    byte = data[at + 1]
    number = data[at] & 0x7F | (byte & 0x7F) << 7
    if byte < _MORE:
        return (number >> 1) ^ -(number & 1), at + 2
    byte = data[at + 2]
    number |= (byte & 0x7F) << 14
    if byte < _MORE:
        return (number >> 1) ^ -(number & 1), at + 3
    byte = data[at + 5] if at + 5 < len(data) else _MORE
    if byte < _MORE <= data[at + 3] & data[at + 4]:
        high = data[at + 4] & 0x7F | byte << 7
        number |= (data[at + 3] & 0x7F) << 21 | high << 28
        return (number >> 1) ^ -(number & 1), at + 6
    return _long(data, at)


def _length(data: bytes, at: int) -> tuple[int, int]:
    size, at = _long(data, at)
    if size < 0:
        raise Unreadable(f"a length of {size}")
    return size, at


def _count(data: bytes, at: int) -> tuple[int, int]:
    """How many items a block has; a negative count has the block's size in bytes after it."""
    count, at = _long(data, at)
    if count < 0:
        return -count, _length(data, at)[1]
    return count, at


def _block(data: bytes, at: int) -> tuple[int, int, int]:
    """How many items a block has, where they begin, and their size in bytes, 0 where that is not told."""
    count, at = _long(data, at)
    if count >= 0:
        return count, at, 0
    size, at = _length(data, at)
    return -count, at, size


def _decimal(data: bytes, limit: int, scale: int) -> Decimal:
    unscaled = int.from_bytes(data, "big", signed=True)
    if not -limit < unscaled < limit:
        raise Unreadable(f"a decimal of more than {len(str(limit)) - 1} digits")
    return Decimal(unscaled).scaleb(-scale, _EXACT)


def compile_reader(schema: Any, kind: type[Any], unread: Collection[str] = ()) -> Reader:
    """A function that reads one record of `schema` at an index of some bytes: an instance of `kind`, and its end.

    `schema` is self-contained, parsed JSON; `kind` a generated frozen dataclass with the same fields. The end may
    lie beyond the bytes when those are cut short, so compare it with their length. That function raises
    Unreadable, IndexError or UnicodeDecodeError for other bytes. `unread` names arrays, like
    "MeterValue.sampled_values", that are stepped over and left empty: Avro's own way to a projection.
    """
    builder = _Builder(unread)
    name = builder.record(schema, kind)
    scope: dict[str, Any] = {
        **builder.constants,
        "new": object.__new__,
        "TEXT": _TEXTS,
        "long": _long_of_several_bytes,
        "length": _length,
        "count": _count,
        "block": _block,
        "decimal": _decimal,
        "Unreadable": Unreadable,
    }
    exec(compile("\n".join(builder.source), f"<avro reader of {name}>", "exec"), scope)
    return scope[name]  # type: ignore[no-any-return]


_EXACT: Final = Context(prec=60, traps=[Inexact])
_TEXTS: Final = _Texts()


_SIZE: Final = ("n = d[i]", f"if n & {_NOT_SMALL}: n, i = length(d, i)", "else: n >>= 1; i += 1")
"""Lines that read the length of what follows into `n`."""

_WHOLE: Final = (
    "b = d[i]",
    "if b < 128: v = (b >> 1) ^ -(b & 1); i += 1",
    "elif d[i+1] < 128: b = b & 127 | d[i+1] << 7; v = (b >> 1) ^ -(b & 1); i += 2",
    "else: v, i = long(d, i)",
)

_PRIMITIVES: Final = {
    "string": (*_SIZE, "i += n; v = TEXT[d[i-n:i]]"),
    "bytes": (*_SIZE, "i += n; v = d[i-n:i]"),
    "int": _WHOLE,
    "long": _WHOLE,
    "boolean": ("b = d[i]; i += 1; v = b == 1", "if b > 1: raise Unreadable('a boolean of ' + str(b))"),
}


class _Builder:
    """Writes the source: one Python function per record, which sets the slots of a new object itself."""

    def __init__(self, unread: Collection[str]) -> None:
        self.source: list[str] = []
        self.constants: dict[str, Any] = {}
        self._unread = unread
        self._named: dict[str, Any] = {}

    def record(self, schema: dict[str, Any], kind: type[Any]) -> str:
        name = str(schema["name"]).rsplit(".", 1)[-1]
        self._named[str(schema["name"])] = self._named[f"{schema.get('namespace', '')}.{name}"] = schema
        hints = get_type_hints(kind)
        self.constants[f"C_{name}"] = kind
        body: list[str] = []
        for nullable, group in groupby(schema["fields"], lambda field: _is_nullable(field["type"])):
            fields = list(group)
            read = [line for field in fields for line in self._field(name, kind, field, hints[field["name"]])]
            if nullable and len(fields) >= _MANY_NULLS:
                nulls = "; ".join(f"S_{name}_{field['name']}(o, None)" for field in fields)
                read = [
                    f"if d[i:i+{len(fields)}] == {bytes(len(fields))!r}:",
                    f" i += {len(fields)}; {nulls}",
                    "else:",
                    *_indented(read),
                ]
            body += read
        lines = [f"o = new(C_{name})", *body, "return o, i"]
        self.source.append("\n".join([f"def {name}(d, i, new=new, TEXT=TEXT, long=long):", *_indented(lines)]))
        return name

    def _field(self, name: str, kind: type[Any], field: dict[str, Any], hint: Any) -> Iterator[str]:
        setter = f"S_{name}_{field['name']}"
        self.constants[setter] = kind.__dict__[field["name"]].__set__
        if field["name"] == "event_id":  # never met again: not worth remembering
            yield from _SIZE
            yield f"i += n; {setter}(o, d[i-n:i].decode())"
            return
        if f"{name}.{field['name']}" in self._unread:
            yield from self._step_over(field["type"])
            yield f"{setter}(o, ())"
            return
        yield from self._value(field["type"], hint)
        yield f"{setter}(o, v)"

    def _value(self, avro: Any, hint: Any) -> Iterator[str]:
        """Lines that read a value at `i` of `d` into `v`, and move `i` behind it; they may use `n` and `b`."""
        match avro:
            case list():
                yield from self._union(avro, hint)
            case str() if avro in _PRIMITIVES:
                yield from _PRIMITIVES[avro]
            case str():
                yield from self._value(self._named[avro], hint)
            case {"logicalType": "decimal"}:
                yield from _SIZE
                yield f"i += n; v = decimal(d[i-n:i], {10 ** avro['precision']}, {avro['scale']})"
            case {"type": "enum"}:
                yield from self._enum(avro, hint)
            case {"type": "array"}:
                yield from self._array(avro, hint)
            case {"type": "record"}:
                yield f"v, i = {self._record_named(avro, hint)}(d, i)"
            case _:
                yield from self._value(avro["type"], hint)

    def _union(self, avro: list[Any], hint: Any) -> Iterator[str]:
        null, branch = avro.index("null"), 1 - avro.index("null")
        yield "b = d[i]; i += 1"
        yield f"if b == {null * 2}: v = None"
        yield f"elif b == {branch * 2}:"
        yield from _indented(self._value(avro[branch], hint))
        yield "else: raise Unreadable('no branch ' + str(b >> 1) + ' in a union')"

    def _enum(self, avro: dict[str, Any], hint: Any) -> Iterator[str]:
        name = str(avro["name"]).rsplit(".", 1)[-1]
        self._named[str(avro["name"])] = self._named[f"{avro.get('namespace', '')}.{name}"] = avro
        kind = _class_named(name, hint)
        self.constants[f"E_{name}"] = tuple(kind(symbol) for symbol in avro["symbols"])
        yield from _SIZE
        yield f"v = E_{name}[n]"

    def _array(self, avro: dict[str, Any], hint: Any) -> Iterator[str]:
        if isinstance(avro["items"], dict) and avro["items"]["type"] == "array":
            raise TypeError("an array of arrays: put a record between them")
        yield "if d[i]:"
        yield " vs = []"
        yield " while True:"
        yield "  m, i = count(d, i)"
        yield "  if m == 0: break"
        yield "  while m:"
        yield "   m -= 1"
        yield from _indented(self._value(avro["items"], hint), 3)
        yield "   vs.append(v)"
        yield " v = tuple(vs)"
        yield "else: v = (); i += 1"

    def _step_over(self, avro: Any) -> Iterator[str]:
        """Lines that move `i` behind a value; they may use `n`, `m` and `b`."""
        match avro:
            case "string" | "bytes" | {"type": "bytes"}:
                yield from _SIZE
                yield "i += n"
            case "int" | "long" | {"type": "enum" | "int" | "long"}:
                yield "while d[i] > 127: i += 1"
                yield "i += 1"
            case "boolean":
                yield "i += 1"
            case list():
                null, branch = avro.index("null"), 1 - avro.index("null")
                yield "b = d[i]; i += 1"
                yield f"if b == {branch * 2}:"
                yield from _indented(self._step_over(avro[branch]))
                yield f"elif b != {null * 2}: raise Unreadable('no branch ' + str(b >> 1) + ' in a union')"
            case {"type": "array"}:
                yield "while True:"
                yield " m, i, n = block(d, i)"
                yield " if m == 0: break"
                yield " if n: i += n; continue"
                yield f" for _ in range(m): i = {self._step_over_record(avro['items'])}(d, i)"
            case _:
                yield f"i = {self._step_over_record(avro)}(d, i)"

    def _step_over_record(self, avro: Any) -> str:
        """Name of a function (bytes, index) -> index behind a record."""
        schema = self._named.get(avro) if isinstance(avro, str) else avro
        if not schema:
            raise TypeError(f"an array of {avro} is read, not stepped over")
        name = "over_" + str(schema["name"]).rsplit(".", 1)[-1]
        lines = [line for field in schema["fields"] for line in self._step_over(field["type"])]
        self.source.append("\n".join([f"def {name}(d, i):", *_indented([*lines, "return i"])]))
        return name

    def _record_named(self, avro: dict[str, Any], hint: Any) -> str:
        name = str(avro["name"]).rsplit(".", 1)[-1]
        return name if f"C_{name}" in self.constants else self.record(avro, _class_named(name, hint))


def _is_nullable(avro: Any) -> bool:
    return isinstance(avro, list) and avro[0] == "null"


def _indented(lines: Any, depth: int = 1) -> list[str]:
    return [" " * depth + line for line in lines]


def _class_named(name: str, hint: Any) -> Any:
    """The class of that name in a type like `tuple[common.MeterValue, ...]` or `IdToken | None`."""
    if getattr(hint, "__name__", "") == name:
        return hint
    return next((found for part in get_args(hint) if (found := _class_named(name, part)) is not None), None)
