"""Templates as people write them: YAML or JSON that names variables and the values that they should have. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from services.devices.state import name_of
from services.domain.device_model import ACTUAL, is_secret
from services.domain.events.common import WantedVariable
from services.domain.events.device import DeviceTemplate
from services.domain.units import Millis

MAX_WANTED: Final = 300
MAX_CHARACTERS: Final = 40_000
"""Of all values together."""

_FIELDS: Final = frozenset({"template", "vendor", "model", "firmware", "variables"})
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_ATTRIBUTES: Final = ("Actual", "Target", "MinSet", "MaxSet")
_PLACE: Final = re.compile(
    r"(?:(?P<component>[^/\[\]@#]+)(?:\[(?P<component_instance>[^\]]+)\])?"
    r"(?:@(?P<evse_id>\d{1,9})(?:\.(?P<connector_id>\d{1,9}))?)?/)?"
    r"(?P<variable>[^/\[\]@#]+)(?:\[(?P<variable_instance>[^\]]+)\])?(?:#(?P<attribute>\w+))?"
)
_MAX_NAME: Final = 50
_MAX_VALUE: Final = 2500


class BadTemplate(ValueError):
    """What is wrong with a template, in one sentence."""


def read(told: Any, tenant: str, now_ms: Millis) -> DeviceTemplate:
    """The template that a document describes; BadTemplate names the first thing that is wrong with it.

    `variables` maps `Key` (1.6) or `Component[instance]@evse.connector/Variable[instance]#Attribute` to values;
    only component and variable have to be given, and a value that is a list may be written as one.
    """
    if not isinstance(told, dict):
        raise BadTemplate("a template is a mapping with template, vendor, model and variables")
    unknown = set(map(str, told)) - _FIELDS
    if unknown:
        raise BadTemplate(f"{', '.join(sorted(unknown))}: no such field; there are {', '.join(sorted(_FIELDS))}")
    template_id = str(told.get("template", ""))
    if not _ID.fullmatch(template_id):
        raise BadTemplate("template: give an id of 1 to 64 letters, digits or ._-")
    variables = told.get("variables")
    if not isinstance(variables, dict) or not 0 < len(variables) <= MAX_WANTED:
        raise BadTemplate(f"variables: give 1 to {MAX_WANTED} of them, as name: value")
    return DeviceTemplate(
        tenant=tenant,
        template_id=template_id,
        vendor=_pattern(told, "vendor"),
        model=_pattern(told, "model"),
        firmware=_pattern(told, "firmware"),
        variables=_wanted(variables),
        updated_at=now_ms,
    )


def said(place: WantedVariable | Any) -> str:
    """An attribute as templates name it."""
    component = place.component + (f"[{place.component_instance}]" if place.component_instance else "")
    if place.evse_id is not None:
        component += f"@{place.evse_id}" + ("" if place.connector_id is None else f".{place.connector_id}")
    variable = place.variable + (f"[{place.variable_instance}]" if place.variable_instance else "")
    return f"{component}/{variable}".lstrip("/") + ("" if place.attribute == ACTUAL else f"#{place.attribute}")


def _wanted(variables: Mapping[Any, Any]) -> tuple[WantedVariable, ...]:
    found: dict[str, WantedVariable] = {}
    for name, value in variables.items():
        one = _variable(str(name), value)
        if name_of(one) in found:
            raise BadTemplate(f"{name}: is given twice")
        found[name_of(one)] = one
    if sum(len(one.value) for one in found.values()) > MAX_CHARACTERS:
        raise BadTemplate(f"variables: values have at most {MAX_CHARACTERS} characters together")
    return tuple(found.values())


def _variable(name: str, value: Any) -> WantedVariable:
    match = _PLACE.fullmatch(name.strip())
    if match is None:
        raise BadTemplate(f"{name[:80]}: is no Key, and no Component[instance]@evse.connector/Variable#Attribute")
    parts: dict[str, Any] = match.groupdict()
    if max(len(part or "") for part in parts.values()) > _MAX_NAME:
        raise BadTemplate(f"{name[:80]}: names have at most {_MAX_NAME} characters")
    if is_secret(parts["variable"]):
        raise BadTemplate(f"{name}: passwords and keys do not belong in templates (`wattlog station password`)")
    attribute = parts.pop("attribute") or ACTUAL
    if attribute not in _ATTRIBUTES:
        raise BadTemplate(f"{name}: the attribute is one of {', '.join(_ATTRIBUTES)}")
    for number in ("evse_id", "connector_id"):
        parts[number] = None if parts[number] is None else int(parts[number])
    component = parts.pop("component") or ""
    return WantedVariable(**parts, component=component, attribute=attribute, value=_value(name, value))


def _value(name: str, value: Any) -> str:
    text = ",".join(_scalar(name, one) for one in value) if isinstance(value, list) else _scalar(name, value)
    if len(text) > _MAX_VALUE:
        raise BadTemplate(f"{name}: values have at most {_MAX_VALUE} characters")
    return text


def _scalar(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise BadTemplate(f"{name}: give a text, a number, true, false, or a list of them")


def _pattern(told: dict[str, Any], field: str) -> str:
    found = told.get(field, "*")
    if not isinstance(found, str) or not found:
        raise BadTemplate(f"{field}: give a name, or a pattern such as Fast*")
    return found
