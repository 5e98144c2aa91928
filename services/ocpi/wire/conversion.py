"""An object of one OCPI version as one of another, and the report of what was lost or assumed on the way.

2.3.0 is always one of the two. Most of it follows from the tables; what does not is a small function per object,
called a bridge, in `v221.py` and `v211.py`. Downwards nothing is sent that the older version does not know;
upwards what is not known is kept, as everywhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from services.ocpi.wire.findings import Finding, Kind, at
from services.ocpi.wire.model import MODEL, V230, Field, Object, required_fields
from services.ocpi.wire.parties import Party

Shape = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """What an object of 2.1.1 does not say itself: whose it is, whose the tokens are, where a session is."""

    owner: Party = Party("", "")
    token_owner: Party = Party("", "")
    role: str = "EMSP"
    location: Mapping[str, Any] | None = None
    partial: bool = False


class Converted(NamedTuple):
    """The object, None when the version cannot tell it, and the loss report."""

    value: Shape | None
    losses: tuple[Finding, ...]


@dataclass(slots=True)
class Passage:
    """Where a conversion is: bridges report here. `pointer` is of the object that is being converted."""

    scene: Scene
    pointer: str = ""
    findings: list[Finding] = field(default_factory=list)

    def lost(self, name: str, detail: str) -> None:
        self.findings.append(Finding(f"{self.pointer}/{name}", Kind.NOT_REPRESENTABLE, detail))

    def assumed(self, name: str, detail: str) -> None:
        """Of a PATCH nothing is assumed: what it does not say stays as it is."""
        self.findings.append(Finding(f"{self.pointer}/{name}", Kind.ASSUMED, detail))


Bridge = Callable[[Shape, Passage], Shape | None]
"""Gives a copy of an object the target's fields. Its members keep the source's shape; they are converted next.
None: the target cannot tell it."""


@dataclass(frozen=True, slots=True)
class Bridges:
    """What the tables do not say about one direction, by the target's names of objects and enums."""

    objects: Mapping[str, Bridge]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """Objects that are called otherwise in the target."""


def convert(
    value: Mapping[str, Any], name: str, source: str, target: str, bridges: Bridges, scene: Scene
) -> Converted:
    """Convert an object that is named `name` in the source version."""
    if source == target:
        return Converted(dict(value), ())
    passage = Passage(scene)
    walk = _Walk(source, target, bridges, passage)
    result = walk.object(value, name, bridges.names.get(name, name), "")
    return Converted(result, tuple(passage.findings))


class _Walk:
    def __init__(self, source: str, target: str, bridges: Bridges, passage: Passage) -> None:
        self._source = source
        self._target = target
        self._bridges = bridges
        self._passage = passage
        self._down = source == V230

    def object(self, value: Mapping[str, Any], source_name: str, target_name: str, pointer: str) -> Shape | None:
        if (self._target, target_name) not in MODEL.objects:
            self._refused(pointer, f"{target_name} is not in {self._target}")
            return None
        before = MODEL.objects.get((self._source, source_name), {})
        shaped: Shape | None = dict(value)
        bridge = self._bridges.objects.get(target_name)
        if bridge is not None:
            self._passage.pointer = pointer
            shaped = bridge(dict(value), self._passage)
            if shaped is None:
                return None
        return self._filled(shaped or {}, before, target_name, pointer)

    def _filled(self, shaped: Shape, before: Object, target_name: str, pointer: str) -> Shape | None:
        fields = MODEL.objects[self._target, target_name]
        result: Shape = {}
        for key, item in shaped.items():
            field_ = fields.get(key)
            if field_ is None:
                if self._down and key in before:
                    self._refused(at(pointer, key), f"not in {self._target}")
                else:
                    result[key] = item
                continue
            member = self._member(item, before.get(key), field_, f"{pointer}/{key}")
            if member is not None:
                result[key] = member
            elif item is None and self._passage.scene.partial:
                result[key] = None
        return result if self._whole(result, target_name, pointer) else None

    def _whole(self, result: Shape, target_name: str, pointer: str) -> bool:
        """Downwards an object without one of its required fields is none; upwards that is only told."""
        if self._passage.scene.partial and not pointer:
            return True
        for field_ in required_fields(self._target, target_name):
            name = field_.name
            if result.get(name) not in (None, []):
                continue
            if self._down:
                self._refused(pointer, f"cannot be without {name}")
                return False
            self._passage.findings.append(Finding(at(pointer, name), Kind.MISSING, f"required in {self._target}"))
        return True

    def _member(self, item: Any, before: Field | None, field_: Field, pointer: str) -> Any:
        if item is None:
            return None
        if field_.many and isinstance(item, list | tuple):
            parts = [self._one(part, before, field_, f"{pointer}/{place}") for place, part in enumerate(item)]
            return [part for part in parts if part is not None]
        return self._one(item, before, field_, pointer)

    def _one(self, item: Any, before: Field | None, field_: Field, pointer: str) -> Any:
        if isinstance(item, dict) and (self._target, field_.type) in MODEL.objects:
            return self.object(item, before.type if before else field_.type, field_.type, pointer)
        if not isinstance(item, str):
            return item
        if (self._target, field_.type) in MODEL.enums:
            return self._value(item, field_, pointer)
        if self._down and field_.most is not None and len(item) > field_.most:
            return self._shortened(item, field_, pointer)
        return item

    def _value(self, item: str, field_: Field, pointer: str) -> str | None:
        known, is_open = MODEL.enums[self._target, field_.type]
        if item in known or (is_open and self._down):
            return item
        other = self._bridges.values.get(field_.type, {}).get(item)
        if other is not None:
            self._passage.findings.append(Finding(pointer, Kind.CORRECTED, f"{item} becomes {other}"))
            return other
        if self._down:
            self._refused(pointer, f"{item} is not in {self._target}")
            return None
        self._passage.findings.append(Finding(pointer, Kind.UNKNOWN_VALUE, item, allowed=True))
        return item

    def _shortened(self, item: str, field_: Field, pointer: str) -> str | None:
        """Text is cut; an id that is too long is another id when it is cut."""
        if pointer.endswith("id") or field_.type == "CiString":
            self._refused(pointer, f"longer than {field_.most} characters")
            return None
        self._passage.findings.append(Finding(pointer, Kind.CORRECTED, f"cut after {field_.most} characters"))
        return item[: field_.most]

    def _refused(self, pointer: str, detail: str) -> None:
        self._passage.findings.append(Finding(pointer, Kind.NOT_REPRESENTABLE, detail))
