"""Avro schemas as a graph of types, parsed strictly: what is wrong is said, nothing is guessed.

Rules: Apache Avro 1.12 specification, "Schema Declaration". Unknown attributes and logical types are ignored, as
it demands; of logical types only decimal is kept, because it takes part in schema resolution.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})

_DEEPEST = 150
"""Steps of a path in a schema; a record in a record takes three."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Json = Any


class InvalidSchema(ValueError):
    """The text is not an Avro schema; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Decimal:
    """The logical type decimal."""

    precision: int
    scale: int


@dataclass(slots=True, eq=False)
class Type:
    """One type of a schema; types refer to each other, also in circles. Names are full names."""

    kind: str
    name: str = ""
    aliases: tuple[str, ...] = ()
    fields: list["Field"] = field(default_factory=list)
    symbols: tuple[str, ...] = ()
    symbol_default: str | None = None
    size: int = 0
    inner: list["Type"] = field(default_factory=list)
    """Items of an array, values of a map (one), branches of a union (any number)."""
    decimal: Decimal | None = None

    @property
    def short_name(self) -> str:
        """The name without its namespace."""
        return self.name.rpartition(".")[2]

    def __str__(self) -> str:
        if self.kind == "union":
            return f"[{', '.join(str(branch) for branch in self.inner)}]"
        if self.kind in ("array", "map"):
            return f"{self.kind} of {self.inner[0]}"
        return f"{self.kind} {self.name}" if self.name else self.kind


@dataclass(slots=True, eq=False)
class Field:
    """A record's field."""

    name: str
    aliases: tuple[str, ...]
    type: Type
    has_default: bool
    default: Json = None


