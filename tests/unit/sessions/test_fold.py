from collections import Counter
from hashlib import sha256
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.events import session
from services.domain.events.common import CdrStatus
from services.sessions.fold import fold
from services.sessions.state import Session, SignedValues, Station, signed_key, station_key
from tests.scenarios.ledgers import fleet, moment, shuffled, signed, truth
from tests.scenarios.story import STATION, TENANT, Run, charged, sessions_run, standing, told


def started(minute: int, tx: str = "1", **more: Any) -> Any:
    return told(
        {"kind": "Started", "at": moment(minute), "transaction_id": tx, "evse_id": 1, "wh": 1000, "token": "AA"}
        | more
    )


def updated(minute: int, wh: int = 1100, tx: str | None = "1", **more: Any) -> Any:
    at = moment(minute)
    return told({"kind": "Updated", "at": at, "transaction_id": tx, "evse_id": 1, "read": {at: wh}} | more)


def ended(minute: int, tx: str = "1", **more: Any) -> Any:
    return told({"kind": "Ended", "at": moment(minute), "transaction_id": tx, "wh": 2000} | more)


seeds = given(st.integers(0, 2**32))
few = settings(deadline=None, max_examples=40)


def facts(run: Run) -> dict[str, Any]:
    """The states without what counts deliveries rather than facts."""
    found = {}
    for key in run.states:
        state = run.state(key)
        if isinstance(state, Session):
            state = msgspec.structs.replace(state, version=0, revision=0, suspended="", overtaken=False)
        found[key] = state
    return found


class TestFold:
    @settings(deadline=None)
    @seeds
    def test_comes_to_the_same_in_any_order_however_often(self, seed: int) -> None:
        rng = Random(seed)
        one, often = truth(rng), rng.randint(1, 3)
        straight, mixed = sessions_run(), sessions_run()
        straight.take(*one.events)
        mixed.take(*shuffled(list(one.events), rng, often))
        assert facts(mixed) == facts(straight)
        last, wanted = mixed.of(session.SessionEnded)[-1], straight.of(session.SessionEnded)[-1]
        assert last.energy_wh == wanted.energy_wh == one.energy_wh
        assert last.signed_meter_values == wanted.signed_meter_values

    @settings(deadline=None)
    @seeds
    def test_leads_to_one_record_with_the_stations_energy_and_bytes(self, seed: int) -> None:
        rng = Random(seed)
        one = truth(rng)
        _, records = charged(shuffled(list(one.events), rng, rng.randint(1, 3)))
        [record] = standing(records)
        assert record.status is CdrStatus.ISSUED
        assert record.detail.energy_wh == one.energy_wh
        found = [signed.sha256 for signed in record.detail.signed_meter_values]
        assert found == list(one.digests)
        assert [sha256(s.signed_data).hexdigest() for s in record.detail.signed_meter_values] == found

    @few
    @seeds
    def test_keeps_the_sessions_of_a_station_apart_in_any_order(self, seed: int) -> None:
        rng = Random(seed)
        truths = fleet(rng)
        sessions, records = charged(shuffled([e for one in truths for e in one.events], rng, rng.randint(1, 2)))
        found = standing(records)
        assert Counter(c.detail.transaction_id for c in found) == Counter(one.tx for one in truths)
        wanted = {one.tx: (one.energy_wh, one.digests) for one in truths}
        for record in found:
            digests = tuple(signed.sha256 for signed in record.detail.signed_meter_values)
            assert (record.detail.energy_wh, digests) == wanted[record.detail.transaction_id]
            assert record.status is CdrStatus.ISSUED
        assert station_key(TENANT, STATION) not in sessions.states

    @few
    @seeds
    def test_is_not_changed_by_a_crash_that_repeats_what_was_done(self, seed: int) -> None:
        rng = Random(seed)
        events = shuffled([e for one in fleet(rng) for e in one.events], rng, 1)
        straight = charged(events)
        back = rng.randrange(len(events))
        crashed = charged([*events[: back + 5], *events[back:]])
        assert [run.events for run in crashed] == [run.events for run in straight]

    @few
    @seeds
    def test_publishes_no_id_twice_and_versions_that_grow(self, seed: int) -> None:
        rng = Random(seed)
        sessions, records = charged(shuffled([e for one in fleet(rng) for e in one.events], rng, 2))
        events = [e for run in (sessions, records) for e in run.events if ".state." not in e.FULL_NAME]
        ids = Counter((event.FULL_NAME, event.event_id) for event in events)
        assert set(ids.values()) <= {1}
        versions: dict[str, int] = {}
        for state in sessions.of(session.Session):
            assert state.version > versions.get(state.key, 0)
            versions[state.key] = state.version

    def test_leaves_states_that_were_read_alone(self) -> None:
        run = sessions_run()
        run.take(started(0))
        states = {key: run.state(key) for key in run.states}
        before = {key: msgspec.msgpack.encode(state) for key, state in states.items()}
        fold(states.get, updated(10))
        fold(states.get, ended(30))
        assert {key: msgspec.msgpack.encode(state) for key, state in states.items()} == before


