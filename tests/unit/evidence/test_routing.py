from services.domain.events.evidence import SessionToVerify
from services.domain.events.session import SessionSuspended
from services.evidence.routing import Nothing, route
from tests.scenarios.story import Run
from tests.unit.cdrs.test_fold import ended


class TestRouting:
    def test_brings_ends_to_their_station_with_the_records_unchanged(self) -> None:
        (told,) = Run(route, Nothing).take(ended(3))
        assert isinstance(told, SessionToVerify)
        assert told.key == "t/CS1"
        assert told.signed_meter_values == ended().signed_meter_values
        assert (told.revision, told.evse_id, told.energy_wh) == (3, 1, ended().energy_wh)

    def test_gives_the_same_end_the_same_id(self) -> None:
        first, again, other = Run(route, Nothing).take(ended(1), ended(1), ended(2))
        assert first == again
        assert first.event_id != other.event_id

    def test_passes_over_everything_else(self) -> None:
        told = SessionSuspended(
            event_id="e", tenant="t", session_id="s", station_id="CS1", transaction_id="7", reason="r",
            occurred_at=1, recorded_at=1,
        )  # fmt: skip
        assert Run(route, Nothing).take(told) == []
