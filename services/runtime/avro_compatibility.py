"""Whether data written with one Avro schema can be read with another.

Rules: Apache Avro 1.12 specification, "Schema Resolution". As there, named types match by their name without
namespace or by an alias of the reader's. Beyond it, a reader's decimal may have a larger precision.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from services.runtime.avro_schema import Field, Type

_PROMOTIONS = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}


class Level(StrEnum):
    """What a new version of a schema must be able to do ("Compatibility level" of the registry's API)."""

    NONE = "NONE"
    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FORWARD = "FORWARD"
    FORWARD_TRANSITIVE = "FORWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"


def incompatibilities(level: Level, new: Type, earlier: Sequence[Type]) -> list[str]:
    """Why `new` must not follow the `earlier` versions (oldest first) at this level; empty when it may."""
    if level is Level.NONE:
        return []
    against = earlier if level.endswith("_TRANSITIVE") else earlier[-1:]
    found: list[str] = []
    for old in reversed(against):
        if not level.startswith("FORWARD"):
            found += [f"new cannot read old: {difference}" for difference in differences(new, old)]
        if not level.startswith("BACKWARD"):
            found += [f"old cannot read new: {difference}" for difference in differences(old, new)]
    return list(dict.fromkeys(found))


def differences(reader: Type, writer: Type) -> list[str]:
    """What keeps `reader` from reading data of `writer`, each with its path; empty when nothing does."""
    comparison = _Comparison()
    while True:
        found = comparison.run(reader, writer)
        if not comparison.learned:
            return [f"{path or '/'}: {why}" for path, why in found]


_Found = list[tuple[str, str]]
"""(path, what differs)."""


class _Comparison:
    """Compares types that may be recursive.

    A pair of records that is met again while it is compared is taken as compatible. That can only err towards
    compatible, so failures are final; passes are repeated until one finds no new failure.
    """

    def __init__(self) -> None:
        self._failed: dict[tuple[Type, Type], _Found] = {}
        self._seen: set[tuple[Type, Type]] = set()
        self.learned = False

    def run(self, reader: Type, writer: Type) -> _Found:
        self._seen.clear()
        self.learned = False
        return self._compare(reader, writer)

    def _compare(self, reader: Type, writer: Type) -> _Found:
        if writer.kind == "union":
            return self._each((f"/{n}", reader, branch) for n, branch in enumerate(writer.inner))
        if reader.kind == "union":
            return self._any(reader, writer)
        if reader.kind != writer.kind:
            if reader.kind in _PROMOTIONS.get(writer.kind, ()):
                return []
            return [("", f"{reader} cannot read {writer}")]
        match reader.kind:
            case "array":
                return self._each([("/items", reader.inner[0], writer.inner[0])])
            case "map":
                return self._each([("/values", reader.inner[0], writer.inner[0])])
            case "record":
                return self._records(reader, writer)
            case "enum":
                return _names(reader, writer) or _symbols(reader, writer)
            case "fixed":
                return _names(reader, writer) or _sizes(reader, writer) or _decimals(reader, writer)
        return _decimals(reader, writer)

    def _each(self, pairs: Iterable[tuple[str, Type, Type]]) -> _Found:
        return [(at + path, why) for at, reader, writer in pairs for path, why in self._compare(reader, writer)]

    def _any(self, reader: Type, writer: Type) -> _Found:
        tried = [(branch, self._compare(branch, writer)) for branch in reader.inner]
        if any(not found for _, found in tried):
            return []
        alike = [found for branch, found in tried if (branch.kind, branch.name) == (writer.kind, writer.name)]
        return alike[0] if alike else [("", f"no branch of {reader} can read {writer}")]

    def _records(self, reader: Type, writer: Type) -> _Found:
        pair = (reader, writer)
        if pair in self._failed:
            return self._failed[pair]
        if pair in self._seen:
            return []
        self._seen.add(pair)
        found = _names(reader, writer) or self._fields(reader, writer)
        if found:
            self._failed[pair] = found
            self.learned = True
        return found

    def _fields(self, reader: Type, writer: Type) -> _Found:
        found: _Found = []
        for item in reader.fields:
            written = _written(item, writer)
            if len(written) > 1:
                several = " and ".join(match.name for match in written)
                found.append((f"/{item.name}", f"both {several} of the writer match this field"))
            elif written:
                found += self._each([(f"/{item.name}", item.type, written[0].type)])
            elif not item.has_default:
                found.append(
                    (f"/{item.name}", "the writer has no such field, and the reader has no default for it")
                )
        return found


def _written(item: Field, writer: Type) -> list[Field]:
    """The writer's fields that a reader's field stands for."""
    return [field for field in writer.fields if field.name == item.name or field.name in item.aliases]


def _names(reader: Type, writer: Type) -> _Found:
    if reader.short_name == writer.short_name or writer.name in reader.aliases:
        return []
    return [("", f"{reader} cannot read {writer}: neither its name nor an alias")]


def _symbols(reader: Type, writer: Type) -> _Found:
    unknown = [symbol for symbol in writer.symbols if symbol not in reader.symbols]
    if not unknown or reader.symbol_default is not None:
        return []
    return [("", f"{reader} has no {', '.join(unknown)} and no default")]


def _sizes(reader: Type, writer: Type) -> _Found:
    if reader.size == writer.size:
        return []
    return [("", f"{reader} has {reader.size} bytes, not {writer.size}")]


def _decimals(reader: Type, writer: Type) -> _Found:
    new, old = reader.decimal, writer.decimal
    if new is None or old is None or (new.scale == old.scale and new.precision >= old.precision):
        return []
    return [("", f"decimal({new.precision}, {new.scale}) cannot read decimal({old.precision}, {old.scale})")]
