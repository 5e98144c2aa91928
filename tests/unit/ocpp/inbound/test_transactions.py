"""Block E: TransactionEvent."""

from dataclasses import replace
from typing import Any

import pytest

from services.domain.events.authorization import AuthorizationDecided
from services.domain.events.common import IdToken
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.ids import derived_id
from services.ocpp.inbound.transactions import transaction_event
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION, TENANT, V201, context, fits

TRANSACTION = "7c0b3a52"
TOKEN = {"idToken": "valid1", "type": "ISO14443"}


def message(kind: str, seq_no: int, **more: Any) -> dict[str, Any]:
    info = {"transactionId": TRANSACTION} | more.pop("info", {})
    body = {"eventType": kind, "timestamp": "2026-09-21T14:13:20Z", "triggerReason": "Authorized", "seqNo": seq_no}
    return {**body, "transactionInfo": info, **more}


def energy(value: float, reading_context: str) -> list[dict[str, Any]]:
    return [{"timestamp": "2026-09-21T14:13:20Z", "sampledValue": [{"value": value, "context": reading_context}]}]


class TestStarted:
    def test_records_the_start(self) -> None:
        payload = message(
            "Started", 0, idToken=TOKEN, evse={"id": 1, "connectorId": 2}, reservationId=9, offline=True,
            meterValue=energy(100.5, "Transaction.Begin"),
            info={"chargingState": "EVConnected", "remoteStartId": 4},
        )  # fmt: skip
        event, decided = transaction_event(payload, context()).events
        assert isinstance(event, TransactionStarted)
        assert event == TransactionStarted(
            event_id=derived_id("TransactionStarted", TENANT, STATION, TRANSACTION, 0),
            tenant=TENANT,
            station_id=STATION,
            protocol=V201,
            transaction_id=TRANSACTION,
            start_key=derived_id("start", TENANT, STATION, TRANSACTION),
            evse_id=1,
            connector_id=2,
            id_token=IdToken(value="valid1", type="ISO14443"),
            authorization_status="Accepted",
            started_at=NOW,
            recorded_at=NOW,
            meter_start_wh=event.meter_start_wh,
            meter_values=event.meter_values,
            seq_no=0,
            trigger_reason="Authorized",
            charging_state="EVConnected",
            remote_start_id=4,
            reservation_id=9,
            offline=True,
        )
        assert str(event.meter_start_wh) == "100.5"
        assert isinstance(decided, AuthorizationDecided)
        assert (decided.occasion, decided.status) == ("TransactionEvent", "Accepted")

    def test_needs_no_more_than_the_specification_does(self) -> None:
        (event,) = transaction_event(message("Started", 0), context()).events
        assert isinstance(event, TransactionStarted)
        assert (event.evse_id, event.connector_id, event.id_token, event.meter_values) == (None, None, None, ())
        assert (event.authorization_status, event.meter_start_wh, event.offline) == (None, None, False)

    @pytest.mark.parametrize(
        ("uid", "status"), [("BLOCKED1", "Blocked"), ("EXPIRED1", "Expired"), ("X", "Invalid")]
    )
    def test_records_the_start_whatever_the_decision(self, uid: str, status: str) -> None:
        reply = transaction_event(message("Started", 0, idToken=TOKEN | {"idToken": uid}), context())
        event = reply.events[0]
        assert isinstance(event, TransactionStarted)
        assert event.authorization_status == status
        assert reply.payload["idTokenInfo"]["status"] == status


class TestUpdated:
    def test_records_what_happened(self) -> None:
        payload = message(
            "Updated", 3, meterValue=energy(5, "Sample.Periodic"), info={"chargingState": "Charging"}
        )
        (event,) = transaction_event(payload, context()).events
        assert isinstance(event, TransactionUpdated)
        assert event.event_id == derived_id("TransactionUpdated", TENANT, STATION, TRANSACTION, 3)
        assert (event.transaction_id, event.seq_no, event.charging_state) == (TRANSACTION, 3, "Charging")
        assert (event.occurred_at, event.meter_values[0].energy_register_wh) == (NOW, 5)

    def test_says_which_remote_start_and_reservation_it_goes_back_to(self) -> None:
        payload = message("Updated", 1, info={"remoteStartId": 4}, reservationId=9) | {
            "triggerReason": "RemoteStart"
        }
        (event,) = transaction_event(payload, context()).events
        assert isinstance(event, TransactionUpdated)
        assert (event.remote_start_id, event.reservation_id) == (4, 9)


class TestEnded:
    def test_records_the_end(self) -> None:
        payload = message(
            "Ended", 9, meterValue=energy(250, "Transaction.End"), info={"stoppedReason": "EVDisconnected"}
        )
        (event,) = transaction_event(payload, context()).events
        assert isinstance(event, TransactionEnded)
        assert event.event_id == derived_id("TransactionEnded", TENANT, STATION, TRANSACTION, 9)
        assert (event.ended_at, event.meter_stop_wh, event.stopped_reason) == (NOW, 250, "EVDisconnected")

    def test_is_local_when_no_reason_is_given(self) -> None:
        (event,) = transaction_event(message("Ended", 9), context()).events
        assert isinstance(event, TransactionEnded)
        assert event.stopped_reason == "Local"
        assert event.meter_stop_wh is None


