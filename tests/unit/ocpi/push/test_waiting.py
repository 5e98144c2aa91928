"""What waits for a partner: live before backlog, in order per object, only the newest of each."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.delivery import PushQueued
from services.ocpi.push.waiting import BACKLOG, LIVE, LIVE_FOR_MS, PartnerQueue, Slots, Waiting, lane_of
from tests.unit.ocpi.push.facts import NOW, push, waiting


def queue(*items: Waiting, slots: int = 8) -> PartnerQueue:
    made = PartnerQueue(Slots(slots))
    for item in items:
        assert made.add(item) is None
    return made


def taken(made: PartnerQueue, now_ms: int = NOW) -> list[PushQueued]:
    """Everything that can be told at once."""
    found = []
    while (item := made.take(now_ms)) is not None:
        found.append(item.push)
    return found


def told_one_by_one(made: PartnerQueue, now_ms: int = NOW) -> list[PushQueued]:
    found = []
    while (item := made.take(now_ms)) is not None:
        found.append(item.push)
        made.done(item)
    return found


class TestOrder:
    def test_is_that_of_arrival(self) -> None:
        pushes = [push(object_id=name) for name in "abc"]
        assert told_one_by_one(queue(*map(waiting, pushes))) == pushes

    def test_of_one_object_is_one_at_a_time(self) -> None:
        made = queue(waiting(push()))
        first = made.take(NOW)
        assert first is not None
        made.add(waiting(push(version=2)))
        assert made.take(NOW) is None
        made.done(first)
        second = made.take(NOW)
        assert second is not None
        assert second.push.version == 2

    def test_of_a_location_and_its_evses_is_one_at_a_time(self) -> None:
        made = queue(*(waiting(push("locations", "L", part=part)) for part in ("", "E1", "E2")))
        others = queue(*(waiting(push("locations", name)) for name in "abc"))
        assert [one.part for one in taken(made)] == [""]
        assert len(taken(others)) == 3

    def test_lets_what_stood_behind_go_first_when_its_turn_comes(self) -> None:
        made = queue(*(waiting(push("locations", "L", part=part)) for part in ("", "E1", "E2")))
        made.add(waiting(push("locations", "M")))
        assert [(one.object_id, one.part) for one in told_one_by_one(made)] == [
            ("L", ""), ("L", "E1"), ("L", "E2"), ("M", ""),
        ]  # fmt: skip

    def test_puts_what_failed_off_and_goes_on_with_the_rest(self) -> None:
        made = queue(waiting(push(object_id="bad")), waiting(push(object_id="good")))
        bad = made.take(NOW)
        assert bad is not None
        assert made.put_off(bad, NOW + 500)
        assert [one.object_id for one in told_one_by_one(made)] == ["good"]
        assert made.next_at() == NOW + 500
        assert [one.object_id for one in told_one_by_one(made, NOW + 500)] == ["bad"]
        assert made.next_at() is None


class TestLanes:
    def test_let_live_changes_go_first(self) -> None:
        made = queue(*(waiting(push(object_id=str(n)), BACKLOG) for n in range(100)))
        made.add(waiting(push(object_id="news")))
        assert told_one_by_one(made)[0].object_id == "news"

    def test_keep_slots_for_live_changes(self) -> None:
        made = queue(*(waiting(push(object_id=str(n)), BACKLOG) for n in range(100)))
        assert len(taken(made)) == 6
        made.add(waiting(push(object_id="news")))
        assert [one.object_id for one in taken(made)] == ["news"]

    def test_keep_one_for_the_backlog(self) -> None:
        made = queue(*(waiting(push(object_id=str(n))) for n in range(100)))
        made.add(waiting(push(object_id="old"), BACKLOG))
        under_way = [one.object_id for one in taken(made)]
        assert len(under_way) == 8
        assert "old" in under_way

    def test_give_all_slots_to_live_changes_when_there_is_nothing_else(self) -> None:
        assert len(taken(queue(*(waiting(push(object_id=str(n))) for n in range(100))))) == 8

    def test_work_with_a_single_slot(self) -> None:
        made = queue(waiting(push(object_id="old"), BACKLOG), waiting(push(object_id="news")), slots=1)
        assert [one.object_id for one in told_one_by_one(made)] == ["news", "old"]

    def test_are_told_by_age(self) -> None:
        assert [lane_of(NOW - age, NOW) for age in (-5, 0, LIVE_FOR_MS, LIVE_FOR_MS + 1)] == [LIVE] * 3 + [BACKLOG]

    def test_are_counted(self) -> None:
        made = queue(waiting(push(object_id="old"), BACKLOG), waiting(push(object_id="news")))
        assert (made.waiting(LIVE), made.waiting(BACKLOG), len(made), made.under_way) == (1, 1, 2, 0)
        told_one_by_one(made)
        assert (made.waiting(LIVE), made.waiting(BACKLOG), len(made), made.under_way) == (0, 0, 0, 0)

    def test_after_an_outage_what_waited_becomes_backlog(self) -> None:
        made = queue(*(waiting(push(object_id=str(n))) for n in range(4)))
        under_way, put_off = made.take(NOW), made.take(NOW)
        assert under_way
        assert put_off
        made.put_off(put_off, NOW + 10)
        made.to_backlog()
        assert (made.waiting(LIVE), made.waiting(BACKLOG)) == (1, 3)
        made.add(waiting(push(object_id="news")))
        made.done(under_way)
        assert [one.object_id for one in told_one_by_one(made, NOW + 10)] == ["news", "1", "2", "3"]

    def test_only_so_many_are_on_their_way_as_the_circuit_lets(self) -> None:
        made = queue(*(waiting(push(object_id=name)) for name in "abc"))
        assert made.take(NOW, most=0) is None
        assert made.take(NOW, most=1)
        assert made.take(NOW, most=1) is None


class TestSuperseding:
    def test_drops_the_older_of_two(self) -> None:
        made = queue(waiting(push()))
        dropped = made.add(waiting(push(version=2)))
        assert dropped is not None
        assert dropped.push.version == 1
        assert [one.version for one in told_one_by_one(made)] == [2]

    def test_keeps_the_place_in_the_lane(self) -> None:
        made = queue(waiting(push(object_id="a")), waiting(push(object_id="b")))
        made.add(waiting(push(object_id="a", version=2)))
        assert [(one.object_id, one.version) for one in told_one_by_one(made)] == [("a", 2), ("b", 1)]

    def test_takes_a_live_change_out_of_the_backlog(self) -> None:
        made = queue(*(waiting(push(object_id=name), BACKLOG) for name in "ab"))
        made.add(waiting(push(object_id="b", version=2)))
        assert (made.waiting(LIVE), made.waiting(BACKLOG)) == (1, 1)
        assert [one.object_id for one in told_one_by_one(made)] == ["b", "a"]

    def test_never_puts_an_older_session_after_a_newer_one(self) -> None:
        made = queue(waiting(push(version=2)))
        late = waiting(push(version=1))
        assert made.add(late) is late
        assert [one.version for one in told_one_by_one(made)] == [2]
        later = waiting(push(version=1))
        assert made.add(later) is later

    def test_does_not_wait_with_what_failed_when_it_has_changed(self) -> None:
        made = queue(waiting(push()))
        failed = made.take(NOW)
        assert failed is not None
        made.put_off(failed, NOW + 99_999)
        made.add(waiting(push(version=2)))
        assert [one.version for one in told_one_by_one(made)] == [2]
        assert told_one_by_one(made, NOW + 99_999) == []

    def test_of_what_is_on_its_way_has_it_told_again_and_does_not_bring_it_back(self) -> None:
        made = queue(waiting(push()))
        under_way = made.take(NOW)
        assert under_way is not None
        made.add(waiting(push(version=2)))
        assert made.put_off(under_way, NOW) is False
        assert [one.version for one in told_one_by_one(made)] == [2]

    def test_does_not_concern_records(self) -> None:
        made = queue(waiting(push("cdrs", "c1")), waiting(push("cdrs", "c2")))
        assert [one.object_id for one in told_one_by_one(made)] == ["c1", "c2"]

    def test_of_the_same_by_itself_changes_nothing(self) -> None:
        made = queue(waiting(push("cdrs", "c1")))
        assert made.add(waiting(push("cdrs", "c1"))) is None
        assert len(told_one_by_one(made)) == 1
        again = waiting(push("cdrs", "c1"))
        assert made.add(again) is again

    def test_of_what_is_refused_is_possible_when_it_is_queued_again(self) -> None:
        made = queue(waiting(push("cdrs", "c1")))
        item = made.take(NOW)
        assert item is not None
        made.done(item, told=False)
        assert made.add(waiting(push("cdrs", "c1"))) is None
        assert len(told_one_by_one(made)) == 1

    def test_stands_for_the_causes_of_what_it_replaces(self) -> None:
        made = queue(waiting(push("locations", "L", cause="station")))
        made.add(waiting(push("locations", "L", version=2, cause="connection")))
        made.add(waiting(push("locations", "L", version=3, cause="status")))
        made.add(waiting(push("locations", "L", version=4, cause="connection")))
        item = made.take(NOW)
        assert item is not None
        assert (item.push.version, [one.cause for one in item.also]) == (4, ["station", "status"])

    def test_leaves_a_comparison_out_when_the_object_waits_anyway(self) -> None:
        made = queue(waiting(push("locations", "L")))
        compared = waiting(push("locations", "L", version=9), BACKLOG, durable=False, verify=True)
        assert made.add(compared) is compared

    def test_of_a_comparison_deletes_nothing(self) -> None:
        made = queue(waiting(push("locations", "L"), durable=False))
        assert made.add(waiting(push("locations", "L", version=2))) is None
        item = made.take(NOW)
        assert item is not None
        assert item.durable


class TestAge:
    def test_is_that_of_what_the_partner_has_not_known_for_longest(self) -> None:
        made = queue(waiting(push(object_id="a", version=5)), waiting(push(object_id="b", version=7), BACKLOG))
        made.add(waiting(push(object_id="a", version=9)))
        assert made.oldest == NOW + 5
        told_one_by_one(made)
        assert made.oldest is None


class TestForgetting:
    def test_gives_back_what_was_there(self) -> None:
        made = queue(*(waiting(push(object_id=name)) for name in "ab"))
        assert len(made.clear()) == 2
        assert (len(made), made.take(NOW)) == (0, None)

    def test_of_versions_begins_with_the_oldest(self) -> None:
        made = queue()
        for number in range(100_001):
            made._known[("sessions", f"old-{number}", "")] = 1
        for name in ("x", "y"):
            made.add(waiting(push(object_id=name)))
        told_one_by_one(made)
        assert ("sessions", "old-0", "") not in made._known


ACTIONS = st.lists(
    st.tuples(st.sampled_from("ATFD"), st.integers(0, 4), st.sampled_from([LIVE, BACKLOG])), max_size=60
)


class TestWhateverHappens:
    @given(ACTIONS)
    def test_the_last_version_of_each_object_is_told_last_and_versions_never_go_back(self, actions: Any) -> None:
        made, now = PartnerQueue(Slots(3)), NOW
        versions: dict[str, int] = {}
        under_way: list[Waiting] = []
        told: dict[str, list[int]] = {}
        for kind, number, lane in actions:
            name = f"s{number}"
            if kind == "A":
                versions[name] = versions.get(name, 0) + 1
                made.add(waiting(push(object_id=name, version=versions[name]), lane))
            elif kind == "T" and (item := made.take(now)) is not None:
                assert item.group not in {one.group for one in under_way}
                under_way.append(item)
            elif kind == "F" and under_way:
                made.put_off(under_way.pop(0), now + number)
            elif kind == "D" and under_way:
                item = under_way.pop(0)
                told.setdefault(item.push.object_id, []).append(item.push.version)
                made.done(item)
        for item in under_way:
            made.put_off(item, now)
        while (item := made.take(now + 10)) is not None:
            told.setdefault(item.push.object_id, []).append(item.push.version)
            made.done(item)
        assert all(found == sorted(set(found)) for found in told.values())
        assert {name: found[-1] for name, found in told.items()} == versions
        assert (len(made), made.waiting(LIVE), made.waiting(BACKLOG), made.under_way) == (0, 0, 0, 0)
