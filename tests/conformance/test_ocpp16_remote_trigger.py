"""Remote trigger profile of OCPP 1.6."""

import pytest

from services.domain.events.station import (
    ConnectorStatusChanged,
    FirmwareStatusChanged,
    LogStatusChanged,
    StationBooted,
)
from services.domain.events.transaction import TransactionUpdated
from tests.conformance.station16 import BOOT, accepted, at, rejected
from tests.conformance.stations import Station

ACCEPTED = {"status": "Accepted"}
METER = {"connectorId": 1, "meterValue": [{"timestamp": at(), "sampledValue": [{"value": "1500"}]}]}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


@pytest.mark.parametrize(
    ("message", "connector_id", "payload", "event", "count"),
    [
        ("MeterValues", 1, METER, TransactionUpdated, 1),
        ("StatusNotification", 1, STATUS, ConnectorStatusChanged, 4),
        ("DiagnosticsStatusNotification", None, {"status": "Idle"}, LogStatusChanged, 1),
        ("FirmwareStatusNotification", None, {"status": "Idle"}, FirmwareStatusChanged, 1),
        ("BootNotification", None, BOOT, StationBooted, 2),
        ("Heartbeat", None, {}, None, 0),
    ],
)
async def test_tc_054_csms_trigger(
    station16: Station, message: str, connector_id: int | None, payload: dict, event: type | None, count: int
) -> None:
    asked = {"requestedMessage": message} | ({"connectorId": connector_id} if connector_id else {})
    accepted(await station16.commanded("TriggerMessage", asked, ACCEPTED), asked)
    await station16.call(message, payload)
    if event is not None:
        assert len(await station16.recorded(event, count)) == count


async def test_tc_054_csms_trigger_in_the_words_of_2_0_1(station16: Station) -> None:
    asked = {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}
    told = {"requestedMessage": "StatusNotification", "connectorId": 1}
    accepted(await station16.commanded("TriggerMessage", asked, ACCEPTED), told)


@pytest.mark.parametrize("word", ["Rejected", "NotImplemented"])
async def test_tc_055_csms_trigger_rejected(station16: Station, word: str) -> None:
    asked = {"requestedMessage": "MeterValues", "connectorId": 9}
    rejected(await station16.commanded("TriggerMessage", asked, {"status": word}), asked, word)
