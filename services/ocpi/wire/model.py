"""What the objects of each OCPI version look like, read from `tables/*.txt`, one file per module.

A table is an object: a line per field, a column per version. A cell is `type cardinality`, `-` where a version
does not have the field, `=` where it is as in the version to the left. Types are OCPI's own (`CiString(36)`), an
object or enum; cardinalities are `1`, `?`, `*` and `+`. Add-ons of 2.3.0 (payments, bookings) are in its column.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

V230: Final = "2.3.0"
V221: Final = "2.2.1"
V211: Final = "2.1.1"
VERSIONS: Final = (V230, V221, V211)
"""Newest first, as the columns are. 2.3.0 is edition 2 of 2026-06-18."""

PRIMITIVES: Final = frozenset({"string", "CiString", "URL", "DateTime", "int", "number", "boolean"})

_GAP = re.compile(r"\s{2,}")
_OPEN_IN = {"open": (V230,), "open everywhere": VERSIONS}
_CELL = re.compile(r"(?P<type>\w+)(\((?P<most>\d+)\))? (?P<cardinality>[1?*+])")


class Field(NamedTuple):
    """A field of an object. `most` is the highest number of characters, of an int the number of digits."""

    name: str
    type: str
    most: int | None
    cardinality: str

    @property
    def required(self) -> bool:
        return self.cardinality in "1+"

    @property
    def many(self) -> bool:
        return self.cardinality in "*+"


class Values(NamedTuple):
    """The values of an enum; an open one may have others: OpenEnums since 2.3.0, versions and modules always."""

    known: frozenset[str]
    open: bool


Object = Mapping[str, Field]


class Model(NamedTuple):
    """Objects and enums by (version, name)."""

    objects: Mapping[tuple[str, str], Object]
    enums: Mapping[tuple[str, str], Values]


def parse_tables(text: str) -> Model:
    """Read tables; ValueError names the line that is none."""
    objects: dict[tuple[str, str], dict[str, Field]] = {}
    enums: dict[tuple[str, str], Values] = {}
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if not lines:
            continue
        kind, name, *rest = lines[0].split()
        if kind == "object":
            for version, field in _fields(lines[1:]):
                objects.setdefault((version, name), {})[field.name] = field
        elif kind == "enum":
            for version, known in _values(lines[1:]):
                enums[version, name] = Values(known, open=version in _OPEN_IN.get(" ".join(rest), ()))
        else:
            raise ValueError(f"neither an object nor an enum: {lines[0]!r}")
    return Model(objects, enums)


def _fields(lines: list[str]) -> Iterator[tuple[str, Field]]:
    for line in lines:
        name, *cells = _GAP.split(line.strip())
        if len(cells) != len(VERSIONS):
            raise ValueError(f"not one cell per version: {line.strip()!r}")
        above = "-"
        for version, cell in zip(VERSIONS, cells, strict=True):
            above = above if cell == "=" else cell
            if above != "-":
                yield version, _field(name, above)


def _field(name: str, cell: str) -> Field:
    match = _CELL.fullmatch(cell)
    if match is None:
        raise ValueError(f"no type and cardinality: {cell!r}")
    return Field(name, match["type"], int(match["most"]) if match["most"] else None, match["cardinality"])


def _values(lines: list[str]) -> Iterator[tuple[str, frozenset[str]]]:
    known: dict[str, list[str]] = {}
    for line in lines:
        words = line.split()
        if words[0] in VERSIONS:
            version, *words = words
            known[version] = list(known[VERSIONS[VERSIONS.index(version) - 1]]) if words == ["="] else words
        else:
            known[version] += words
    return ((version, frozenset(values)) for version, values in known.items())


def _shipped() -> Model:
    folder = files("services.ocpi.wire") / "tables"
    texts = [entry.read_text() for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)]
    return parse_tables("\n\n".join(texts))


MODEL: Final = _shipped()


@cache
def required_fields(version: str, name: str) -> tuple[Field, ...]:
    """The fields that an object cannot be without."""
    return tuple(field for field in MODEL.objects[version, name].values() if field.required)
