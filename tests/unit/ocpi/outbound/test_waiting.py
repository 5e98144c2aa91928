"""What partners wait for is what Kafka says, whichever process reads it and in whichever order."""

from itertools import permutations

import pytest

from services.domain.events.partner import PartnerCommandSettled
from services.ocpi.outbound import waiting
from services.ocpi.outbound.results import of
from services.ocpi.outbound.waiting import GRACE_MS, Open, Waiting, stagger_ms
from tests.unit.ocpi.facts import START, TENANT, answered, taken

SETTLED = PartnerCommandSettled(
    event_id="settled-1", tenant=TENANT, command_id="command-1", partner_id="NL-TNM", result="ACCEPTED",
    delivered=True, settled_at=START,
)  # fmt: skip


class TestWaiting:
    def test_settles_what_it_has_taken_as_soon_as_the_station_has_answered(self) -> None:
        known = Waiting("edge-1")
        assert known.take(taken()) is None
        assert known.take(answered()) == taken()
        assert known.close("command-1") == Open(taken(), answered())
        assert known.close("command-1") is None

    def test_finds_the_answer_that_was_read_first(self) -> None:
        known = Waiting("edge-1")
        assert known.take(answered()) is None
        assert known.take(taken()) == taken()

    def test_leaves_what_others_have_taken_to_them_until_it_is_overdue(self) -> None:
        known = Waiting("edge-2")
        assert known.take(taken()) is None
        assert known.take(answered()) is None
        assert known.due_at(taken()) == START + 30_000 + 2 * GRACE_MS + stagger_ms("edge-2")
        assert Waiting("edge-1").due_at(taken()) == START + 30_000 + GRACE_MS
        assert known.close("command-1") == Open(taken(), answered())

    def test_knows_after_a_restart_what_is_settled(self) -> None:
        for order in permutations([taken(), answered(), SETTLED]):
            if order.index(SETTLED) < order.index(taken()):
                continue  # one key, one order
            known = Waiting("edge-1")
            for event in order:
                known.take(event)
            assert not known.open()

    def test_tells_parallel_commands_apart(self) -> None:
        known = Waiting("edge-1")
        known.take(taken())
        known.take(taken(command_id="command-2"))
        assert known.take(answered(command_id="command-2")) == taken(command_id="command-2")
        assert known.open() == [taken(), taken(command_id="command-2")]

    def test_takes_no_more_than_it_can_hold(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(waiting, "MOST_WAITING", 3)
        known = Waiting("edge-1")
        for number in range(waiting.MOST_WAITING):
            known.expect(taken(command_id=str(number)))
        known.expect(taken(command_id="0"))
        assert known.full
        known.close("0")
        assert not known.full

    def test_passes_over_other_records_and_forgets_old_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(waiting, "_MOST_ANSWERS", 3)
        known = Waiting("edge-1")
        assert known.take(object()) is None
        for number in range(4):
            known.take(answered(command_id=str(number)))
        assert known.take(taken(command_id="0")) is None
        assert known.take(taken(command_id="1")) is not None


def test_processes_do_not_do_the_same_at_the_same_time() -> None:
    assert 0 <= stagger_ms("a") < 10_000
    assert stagger_ms("a") != stagger_ms("b")


def test_commands_have_results() -> None:
    assert of("STOP_SESSION", None) == ("CommandResult", {"result": "TIMEOUT"})
