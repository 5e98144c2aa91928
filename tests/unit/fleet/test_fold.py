"""How stations last booted, and how their connectors are."""

from typing import Any

from services.domain.events.station import ConnectorStatusChanged, StationBooted, StationConnected, StationStatus
from services.fleet.fold import MOST_CONNECTORS, Seen, fold

NOW = 1_790_000_000_000


def booted(at: int, **changes: Any) -> StationBooted:
    values: dict[str, Any] = {
        "event_id": f"b{at}", "tenant": "t", "station_id": "CP1", "protocol": "ocpp1.6", "vendor": "ACME",
        "model": "Fast", "firmware_version": "1.4", "registration_status": "Accepted", "recorded_at": at,
    }  # fmt: skip
    return StationBooted(**(values | changes))


class TestBoots:
    def test_are_kept_when_they_are_newer(self) -> None:
        changes = fold({}.get, booted(NOW))
        assert changes.states == {"t/CP1": Seen(NOW)}
        (boot,) = changes.events
        assert boot.to_record() | {"booted_at": NOW} == {
            "tenant": "t", "station_id": "CP1", "protocol": "ocpp1.6", "vendor": "ACME", "model": "Fast",
            "serial_number": None, "firmware_version": "1.4", "boot_reason": None,
            "registration_status": "Accepted", "booted_at": NOW,
        }  # fmt: skip

    def test_change_nothing_when_they_are_not(self) -> None:
        known = {"t/CP1": Seen(NOW)}
        assert not fold(known.get, booted(NOW)).states
        assert not fold(known.get, booted(NOW - 1)).events
        assert fold(known.get, booted(NOW + 1)).events

    def test_are_all_that_matters(self) -> None:
        connected = StationConnected.__new__(StationConnected)
        assert not fold({}.get, connected).events


def said(at: int, evse_id: int | None = 1, status: str = "Occupied", **changes: Any) -> ConnectorStatusChanged:
    values: dict[str, Any] = {
        "event_id": f"s{at}", "tenant": "t", "station_id": "CP1", "protocol": "ocpp1.6", "evse_id": evse_id,
        "connector_id": evse_id, "status": status, "reported_status": "Charging", "occurred_at": 5,
        "recorded_at": at,
    }  # fmt: skip
    return ConnectorStatusChanged(**(values | changes))


def after(*events: object) -> tuple[dict[str, Seen], list[Any]]:
    states: dict[str, Seen] = {}
    told: list[Any] = []
    for event in events:
        changes = fold(states.get, event)
        states.update(changes.states)
        told += changes.events
    return states, told


class TestStatuses:
    def test_are_kept_per_connector_in_order(self) -> None:
        _, told = after(said(NOW, 2), said(NOW + 1, 1), said(NOW + 2, 2, "Available"))
        last = told[-1]
        assert isinstance(last, StationStatus)
        assert [(one.evse_id, one.status) for one in last.connectors] == [(1, "Occupied"), (2, "Available")]
        assert last.updated_at == NOW + 2

    def test_change_nothing_when_they_come_again_or_late(self) -> None:
        states, told = after(said(NOW), said(NOW), said(NOW - 1, 1, "Available"))
        assert len(told) == 1
        assert states["t/CP1"].connectors[0].status == "Occupied"

    def test_of_the_whole_station_are_of_evse_0(self) -> None:
        _, (told,) = after(said(NOW, None))
        assert told.connectors[0].evse_id == 0

    def test_and_boots_leave_each_other_alone(self) -> None:
        states, told = after(said(NOW), booted(NOW + 1), said(NOW + 2, 2))
        assert states["t/CP1"].booted_at == NOW + 1
        assert len(told[-1].connectors) == 2

    def test_cannot_grow_without_end(self) -> None:
        states, told = after(*[said(NOW + number, number) for number in range(MOST_CONNECTORS + 50)])
        assert len(states["t/CP1"].connectors) == len(told) == MOST_CONNECTORS