class TestMasterPass:
    def status(self, kind: str, trigger_reason: str) -> str:
        payload = message(kind, 4, idToken={"idToken": "MASTER1", "type": "ISO14443"})
        reply = transaction_event(payload | {"triggerReason": trigger_reason}, context())
        assert reply.payload["idTokenInfo"]["groupIdToken"]["idToken"] == "MASTERS"
        decided = reply.events[1]
        assert isinstance(decided, AuthorizationDecided)
        assert decided.status == reply.payload["idTokenInfo"]["status"]
        return decided.status

    @pytest.mark.parametrize(("kind", "reason"), [("Ended", "StopAuthorized"), ("Updated", "StopAuthorized")])
    def test_ends_a_transaction(self, kind: str, reason: str) -> None:
        assert self.status(kind, reason) == "Accepted"

    @pytest.mark.parametrize(
        ("kind", "reason"),
        [("Started", "Authorized"), ("Started", "CablePluggedIn"), ("Updated", "Authorized"),
         ("Updated", "RemoteStart")],
    )  # fmt: skip
    def test_starts_none(self, kind: str, reason: str) -> None:
        assert self.status(kind, reason) == "Invalid"


class TestConcurrent:
    def status(self, kind: str, trigger_reason: str) -> str:
        asked: list[Any] = []

        def elsewhere(*about: Any) -> bool:
            asked.append(about)
            return True

        circumstances = context(edge=replace(EDGE, charging_elsewhere=elsewhere))
        payload = message(kind, 4, idToken=TOKEN) | {"triggerReason": trigger_reason}
        event, decided = transaction_event(payload, circumstances).events
        assert asked in ([], [(f"{TENANT}/VALID1", f"{TENANT}/{STATION}", TRANSACTION, NOW)])
        assert isinstance(decided, AuthorizationDecided)
        assert getattr(event, "authorization_status", decided.status) == decided.status
        return decided.status

    @pytest.mark.parametrize(
        ("kind", "reason"), [("Started", "CablePluggedIn"), ("Updated", "Authorized"), ("Updated", "RemoteStart")]
    )
    def test_is_a_start_of_a_token_that_is_charging_elsewhere(self, kind: str, reason: str) -> None:
        assert self.status(kind, reason) == "ConcurrentTx"

    @pytest.mark.parametrize(("kind", "reason"), [("Updated", "StopAuthorized"), ("Ended", "StopAuthorized")])
    def test_is_no_stop(self, kind: str, reason: str) -> None:
        assert self.status(kind, reason) == "Accepted"


@pytest.mark.parametrize("kind", ["Started", "Updated", "Ended"])
class TestTransactionEvent:
    def test_is_answered_only_when_durable(self, kind: str) -> None:
        reply = transaction_event(message(kind, 0, idToken=TOKEN), context())
        assert reply.durable
        assert fits(V201, "TransactionEvent", reply)
        assert transaction_event(message(kind, 0), context()).payload == {}

    def test_gives_a_retry_the_same_events_and_answer(self, kind: str) -> None:
        payload = message(kind, 2, idToken=TOKEN)
        first, again = (transaction_event(payload, context(message_id=m, now_ms=NOW)) for m in "ab")
        assert first == again
        later = transaction_event(payload, context(message_id="c", now_ms=NOW + 60_000))
        assert [e.event_id for e in later.events] == [e.event_id for e in first.events]  # type: ignore[attr-defined]

    def test_tells_sequence_numbers_apart(self, kind: str) -> None:
        ids = {transaction_event(message(kind, n), context()).events[0].event_id for n in (0, 1, 2)}  # type: ignore[attr-defined]
        assert len(ids) == 3

    @pytest.mark.parametrize(("seq_no", "kept"), [(-1, -1), (99_999_999_999, None), (2**53, None), (5.0, 5)])
    def test_takes_strange_sequence_numbers(self, kind: str, seq_no: float, kept: int | None) -> None:
        event = transaction_event(message(kind, 0) | {"seqNo": seq_no}, context()).events[0]
        assert event.seq_no == kept  # type: ignore[attr-defined]

    def test_falls_back_to_our_time(self, kind: str) -> None:
        payload = message(kind, 0) | {"timestamp": "1970-01-01T00:00:00Z"}
        event = transaction_event(payload, context()).events[0]
        assert len(event.warnings) == 1  # type: ignore[attr-defined]
        times = [getattr(event, name, None) for name in ("started_at", "occurred_at", "ended_at")]
        assert [time for time in times if time is not None] == [NOW]

    @pytest.mark.parametrize("number", [0, -1, 10**6, 10**12])
    def test_takes_strange_evses(self, kind: str, number: int) -> None:
        event = transaction_event(message(kind, 0, evse={"id": number}), context()).events[0]
        assert event.evse_id == (number if number < 2**31 else None)  # type: ignore[attr-defined]
