"""Block P: DataTransfer."""

from typing import Any

import pytest

from services.domain.events.station import DataTransferred
from services.ocpp.inbound.data_transfer import data_transfer
from services.ocpp.wire.faults import Refused
from tests.unit.ocpp.circumstances import V16, V201, context, fits


def transferred(payload: dict[str, Any]) -> DataTransferred:
    (event,) = data_transfer(payload, context()).events
    assert isinstance(event, DataTransferred)
    return event


class TestDataTransfer:
    @pytest.mark.parametrize("protocol", [V16, V201])
    @pytest.mark.parametrize(
        ("vendor", "status"), [("org.openchargealliance", "Accepted"), ("com.unheard.of", "UnknownVendorId")]
    )
    def test_accepts_vendors_that_the_operator_named(self, protocol: str, vendor: str, status: str) -> None:
        reply = data_transfer({"vendorId": vendor}, context(protocol))
        assert reply.payload == {"status": status}
        assert fits(protocol, "DataTransfer", reply)

    def test_records_it_either_way(self) -> None:
        event = transferred({"vendorId": "com.unheard.of", "messageId": "iso15118", "data": "abc"})
        assert (event.vendor_id, event.message_id, event.data) == ("com.unheard.of", "iso15118", "abc")

    @pytest.mark.parametrize(
        ("data", "kept"),
        [
            ({"b": 1, "a": [1.5, None]}, '{"a":[1.5,null],"b":1}'),
            (5, "5"),
            (None, None),
            ("", ""),
            (False, "false"),
        ],
    )
    def test_keeps_data_that_is_no_text_as_json(self, data: Any, kept: str | None) -> None:
        assert transferred({"vendorId": "v", "data": data}).data == kept

    def test_refuses_what_is_nested_too_deeply(self) -> None:
        deep: list[Any] = []
        for _ in range(900):
            deep = [deep]
        with pytest.raises(Refused):
            data_transfer({"vendorId": "v", "data": deep}, context())
