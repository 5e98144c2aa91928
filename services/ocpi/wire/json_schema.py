"""JSON Schema (2020-12) of what OCPI's tables say, for whoever wants to read or try the interface by machine."""

from collections.abc import Iterable
from typing import Any, Final

from services.ocpi.wire.checking import LONGEST_URL
from services.ocpi.wire.model import MODEL, Field

PLACE: Final = "#/components/schemas/"
"""Where schemas are in a description of the OpenAPI form."""

_PRIMITIVES: Final[dict[str, dict[str, Any]]] = {
    "string": {"type": "string"},
    "CiString": {"type": "string", "pattern": "^[ -~]*$"},
    "URL": {"type": "string", "format": "uri", "maxLength": LONGEST_URL},
    "DateTime": {"type": "string", "format": "date-time"},
    "number": {"type": "number"},
    "int": {"type": "integer"},
    "boolean": {"type": "boolean"},
}


def schema_name(name: str, version: str) -> str:
    """Of an object or enum among those of all versions, e.g. Location_2.3.0."""
    return f"{name}_{version}"


def reference(name: str, version: str) -> dict[str, Any]:
    return {"$ref": f"{PLACE}{schema_name(name, version)}"}


def schemas(wanted: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Objects by (name, version), and everything that they are made of, by `schema_name`."""
    found: dict[str, Any] = {}
    left = list(wanted)
    while left:
        name, version = left.pop()
        if schema_name(name, version) in found:
            continue
        values = MODEL.enums.get((version, name))
        if values is not None:
            closed = {"type": "string"} if values.open else {"type": "string", "enum": sorted(values.known)}
            found[schema_name(name, version)] = closed
            continue
        fields = MODEL.objects[version, name]
        found[schema_name(name, version)] = _object(fields.values(), version)
        left += [(field.type, version) for field in fields.values() if field.type not in _PRIMITIVES]
    return found


def _object(fields: Iterable[Field], version: str) -> dict[str, Any]:
    listed = list(fields)
    return {
        "type": "object",
        "properties": {field.name: _member(field, version) for field in listed},
        "required": [field.name for field in listed if field.required],
    }


def _member(field: Field, version: str) -> dict[str, Any]:
    one = _one(field, version)
    if not field.many:
        return one
    return {"type": "array", "items": one} | ({"minItems": 1} if field.required else {})


def _one(field: Field, version: str) -> dict[str, Any]:
    primitive = _PRIMITIVES.get(field.type)
    if primitive is None:
        return reference(field.type, version)
    if field.most is None:
        return dict(primitive)
    if field.type == "int":
        return primitive | {"maximum": 10**field.most - 1, "minimum": 0}
    return primitive | {"maxLength": field.most}
