"""What answers mean, friendly and hostile ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import DeliveryOutcome as Outcome
from services.ocpi.inbound.answers import Told, told
from services.ocpi.push.verdict import LONGEST_MESSAGE, Reply, has_it, retry_after_ms, unanswered, verdict

NOW = 1_790_000_000_000


def reply(http: int, ocpi: int = 0, message: str = "", *, empty: bool = False, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(http, named, Told(ocpi, message, None), empty)


class TestVerdicts:
    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [
            (reply(200, 1000), Outcome.DELIVERED),
            (reply(201, 1000), Outcome.DELIVERED),
            (reply(201, empty=True), Outcome.DELIVERED),
            (reply(204, empty=True), Outcome.DELIVERED),
            (reply(200), Outcome.RETRY),
            (reply(200, 2001), Outcome.REFUSED),
            (reply(200, 2003), Outcome.REFUSED),
            (reply(200, 3000), Outcome.RETRY),
            (reply(200, 4000), Outcome.RETRY),
            (reply(200, 4001), Outcome.REFUSED),
            (reply(404, 4001), Outcome.REFUSED),
            (reply(200, 4003), Outcome.RETRY),
            (reply(404, 4003), Outcome.RETRY),
            (reply(200, 4901), Outcome.RETRY),
            (reply(302), Outcome.RETRY),
            (reply(400, 2001), Outcome.REFUSED),
            (reply(404, 2003), Outcome.REFUSED),
            (reply(405), Outcome.REFUSED),
            (reply(413), Outcome.REFUSED),
            (reply(409), Outcome.ALREADY_THERE),
            (reply(401), Outcome.RETRY),
            (reply(403), Outcome.RETRY),
            (reply(408), Outcome.RETRY),
            (reply(429), Outcome.RETRY),
            (reply(500), Outcome.RETRY),
            (reply(503), Outcome.RETRY),
            (reply(101), Outcome.RETRY),
        ],
    )
    def test_tell_what_passes_from_what_does_not(self, answer: Reply, outcome: Outcome) -> None:
        found = verdict(answer, NOW)
        assert (found.outcome, found.answered) == (outcome, True)

    @pytest.mark.parametrize("http", [200, 400, 504])
    def test_do_not_know_what_became_of_what_a_hub_has_passed_on_in_vain(self, http: int) -> None:
        found = verdict(reply(http, 4002), NOW)
        assert (found.outcome, found.answered) == (Outcome.RETRY, False)

    def test_say_what_was_said_without_what_cannot_be_printed(self) -> None:
        said = verdict(reply(200, 2001, "no\x00such\ntoken" + "!" * 999), NOW).message
        assert said.startswith("HTTP 200, OCPI 2001 no such token!")
        assert len(said) == LONGEST_MESSAGE

    def test_know_when_nothing_was_said(self) -> None:
        assert unanswered("x" * 999) == (Outcome.RETRY, "x" * LONGEST_MESSAGE, False, None, False)

    @pytest.mark.parametrize("http", [429, 503])
    def test_take_note_of_when_to_come_back(self, http: int) -> None:
        found = verdict(reply(http, retry_after="7"), NOW)
        assert (found.retry_after_ms, found.limited) == (7_000, http == 429)

    def test_of_other_errors_do_not(self) -> None:
        assert verdict(reply(500, retry_after="7"), NOW).retry_after_ms is None

    @given(st.integers(100, 599), st.binary(max_size=200), st.text(max_size=40))
    def test_are_reached_whatever_comes(self, http: int, body: bytes, header: str) -> None:
        found = verdict(Reply(http, {"retry-after": header}, told(body), not body), NOW)
        assert found.outcome in set(Outcome) - {Outcome.UNKNOWN}
        assert found.message.isprintable()


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("header", "wanted"),
        [
            ("0", 0),
            (" 120 ", 120_000),
            ("99999999999999999999", 86_400_000),
            ("Mon, 21 Sep 2026 14:13:30 GMT", 10_000),
            ("Mon, 21 Sep 2020 14:13:30 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400_000),
            ("", None),
            ("-5", None),
            ("soon", None),
            ("١٢", None),
            ("1.5", None),
        ],
    )
    def test_is_seconds_or_a_date(self, header: str, wanted: int | None) -> None:
        assert retry_after_ms(header, NOW) == wanted


class TestHavingIt:
    @pytest.mark.parametrize(
        ("body", "has"),
        [
            (b'{"status_code":1000,"data":{"last_updated":"2026-09-21T14:13:20Z"}}', True),
            (b'{"status_code":1000,"data":{"last_updated":"2026-09-21T14:13:20.001Z"}}', True),
            (b'{"status_code":1000,"data":{"last_updated":"2026-09-21T14:13:19.999Z"}}', False),
            (b'{"status_code":1000,"data":{"last_updated":"soon"}}', False),
            (b'{"status_code":1000,"data":{"last_updated":17}}', False),
            (b'{"status_code":1000,"data":[]}', False),
            (b'{"status_code":2003,"data":{"last_updated":"2026-09-21T14:13:20Z"}}', False),
            (b"<html>", False),
        ],
    )
    def test_is_told_by_the_time_of_the_last_update(self, body: bytes, has: bool) -> None:
        assert has_it(told(body), NOW) is has
