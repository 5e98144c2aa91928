"""Operations on many stations that tests speak of."""

from typing import Any

from services.domain.events.common import CommandOutcome
from services.domain.events.fleet import FleetRequested, FleetResumed, FleetStationsNamed, FleetStopped
from services.domain.events.station import CommandAnswered
from services.fleet.operation import Operation, command_id

NOW = 1_790_000_000_000
DEADLINE = NOW + 3_600_000


def terms(stations: int = 3, **changes: Any) -> FleetRequested:
    values: dict[str, Any] = {
        "event_id": "e", "tenant": "t", "fleet_id": "f", "operation": "ClearCache", "payload_json": "{}",
        "stations_total": stations, "pace_per_minute": 60_000, "max_in_flight": 100, "max_failures_percent": None,
        "if_offline": "wait", "timeout_s": 60, "deadline_at": DEADLINE, "requested_by": "me", "requested_at": NOW,
    }  # fmt: skip
    return FleetRequested(**(values | changes))


def named(*station_ids: str, part: int = 0) -> FleetStationsNamed:
    return FleetStationsNamed(event_id=f"n{part}", tenant="t", fleet_id="f", part=part, station_ids=station_ids)


def names(count: int) -> list[str]:
    return [f"CP{number:03}" for number in range(count)]


def operation(count: int = 3, **changes: Any) -> Operation:
    begun = Operation(terms(count, **changes))
    begun.apply(named(*names(count)))
    return begun


def result(station_id: str, outcome: CommandOutcome = CommandOutcome.ACCEPTED, **said: Any) -> CommandAnswered:
    return CommandAnswered(
        event_id=f"r-{station_id}", command_id=command_id("t", "f", station_id), tenant="t", station_id=station_id,
        operation="ClearCache", outcome=outcome, edge_id="edge-1", epoch=1, recorded_at=NOW + 5, **said,
    )  # fmt: skip


def stopped() -> FleetStopped:
    return FleetStopped(event_id="s", tenant="t", fleet_id="f", reason="enough", stopped_by="me", recorded_at=NOW)


def resumed() -> FleetResumed:
    return FleetResumed(event_id="u", tenant="t", fleet_id="f", resumed_by="me", recorded_at=NOW)