def parse(text: str) -> Type:
    """The type that a schema text defines; InvalidSchema when it defines none."""
    try:
        raw = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise InvalidSchema(f"not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidSchema("nested too deeply") from error
    parser = _Parser()
    parsed = parser.type(raw, "", "")
    parser.check_defaults()
    return parsed


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")


class _Parser:
    """Reads one schema; holds the names that it has defined so far."""

    def __init__(self) -> None:
        self._named: dict[str, Type] = {}
        self._defaults: list[tuple[str, Field]] = []

    def check_defaults(self) -> None:
        """Defaults may need types that are defined after them, so they are looked at last."""
        for path, item in self._defaults:
            if not fits(item.default, item.type):
                raise InvalidSchema(
                    f"{path}: the default {json.dumps(item.default)} is not a value of {item.type}"
                )

    def type(self, raw: Json, namespace: str, path: str) -> Type:
        if path.count("/") > _DEEPEST:
            raise InvalidSchema("nested too deeply")
        match raw:
            case str(name):
                return self._reference(name, namespace, path)
            case list(branches):
                return self._union(branches, namespace, path)
            case {"type": str(kind)}:
                return self._declared(kind, raw, namespace, path)
        raise InvalidSchema(f"{path or '/'}: {json.dumps(raw)[:80]} is not a type")

    def _declared(self, kind: str, raw: dict[str, Json], namespace: str, path: str) -> Type:
        if kind in PRIMITIVES:
            return Type(kind, decimal=_decimal(raw) if kind == "bytes" else None)
        read: dict[str, Callable[[dict[str, Json], str, str], Type]] = {
            "record": self._record,
            "error": self._record,
            "enum": self._enum,
            "fixed": self._fixed,
            "array": self._array,
            "map": self._map,
        }
        return read[kind](raw, namespace, path) if kind in read else self._reference(kind, namespace, path)

    def _reference(self, name: str, namespace: str, path: str) -> Type:
        if name in PRIMITIVES:
            return Type(name)
        full = _full(name, namespace)
        if full not in self._named:
            raise InvalidSchema(f"{path or '/'}: no type is named {full}")
        return self._named[full]

    def _union(self, branches: list[Json], namespace: str, path: str) -> Type:
        inner = [self.type(branch, namespace, f"{path}/{number}") for number, branch in enumerate(branches)]
        if any(branch.kind == "union" for branch in inner):
            raise InvalidSchema(f"{path or '/'}: a union directly in a union")
        kinds = [branch.name or branch.kind for branch in inner]
        if twice := {kind for kind in kinds if kinds.count(kind) > 1}:
            raise InvalidSchema(f"{path or '/'}: twice in a union: {', '.join(sorted(twice))}")
        return Type("union", inner=inner)

    def _array(self, raw: dict[str, Json], namespace: str, path: str) -> Type:
        return Type("array", inner=[self.type(_wanted(raw, "items", path), namespace, f"{path}/items")])

    def _map(self, raw: dict[str, Json], namespace: str, path: str) -> Type:
        return Type("map", inner=[self.type(_wanted(raw, "values", path), namespace, f"{path}/values")])

    def _record(self, raw: dict[str, Json], namespace: str, path: str) -> Type:
        record = self._define("record", raw, namespace, path)
        own = record.name.rpartition(".")[0]
        items = _wanted(raw, "fields", path)
        if not isinstance(items, list):
            raise InvalidSchema(f"{path or '/'}: the fields of {record.name} are not a list")
        for number, item in enumerate(items):
            record.fields.append(self._field(item, own, f"{path}/fields/{number}"))
        names = [item.name for item in record.fields]
        if twice := {name for name in names if names.count(name) > 1}:
            raise InvalidSchema(f"{path or '/'}: twice in {record.name}: {', '.join(sorted(twice))}")
        return record

    def _field(self, raw: Json, namespace: str, path: str) -> Field:
        if not isinstance(raw, dict):
            raise InvalidSchema(f"{path}: {json.dumps(raw)[:80]} is not a field")
        name = _name(_wanted(raw, "name", path), path)
        aliases = tuple(_name(alias, path) for alias in _names(raw, "aliases", path))
        kind = self.type(_wanted(raw, "type", path), namespace, f"{path}/type")
        item = Field(name, aliases, kind, "default" in raw, raw.get("default"))
        if item.has_default:
            self._defaults.append((path, item))
        return item

    def _enum(self, raw: dict[str, Json], namespace: str, path: str) -> Type:
        enum = self._define("enum", raw, namespace, path)
        _wanted(raw, "symbols", path)
        enum.symbols = tuple(_name(symbol, path) for symbol in _names(raw, "symbols", path))
        if len(set(enum.symbols)) < len(enum.symbols):
            raise InvalidSchema(f"{path or '/'}: a symbol twice in {enum.name}")
        enum.symbol_default = raw.get("default")
        if enum.symbol_default is not None and enum.symbol_default not in enum.symbols:
            raise InvalidSchema(f"{path or '/'}: the default of {enum.name} is not one of its symbols")
        return enum

    def _fixed(self, raw: dict[str, Json], namespace: str, path: str) -> Type:
        fixed = self._define("fixed", raw, namespace, path)
        fixed.size = _wanted(raw, "size", path)
        if not isinstance(fixed.size, int) or isinstance(fixed.size, bool) or fixed.size < 0:
            raise InvalidSchema(f"{path or '/'}: the size of {fixed.name} is not a number of bytes")
        fixed.decimal = _decimal(raw)
        return fixed

    def _define(self, kind: str, raw: dict[str, Json], namespace: str, path: str) -> Type:
        own = raw.get("namespace", namespace)
        name = _wanted(raw, "name", path)
        if not isinstance(name, str) or not isinstance(own, str):
            raise InvalidSchema(f"{path or '/'}: name and namespace are to be text")
        full = _full(name, own)
        if not all(_NAME.fullmatch(part) for part in full.split(".")) or full in PRIMITIVES:
            raise InvalidSchema(f"{path or '/'}: {full!r} is not a name")
        if full in self._named:
            raise InvalidSchema(f"{path or '/'}: {full} is defined twice")
        within = full.rpartition(".")[0]
        aliases = tuple(_full(alias, within) for alias in _names(raw, "aliases", path))
        self._named[full] = Type(kind, full, aliases)
        return self._named[full]


def fits(value: Json, kind: Type) -> bool:
    """True when the JSON value is a default for this type ("Complex Types", table of field default values)."""
    match kind.kind:
        case "fixed":
            return _is_bytes(value) and len(value) == kind.size
        case "enum":
            return value in kind.symbols
        case "array":
            return isinstance(value, list) and all(fits(item, kind.inner[0]) for item in value)
        case "map":
            return isinstance(value, dict) and all(fits(item, kind.inner[0]) for item in value.values())
        case "union":
            return any(fits(value, branch) for branch in kind.inner)
        case "record":
            return isinstance(value, dict) and all(
                fits(value[item.name], item.type) if item.name in value else item.has_default
                for item in kind.fields
            )
    return _FITS[kind.kind](value)


def _is_integer(value: Json, bits: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(1 << bits - 1) <= value < 1 << bits - 1


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_bytes(value: Json) -> bool:
    """Bytes are written as text whose code points 0 to 255 are the bytes."""
    return isinstance(value, str) and all(ord(char) < 256 for char in value)


_FITS: dict[str, Callable[[Json], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "int": lambda value: _is_integer(value, 32),
    "long": lambda value: _is_integer(value, 64),
    "float": _is_number,
    "double": _is_number,
    "string": lambda value: isinstance(value, str),
    "bytes": _is_bytes,
}


def _decimal(raw: dict[str, Json]) -> Decimal | None:
    """The decimal that it declares; an invalid one is ignored, as the specification demands."""
    precision, scale = raw.get("precision"), raw.get("scale", 0)
    if raw.get("logicalType") != "decimal" or not isinstance(precision, int) or not isinstance(scale, int):
        return None
    return Decimal(precision, scale) if 0 <= scale <= precision and precision > 0 else None


def _wanted(raw: dict[str, Json], key: str, path: str) -> Json:
    if key not in raw:
        raise InvalidSchema(f"{path or '/'}: {key} is missing")
    return raw[key]


def _names(raw: dict[str, Json], key: str, path: str) -> list[str]:
    found = raw.get(key, [])
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise InvalidSchema(f"{path or '/'}: {key} is not a list of names")
    return found


def _name(name: Json, path: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidSchema(f"{path or '/'}: {json.dumps(name)[:80]} is not a name")
    return name


def _full(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"
