"""Block H: reservations that end without the driver."""

import pytest

from services.domain.events.station import ReservationStatusChanged
from services.ocpp.inbound.reply import Reply
from services.ocpp.inbound.reservation import reservation_status_update
from services.ocpp.wire.faults import Fault, Refused
from tests.unit.ocpp.circumstances import NOW, STATION, TENANT, V21, V201, context, fits

UPDATE = {"reservationId": 17, "reservationUpdateStatus": "Expired"}


def changed(reply: Reply) -> ReservationStatusChanged:
    (event,) = reply.events
    assert isinstance(event, ReservationStatusChanged)
    return event


class TestReservationStatusUpdate:
    def test_records_how_it_ended(self) -> None:
        event = changed(reservation_status_update(UPDATE, context()))
        assert event == ReservationStatusChanged(
            event_id=event.event_id,
            tenant=TENANT,
            station_id=STATION,
            protocol=V201,
            reservation_id=17,
            status="Expired",
            recorded_at=NOW,
        )

    @pytest.mark.parametrize(
        ("protocol", "status"), [(V201, "Expired"), (V201, "Removed"), (V21, "NoTransaction")]
    )
    def test_is_answered_when_that_is_durable(self, protocol: str, status: str) -> None:
        reply = reservation_status_update(UPDATE | {"reservationUpdateStatus": status}, context(protocol))
        assert reply.durable
        assert fits(protocol, "ReservationStatusUpdate", reply)
        assert changed(reply).status == status

    def test_ends_a_reservation_once(self) -> None:
        first = changed(reservation_status_update(UPDATE, context(message_id="a")))
        again = changed(reservation_status_update(UPDATE, context(message_id="b", now_ms=NOW + 9, epoch=8)))
        assert first.event_id == again.event_id

    @pytest.mark.parametrize("change", [{"reservationId": 18}, {"reservationUpdateStatus": "Removed"}])
    def test_is_another_event_when_anything_differs(self, change: dict[str, object]) -> None:
        first = changed(reservation_status_update(UPDATE, context()))
        assert first.event_id != changed(reservation_status_update(UPDATE | change, context())).event_id

    def test_takes_a_whole_number_written_with_a_point(self) -> None:
        pointed = changed(reservation_status_update(UPDATE | {"reservationId": 17.0}, context()))
        assert repr(pointed.reservation_id) == "17"
        assert pointed.event_id == changed(reservation_status_update(UPDATE, context())).event_id

    @pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**63, 1e300])
    def test_refuses_numbers_that_no_reservation_has(self, number: float) -> None:
        with pytest.raises(Refused) as refused:
            reservation_status_update(UPDATE | {"reservationId": number}, context())
        assert refused.value.fault is Fault.PROPERTY
