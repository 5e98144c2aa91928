"""Contracts of OCPI that others wrote, read where they lie beside this checkout; nothing of them is kept here.

There is no official schema. Two independent ones are asked: JSON Schemas of ocpi-kit, the OpenAPI of ocpi.fyi.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SPECS = Path(__file__).resolve().parents[4] / "shared" / "specs" / "ocpi"
KIT = SPECS / "jsonschema-thirdparty" / "ocpi-kit-0.4.0"
FYI = SPECS / "openapi-thirdparty" / "juherr-ocpi-fyi" / "ocpi-2.2.1"
EXAMPLES = SPECS / "2.2.1-bugfixes" / "examples"

needs_specs = pytest.mark.skipif(not SPECS.exists(), reason=f"the OCPI schemas are not in {SPECS.parent.name}")


def kit_complaints(value: Any, version: str, name: str) -> list[str]:
    """What ocpi-kit's schema of an object says about it."""
    schema = json.loads((KIT / version / f"{name}.schema.json").read_text())
    return _complaints(Draft202012Validator(schema, format_checker=FormatChecker()), value)


def fyi_complaints(value: Any, file: str, schema: str) -> list[str]:
    """What a schema in a file of ocpi.fyi's OpenAPI says about a value."""
    registry: Registry[Any] = Registry(retrieve=_read)  # type: ignore[call-arg]
    reference = {"$ref": f"{(FYI / file).as_uri()}#/components/schemas/{schema}"}
    return _complaints(Draft202012Validator(reference, registry=registry, format_checker=FormatChecker()), value)


@cache
def _read(uri: str) -> Resource[Any]:
    return DRAFT202012.create_resource(yaml.load(Path(uri.removeprefix("file://")).read_text(), yaml.CSafeLoader))


def _complaints(validator: Draft202012Validator, value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def types_of(value: Any, path: str = "$") -> dict[str, str]:
    """JSON type by path; items of a list share theirs."""
    if isinstance(value, dict):
        inside = [types_of(item, f"{path}.{name}") for name, item in value.items()]
    elif isinstance(value, list):
        inside = [types_of(item, f"{path}[]") for item in value]
    else:
        inside = []
    kind = "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    return {path: kind} | {name: found for part in inside for name, found in part.items()}