class TestStart:
    def test_opens_the_session_at_its_station(self) -> None:
        run = sessions_run()
        run.take(started(0))
        station = run.state(station_key(TENANT, STATION))
        assert isinstance(station, Station)
        assert [(entry.evse_id, entry.token) for entry in station.open] == [(1, "AA")]

    def test_keeps_the_first_of_two_contradicting_ones(self) -> None:
        run = sessions_run()
        run.take(started(0, seq=0), started(5, seq=0, **signed(5, 9, "x", "Transaction.Begin")))
        state = run.latest(session.Session).popitem()[1]
        assert (state.started_at, state.quality_flags) == (started(0).started_at, ("CONFLICT",))
        assert not any(key.startswith("signed:") for key in run.states)

    def test_ends_what_was_open_on_its_connector_before(self) -> None:
        run = sessions_run()
        run.take(started(0), started(0, "2", evse_id=2), updated(10))
        published = run.take(started(30, "3"))
        assert [(type(e).__name__, getattr(e, "transaction_id", None)) for e in published] == [
            ("SessionEnded", "1"),
            ("Session", "1"),
            ("SessionStarted", "3"),
            ("Session", "3"),
        ]
        assert published[0].estimated

    def test_ends_nothing_that_began_later_or_at_the_same_time(self) -> None:
        run = sessions_run()
        run.take(started(30), started(0, "2"), started(30, "3"))
        assert [e.transaction_id for e in run.of(session.SessionEnded)] == ["2"]

    def test_ends_nothing_when_it_is_repeated(self) -> None:
        run = sessions_run()
        run.take(started(30), started(0, "2"))
        assert run.take(started(30)) == []

    def test_ends_nothing_while_its_connector_is_not_known(self) -> None:
        run = sessions_run()
        run.take(started(0, seq=0), started(30, "2", seq=0, evse_id=None))
        assert run.of(session.SessionEnded) == []
        run.take(updated(31, tx="2", seq=1))
        assert [e.transaction_id for e in run.of(session.SessionEnded)] == ["1"]

    def test_is_not_open_when_its_end_is_known(self) -> None:
        run = sessions_run()
        run.take(ended(30), started(0))
        assert station_key(TENANT, STATION) not in run.states


class TestUpdate:
    def test_says_nothing_outside_of_a_session(self) -> None:
        run = sessions_run()
        assert run.take(updated(10, tx=None)) == []
        assert run.states == {}

    def test_keeps_signed_records_apart_from_what_changes_often(self) -> None:
        run = sessions_run()
        run.take(started(0), updated(10, **signed(10, 1100, "x", "Sample.Periodic")))
        [key] = [key for key in run.states if key.startswith("signed:")]
        data = run.states[key]
        run.take(updated(20, 1200))
        assert run.states[key] is data

    def test_says_when_signed_records_are_left_out(self) -> None:
        run = sessions_run()
        run.take(started(0))
        run.take(*(updated(n, **signed(n, 1000 + n, f"r{n}", "Sample.Periodic")) for n in range(1, 30)))
        run.take(ended(30, **signed(30, 2000, "end", "Transaction.End")))
        [last] = run.of(session.SessionEnded)
        assert last.quality_flags == ("SIGNED_VALUES_LEFT_OUT",)
        assert [s.signed_data for s in last.signed_meter_values][9:11] == [b"r10", b"r20"]
        assert last.signed_meter_values[-1].signed_data == b"end"

    def test_of_a_201_session_tells_its_place_and_holder_later(self) -> None:
        run = sessions_run()
        run.take(started(0, seq=0, evse_id=None, token=None))
        run.take(updated(1, seq=1, evse_id=2, token="BB"))
        state = run.latest(session.Session).popitem()[1]
        assert (state.evse_id, state.id_token.value) == (2, "BB")
        station = run.state(station_key(TENANT, STATION))
        assert isinstance(station, Station)
        assert [(entry.evse_id, entry.token) for entry in station.open] == [(2, "BB")]

    @pytest.mark.parametrize("late", [updated(20, 1500), updated(40, 9999)])
    def test_after_the_end_changes_no_bill(self, late: Any) -> None:
        run = sessions_run()
        run.take(started(0), updated(10), ended(30), late)
        assert len(run.of(session.SessionEnded)) == 1

    def test_after_the_end_changes_the_bill_if_only_readings_tell_the_energy(self) -> None:
        run = sessions_run()
        run.take(started(0, seq=0), updated(10, seq=1), ended(30, wh=None, seq=3), updated(20, 1500, seq=2))
        assert [(e.revision, e.energy_wh) for e in run.of(session.SessionEnded)] == [(1, 100), (2, 500)]


class TestEnd:
    def test_closes_the_session_at_its_station(self) -> None:
        run = sessions_run()
        run.take(started(0), started(0, "2", evse_id=2), ended(30))
        station = run.state(station_key(TENANT, STATION))
        assert isinstance(station, Station)
        assert len(station.open) == 1
        run.take(ended(30, "2"))
        assert station_key(TENANT, STATION) not in run.states

    def test_keeps_the_first_of_two_contradicting_ones(self) -> None:
        run = sessions_run()
        run.take(started(0), ended(30))
        published = run.take(ended(31, wh=7000, **signed(31, 7000, "x", "Transaction.End")))
        assert [type(event) for event in published] == [session.Session]
        assert published[0].quality_flags == ("CONFLICT",)
        assert run.take(ended(31, wh=7000)) == []

    def test_carries_the_records_of_all_messages_to_the_end(self) -> None:
        run = sessions_run()
        run.take(
            started(0, **signed(0, 1000, "begin", "Transaction.Begin")),
            ended(30, **signed(30, 2000, "end", "Transaction.End")),
        )
        [event] = run.of(session.SessionEnded)
        assert [s.signed_data for s in event.signed_meter_values] == [b"begin", b"end"]
        assert isinstance(run.state(signed_key(event.session_id)), SignedValues)
