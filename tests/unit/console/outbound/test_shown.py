"""What operators are shown."""

import orjson

from services.console.command_log import Entry
from services.console.outbound import shown
from services.domain.events.common import CommandOutcome, FleetFailure, FleetStatus
from services.domain.events.fleet import FleetOperation
from tests.unit.console.facts import NOW, answered, boot, connection, requested, sent, station


class TestStation:
    def test_is_shown_without_its_password(self) -> None:
        told = shown.station(station(password_hash="scrypt$secret"), connection(), boot())
        assert b"secret" not in orjson.dumps(told)
        assert (told["connected"], told["connection"]["edge_id"], told["firmware_version"]) == (
            True,
            "edge-1",
            "1.4",
        )
        assert told["boot"]["booted_at"] == "2026-09-21T14:13:20.000Z"

    def test_that_was_never_there_has_neither_connection_nor_boot(self) -> None:
        told = shown.station(station(vendor="ACME"), None, None)
        assert (told["connected"], told["connection"], told["boot"], told["vendor"]) == (False, None, None, "ACME")


class TestCommand:
    def test_is_requested_until_there_is_a_result(self) -> None:
        told = shown.command(Entry(requested()), True, NOW)
        assert (told["state"], told["station_connected"], told["payload"]) == (
            "requested",
            True,
            {"type": "OnIdle"},
        )
        assert "result" not in told

    def test_is_sent_once_the_edge_says_so(self) -> None:
        told = shown.command(Entry(requested(), sent()), True, NOW + 60)
        assert (told["state"], told["sent_by"], told["sent_at"]) == ("sent", "edge-1", "2026-09-21T14:13:20.050Z")

    def test_that_nobody_tells_about_any_more_is_unanswered(self) -> None:
        assert shown.command(Entry(requested()), True, NOW + 3_600_000)["state"] == "unanswered"

    def test_shows_the_stations_answer(self) -> None:
        told = shown.command(Entry(requested(), None, answered()), True, NOW + 3_600_000)
        assert told["state"] == "answered"
        assert told["result"]["answer"] == {"status": "Accepted"}

    def test_whose_request_is_forgotten_shows_its_result(self) -> None:
        told = shown.command(
            Entry(None, None, answered(answer_json=None, outcome=CommandOutcome.EXPIRED)), False, NOW
        )
        assert (told["command_id"], told["result"]["outcome"], told["result"]["answer"]) == ("c1", "EXPIRED", None)
        assert shown.command(Entry(), False, NOW) == {"state": "requested", "station_connected": False}


class TestLog:
    def test_is_shown_with_the_request_that_it_answers(self) -> None:
        told = shown.log({"name": "77-cp-1.log", "size_bytes": 5, "modified_ms": NOW})
        assert told == {
            "name": "77-cp-1.log", "request_id": 77, "size_bytes": 5, "uploaded_at": "2026-09-21T14:13:20.000Z",
        }  # fmt: skip


class TestFleet:
    def test_counts_what_is_done(self) -> None:
        failure = FleetFailure(station_id="CP2", outcome=CommandOutcome.REJECTED, detail="Rejected")
        state = FleetOperation(
            tenant="wattlog", fleet_id="f", status=FleetStatus.RUNNING, operation="Reset", payload_json="{}",
            stations_total=6, pace_per_minute=90, max_in_flight=5, if_offline="wait", timeout_s=60,
            deadline_at=NOW,
            requested_by="me", requested_at=NOW, waiting=1, asked=1, accepted=2, rejected=2, failures=(failure,),
            updated_at=NOW,
        )  # fmt: skip
        told = shown.fleet(state)
        assert (told["done"], told["pace_per_s"], told["failures_not_shown"]) == (4, 1.5, 1)
        assert told["failures"] == [{"station_id": "CP2", "outcome": "REJECTED", "detail": "Rejected"}]
        assert "failures" not in shown.fleet(state, with_failures=False)

    def test_has_no_moment_for_what_has_not_been(self) -> None:
        assert shown.moment(None) is None
