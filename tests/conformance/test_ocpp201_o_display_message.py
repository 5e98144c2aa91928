"""OCPP 2.0.1, block O: messages on the station's display."""

from typing import Any

from tests.conformance.reusable_states import Charging, accepted, ahead, rejected, reported
from tests.conformance.stations import Station


def message(number: int = 1, **more: Any) -> dict[str, Any]:
    content = {"format": "UTF8", "language": "en", "content": "Out of order from noon"}
    return {"id": number, "priority": "NormalCycle", "state": "Idle", "message": content} | more


async def shows(station: Station, number: int = 1, **more: Any) -> None:
    """A display message is configured."""
    await accepted(station, "SetDisplayMessage", {"message": message(number, **more)})


async def does_not_show(station: Station, status: str, **more: Any) -> None:
    await rejected(station, "SetDisplayMessage", {"message": message(**more)}, {"status": status})


async def tells(station: Station, request_id: int, **criteria: Any) -> None:
    """The operator asks for messages, and the station reports one, in two parts."""
    await accepted(station, "GetDisplayMessages", {"requestId": request_id} | criteria)
    for tbc in (True, False):
        part = {"requestId": request_id, "messageInfo": [message(1 + tbc)], "tbc": tbc}
        answer, event = await reported(station, "NotifyDisplayMessages", part)
        assert answer == {}
        assert (event.request_id, event.last) == (request_id, not tbc)


async def test_tc_o_01_set_a_message(station201: Station) -> None:
    await shows(station201)


async def test_tc_o_02_get_all_messages(station201: Station) -> None:
    await shows(station201)
    await tells(station201, 2)


async def test_tc_o_03_there_are_no_messages(station201: Station) -> None:
    await rejected(station201, "GetDisplayMessages", {"requestId": 3}, {"status": "Unknown"})


async def test_tc_o_04_clear_a_message(station201: Station) -> None:
    await shows(station201, 4)
    await tells(station201, 40)
    await accepted(station201, "ClearDisplayMessage", {"id": 4})


async def test_tc_o_05_there_is_no_such_message_to_clear(station201: Station) -> None:
    await rejected(station201, "ClearDisplayMessage", {"id": 5}, {"status": "Unknown"})


async def test_tc_o_06_message_for_a_transaction(station201: Station) -> None:
    charging = await Charging(station201).started()
    await shows(station201, transactionId=charging.transaction_id, priority="AlwaysFront")
    await charging.ev_disconnected()


async def test_tc_o_07_get_a_message_by_its_id(station201: Station) -> None:
    await shows(station201)
    await tells(station201, 7, id=[1])


async def test_tc_o_08_get_messages_by_priority(station201: Station) -> None:
    await shows(station201)
    await tells(station201, 8, priority="NormalCycle")


async def test_tc_o_09_get_messages_by_state(station201: Station) -> None:
    await shows(station201)
    await tells(station201, 9, state="Idle")


async def test_tc_o_10_the_transaction_is_not_known(station201: Station) -> None:
    await Charging(station201).started()
    await does_not_show(station201, "UnknownTransaction", transactionId="no-such-transaction")


async def test_tc_o_11_no_message_fits(station201: Station) -> None:
    await shows(station201, 11)
    await rejected(station201, "GetDisplayMessages", {"requestId": 11, "id": [12]}, {"status": "Unknown"})


async def test_tc_o_12_replace_a_message(station201: Station) -> None:
    await shows(station201, 12)
    await shows(station201, 12, priority="InFront", message={"format": "UTF8", "content": "Open again"})


async def test_tc_o_13_message_begins_later(station201: Station) -> None:
    await shows(station201, startDateTime=ahead(600))


async def test_tc_o_14_message_ends(station201: Station) -> None:
    await shows(station201, endDateTime=ahead(600))


async def test_tc_o_17_priority_is_not_supported(station201: Station) -> None:
    await does_not_show(station201, "NotSupportedPriority", priority="AlwaysFront")


async def test_tc_o_18_state_is_not_supported(station201: Station) -> None:
    await does_not_show(station201, "NotSupportedState", state="Unavailable")


async def test_tc_o_19_format_is_not_supported(station201: Station) -> None:
    html = {"format": "HTML", "content": "<b>Out of order</b>"}
    await does_not_show(station201, "NotSupportedMessageFormat", message=html)


async def test_tc_o_25_message_for_a_state(station201: Station) -> None:
    await shows(station201, state="Charging")


async def test_tc_o_26_message_is_rejected(station201: Station) -> None:
    await does_not_show(station201, "Rejected")


async def test_tc_o_27_message_for_a_transaction_begins_later(station201: Station) -> None:
    charging = await Charging(station201).started()
    await shows(station201, transactionId=charging.transaction_id, startDateTime=ahead(600))


async def test_tc_o_28_message_for_a_transaction_ends(station201: Station) -> None:
    charging = await Charging(station201).started()
    await shows(station201, transactionId=charging.transaction_id, endDateTime=ahead(600), state="Charging")
