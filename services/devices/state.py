"""What is remembered of a station's device model, and how it looks to others. Pure."""

from dataclasses import fields, replace
from typing import Any, Final

import msgspec
from msgspec import Struct

from services.domain.device_model import is_secret
from services.domain.events.common import (
    DeviceDrift,
    DeviceMonitor,
    DeviceReport,
    ReportedVariable,
    WantedVariable,
)
from services.domain.events.device import Device
from services.domain.units import Millis

MAX_VARIABLES: Final = 2500
MAX_CHARACTERS: Final = 200_000
"""Of all variables together: a state has to fit into a Kafka message of 1 MB."""

MAX_REPORTS: Final = 10
MAX_PARTS: Final = 5000
MAX_MISSING_SHOWN: Final = 50
_SEPARATOR: Final = "\x1f"
_DESCRIBED: Final = ("mutability", "unit", "data_type", "min_limit", "max_limit", "values_list")

Place = ReportedVariable | WantedVariable | DeviceDrift


_FIELDS: Final = tuple(field.name for field in fields(ReportedVariable))


class Held(Struct, frozen=True, array_like=True):
    """An attribute as it was last told, without the names of its fields, and when."""

    told: tuple[Any, ...]
    at: Millis

    @property
    def variable(self) -> ReportedVariable:
        return ReportedVariable(**dict(zip(_FIELDS, self.told, strict=True)))


class Report(Struct, frozen=True, array_like=True):
    """A report in parts: which have come, and which one is the last."""

    request_id: int | None
    began_at: Millis
    operation: str | None = None
    base: str | None = None
    seen: tuple[int, ...] = ()
    last: int | None = None
    heard_at: Millis = 0

    @property
    def complete(self) -> bool:
        return self.last is not None and not self.missing

    @property
    def missing(self) -> list[int]:
        """Parts that have not come though later ones have, or the last has been told."""
        end = max(self.seen, default=-1) if self.last is None else self.last
        known = set(self.seen)
        return [number for number in range(min(end + 1, MAX_PARTS)) if number not in known]

    def shown(self) -> DeviceReport:
        return DeviceReport(
            request_id=self.request_id,
            operation=self.operation,
            report_base=self.base,
            began_at=self.began_at,
            parts=len(self.seen),
            complete=self.complete,
            missing=tuple(self.missing[:MAX_MISSING_SHOWN]),
        )


class Early(Struct, frozen=True, array_like=True):
    """An answer whose command has not been read yet, and when it came."""

    answer_json: str
    at: Millis


class Station(Struct, frozen=True, array_like=True):
    """One station, under `{tenant}/{station_id}`."""

    protocol: str | None = None
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    booted_at: Millis = 0
    variables: dict[str, Held] = {}
    characters: int = 0
    left_out: int = 0
    reports: tuple[Report, ...] = ()
    monitors: dict[int, DeviceMonitor] = {}
    asked: dict[str, str] = {}
    """Payloads of commands whose answers do not say everything, by command id."""
    early: dict[str, Early] = {}
    """Answers that were read before their commands: streams are not read in the order of writing."""
    settled: tuple[str, ...] = ()
    """Commands whose answer has been taken, the latest last."""
    template_id: str | None = None
    wanted: tuple[WantedVariable, ...] = ()
    wanted_at: Millis = 0
    refused: tuple[str, ...] = ()
    """Attributes that the station would not set when it was last asked."""
    drift: tuple[DeviceDrift, ...] = ()

    @property
    def is_v16(self) -> bool:
        return self.protocol is not None and not self.protocol.startswith("ocpp2")

    def shown(self, tenant: str, station_id: str, now_ms: Millis) -> Device:
        return Device(
            tenant=tenant,
            station_id=station_id,
            protocol=self.protocol,
            vendor=self.vendor,
            model=self.model,
            firmware_version=self.firmware,
            variables=tuple(held.variable for held in self.variables.values()),
            left_out=self.left_out,
            reports=tuple(report.shown() for report in self.reports),
            monitors=tuple(self.monitors.values()),
            template_id=self.template_id,
            drift=self.drift,
            updated_at=now_ms,
        )


def name_of(place: Place) -> str:
    """What tells an attribute from all others; names are compared without regard to case."""
    evse = "" if place.evse_id is None else str(place.evse_id)
    connector = "" if place.connector_id is None else str(place.connector_id)
    parts = (place.component, place.component_instance or "", evse, connector)
    return _SEPARATOR.join((*parts, place.variable, place.variable_instance or "", place.attribute)).casefold()


def with_variables(known: Station, told: list[ReportedVariable], at: Millis) -> Station:
    """Attributes as they are told now; older news changes nothing, and secrets lose their value."""
    variables, characters, left_out = dict(known.variables), known.characters, known.left_out
    for one in told:
        name = name_of(one)
        before = variables.get(name)
        if before is not None and before.at > at:
            continue
        new = _joined(one, before.variable if before else None)
        size = characters + _size(new) - (_size(before.variable) if before else 0)
        if before is None and (len(variables) >= MAX_VARIABLES or size > MAX_CHARACTERS):
            left_out += 1
            continue
        if size > MAX_CHARACTERS:
            continue
        variables[name], characters = Held(tuple(getattr(new, field) for field in _FIELDS), at), size
    return msgspec.structs.replace(known, variables=variables, characters=characters, left_out=left_out)


def without_older(known: Station, than: Millis) -> Station:
    """Only attributes that were told since: a full inventory has named all that there are."""
    kept = {name: held for name, held in known.variables.items() if held.at >= than}
    characters = sum(_size(held.variable) for held in kept.values())
    return msgspec.structs.replace(known, variables=kept, characters=characters, left_out=0)


def _joined(new: ReportedVariable, before: ReportedVariable | None) -> ReportedVariable:
    """Answers do not repeat what a report has said about an attribute."""
    changes: dict[str, Any] = {"value": None} if is_secret(new.variable) else {}
    if before is not None:
        for name in _DESCRIBED:
            if getattr(new, name) is None:
                changes[name] = getattr(before, name)
    return replace(new, **changes) if changes else new


def _size(variable: ReportedVariable) -> int:
    return sum(len(text) for name in _FIELDS if isinstance(text := getattr(variable, name), str))
