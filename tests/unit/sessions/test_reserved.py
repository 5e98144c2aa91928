"""Of a reservation whose time is over it is told that it expired, unless a session used it: in whatever order."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from services.domain.events.common import IdToken
from services.domain.events.reservation import ReservationEnded
from services.domain.events.session import ReservationExpired, ReservationUsed
from services.sessions.reserved import EARLY_MS, begins_anew, number_key, token_key
from services.sessions.state import Holder, Session, Start
from tests.scenarios import ledgers
from tests.scenarios.story import STATION, TENANT, Run, at, sessions_run, told


def moment(minute: int) -> str:
    """Minutes after one o'clock."""
    return ledgers.moment(60 + minute)


FROM, UNTIL = at(moment(10)), at(moment(40))


OVER = ReservationEnded(
    event_id="e",
    tenant=TENANT,
    station_id=STATION,
    partner_id="NL-TNM",
    reservation_id="r-1",
    reservation_number=7,
    evse_id=1,
    id_token=IdToken(value="aa"),
    reserved_from=FROM,
    expires_at=UNTIL,
    recorded_at=UNTIL + 30_000,
)


def started(minute: int, tx: str = "1", token: str | None = "BB", **more: Any) -> Any:
    named = {} if token is None else {"token": token}
    event = told({"kind": "Started", "at": moment(minute), "transaction_id": tx, "evse_id": 1, "wh": 1000} | named)
    return replace(event, **more)


def after(*events: Any) -> Run:
    run = sessions_run()
    run.take(*events)
    return run


def words(run: Run) -> list[type[Any]]:
    return [type(one) for one in run.events if isinstance(one, ReservationExpired | ReservationUsed)]


class TestOver:
    def test_a_reservation_that_no_session_used_has_expired(self) -> None:
        run = after(OVER)
        [expired] = run.of(ReservationExpired)
        assert (expired.reservation_id, expired.reservation_number, expired.partner_id) == ("r-1", 7, "NL-TNM")
        assert (expired.reserved_from, expired.expires_at, expired.id_token) == (FROM, UNTIL, OVER.id_token)
        assert (expired.recorded_at, expired.evse_id) == (OVER.recorded_at, 1)

    def test_it_is_told_once_however_often_it_is_noticed_and_by_whom(self) -> None:
        run = after(OVER, OVER, replace(OVER, event_id="f", recorded_at=UNTIL + 90_000))
        assert words(run) == [ReservationExpired]

    def test_the_same_name_for_another_reservation_is_another_one(self) -> None:
        again = replace(OVER, reserved_from=UNTIL + 1, expires_at=UNTIL + 60_000)
        run = after(OVER, again)
        assert len({one.session_id for one in run.of(ReservationExpired)}) == 2

    @pytest.mark.parametrize("how", [{"reservation_id": 7}, {"token": "AA"}, {"token": "aa", "reservation_id": 7}])
    @pytest.mark.parametrize("minute", [1, 10, 25, 40])
    def test_it_was_used_by_who_names_it_or_has_its_token(self, minute: int, how: dict[str, Any]) -> None:
        assert words(after(started(minute, **how), OVER, OVER)) == []

    @pytest.mark.parametrize(
        ("minute", "how"),
        [
            (25, {}),
            (25, {"reservation_id": 8}),
            (25, {"token": None}),
            (-1, {"token": "AA", "reservation_id": 7}),
            (41, {"token": "AA"}),
            (51, {"reservation_id": 7}),
        ],
    )
    def test_it_was_not_used_by_others_nor_at_other_times(self, minute: int, how: dict[str, Any]) -> None:
        assert words(after(started(minute, **how), OVER)) == [ReservationExpired]

    def test_who_names_it_may_be_a_little_late(self) -> None:
        latest = UNTIL + EARLY_MS
        assert words(after(started(0, reservation_id=7, started_at=latest), OVER)) == []
        assert words(after(started(0, reservation_id=7, started_at=latest + 1), OVER)) == [ReservationExpired]

    def test_without_a_token_the_number_alone_decides(self) -> None:
        anonymous = replace(OVER, id_token=None)
        assert words(after(started(25, token="AA"), anonymous)) == [ReservationExpired]
        assert words(after(started(25, reservation_id=7), anonymous)) == []


class TestUsed:
    def test_a_session_that_comes_late_withdraws_what_was_told(self) -> None:
        run = after(OVER, started(25, token="AA", reservation_id=7))
        assert words(run) == [ReservationExpired, ReservationUsed]
        [expired], [used] = run.of(ReservationExpired), run.of(ReservationUsed)
        assert used.session_id == expired.session_id != used.used_by

    def test_it_is_withdrawn_once(self) -> None:
        late = started(25, reservation_id=7)
        run = after(OVER, late, late, OVER, started(26, tx="2", reservation_id=7))
        assert words(run) == [ReservationExpired, ReservationUsed]

    def test_another_session_withdraws_nothing(self) -> None:
        assert words(after(OVER, started(25), started(45, tx="2", token="AA"))) == [ReservationExpired]

    def test_an_update_may_be_what_names_it(self) -> None:
        then = moment(26)
        update = told({"kind": "Updated", "at": then, "transaction_id": "1", "evse_id": 1, "read": {then: 1100}})
        named = replace(update, reservation_id=7)
        assert words(after(started(25), OVER, named)) == [ReservationExpired, ReservationUsed]
        assert words(after(started(25), named, OVER)) == []

    def test_in_any_order_the_outcome_is_the_same(self) -> None:
        told_all = (OVER, replace(OVER, reservation_id="r-2", reservation_number=8), started(25, reservation_id=7))
        for order in permutations(told_all):
            run = after(*order)
            withdrawn = {one.session_id for one in run.of(ReservationUsed)}
            standing = [one for one in run.of(ReservationExpired) if one.session_id not in withdrawn]
            assert [one.reservation_id for one in standing] == ["r-2"]

    def test_a_token_that_only_the_end_names_proves_nothing(self) -> None:
        end = told({"kind": "Ended", "at": moment(30), "transaction_id": "1", "wh": 2000, "token": "AA"})
        assert words(after(started(25, token=None), end, OVER)) == [ReservationExpired]

    def test_what_is_remembered_has_bounds(self) -> None:
        run = after(*(started(minute, tx=str(minute), token="AA") for minute in range(60)))
        run.take(*(replace(OVER, reservation_id=f"r-{n}", reserved_from=FROM + n) for n in range(30)))
        known = run.state(token_key(TENANT, STATION, "aa"))
        assert (len(known.uses), len(known.ended)) == (50, 20)
        assert run.state(number_key(TENANT, STATION, 7)).uses == ()


def test_only_a_start_or_another_holder_or_number_is_looked_at() -> None:
    open_ = Session("s", "t", "CS1", "1", "ocpp2.0.1")
    begun = Session("s", "t", "CS1", "1", "ocpp2.0.1", start=Start("k", 1, None))
    held = Session("s", "t", "CS1", "1", "ocpp2.0.1", start=begun.start, holder=Holder(0, 1, IdToken(value="A")))
    named = Session("s", "t", "CS1", "1", "ocpp2.0.1", start=begun.start, reservation_id=7)
    assert not begins_anew(None, open_)
    assert not begins_anew(begun, begun)
    assert begins_anew(None, begun)
    assert begins_anew(open_, begun)
    assert begins_anew(begun, held)
    assert begins_anew(begun, named)
