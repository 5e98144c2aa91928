"""StartTransaction and StopTransaction of OCPP 1.6."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.authorization import AuthorizationDecided
from services.domain.events.common import IdToken
from services.domain.events.transaction import TransactionEnded, TransactionStarted
from services.domain.ids import derived_id, transaction_id_v16
from services.ocpp.inbound.reply import Reply
from services.ocpp.inbound.v16.transactions import start_transaction, stop_transaction
from services.ocpp.wire.faults import Refused
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION, TENANT, V16, context, fits

AT = "2026-09-21T14:13:20Z"
START = {"connectorId": 2, "idTag": "valid1", "meterStart": 12345, "timestamp": AT}
STOP = {"transactionId": 42, "meterStop": 23456, "timestamp": AT}
START_KEY = derived_id("start", TENANT, STATION, 2, "valid1", 12345, AT)


def start(**changes: Any) -> Reply:
    return start_transaction(START | changes, context(V16))


def stop(**changes: Any) -> Reply:
    return stop_transaction(STOP | changes, context(V16))


def started(**changes: Any) -> TransactionStarted:
    event = start(**changes).events[0]
    assert isinstance(event, TransactionStarted)
    return event


def ended(**changes: Any) -> TransactionEnded:
    event = stop(**changes).events[0]
    assert isinstance(event, TransactionEnded)
    return event


class TestStartTransaction:
    def test_records_the_start(self) -> None:
        number = transaction_id_v16(EDGE.transaction_secret, START_KEY)
        event, decided = start(reservationId=3).events
        assert event == TransactionStarted(
            event_id=derived_id("TransactionStarted", TENANT, STATION, START_KEY),
            tenant=TENANT,
            station_id=STATION,
            protocol=V16,
            transaction_id=str(number),
            start_key=START_KEY,
            evse_id=2,
            connector_id=2,
            id_token=IdToken(value="valid1", type="Unknown"),
            authorization_status="Accepted",
            started_at=NOW,
            recorded_at=NOW,
            meter_start_wh=Decimal(12345),
            reservation_id=3,
        )
        assert isinstance(decided, AuthorizationDecided)
        assert decided.occasion == "StartTransaction"

    def test_says_that_the_token_is_charging_elsewhere(self) -> None:
        number = transaction_id_v16(EDGE.transaction_secret, START_KEY)
        this = (f"{TENANT}/VALID1", f"{TENANT}/{STATION}", str(number), NOW)
        edge = replace(EDGE, charging_elsewhere=lambda *about: about == this)
        reply = start_transaction(START, context(V16, edge=edge))
        assert reply.payload == {"transactionId": number, "idTagInfo": {"status": "ConcurrentTx"}}
        assert fits(V16, "StartTransaction", reply)
        event = reply.events[0]
        assert isinstance(event, TransactionStarted)
        assert event.authorization_status == "ConcurrentTx"

    def test_answers_the_id_when_durable(self) -> None:
        reply = start()
        assert reply.durable
        assert reply.payload["transactionId"] == int(started().transaction_id)
        assert fits(V16, "StartTransaction", reply)

    def test_gives_a_retry_the_same_answer_and_events(self) -> None:
        first, again = (start_transaction(START, context(V16, message_id=m)) for m in "ab")
        assert first == again
        later = start_transaction(START, context(V16, message_id="c", now_ms=NOW + 30_000))
        assert later.payload == first.payload
        assert [e.event_id for e in later.events] == [e.event_id for e in first.events]  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        "change",
        [{"connectorId": 1}, {"idTag": "other"}, {"meterStart": 12346}, {"timestamp": "2026-09-21T14:13:21Z"}],
    )
    def test_is_another_transaction_when_anything_differs(self, change: dict[str, Any]) -> None:
        assert started(**change).transaction_id != started().transaction_id
        assert started(**change).event_id != started().event_id

    @pytest.mark.parametrize(
        ("id_tag", "status"), [("BLOCKED1", "Blocked"), ("EXPIRED1", "Expired"), ("X", "Invalid")]
    )
    def test_records_the_start_whatever_the_decision(self, id_tag: str, status: str) -> None:
        reply = start(idTag=id_tag)
        assert reply.payload["idTagInfo"]["status"] == status
        assert started(idTag=id_tag).authorization_status == status

    @pytest.mark.parametrize(
        ("meter", "wh"), [(0, "0"), (-5, "-5"), (5.0, "5"), (5.25, "5.25"), (10**15, "1E+15")]
    )
    def test_reads_the_meter_exactly(self, meter: float, wh: str) -> None:
        assert started(meterStart=meter).meter_start_wh == Decimal(wh)

    @pytest.mark.parametrize("meter", [10**16, 2**63, -(10**17), 1e300])
    def test_leaves_out_a_meter_that_cannot_be(self, meter: float) -> None:
        event = started(meterStart=meter)
        assert event.meter_start_wh is None
        assert len(event.warnings) == 1

    def test_takes_10_and_10_0_for_the_same(self) -> None:
        assert started(meterStart=10).start_key == started(meterStart=10.0, connectorId=2.0).start_key

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.integers(-(2**31), 2**33))
    def test_takes_any_id_tag_and_connector(self, id_tag: str, connector_id: int) -> None:
        event = started(idTag=id_tag, connectorId=connector_id)
        assert event.id_token == IdToken(value=id_tag, type="Unknown")

    def test_falls_back_to_our_time_but_not_for_its_identity(self) -> None:
        bad = started(timestamp="222222017-10-27T19:10:11Z")
        assert (bad.started_at, len(bad.warnings)) == (NOW, 1)
        assert bad.start_key != started(timestamp="222222017-10-27T19:10:12Z").start_key


class TestStopTransaction:
    def test_records_the_end(self) -> None:
        (event,) = stop().events
        assert event == TransactionEnded(
            event_id=derived_id("TransactionEnded", TENANT, STATION, "42", 23456, AT),
            tenant=TENANT,
            station_id=STATION,
            protocol=V16,
            transaction_id="42",
            ended_at=NOW,
            recorded_at=NOW,
            meter_stop_wh=Decimal(23456),
            stopped_reason="Local",
        )

    @pytest.mark.parametrize(("said", "kept"), [(0, "0"), (-1, "-1"), (2**31, "2147483648"), (1, "1")])
    def test_is_accepted_for_any_transaction(self, said: int, kept: str) -> None:
        reply = stop(transactionId=said)
        assert reply.payload == {}
        assert ended(transactionId=said).transaction_id == kept

    def test_speaks_for_the_sender_alone(self) -> None:
        assert ended().key == f"{TENANT}/{STATION}"

    def test_decides_about_a_token_if_it_has_one(self) -> None:
        reply = stop(idTag="GROUPED1")
        assert reply.payload["idTagInfo"]["parentIdTag"] == "FLEET"
        assert ended(idTag="GROUPED1").id_token == IdToken(value="GROUPED1", type="Unknown")
        assert isinstance(reply.events[1], AuthorizationDecided)
        assert fits(V16, "StopTransaction", reply)
        assert fits(V16, "StopTransaction", stop())

    def test_gives_a_retry_the_same_answer_and_events(self) -> None:
        payload = STOP | {"idTag": "valid1"}
        first, again = (stop_transaction(payload, context(V16, message_id=m)) for m in "ab")
        assert first == again
        assert first.durable

    @pytest.mark.parametrize("change", [{"transactionId": 43}, {"meterStop": 1}, {"timestamp": "x"}])
    def test_is_another_event_when_anything_differs(self, change: dict[str, Any]) -> None:
        assert ended(**change).event_id != ended().event_id

    def test_carries_its_meter_values(self) -> None:
        data = [
            {"timestamp": AT, "sampledValue": [{"value": "1", "context": "Transaction.Begin"}]},
            {"timestamp": AT, "sampledValue": [{"value": "x", "format": "SignedData"}]},
        ]
        event = ended(transactionData=data, reason="EVDisconnected")
        assert [len(value.signed_meter_values) for value in event.meter_values] == [0, 1]
        assert event.stopped_reason == "EVDisconnected"

    @pytest.mark.parametrize("meter", [2**31, -1, 0])
    def test_takes_a_register_below_the_start_or_beyond_32_bits(self, meter: int) -> None:
        assert ended(meterStop=meter).meter_stop_wh == meter

    def test_refuses_a_transaction_that_cannot_be_meant(self) -> None:
        with pytest.raises(Refused):
            stop(transactionId=1e19)
