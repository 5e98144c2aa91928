"""OCPP 2.0.1, block P: vendors' own messages and fields."""

from services.domain.events.station import ConnectorStatusChanged, DataTransferred
from tests.conformance.reusable_states import Charging, at
from tests.conformance.stations import Station

CUSTOM = {"vendorId": "org.openchargealliance.custom", "anything": {"deeper": [1, 2.5, None]}}


async def test_tc_p_02_vendor_is_not_known(station201: Station) -> None:
    said = {"vendorId": "org.nobody", "messageId": "Unheard", "data": {"x": 1}}
    assert (await station201.call("DataTransfer", said))["status"] == "UnknownVendorId"
    (event,) = await station201.recorded(DataTransferred)
    assert (event.vendor_id, event.message_id, event.data) == ("org.nobody", "Unheard", '{"x":1}')


async def test_tc_p_03_custom_data_is_received(station201: Station) -> None:
    before = len(await station201.recorded(ConnectorStatusChanged, 2))
    said = {"timestamp": at(1), "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
    assert await station201.call("StatusNotification", said | {"customData": CUSTOM}) == {}
    event = (await station201.recorded(ConnectorStatusChanged, before + 1))[-1]
    assert (event.status, event.warnings) == ("Available", ())
    charging = Charging(station201)
    answer = await charging.tell("CablePluggedIn", "Started", customData=CUSTOM, info={"customData": CUSTOM})
    assert answer == {}
