"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDriftChanged:
    """A station has come to differ from what is wanted in other ways than before."""

    FULL_NAME: ClassVar[str] = "device.events.v1.DeviceDriftChanged"
    TOPIC: ClassVar[str] = "device.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    template_id: str | None = None
    drift: tuple[common.DeviceDrift, ...] = ()
    new: tuple[common.DeviceDrift, ...] = ()  # Of these.
    recorded_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "template_id": self.template_id,
            "drift": [item.to_record() for item in self.drift],
            "new": [item.to_record() for item in self.new],
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            template_id=record["template_id"],
            drift=tuple([common.DeviceDrift.from_record(item) for item in record["drift"]]),
            new=tuple([common.DeviceDrift.from_record(item) for item in record["new"]]),
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReported:
    """A station has completed a report."""

    FULL_NAME: ClassVar[str] = "device.events.v1.DeviceReported"
    TOPIC: ClassVar[str] = "device.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    request_id: int | None = None
    operation: str | None = None
    report_base: str | None = None
    parts: int
    variables: int  # That are known of it now.
    recorded_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "request_id": self.request_id,
            "operation": self.operation,
            "report_base": self.report_base,
            "parts": self.parts,
            "variables": self.variables,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            request_id=record["request_id"],
            operation=record["operation"],
            report_base=record["report_base"],
            parts=record["parts"],
            variables=record["variables"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a station has told about itself, and where that is not as wanted."""

    FULL_NAME: ClassVar[str] = "device.state.v1.Device"
    TOPIC: ClassVar[str] = "device.state.v1"

    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str | None = None
    vendor: str | None = None
    model: str | None = None
    firmware_version: str | None = None
    variables: tuple[
        common.ReportedVariable, ...
    ] = ()  # Configuration keys (without component) and variables; secrets without value.
    left_out: int = 0  # Variables that there was no room for.
    reports: tuple[common.DeviceReport, ...] = ()  # The latest ones.
    monitors: tuple[common.DeviceMonitor, ...] = ()
    template_id: str | None = None  # What it is wanted to be like.
    drift: tuple[common.DeviceDrift, ...] = ()
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "vendor": self.vendor,
            "model": self.model,
            "firmware_version": self.firmware_version,
            "variables": [item.to_record() for item in self.variables],
            "left_out": self.left_out,
            "reports": [item.to_record() for item in self.reports],
            "monitors": [item.to_record() for item in self.monitors],
            "template_id": self.template_id,
            "drift": [item.to_record() for item in self.drift],
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            vendor=record["vendor"],
            model=record["model"],
            firmware_version=record["firmware_version"],
            variables=tuple([common.ReportedVariable.from_record(item) for item in record["variables"]]),
            left_out=record["left_out"],
            reports=tuple([common.DeviceReport.from_record(item) for item in record["reports"]]),
            monitors=tuple([common.DeviceMonitor.from_record(item) for item in record["monitors"]]),
            template_id=record["template_id"],
            drift=tuple([common.DeviceDrift.from_record(item) for item in record["drift"]]),
            updated_at=record["updated_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTemplate:
    """How stations of a vendor and model should be configured."""

    FULL_NAME: ClassVar[str] = "device.template.v1.DeviceTemplate"
    TOPIC: ClassVar[str] = "device.template.v1"

    tenant: str  # The operator that the data belongs to.
    template_id: str
    vendor: str  # Shell pattern, e.g. ACME or *.
    model: str  # Shell pattern.
    firmware: str = "*"  # Shell pattern.
    variables: tuple[common.WantedVariable, ...] = ()
    removed: bool = False
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.template_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "template_id": self.template_id,
            "vendor": self.vendor,
            "model": self.model,
            "firmware": self.firmware,
            "variables": [item.to_record() for item in self.variables],
            "removed": self.removed,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            template_id=record["template_id"],
            vendor=record["vendor"],
            model=record["model"],
            firmware=record["firmware"],
            variables=tuple([common.WantedVariable.from_record(item) for item in record["variables"]]),
            removed=record["removed"],
            updated_at=record["updated_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWanted:
    """What one station is wanted to be like: its template."""

    FULL_NAME: ClassVar[str] = "device.wanted.v1.DeviceWanted"
    TOPIC: ClassVar[str] = "device.wanted.v1"

    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    template_id: str | None = None  # None: nothing is wanted of it any more.
    variables: tuple[common.WantedVariable, ...] = ()
    updated_at: int  # Of the template.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "station_id": self.station_id,
            "template_id": self.template_id,
            "variables": [item.to_record() for item in self.variables],
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            station_id=record["station_id"],
            template_id=record["template_id"],
            variables=tuple([common.WantedVariable.from_record(item) for item in record["variables"]]),
            updated_at=record["updated_at"],
        )
