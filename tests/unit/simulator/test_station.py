import json
from decimal import Decimal
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.simulator.meter import Meter
from services.simulator.ocmf import MeterIdentity, derived_key
from services.simulator.plan import Visit
from services.simulator.station import (
    CARD_MS,
    HOUR_MS,
    PLUG_MS,
    CardShown,
    Kind,
    PluggedIn,
    Records,
    Sampled,
    Started,
    Station,
    StationSpec,
    Step,
    Stopped,
    Unplugged,
    delivered_wh,
    timetable,
)

T = TypeVar("T", bound=Step)
START = 1_795_219_200_000
QUARTER_MS = 900_000
IDENTITY = MeterIdentity("Vendor", "Model", "SM1", "1.0", "Gateway", "GS1", "2.0", "DE*WAT*E1*1")
VISIT = Visit("s1", START, START + 2 * HOUR_MS, Decimal(6_600), "04AA")


def station(*visits: Visit, records: Records = Records.PAIR, protocol: str = "ocpp2.0.1") -> Station:
    spec = StationSpec("CP1", protocol, "password", "DE*WAT*E1*1", "SM1", records=records)
    return Station(
        spec, Meter(IDENTITY, derived_key("seed", "SM1"), Decimal(1000), Decimal(1)), visits, QUARTER_MS
    )


def only(steps: list[Step], kind: type[T]) -> T:
    [step] = [step for step in steps if isinstance(step, kind)]
    return step


class TestTimetable:
    def test_goes_from_plugging_in_to_unplugging(self) -> None:
        kinds = [kind for _at, kind in timetable(VISIT, QUARTER_MS)]
        assert kinds == [Kind.PLUG, Kind.CARD, Kind.START, *[Kind.SAMPLE] * 7, Kind.STOP, Kind.UNPLUG]

    def test_begins_and_ends_charging_when_the_car_came_and_left(self) -> None:
        moments = {kind: at for at, kind in timetable(VISIT, QUARTER_MS)}
        assert (moments[Kind.START], moments[Kind.STOP]) == (VISIT.arrived_at, VISIT.departed_at)

    def test_needs_no_card_for_a_remote_start(self) -> None:
        visit = Visit("r", START, START + 1, Decimal(1), "04AA", remote_start_id=7)
        assert [kind for _at, kind in timetable(visit, QUARTER_MS)] == [Kind.START, Kind.STOP, Kind.UNPLUG]

    @given(st.integers(1, 10**8), st.integers(1000, 10**7))
    def test_is_in_order(self, length: int, sample_every_ms: int) -> None:
        moments = timetable(Visit("s", START, START + length, Decimal(1), "T"), sample_every_ms)
        assert [at for at, _kind in moments] == sorted(at for at, _kind in moments)


