"""An object of one OCPI version as one of another, and the report of what was lost or assumed on the way.

2.3.0 is always one of the two. Most of it follows from the tables; what does not is a small function per object,
called a bridge, in `v221.py` and `v211.py`. Downwards nothing is sent that the older version does not know;
upwards what is not known is kept, as everywhere. What the tables say is compiled once per object into a step per
field, or none where the field goes as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from services.ocpi.wire.checking import Check, checker
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


Step = Callable[[Any, str, Passage], Any]
"""(value of a field, pointer of its object, passage): the value in the target, None when it cannot be told."""

_NOT_A_FIELD: Any = object()


class Conversion:
    """One direction between two versions."""

    def __init__(self, source: str, target: str, bridges: Bridges) -> None:
        self._source = source
        self._target = target
        self._bridges = bridges
        self._down = source == V230
        self._plans: dict[tuple[str, str], _Plan] = {}

    def convert(self, value: Mapping[str, Any], name: str, scene: Scene) -> Converted:
        """Convert an object that is named `name` in the source version."""
        if self._source == self._target:
            return Converted(dict(value), ())
        passage = Passage(scene)
        result = self._object(dict(value), name, self.name_of(name), "", passage)
        return Converted(result, tuple(passage.findings))

    def name_of(self, name: str) -> str:
        """What an object of the source is called in the target."""
        return self._bridges.names.get(name, name)

    def _object(
        self, value: Shape, source_name: str, target_name: str, pointer: str, passage: Passage
    ) -> Shape | None:
        plan = self._plans.get((source_name, target_name))
        if plan is None:
            if (self._target, target_name) not in MODEL.objects:
                _refused(passage, pointer, f"{target_name} is not in {self._target}")
                return None
            plan = self._plans[source_name, target_name] = self._plan(source_name, target_name)
        if plan.as_it_is is not None and plan.as_it_is(value):
            return value
        shaped: Shape | None = value
        if plan.bridge is not None:
            passage.pointer = pointer
            shaped = plan.bridge(dict(value), passage)
        return None if shaped is None else self._filled(shaped, plan, pointer, passage)

    def _filled(self, shaped: Shape, plan: "_Plan", pointer: str, passage: Passage) -> Shape | None:
        result: Shape = {}
        step_of = plan.steps.get
        for key, item in shaped.items():
            step = step_of(key, _NOT_A_FIELD)
            if step is _NOT_A_FIELD:
                if self._down and key in plan.before:
                    _refused(passage, at(pointer, key), f"not in {self._target}")
                else:
                    result[key] = item
            elif item is None:
                if passage.scene.partial:
                    result[key] = None
            elif step is None:
                result[key] = item
            else:
                member = step(item, pointer, passage)
                if member is not None:
                    result[key] = member
        return result if self._whole(result, plan, pointer, passage) else None

    def _whole(self, result: Shape, plan: "_Plan", pointer: str, passage: Passage) -> bool:
        """Downwards an object without one of its required fields is none; upwards that is only told."""
        if passage.scene.partial and not pointer:
            return True
        for name in plan.required:
            member = result.get(name)
            if member is not None and (type(member) is not list or member):
                continue
            if self._down:
                _refused(passage, pointer, f"cannot be without {name}")
                return False
            passage.findings.append(Finding(at(pointer, name), Kind.MISSING, f"required in {self._target}"))
        return True

    def _plan(self, source_name: str, target_name: str) -> "_Plan":
        before = MODEL.objects.get((self._source, source_name), {})
        fields = MODEL.objects[self._target, target_name]
        bridged = any(name in self._bridges.objects for name in _within(target_name, self._target))
        return _Plan(
            self._bridges.objects.get(target_name),
            None if bridged else checker(target_name, self._target),
            before,
            {field_.name: self._step(before.get(field_.name), field_) for field_ in fields.values()},
            tuple(field_.name for field_ in required_fields(self._target, target_name)),
        )

    def _step(self, before: Field | None, field_: Field) -> Step | None:
        one = self._one(before, field_)
        if not field_.many:
            return one
        name = field_.name

        def each(items: Any, pointer: str, passage: Passage) -> Any:
            if not isinstance(items, list | tuple):
                return items if one is None else one(items, pointer, passage)
            if one is None:
                return [item for item in items if item is not None]
            pointers = (f"{pointer}/{name}/{place}" for place in range(len(items)))
            parts = [one(item, at_, passage) for item, at_ in zip(items, pointers, strict=True)]
            return [part for part in parts if part is not None]

        return each

    def _one(self, before: Field | None, field_: Field) -> Step | None:
        """The step of one value; an item of a list comes with a pointer of its own."""
        suffix = "" if field_.many else f"/{field_.name}"
        if (self._target, field_.type) in MODEL.enums:
            return self._value(field_, suffix)
        if (self._target, field_.type) in MODEL.objects:
            source_name = before.type if before else field_.type
            return self._nested(source_name, field_.type, suffix)
        return _limited(field_, field_.most, suffix) if self._down and field_.most is not None else None

    def _nested(self, source_name: str, target_name: str, suffix: str) -> Step:
        def nested(item: Any, pointer: str, passage: Passage) -> Any:
            if isinstance(item, dict):
                return self._object(item, source_name, target_name, pointer + suffix, passage)
            return item

        return nested

    def _value(self, field_: Field, suffix: str) -> Step:
        known, is_open = MODEL.enums[self._target, field_.type]
        others = self._bridges.values.get(field_.type, {})
        down = self._down

        def value(item: Any, pointer: str, passage: Passage) -> Any:
            if not isinstance(item, str) or item in known or (is_open and down):
                return item
            other = others.get(item)
            if other is not None:
                passage.findings.append(Finding(pointer + suffix, Kind.CORRECTED, f"{item} becomes {other}"))
            elif down:
                _refused(passage, pointer + suffix, f"{item} is not in {self._target}")
            else:
                passage.findings.append(Finding(pointer + suffix, Kind.UNKNOWN_VALUE, item, allowed=True))
                return item
            return other

        return value


@dataclass(frozen=True, slots=True)
class _Plan:
    """How an object is converted; `before` are its fields in the source.

    `as_it_is` says of one without any bridge inside that it is right in the target, so that it goes as it is.
    """

    bridge: Bridge | None
    as_it_is: Check | None
    before: Object
    steps: Mapping[str, Step | None]
    required: tuple[str, ...]


def _within(name: str, version: str) -> set[str]:
    """The objects that an object consists of, itself included."""
    found, left = {name}, [name]
    while left:
        types = {field_.type for field_ in MODEL.objects[version, left.pop()].values()}
        new = {kind for kind in types if (version, kind) in MODEL.objects} - found
        found |= new
        left += new
    return found


def _limited(field_: Field, most: int, suffix: str) -> Step:
    """Text is cut; an id that is too long is another id when it is cut."""

    def limited(item: Any, pointer: str, passage: Passage) -> Any:
        if not isinstance(item, str) or len(item) <= most:
            return item
        where = pointer + suffix
        if where.endswith("id") or field_.type == "CiString":
            _refused(passage, where, f"longer than {most} characters")
            return None
        passage.findings.append(Finding(where, Kind.CORRECTED, f"cut after {most} characters"))
        return item[:most]

    return limited


def _refused(passage: Passage, pointer: str, detail: str) -> None:
    passage.findings.append(Finding(pointer, Kind.NOT_REPRESENTABLE, detail))
