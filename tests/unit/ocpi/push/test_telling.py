"""What is published about attempts and refusals."""

from dataclasses import replace

from services.domain.events.common import DeliveryOutcome
from services.domain.events.delivery import PartnerDeliveries
from services.ocpi.push.telling import Attempt, as_before, attempted, dead_letter
from services.ocpi.push.verdict import Verdict
from services.runtime.codec import Codec
from tests.unit.ocpi.push.facts import NOW, push

STATE = PartnerDeliveries(
    tenant="wattlog",
    partner_id="NL-TNM",
    circuit="CLOSED",
    live=1,
    backlog=2,
    last_error="",
    resync_due=False,
    updated_at=NOW,
)


class TestAttempts:
    def test_say_what_was_sent_and_answered(self) -> None:
        sent = Attempt(
            2, NOW, NOW + 40, "POST", "r-1", "ab" * 32, 201, 1000, "https://emsp.example.com/cdrs/7" + "x" * 9999
        )
        event = attempted(push("cdrs", "c1"), "2.2.1", sent, Verdict(DeliveryOutcome.DELIVERED, "HTTP 201"))
        assert (event.attempt, event.duration_ms, event.http_status, event.ocpi_status) == (2, 40, 201, 1000)
        assert (event.key, event.object_id, event.outcome) == ("wattlog/NL-TNM", "c1", DeliveryOutcome.DELIVERED)
        assert len(event.location_url) == 2048
        assert Codec().decode(Codec().encode(event)) == event

    def test_have_ids_of_their_own(self) -> None:
        verdict = Verdict(DeliveryOutcome.RETRY, "")
        ids = {attempted(push(), "2.2.1", Attempt(n, NOW + n, NOW + n), verdict).event_id for n in range(3)}
        assert len(ids) == 3


class TestDeadLetters:
    def test_can_be_queued_again_as_they_were_and_are_found_by_partner(self) -> None:
        letter = dead_letter(push("cdrs", "c1"), b"raw", "HTTP 400", "1.0", NOW)
        assert (letter.source_topic, letter.source_partition, letter.record_value) == (
            "delivery.queue.v1",
            -1,
            b"raw",
        )
        assert (letter.record_key, letter.error_class) == (push("cdrs", "c1").key.encode(), "wattlog/NL-TNM")


class TestStates:
    def test_are_said_when_they_differ(self) -> None:
        assert as_before(STATE, replace(STATE, updated_at=NOW + 9))
        assert not as_before(STATE, replace(STATE, live=2))
        assert not as_before(STATE, None)
