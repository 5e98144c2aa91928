"""What stations and people say in tests of the device model, and a fold with a memory."""

from typing import Any

import msgspec

from services.devices.after_boot import AfterBoot
from services.devices.fold import folding
from services.devices.state import Station
from services.domain.events.common import CommandOutcome, ReportedVariable, WantedVariable
from services.domain.events.device import Device, DeviceDriftChanged, DeviceReported, DeviceWanted
from services.domain.events.station import CommandAnswered, CommandRequested, StationBooted, VariablesReported
from services.runtime.codec import Codec

NOW = 1_790_000_000_000
KEY = "t/CP1"
IDS: dict[str, Any] = {"tenant": "t", "station_id": "CP1"}
CODEC = Codec()


class Folded:
    """The fold and its state, which goes through its bytes after every event as it does in production."""

    def __init__(self, after_boot: AfterBoot = AfterBoot.OFF) -> None:
        self._fold = folding(after_boot)
        self.states: dict[str, Station] = {}
        self.told: list[Any] = []
        self.clock = NOW

    def take(self, event: Any) -> list[Any]:
        """What the event leads to; taking it twice leads to nothing more."""
        changes = self._fold(self.states.get, event)
        self._keep(changes.states)
        again = self._fold(self.states.get, event)
        assert not again.events, "the same event twice"
        self._keep(again.states)
        for told in changes.events:
            assert CODEC.decode(CODEC.encode(told)) == told
        self.told += changes.events
        return list(changes.events)

    def _keep(self, states: Any) -> None:
        for key, state in states.items():
            self.states[key] = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=Station)

    @property
    def station(self) -> Station:
        return self.states[KEY]

    @property
    def device(self) -> Device:
        """As others see it."""
        found: Device = [told for told in self.told if isinstance(told, Device)][-1]
        return found

    def of(self, kind: type[Any]) -> list[Any]:
        return [told for told in self.told if isinstance(told, kind)]

    def drifts(self) -> list[tuple[str, str, str | None]]:
        return [(one.variable, one.reason.value, one.actual) for one in self.device.drift]


def variable(name: str, value: str | None = "1", component: str = "C", **more: Any) -> ReportedVariable:
    return ReportedVariable(component=component, variable=name, value=value, **more)


def wanting(*names: str, component: str = "C", value: str = "1", at: int = NOW) -> DeviceWanted:
    variables = tuple(WantedVariable(component=component, variable=name, value=value) for name in names)
    return DeviceWanted(**IDS, template_id="acme", variables=variables, updated_at=at)


def booted(at: int = NOW, protocol: str = "ocpp2.0.1", firmware: str | None = "1", **more: Any) -> StationBooted:
    values: dict[str, Any] = {"vendor": "ACME", "model": "X", "registration_status": "Accepted"} | more
    return StationBooted(
        event_id=f"b{at}", **IDS, protocol=protocol, firmware_version=firmware, recorded_at=at, **values
    )


def part(
    seq_no: int, *variables: ReportedVariable, last: bool = False, request_id: int | None = 7, at: int = NOW
) -> VariablesReported:
    return VariablesReported(
        event_id=f"p{request_id}-{seq_no}-{at}", **IDS, protocol="ocpp2.0.1", request_id=request_id, seq_no=seq_no,
        last=last, variables=variables, recorded_at=at,
    )  # fmt: skip


def asked(operation: str, payload: Any, command_id: str = "c1", at: int = NOW) -> CommandRequested:
    return CommandRequested(
        event_id=f"q{command_id}", command_id=command_id, **IDS, operation=operation,
        payload_json=payload if isinstance(payload, str) else msgspec.json.encode(payload).decode(),
        requested_by="me", requested_at=at, deadline_at=at + 60_000,
    )  # fmt: skip


def answered(
    operation: str,
    answer: Any,
    command_id: str = "c1",
    outcome: CommandOutcome = CommandOutcome.ACCEPTED,
    at: int = NOW + 10,
) -> CommandAnswered:
    return CommandAnswered(
        event_id=f"a{command_id}", command_id=command_id, **IDS, operation=operation, outcome=outcome,
        answer_json=None if answer is None else msgspec.json.encode(answer).decode(),
        edge_id="edge-1", epoch=1, recorded_at=at,
    )  # fmt: skip


def setting(name: str, value: str = "5", component: str = "C", **more: Any) -> dict[str, Any]:
    return {"component": {"name": component}, "variable": {"name": name}, "attributeValue": value} | more


def result(name: str, status: str = "Accepted", component: str = "C") -> dict[str, Any]:
    return {"component": {"name": component}, "variable": {"name": name}, "attributeStatus": status}


__all__ = ["DeviceDriftChanged", "DeviceReported"]
