"""Publications against the JSON schemas of the profile, for whoever has them: they are not shipped."""

import json
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec


class Which(StrEnum):
    """The two publications."""

    STATIC = "static"
    DYNAMIC = "dynamic"


_ROOTS = {
    Which.STATIC: ("EnergyInfrastructureTablePublication", "DATEXII_3_D2Payload.json"),
    Which.DYNAMIC: ("EnergyInfrastructureStatusPublication", "DATEXII_3_MessageContainer.json"),
}
_MOST_SHOWN = 20


def checker(directory: Path, which: Which) -> Any:
    """A validator for one publication; OSError when the schemas are not in the directory."""
    folder, root = _ROOTS[which]
    files = {path.name: json.loads(path.read_text()) for path in (directory / folder).glob("DATEXII_3_*.json")}
    if root not in files:
        raise FileNotFoundError(f"{directory / folder / root} is not there")
    resources = [(f"datex://profile/{name}", schema) for name, schema in files.items()]
    registry = jsonschema_rs.Registry(resources)
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"datex://profile/{root}"}, registry=registry, validate_formats=True
    )


def deviations(directory: Path, which: Which, document: dict[str, Any]) -> list[str]:
    """What the profile does not permit, each with the place in the document."""
    plain = json.loads(msgspec.json.Encoder(decimal_format="number").encode(document))
    found = islice(checker(directory, which).iter_errors(plain), _MOST_SHOWN)
    return [f"/{'/'.join(map(str, one.instance_path))}: {one.message}" for one in found]
