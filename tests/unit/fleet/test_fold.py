"""How stations last booted."""

from typing import Any

from services.domain.events.station import StationBooted, StationConnected
from services.fleet.fold import Seen, fold

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
