"""Which tokens belong on a list."""

from services.domain.events.common import TokenStatus
from services.fleet.local_lists.wanted import NOTHING, Selection, digest_of, wanted
from tests.unit.fleet.local_lists.lists import NOW, token

TOKENS = [
    token("A"),
    token("B", group_id="FLEET"),
    token("STOLEN", status=TokenStatus.BLOCKED),
    token("OLD", expires_at=NOW),
    token("C", expires_at=NOW + 5000),
    token("THEIRS", tenant="u"),
    token("L" * 30),
    token("X" * 37),
]


def uids(selection: Selection, now_ms: int = NOW) -> set[str]:
    return {uid for uid, _ in wanted(TOKENS, selection, now_ms).entries}


class TestWanted:
    def test_are_the_tokens_of_the_tenant_that_may_charge_now(self) -> None:
        assert uids(Selection("t")) == {"A", "B", "C", "L" * 30}

    def test_are_only_those_of_the_stations_groups(self) -> None:
        assert uids(Selection("t", ("FLEET", "OTHER"))) == {"B"}

    def test_are_only_those_that_the_version_can_name(self) -> None:
        assert uids(Selection("t", longest=20)) == {"A", "B", "C"}

    def test_name_no_group_that_the_version_cannot_name(self) -> None:
        grouped = [token("A", group_id="G" * 30)]
        (told,) = wanted(grouped, Selection("t", longest=20), NOW).entries.values()
        assert told.data["idTokenInfo"] == {"status": "Accepted"}
        (told,) = wanted(grouped, Selection("t"), NOW).entries.values()
        assert "groupIdToken" in told.data["idTokenInfo"]

    def test_expire(self) -> None:
        assert wanted(TOKENS, Selection("t"), NOW).until == NOW + 5000
        assert uids(Selection("t"), NOW + 5000) == {"A", "B", "L" * 30}

    def test_that_were_changed_last_are_kept_when_there_is_no_room_for_all(self) -> None:
        many = [token(f"T{number}", updated_at=number) for number in range(10)]
        kept = wanted(many, Selection("t", room=3), NOW)
        assert {uid for uid, _ in kept.entries} == {"T9", "T8", "T7"}
        assert kept.left_out == 7

    def test_have_a_digest_that_follows_from_what_is_told(self) -> None:
        one = wanted([token("A"), token("B")], Selection("t"), NOW)
        assert one.digest == wanted([token("B"), token("A", contract_id="other")], Selection("t"), NOW).digest
        assert one.digest != wanted([token("A"), token("B", group_id="G")], Selection("t"), NOW).digest
        assert one.digest != wanted([token("A")], Selection("t"), NOW).digest

    def test_of_nobody_are_what_an_empty_list_is(self) -> None:
        assert wanted([], Selection("t"), NOW).digest == NOTHING.digest == digest_of(()) == ""
