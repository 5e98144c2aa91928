"""EVs are offered what they need, once, in whatever order the streams are read."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.domain.events.station import CommandRequested, ReportReceived, StationBooted
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.ocpp.wire.faults import V201
from services.ocpp.wire.schemas import validator
from services.smartcharging.fold import BY, MAX_EVSES, MAX_RENEGOTIATIONS, WITHIN_MS, Station, fold
from tests.scenarios.story import Run

NOW = 1_790_000_000_000
NEEDS = {
    "requestedEnergyTransfer": "AC_three_phase",
    "acChargingParameters": {"energyAmount": 30_000, "evMinCurrent": 6, "evMaxCurrent": 32, "evMaxVoltage": 400},
}
PLAN = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 40}]}
STATION: dict[str, Any] = {"tenant": "t", "station_id": "CS1", "protocol": "ocpp2.0.1"}
KEY = "t/CS1"


def started(at: int = 0, transaction_id: str = "t1", evse_id: int | None = 1, **more: Any) -> TransactionStarted:
    fields = {"event_id": f"s{transaction_id}{at}", "start_key": "k", "started_at": NOW, "recorded_at": NOW + at}
    return TransactionStarted(**STATION, transaction_id=transaction_id, evse_id=evse_id, **(fields | more))


def updated(
    at: int, transaction_id: str | None = "t1", evse_id: int | None = 1, **more: Any
) -> TransactionUpdated:
    fields = {"event_id": f"u{at}", "occurred_at": NOW, "recorded_at": NOW + at}
    return TransactionUpdated(**STATION, transaction_id=transaction_id, evse_id=evse_id, **(fields | more))


def ended(at: int, transaction_id: str = "t1") -> TransactionEnded:
    fields: dict[str, Any] = {"event_id": f"e{at}", "ended_at": NOW, "recorded_at": NOW + at}
    return TransactionEnded(**STATION, transaction_id=transaction_id, stopped_reason="Local", **fields)


def report(operation: str, at: int, payload: Any, status: str | None = "Accepted") -> ReportReceived:
    answer = None if status is None else orjson.dumps({"status": status}).decode()
    return ReportReceived(
        **STATION,
        event_id=f"{operation}{at}",
        operation=operation,
        payload_json=orjson.dumps(payload).decode(),
        answer_json=answer,
        recorded_at=NOW + at,
    )


def needs(at: int, said: Any = NEEDS, status: str | None = "Accepted") -> ReportReceived:
    return report("NotifyEVChargingNeeds", at, {"evseId": 1, "chargingNeeds": said}, status)


def plans(at: int, status: str | None = "Rejected", evse_id: int = 1) -> ReportReceived:
    said = {"timeBase": "2026-09-21T14:13:20Z", "evseId": evse_id, "chargingSchedule": PLAN}
    return report("NotifyEVChargingSchedule", at, said, status)


def asked_by_others(
    at: int, payload: Any, by: str = "operator", operation: str = "SetChargingProfile"
) -> CommandRequested:
    return CommandRequested(
        event_id=f"c{at}",
        command_id=f"c{at}",
        tenant="t",
        station_id="CS1",
        operation=operation,
        payload_json=payload if isinstance(payload, str) else orjson.dumps(payload).decode(),
        requested_by=by,
        requested_at=NOW + at,
        deadline_at=NOW + at + 1,
    )


def profile_of_others(transaction_id: str = "t1", purpose: str = "TxProfile") -> dict[str, Any]:
    schedule = PLAN | {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10}]}
    return {
        "id": 9,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "transactionId": transaction_id,
        "chargingSchedule": [schedule],
    }


def after(*events: Any) -> Run:
    run = Run(fold, Station)
    run.take(*events)
    return run


def offers(run: Run) -> list[CommandRequested]:
    commands = [event for event in run.events if isinstance(event, CommandRequested)]
    for command in commands:
        assert validator(V201, "SetChargingProfile").is_valid(orjson.loads(command.payload_json))
    return commands


def transactions(run: Run) -> list[str]:
    """The transaction of each offer."""
    return [orjson.loads(offer.payload_json)["chargingProfile"]["transactionId"] for offer in offers(run)]


class TestNeeds:
    def test_are_answered_with_an_offer(self) -> None:
        (offer,) = offers(after(started(), needs(10)))
        assert (offer.operation, offer.requested_by, offer.key) == ("SetChargingProfile", BY, KEY)
        assert (offer.requested_at, offer.deadline_at) == (NOW + 10, NOW + 10 + WITHIN_MS)
        payload = orjson.loads(offer.payload_json)
        assert (payload["evseId"], payload["chargingProfile"]["transactionId"]) == (1, "t1")

    def test_are_answered_once(self) -> None:
        run = after(started(), needs(10), needs(10), started(), updated(20))
        assert len(offers(run)) == 1

    def test_are_answered_each_time_that_they_are_told(self) -> None:
        run = after(started(), needs(10), needs(20))
        assert len({offer.command_id for offer in offers(run)}) == 2

    def test_wait_for_their_transaction(self) -> None:
        waiting = after(needs(10))
        assert offers(waiting) == []
        waiting.take(started(0))
        assert transactions(waiting) == ["t1"]

    def test_have_the_same_offer_in_either_order(self) -> None:
        one, other = after(started(0), needs(10)), after(needs(10), started(0))
        assert offers(one)[0].command_id == offers(other)[0].command_id

    def test_wait_for_the_evse_to_be_known(self) -> None:
        run = after(started(0, evse_id=None), needs(10), updated(5))
        assert transactions(run) == ["t1"]

    def test_of_an_earlier_transaction_are_not_the_next_ones(self) -> None:
        run = after(started(0), needs(10), ended(20), started(30, "t2"))
        assert transactions(run) == ["t1"]

    def test_are_those_of_the_transaction_that_they_were_told_in(self) -> None:
        run = after(started(0), needs(40), ended(20), started(30, "t2"))
        assert transactions(run) == ["t1", "t2"]

    @pytest.mark.parametrize("evse_id", [1, None])
    def test_that_were_told_without_transaction_lead_to_nothing(self, evse_id: int | None) -> None:
        run = after(needs(10), updated(20, None), updated(30, "t1", evse_id, offline=True), plans(40))
        assert offers(run) == []

    @pytest.mark.parametrize("said", [{}, {"requestedEnergyTransfer": "DC"}])
    def test_that_say_not_how_much_lead_to_nothing(self, said: Any) -> None:
        assert offers(after(started(), needs(10, said), plans(20))) == []

    @pytest.mark.parametrize("evse_id", ["1.0", "1e0"])
    def test_take_whole_numbers_however_they_are_written(self, evse_id: str) -> None:
        told = needs(10)
        run = after(
            started(), replace(told, payload_json=told.payload_json.replace('"evseId":1', f'"evseId":{evse_id}'))
        )
        assert orjson.loads(offers(run)[0].payload_json)["evseId"] == 1

    @pytest.mark.parametrize(
        "payload",
        [
            f'{{"evseId":{number},"chargingNeeds":{{"acChargingParameters":{{"evMaxCurrent":16}}}}}}'
            for number in ("0", "-1", "1e30", "2147483648", "1" + "0" * 40, "true", '"1"', "null", "[]")
        ]
        + ["", "[]", "{}", "not JSON", "[" * 5000, '{"evseId":1,"chargingNeeds":{"acChargingParameters":{}}}'],
    )
    def test_that_are_none_change_nothing(self, payload: str) -> None:
        run = after(started())
        before = dict(run.states)
        run.take(replace(needs(10), payload_json=payload), replace(plans(20), payload_json=payload))
        run.take(asked_by_others(30, payload))
        assert (run.states, run.events) == (before, [])

    def test_that_were_refused_lead_to_nothing(self) -> None:
        assert offers(after(started(), needs(10, status="Rejected"))) == []

    def test_from_before_answers_were_recorded_were_accepted(self) -> None:
        assert len(offers(after(started(), needs(10, status=None)))) == 1


class TestPlans:
    def test_that_were_rejected_are_answered_with_the_same_offer(self) -> None:
        run = after(started(), needs(10), plans(20))
        first, second = offers(run)
        assert first.command_id != second.command_id
        assert orjson.loads(first.payload_json) == orjson.loads(second.payload_json)
        assert second.deadline_at == NOW + 20 + WITHIN_MS

    def test_that_were_rejected_are_answered_once(self) -> None:
        assert len(offers(after(started(), needs(10), plans(20), plans(20)))) == 2

    @pytest.mark.parametrize("status", ["Accepted", None])
    def test_that_were_accepted_need_nothing(self, status: str | None) -> None:
        assert len(offers(after(started(), needs(10), plans(20, status)))) == 1

    def test_are_not_argued_about_for_ever(self) -> None:
        run = after(started(), needs(10), *(plans(20 + number) for number in range(9)))
        assert len(offers(run)) == 1 + MAX_RENEGOTIATIONS
        run.take(needs(99), plans(100))
        assert len(offers(run)) == 3 + MAX_RENEGOTIATIONS

    def test_without_offer_lead_to_nothing(self) -> None:
        assert offers(after(started(), plans(20), plans(30, evse_id=7))) == []


class TestOthers:
    def test_take_the_place_of_the_offer(self) -> None:
        profile = profile_of_others()
        run = after(
            started(), needs(10), asked_by_others(15, {"evseId": 1, "chargingProfile": profile}), plans(20)
        )
        assert orjson.loads(offers(run)[-1].payload_json) == {"evseId": 1, "chargingProfile": profile}

    def test_are_taken_once(self) -> None:
        theirs = asked_by_others(15, {"evseId": 1, "chargingProfile": profile_of_others()})
        run = after(started(), theirs)
        before = dict(run.states)
        run.take(theirs)
        assert run.states == before

    @pytest.mark.parametrize(
        "payload",
        [
            {"evseId": 1, "chargingProfile": profile_of_others("t9")},
            {"evseId": 1, "chargingProfile": profile_of_others(purpose="TxDefaultProfile")},
            {"evseId": 2, "chargingProfile": profile_of_others()},
            {"evseId": "1", "chargingProfile": profile_of_others()},
            {"evseId": 1, "chargingProfile": "x"},
            {"evseId": 1},
            [],
            "not JSON",
            "",
        ],
    )
    def test_that_are_about_something_else_change_nothing(self, payload: Any) -> None:
        run = after(started(), needs(10), asked_by_others(15, payload), plans(20))
        first, again = offers(run)
        assert orjson.loads(first.payload_json) == orjson.loads(again.payload_json)

    def test_are_not_ourselves(self) -> None:
        run = after(started(), needs(10))
        before = dict(run.states)
        run.take(*offers(run))
        assert run.states == before


class TestStates:
    def test_end_with_the_transaction(self) -> None:
        run = after(started(), needs(10), ended(20))
        assert run.states == {}
        run.take(plans(30))
        assert len(offers(run)) == 1

    def test_of_other_evses_stay(self) -> None:
        run = after(started(), started(1, "t2", 2), ended(20, "t2"), needs(30))
        assert transactions(run) == ["t1"]

    def test_do_not_change_with_ends_of_unknown_transactions(self) -> None:
        run = after(started(), ended(10, "t9"))
        assert list(run.states) == [KEY]

    def test_are_bounded(self) -> None:
        run = after(*(started(number, f"t{number}", number) for number in range(1, MAX_EVSES + 20)))
        state = run.state(KEY)
        assert len(state.evses) == MAX_EVSES
        assert min(state.evses) == 20

    def test_do_not_change_with_other_events(self) -> None:
        boot = StationBooted(
            **STATION, event_id="b", vendor="V", model="M", registration_status="Accepted", recorded_at=NOW
        )
        other = report("NotifyDisplayMessages", 1, {"requestId": 1})
        assert after(boot, other, asked_by_others(1, {}, operation="Reset")).states == {}
