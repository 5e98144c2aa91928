"""The quirks that a partner can have: their names, their values, and enums in another case."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from services.domain.events.common import PartnerQuirks
from services.ocpi.wire.model import MODEL

AUTO: Final = "AUTO"
BASE64: Final = "BASE64"
PLAIN: Final = "PLAIN"
SLASH: Final = "SLASH"
ECHO: Final = "ECHO"
ALWAYS: Final = "ALWAYS"
NONE: Final = "NONE"
INCLUSIVE: Final = "INCLUSIVE"
LOWER: Final = "LOWER"
OMIT: Final = "OMIT"
ON: Final = "ON"
OFF: Final = "OFF"

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "token_header": (AUTO, BASE64, PLAIN),
    "trailing_slash": ("BARE", SLASH),
    "message_ids": (ECHO, ALWAYS, NONE),
    "date_to": ("EXCLUSIVE", INCLUSIVE),
    "enum_case": ("UPPER", LOWER),
    "receiver_headers": ("SEND", OMIT),
    "broadcast": (ON, OFF),
}
"""Every quirk with its values; the first is what the specification wants."""

_NAMES: Final = frozenset({"ModuleID", "VersionNumber"})
"""Written as they are by everybody."""


def changed(quirks: PartnerQuirks, changes: Mapping[str, str]) -> PartnerQuirks:
    """With some set; ValueError names what there is not."""
    for name, value in changes.items():
        if name not in CHOICES:
            raise ValueError(f"there is no quirk {name!r}: choose among {', '.join(CHOICES)}")
        if value.upper() not in CHOICES[name]:
            raise ValueError(f"{name} cannot be {value!r}: choose among {', '.join(CHOICES[name])}")
    return replace(quirks, **{name: value.upper() for name, value in changes.items()})


def lowered(value: Any) -> Any:
    """JSON with the values of enums in lower case; texts stay, whatever they say."""
    if isinstance(value, dict):
        return {name: _lowered(name, item) for name, item in value.items()}
    return [lowered(item) for item in value] if isinstance(value, list) else value


def _lowered(name: str, item: Any) -> Any:
    if isinstance(item, str):
        return item.lower() if item in _enums().get(name, ()) else item
    return [_lowered(name, one) for one in item] if isinstance(item, list) else lowered(item)


@cache
def _enums() -> Mapping[str, frozenset[str]]:
    """The values of enums by the names of the fields that hold them."""
    found: dict[str, frozenset[str]] = {}
    for (version, _), fields in MODEL.objects.items():
        for field in fields.values():
            values = MODEL.enums.get((version, field.type))
            if values is not None and field.type not in _NAMES:
                found[field.name] = found.get(field.name, frozenset()) | values.known
    return found
