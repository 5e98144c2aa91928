"""The order of commands, and which are known already."""

from dataclasses import replace

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandRequested
from services.ocpp.dispatch import Dispatch
from services.ocpp.outbound.command import Stamp, result
from tests.unit.ocpp.circumstances import EDGE, NOW, TENANT

HORIZON = 600_000


def asked(command_id: str, station_id: str = "CP1", deadline_at: int = NOW + 30_000) -> CommandRequested:
    return CommandRequested(
        event_id=command_id,
        command_id=command_id,
        tenant=TENANT,
        station_id=station_id,
        operation="RequestStopTransaction",
        payload_json='{"transactionId":"1"}',
        requested_by="test",
        requested_at=NOW,
        deadline_at=deadline_at,
    )


KEY = f"{TENANT}/CP1"


def ids(dispatch: Dispatch, key: str = KEY, now: int = NOW) -> list[str]:
    found = []
    while (command := dispatch.next(key, now)) is not None:
        found.append(command.command_id)
    return found


class TestRequested:
    def test_are_taken_once(self) -> None:
        dispatch = Dispatch(HORIZON)
        assert dispatch.requested(asked("a"), NOW)
        assert not dispatch.requested(asked("a"), NOW)
        assert len(dispatch) == 1

    def test_are_not_taken_after_their_result(self) -> None:
        dispatch = Dispatch(HORIZON)
        dispatch.answered(result(asked("a"), CommandOutcome.ACCEPTED, Stamp(EDGE, 1, NOW)), NOW)
        assert not dispatch.requested(asked("a"), NOW)

    def test_are_not_taken_after_they_were_sent(self) -> None:
        dispatch = Dispatch(HORIZON)
        dispatch.requested(asked("a"), NOW)
        assert ids(dispatch) == ["a"]
        assert not dispatch.requested(asked("a"), NOW)

    def test_are_forgotten_at_the_horizon(self) -> None:
        dispatch = Dispatch(HORIZON)
        dispatch.requested(asked("a"), NOW)
        ids(dispatch)
        dispatch.expired(NOW + 30_000 + HORIZON - 1)
        assert not dispatch.requested(asked("a"), NOW)
        dispatch.expired(NOW + 30_000 + HORIZON)
        assert dispatch.requested(asked("a"), NOW)


class TestNext:
    def test_is_the_oldest_of_the_station(self) -> None:
        dispatch = Dispatch(HORIZON)
        for command in (asked("a"), asked("x", "CP2"), asked("b")):
            dispatch.requested(command, NOW)
        assert ids(dispatch) == ["a", "b"]
        assert ids(dispatch, f"{TENANT}/CP2") == ["x"]
        assert ids(dispatch, "nobody") == []

    def test_passes_over_those_that_are_too_late(self) -> None:
        dispatch = Dispatch(HORIZON)
        dispatch.requested(asked("late", deadline_at=NOW), NOW)
        dispatch.requested(asked("good"), NOW)
        assert ids(dispatch) == ["good"]
        assert [command.command_id for command in dispatch.expired(NOW)] == ["late"]


class TestAnswered:
    def test_strikes_off_what_somebody_else_did(self) -> None:
        dispatch = Dispatch(HORIZON)
        dispatch.requested(asked("a"), NOW)
        dispatch.requested(asked("b"), NOW)
        dispatch.answered(result(asked("a"), CommandOutcome.EXPIRED, Stamp(EDGE, 1, NOW)), NOW)
        assert ids(dispatch) == ["b"]
        assert (dispatch.waiting(), len(dispatch)) == ([], 0)


class TestExpired:
    def test_stay_until_there_is_a_result(self) -> None:
        dispatch = Dispatch(HORIZON)
        command = asked("a")
        dispatch.requested(command, NOW)
        assert dispatch.expired(NOW + 29_999) == []
        assert dispatch.expired(NOW + 30_000) == dispatch.expired(NOW + 40_000) == [command]
        dispatch.answered(result(command, CommandOutcome.EXPIRED, Stamp(EDGE, 0, NOW)), NOW)
        assert dispatch.expired(NOW + 40_000) == []

    def test_are_of_all_stations(self) -> None:
        dispatch = Dispatch(HORIZON)
        dispatch.requested(asked("a"), NOW)
        dispatch.requested(replace(asked("b"), station_id="CP2"), NOW)
        assert len(dispatch.expired(NOW + 30_000)) == 2
        assert sorted(dispatch.waiting()) == [KEY, f"{TENANT}/CP2"]
