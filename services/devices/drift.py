"""Where a station is not as wanted. Pure."""

from collections.abc import Mapping
from typing import Final

from services.devices.state import Held, Station, name_of
from services.domain.device_model import is_secret
from services.domain.events.common import DeviceDrift, DriftReason, WantedVariable

_READ_ONLY: Final = "ReadOnly"
_MAX_SHOWN: Final = 100
"""Characters of an actual value that a drift shows; the variable has them all."""


def drift_of(known: Station) -> tuple[DeviceDrift, ...]:
    """Every wanted attribute that differs, in the order of the template.

    A template has configuration keys (without component) for stations of OCPP 1.6 and variables for others.
    """
    refused = frozenset(known.refused)
    found = []
    for wanted in known.wanted:
        if known.protocol is None or known.is_v16 is bool(wanted.component):
            continue
        reason = _reason(wanted, known.variables, refused)
        if reason is not None:
            held = known.variables.get(name_of(wanted))
            found.append(_drift(wanted, held, reason))
    return tuple(found)


def same_value(one: str, other: str) -> bool:
    """Whether two texts are one value: `true` and `True`, `a,b` and `a, b`."""
    return _plain(one) == _plain(other)


def _plain(value: str) -> str:
    parts = [part.strip() for part in value.split(",")]
    return ",".join(part.lower() if part.lower() in ("true", "false") else part for part in parts)


def _reason(wanted: WantedVariable, variables: Mapping[str, Held], refused: frozenset[str]) -> DriftReason | None:
    name = name_of(wanted)
    held = variables.get(name)
    if held is not None and (is_secret(wanted.variable) or same_value(held.variable.value or "", wanted.value)):
        return None
    if name in refused:
        return DriftReason.REFUSED
    if held is None:
        return DriftReason.NOT_TOLD
    return DriftReason.READ_ONLY if held.variable.mutability == _READ_ONLY else DriftReason.DIFFERS


def _drift(wanted: WantedVariable, held: Held | None, reason: DriftReason) -> DeviceDrift:
    return DeviceDrift(
        component=wanted.component,
        component_instance=wanted.component_instance,
        evse_id=wanted.evse_id,
        connector_id=wanted.connector_id,
        variable=wanted.variable,
        variable_instance=wanted.variable_instance,
        attribute=wanted.attribute,
        wanted=wanted.value,
        actual=None if held is None else (held.variable.value or "")[:_MAX_SHOWN],
        reason=reason,
    )
