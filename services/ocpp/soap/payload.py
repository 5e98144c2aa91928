"""An element's content as the JSON payload of OCPP 1.6, and back.

Reading decides nothing: what is no number stays text, what is not known is kept, and the schema has the word.
"""

import re
from typing import Any, Final

from services.domain.elements import Element, escaped
from services.ocpp.soap.shapes import FLAG, NUMBER, SAMPLED_VALUE, TEXT, TIME, WHOLE, Kind, Many, Shape
from services.ocpp.wire.faults import Fault, Refused

_NIL: Final = "http://www.w3.org/2001/XMLSchema-instance nil"
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{0,18})?", re.ASCII)
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
_NAMED_ZONE: Final = re.compile(r"\[[^\]]*\]$")
"""`2026-11-21T10:00:00Z[Etc/UTC]`, which some stations write."""

_TRUE: Final = frozenset({"true", "1"})
_NO_SHAPE: Final[Shape] = {}


class Unspeakable(Exception):
    """A payload that has no place in a message, and where."""


def read(element: Element, shape: Shape) -> dict[str, Any]:
    """The payload of an element; Refused when one that may come once comes twice."""
    payload: dict[str, Any] = {}
    for child in element.children:
        kind = shape.get(child.name, Kind.WORD)
        if isinstance(kind, Many):
            value = _value(child, kind.of)
            if value is not None:
                payload.setdefault(child.name, []).append(value)
        elif child.name in payload:
            raise Refused(Fault.OCCURRENCE, f"{child.name[:50]} comes more than once")
        else:
            value = _value(child, kind)
            if value is not None:
                payload[child.name] = value
    return payload


def written(payload: dict[str, Any], shape: Shape, prefix: str) -> str:
    """The elements of a payload in the order of their shape; Unspeakable for what the shape does not have."""
    strange = payload.keys() - shape.keys()
    if strange:
        raise Unspeakable(f"{', '.join(sorted(strange))} cannot be said in this version")
    parts = []
    for name, kind in shape.items():
        if name in payload:
            values = payload[name] if isinstance(kind, Many) else [payload[name]]
            of = kind.of if isinstance(kind, Many) else kind
            parts += [_element(f"{prefix}:{name}", value, of, prefix) for value in values]
    return "".join(parts)


def _value(element: Element, kind: "Kind | Many | Shape") -> Any:
    """None for an element that says nothing: nil, or empty where something is needed to be meant."""
    if element.attributes.get(_NIL) in _TRUE:
        return None
    if not isinstance(kind, Kind):
        return _structure(element, kind)
    if element.children:
        return read(element, _NO_SHAPE)
    return element.text if kind is TEXT else _meant(element.word, kind)


def _structure(element: Element, shape: Any) -> Any:
    """An object; OCPP 1.5 writes a reading as a text with attributes."""
    if shape is SAMPLED_VALUE and not element.children:
        attributes = {name: value.strip() for name, value in element.attributes.items() if " " not in name}
        return attributes | {"value": element.text}
    return read(element, shape)


def _meant(word: str, kind: Kind) -> Any:
    if kind is TIME:
        return _NAMED_ZONE.sub("", word) or None
    if kind is FLAG:
        return _FLAGS.get(word, word)
    if kind in (WHOLE, NUMBER):
        if _WHOLE.fullmatch(word):
            return int(word)
        return float(word) if _NUMBER.fullmatch(word) else (word or None)
    return word


def _element(name: str, value: Any, kind: Any, prefix: str) -> str:
    content = escaped(_shown(value)) if isinstance(kind, Kind) else written(value, kind, prefix)
    return f"<{name}>{content}</{name}>"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f").rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
