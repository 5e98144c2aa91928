"""Whether a payload is what an operation takes, by the JSON schemas that the `ocpp` package ships."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jsonschema_rs
import orjson

from services.domain.operations import OPERATIONS, V16, V21, V201

_FOLDERS: Final = {V16: "ocpp.v16", V201: "ocpp.v201", V21: "ocpp.v21"}
_MAX_SHOWN: Final = 200


def operations() -> list[str]:
    """Every operation of any version, sorted."""
    return sorted(frozenset().union(*OPERATIONS.values()))


def misfit(operation: str, payload: Any, protocol: str | None) -> str | None:
    """Why no version's schema of the operation takes the payload, with the place in it; None when one does.

    Told of the version that the station speaks (`protocol`), if that has the operation: a 2.0.1 payload is
    good for stations of 1.6 too, whose edge converts it.
    """
    speaking = [version for version in _versions(protocol) if operation in OPERATIONS[version]]
    if any(_validator(version, operation).is_valid(payload) for version in speaking):
        return None
    try:
        error = next(iter(_validator(speaking[0], operation).iter_errors(payload)))
    except ValueError:
        return "payload is nested too deeply"
    place = ".".join(str(step) for step in error.instance_path) or "payload"
    return f"{place} does not fit {operation} of {speaking[0]}: {error.message[:_MAX_SHOWN]}"


def _versions(protocol: str | None) -> Sequence[str]:
    """Newest first; 2.0.1 before 2.1, which adds to it, and the station's own before all."""
    known = [V201, V21, V16]
    return sorted(known, key=lambda version: version != protocol)


@cache
def _validator(protocol: str, operation: str) -> jsonschema_rs.Validator:
    name = operation if protocol == V16 else f"{operation}Request"
    text = (files(_FOLDERS[protocol]) / "schemas" / f"{name}.json").read_text("utf-8-sig")
    return jsonschema_rs.validator_for(orjson.loads(text), validate_formats=False)
