from collections.abc import Callable
from typing import Any

import pytest

from services.domain.events.session import SessionEnded
from services.domain.ids import session_id
from services.sessions.finding import MAX_NAMESAKES, session_of_end, session_of_start, session_of_update
from services.sessions.state import Joined, Session, session_key
from tests.scenarios.story import STATION, TENANT, Run, sessions_run, told


def started(when: str, tx: str = "1", **more: Any) -> Any:
    return told(
        {"kind": "Started", "at": when, "transaction_id": tx, "evse_id": 1, "wh": 1000, "token": "AA"} | more
    )


def updated(when: str, tx: str | None = "1", **more: Any) -> Any:
    return told({"kind": "Updated", "at": when, "transaction_id": tx, "evse_id": 1, "read": {when: 1100}} | more)


def ended(when: str, tx: str = "1", **more: Any) -> Any:
    return told({"kind": "Ended", "at": when, "transaction_id": tx, "wh": 2000} | more)


def after(*events: Any) -> Run:
    run = sessions_run()
    run.take(*events)
    return run


def the_session(run: Run, tx: str = "1") -> Session:
    found = run.state(session_key(session_id(TENANT, STATION, tx)))
    assert isinstance(found, Session)
    return found


Find = Callable[[Run], Session]


class TestSessionOfStart:
    def test_is_a_new_one_for_an_unknown_id(self) -> None:
        event = started("10:00")
        found = session_of_start(sessions_run().state, event)
        assert found.kept is None
        assert found.session == Session(session_id(TENANT, STATION, "1"), TENANT, STATION, "1", "ocpp1.6")

    def test_is_the_known_one_for_a_repeated_start(self) -> None:
        run = after(started("10:00"))
        assert session_of_start(run.state, started("10:00")).kept == the_session(run)

    def test_is_the_one_that_waits_for_its_start(self) -> None:
        run = after(ended("10:30"))
        assert session_of_start(run.state, started("10:00")).kept == the_session(run)

    def test_is_another_one_for_another_start_with_the_same_number(self) -> None:
        run = after(started("10:00"), ended("10:30"))
        found = session_of_start(run.state, started("11:00"))
        assert found.kept is None
        assert found.session.session_id != the_session(run).session_id
        assert found.session.flags == ("ID_REUSED",)
        assert list(found.states) == [session_key(the_session(run).session_id)]

    def test_is_the_same_other_one_when_that_start_is_repeated(self) -> None:
        run = after(started("10:00"), started("11:00"))
        found = session_of_start(run.state, started("11:00"))
        assert found.kept is not None
        assert found.kept.start is not None
        assert found.states == {}

    @pytest.mark.parametrize("when", ["10:00", "10:15", "10:30"])
    def test_is_the_known_one_for_a_201_start_before_its_end(self, when: str) -> None:
        run = after(started("10:00", seq=0), ended("10:30", seq=1))
        assert session_of_start(run.state, started(when, seq=0)).kept == the_session(run)

    def test_is_the_known_one_while_a_201_session_has_no_end(self) -> None:
        run = after(started("10:00", seq=0))
        assert session_of_start(run.state, started("12:00", seq=0)).kept == the_session(run)

    def test_is_another_one_when_201_uses_an_id_again_after_its_end(self) -> None:
        run = after(started("10:00", seq=0), ended("10:30", seq=1))
        found = session_of_start(run.state, started("11:00", seq=0))
        assert found.kept is None
        assert found.session.flags == ("ID_REUSED",)

    def test_is_the_known_one_when_its_end_lies_before_its_start(self) -> None:
        run = after(started("10:00", seq=0), ended("09:00", seq=1))
        assert session_of_start(run.state, started("10:00", seq=0)).kept == the_session(run)

    def test_keeps_a_station_that_calls_them_all_the_same_small(self) -> None:
        run = sessions_run()
        for n in range(MAX_NAMESAKES + 5):
            day = f"2026-11-{n + 1:02}T"
            run.take(started(f"{day}10:00:00Z", tx="0", seq=0), ended(f"{day}10:30:00Z", tx="0", seq=1))
        found = the_session(run, "0").namesakes
        assert len(found) == MAX_NAMESAKES
        assert len(run.of(SessionEnded)) == MAX_NAMESAKES + 5
        assert run.take(started("2026-11-02T10:00:00Z", tx="0", seq=0)) == []


