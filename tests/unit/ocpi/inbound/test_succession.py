"""Of states that were made from the same one the first counts, and everybody sees the same."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.partner import Partner
from services.ocpi.inbound.succession import Succession
from tests.unit.ocpi.facts import partner


def state(token_hash: str, at: int = 1) -> Partner:
    return partner(token_hash=token_hash, updated_at=at)


def told(*states: Partner) -> Succession:
    succession = Succession()
    for each in states:
        succession.take(each.key, each)
    return succession


BEFORE, OURS, THEIRS = state("before"), state("ours"), state("theirs")


class TestSuccession:
    def test_waits_for_our_own_state(self) -> None:
        assert told(BEFORE, THEIRS).winner("before", OURS) is None
        assert told().winner("before", OURS) is None

    def test_is_the_first_of_two_that_were_made_from_one(self) -> None:
        both = told(BEFORE, OURS, THEIRS)
        assert both.winner("before", OURS) == OURS
        assert both.winner("before", THEIRS) == OURS

    def test_is_not_in_the_way_of_what_comes_after_it(self) -> None:
        assert told(BEFORE, THEIRS, OURS).winner("theirs", OURS) == OURS
        assert told(BEFORE, THEIRS, BEFORE, OURS).winner("before", OURS) == OURS

    def test_holds_for_a_state_that_keeps_its_token(self) -> None:
        kept = replace(OURS, updated_at=2)
        assert told(BEFORE, OURS, kept).winner("ours", kept) == kept
        assert told(BEFORE, OURS, THEIRS, kept).winner("ours", kept) == THEIRS

    def test_is_not_disturbed_by_changes_that_leave_the_token(self) -> None:
        assert told(BEFORE, replace(BEFORE, name="Another"), OURS).winner("before", OURS) == OURS

    def test_lets_in_who_was_not_there_before(self) -> None:
        assert told(OURS).winner("before", OURS) == OURS

    def test_is_brought_back_by_who_came_too_late(self) -> None:
        repaired = told(BEFORE, THEIRS, OURS, THEIRS)
        assert repaired.winner("ours", THEIRS) == THEIRS
        assert repaired.winner("before", OURS) == THEIRS

    def test_forgets_a_partner_that_is_gone(self) -> None:
        succession = told(BEFORE, THEIRS)
        succession.take(BEFORE.key, None)
        succession.take(BEFORE.key, OURS)
        assert succession.winner("before", OURS) == OURS

    def test_keeps_partners_apart(self) -> None:
        other = partner(partner_id="DE-ABC", token_hash="others")
        assert told(BEFORE, other, OURS).winner("before", OURS) == OURS

    @given(st.permutations([state(name) for name in "abcd"]))
    def test_is_the_same_for_everybody(self, states: list[Partner]) -> None:
        succession = told(BEFORE, *states)
        assert {succession.winner("before", each) for each in states} == {states[0]}

    def test_does_not_remember_for_ever(self) -> None:
        succession = told(BEFORE, *(state("others", at) for at in range(1_000)), OURS)
        assert succession.winner("before", OURS) is not None