class TestDeliveredWh:
    def test_grows_at_rated_power_until_the_car_is_full(self) -> None:
        assert delivered_wh(VISIT, 6_600, START + HOUR_MS // 2) == Decimal(3_300)
        assert delivered_wh(VISIT, 6_600, START + HOUR_MS) == Decimal(6_600)
        assert delivered_wh(VISIT, 6_600, START + HOUR_MS + 1) == Decimal(6_600)

    def test_is_evenly_spread_when_rated_power_would_not_do(self) -> None:
        assert delivered_wh(VISIT, 1, START + HOUR_MS) == Decimal(3_300)

    def test_is_nothing_before_the_start(self) -> None:
        assert delivered_wh(VISIT, 6_600, START - 5) == 0

    @given(
        st.decimals(0, 10**6, places=9, allow_nan=False), st.integers(1, 10**9), st.lists(st.integers(-5, 10**9))
    )
    def test_never_falls_and_ends_at_exactly_the_recorded_energy(
        self, energy_wh: Decimal, length: int, moments: list[int]
    ) -> None:
        visit = Visit("s", START, START + length, energy_wh, "T")
        readings = [delivered_wh(visit, 6_600, START + at) for at in sorted(moments)]
        assert readings == sorted(readings)
        assert all(0 <= reading <= energy_wh for reading in readings)
        assert delivered_wh(visit, 6_600, START + length) == energy_wh


class TestAdvance:
    def test_says_nothing_before_it_is_time(self) -> None:
        waiting = station(VISIT)
        assert waiting.next_at() == START - PLUG_MS
        assert waiting.advance(START - PLUG_MS - 1) == []

    def test_tells_a_whole_visit_with_the_time_of_each_step(self) -> None:
        steps = station(VISIT).advance(START + 3 * HOUR_MS)
        assert [type(step) for step in steps] == [
            PluggedIn,
            CardShown,
            Started,
            *[Sampled] * 7,
            Stopped,
            Unplugged,
        ]
        assert steps[0].at == START - PLUG_MS
        assert steps[-1].at == VISIT.departed_at + CARD_MS

    def test_is_the_same_however_time_passes(self) -> None:
        one, other = station(VISIT), station(VISIT)
        at_once = one.advance(START + 3 * HOUR_MS)
        bit_by_bit = [
            step for at in range(START - PLUG_MS, START + 3 * HOUR_MS, 7_777) for step in other.advance(at)
        ]
        assert [(type(step), step.at) for step in at_once] == [(type(step), step.at) for step in bit_by_bit]
        assert only(at_once, Stopped).signed == only(bit_by_bit, Stopped).signed

    def test_ends_with_exactly_the_recorded_energy(self) -> None:
        steps = station(VISIT).advance(START + 3 * HOUR_MS)
        assert only(steps, Stopped).register_wh - only(steps, Started).register_wh == VISIT.energy_wh
        transaction = only(steps, Stopped).transaction
        assert (transaction.start_register_wh, transaction.stop_register_wh) == (Decimal(1000), Decimal(7600))
        assert (transaction.started_at, transaction.ended_at) == (VISIT.arrived_at, VISIT.departed_at)

    def test_shows_a_register_that_rises_until_the_car_is_full(self) -> None:
        samples = [step for step in station(VISIT).advance(START + 3 * HOUR_MS) if isinstance(step, Sampled)]
        assert [step.register_wh for step in samples] == [2650, 4300, 5950, 7600, 7600, 7600, 7600]
        assert [step.power_w for step in samples] == [6600, 6600, 6600, 0, 0, 0, 0]

    def test_signs_one_record_at_each_end_on_the_next_page(self) -> None:
        steps = station(VISIT).advance(START + 3 * HOUR_MS)
        begin, end = only(steps, Started).signed, only(steps, Stopped).signed
        assert begin is not None
        contents = [json.loads(record.text.split("|")[1]) for record in (begin, end)]
        assert [content["PG"] for content in contents] == ["T1", "T2"]
        assert [[reading["TX"] for reading in content["RD"]] for content in contents] == [["B"], ["E"]]

    def test_signs_one_record_with_both_readings_when_its_meter_does_so(self) -> None:
        steps = station(VISIT, records=Records.COMBINED).advance(START + 3 * HOUR_MS)
        assert only(steps, Started).signed is None
        content = json.loads(only(steps, Stopped).signed.text.split("|")[1])
        assert [(reading["TX"], reading["RV"]) for reading in content["RD"]] == [("B", 1.0), ("E", 7.6)]

    def test_goes_on_to_the_next_car_with_the_same_meter(self) -> None:
        second = Visit("s2", START + 5 * HOUR_MS, START + 6 * HOUR_MS, Decimal(100), "04BB")
        steps = station(VISIT, second).advance(START + 7 * HOUR_MS)
        starts = [step for step in steps if isinstance(step, Started)]
        assert [start.register_wh for start in starts] == [1000, 7600]
        assert starts[0].transaction.local_id != starts[1].transaction.local_id

    def test_ends_when_no_car_comes_any_more(self) -> None:
        done = station(VISIT)
        done.advance(START + 3 * HOUR_MS)
        assert done.next_at() is None
        assert done.transaction is None


class TestRemoteStart:
    def test_charges_at_once_for_an_hour_at_most(self) -> None:
        idle = station()
        assert idle.remote_start("04CC", 7, START)
        steps = idle.advance(START + 2 * HOUR_MS)
        started = only(steps, Started)
        assert started.at == START
        assert (started.transaction.visit.token_uid, started.transaction.visit.remote_start_id) == ("04CC", 7)
        assert only(steps, Stopped).at == START + HOUR_MS

    def test_leaves_room_for_the_next_car_and_keeps_it(self) -> None:
        waiting = station(VISIT)
        assert waiting.remote_start("04CC", 7, START - HOUR_MS // 2)
        steps = waiting.advance(START + 3 * HOUR_MS)
        assert [step.transaction.visit.source_id for step in steps if isinstance(step, Stopped)] == [
            "remote-7",
            "s1",
        ]
        stops = [step.at for step in steps if isinstance(step, Stopped)]
        assert stops[0] < START - PLUG_MS

    @pytest.mark.parametrize("at", [START - 30_000, START - PLUG_MS, START - CARD_MS, START, START + HOUR_MS])
    def test_is_refused_while_the_place_is_or_will_be_taken(self, at: int) -> None:
        busy = station(VISIT)
        busy.advance(at)
        assert not busy.remote_start("04CC", 7, at)

    def test_is_refused_until_the_last_car_is_unplugged(self) -> None:
        busy = station(VISIT)
        busy.advance(VISIT.departed_at)
        assert not busy.remote_start("04CC", 7, VISIT.departed_at)
        busy.advance(VISIT.departed_at + CARD_MS)
        assert busy.remote_start("04CC", 7, VISIT.departed_at + CARD_MS)


class TestRemoteStop:
    def test_ends_the_transaction_with_what_was_delivered_until_then(self) -> None:
        running = station(VISIT)
        started = only(running.advance(START), Started)
        started.transaction.transaction_id = "42"
        assert running.remote_stop("42", START + HOUR_MS // 2)
        stopped = only(running.advance(START + 3 * HOUR_MS), Stopped)
        assert stopped.reason == "Remote"
        assert stopped.register_wh == Decimal(1000 + 3300)
        assert stopped.at == START + HOUR_MS // 2

    def test_is_refused_for_another_transaction(self) -> None:
        running = station(VISIT)
        only(running.advance(START), Started).transaction.transaction_id = "42"
        assert not running.remote_stop("43", START)

    def test_is_refused_when_nothing_runs(self) -> None:
        waiting = station(VISIT)
        assert not waiting.remote_stop("42", START - HOUR_MS)
        waiting.advance(START - CARD_MS)
        assert not waiting.remote_stop("42", START - CARD_MS)

    def test_does_not_colour_the_next_visit(self) -> None:
        second = Visit("s2", START + 5 * HOUR_MS, START + 6 * HOUR_MS, Decimal(100), "04BB")
        running = station(VISIT, second)
        only(running.advance(START), Started).transaction.transaction_id = "42"
        running.remote_stop("42", START)
        steps = running.advance(START + 7 * HOUR_MS)
        assert [step.reason for step in steps if isinstance(step, Stopped)] == ["Remote", "EVDisconnected"]


class TestStation:
    def test_does_not_invent_readings_without_a_transaction(self) -> None:
        broken = station(VISIT)
        broken.advance(START)
        broken.transaction = None
        with pytest.raises(RuntimeError, match="a reading without a transaction"):
            broken.advance(START + HOUR_MS)