class TestSessionOfUpdate:
    def test_is_found_by_id(self) -> None:
        run = after(started("10:00"))
        found = session_of_update(run.state, updated("10:10"))
        assert found is not None
        assert found.kept == the_session(run)

    def test_is_a_new_one_for_an_unknown_id(self) -> None:
        found = session_of_update(sessions_run().state, updated("10:10", tx="9"))
        assert found is not None
        assert found.kept is None

    @pytest.mark.parametrize("tx", [None, "0", "-1"])
    def test_is_the_one_open_on_the_connector_without_id(self, tx: str | None) -> None:
        run = after(started("10:00"), started("10:00", tx="2", evse_id=2))
        found = session_of_update(run.state, updated("10:10", tx=tx, evse_id=2))
        assert found is not None
        assert found.kept == the_session(run, "2")

    @pytest.mark.parametrize(
        ("events", "event"),
        [
            ([], updated("10:10", tx=None)),
            ([started("10:00")], updated("09:59", tx=None)),
            ([started("10:00")], updated("10:10", tx=None, evse_id=2)),
            ([started("10:00")], updated("10:10", tx=None, evse_id=None)),
            ([started("10:00"), ended("10:30")], updated("10:10", tx=None)),
            ([started("10:00", seq=0)], updated("10:10", tx=None, protocol="ocpp2.0.1")),
        ],
        ids=["no session", "before it", "other connector", "no connector", "after it", "ocpp2.0.1"],
    )
    def test_is_none_without_id_outside_of_sessions(self, events: list[Any], event: Any) -> None:
        assert session_of_update(after(*events).state, event) is None

    def test_is_the_latest_of_several_open_ones_that_had_begun(self) -> None:
        run = after(started("12:00", tx="2"), started("10:00", tx="1"))
        early = session_of_update(run.state, updated("10:30", tx=None))
        late = session_of_update(run.state, updated("12:30", tx=None))
        assert early is not None
        assert late is not None
        assert (early.kept, late.kept) == (the_session(run, "1"), the_session(run, "2"))

    def test_is_zero_a_name_like_any_other_in_201(self) -> None:
        run = after(started("10:00", tx="0", seq=0))
        found = session_of_update(run.state, updated("10:10", tx="0", seq=1))
        assert found is not None
        assert found.kept == the_session(run, "0")

    def test_goes_by_time_among_namesakes(self) -> None:
        run = after(started("10:00"), ended("10:30"), started("11:00"))
        early = session_of_update(run.state, updated("10:20"))
        late = session_of_update(run.state, updated("11:20"))
        assert early is not None
        assert late is not None
        assert early.kept == the_session(run)
        assert late.kept is not None
        assert late.kept.flags == ("ID_REUSED",)


class TestSessionOfEnd:
    def test_is_found_by_id(self) -> None:
        run = after(started("10:00"))
        assert session_of_end(run.state, ended("10:30")).kept == the_session(run)

    def test_never_is_another_stations(self) -> None:
        run = after(started("10:00"))
        assert session_of_end(run.state, ended("10:30", station_id="CS2")).kept is None

    @pytest.mark.parametrize("tx", ["0", "-1"])
    def test_is_the_only_open_one_without_id(self, tx: str) -> None:
        run = after(started("10:00"))
        event = ended("10:30", tx=tx)
        found = session_of_end(run.state, event)
        assert found.kept == the_session(run)
        assert found.session.flags == ("UNKNOWN_TRANSACTION_ID",)
        assert list(found.states.values()) == [Joined(the_session(run).session_id)]

    def test_is_the_same_one_when_the_end_is_repeated(self) -> None:
        event = ended("10:30", tx="-1")
        run = after(started("10:00"), event, started("11:00", tx="2"))
        assert session_of_end(run.state, event).kept == the_session(run)

    @pytest.mark.parametrize(
        ("events", "event"),
        [
            ([], ended("10:30", tx="-1")),
            ([started("10:00"), started("10:00", tx="2", evse_id=2)], ended("10:30", tx="-1")),
            ([started("10:31")], ended("10:30", tx="-1")),
            ([started("10:00")], ended("10:30", tx="-1", token="BB")),
            ([started("10:00", token=None)], ended("10:30", tx="-1", token="BB")),
            ([started("10:00", tx="2", seq=0)], ended("10:30", tx="-1", seq=1)),
        ],
        ids=["none open", "two open", "began later", "other token", "no token", "ocpp2.0.1"],
    )
    def test_is_one_of_its_own_when_it_could_mean_none_or_several(self, events: list[Any], event: Any) -> None:
        found = session_of_end(after(*events).state, event)
        assert found.kept is None
        assert found.session.flags == ()

    def test_is_the_one_of_that_token(self) -> None:
        run = after(started("10:00"), started("10:00", tx="2", evse_id=2, token="BB"))
        assert session_of_end(run.state, ended("10:30", tx="-1", token="bb")).kept == the_session(run, "2")

    def test_is_not_mixed_up_among_ends_that_wait(self) -> None:
        one, other = ended("10:30", tx="-1"), ended("11:30", tx="-1", wh=3000)
        run = after(one)
        assert session_of_end(run.state, one).kept is not None
        assert session_of_end(run.state, other).kept is None

    def test_is_the_open_one_among_namesakes_unless_it_repeats_an_end(self) -> None:
        run = after(started("10:00"), started("11:00", evse_id=2))
        second = session_of_end(run.state, ended("11:30")).session
        assert second.flags == ("ID_REUSED",)
        run.take(ended("11:30"))
        assert session_of_end(run.state, ended("11:40", wh=5000)).kept == the_session(run)
        assert session_of_end(run.state, ended("11:30")).session.session_id == second.session_id

    def test_is_the_latest_among_namesakes_that_all_have_other_ends(self) -> None:
        run = after(started("10:00"), ended("10:30"), started("11:00"), ended("11:30"))
        found = session_of_end(run.state, ended("11:45", wh=9))
        assert found.session.flags == ("ID_REUSED",)
