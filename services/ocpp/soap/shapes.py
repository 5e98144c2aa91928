"""Which elements a message has, in the order of their sequence: the schema is strict about it, JSON is not.

Two tables for each version: what a station asks (Cs, the central system's service) and what it is asked (Cp).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

from services.ocpp.wire.faults import V15S, V16S


class Kind(Enum):
    """How an element's text is meant."""

    WORD = "without space around it"
    TEXT = "to the letter"
    TIME = "xs:dateTime"
    WHOLE = "xs:int"
    NUMBER = "xs:decimal"
    FLAG = "xs:boolean"


class Many(NamedTuple):
    """An element that may be repeated."""

    of: "Kind | Shape"


Shape = Mapping[str, "Kind | Many | Shape"]
"""Elements in their order."""


class Message(NamedTuple):
    """A request and its answer."""

    request: Shape
    answer: Shape


WORD, TEXT, TIME, WHOLE, NUMBER, FLAG = (
    Kind.WORD, Kind.TEXT, Kind.TIME, Kind.WHOLE, Kind.NUMBER, Kind.FLAG,
)  # fmt: skip


def _shape(**elements: "Kind | Many | Shape") -> Shape:
    return elements


_NOTHING: Final = _shape()
_STATUS: Final = _shape(status=WORD)
_CONNECTOR: Final = _shape(connectorId=WHOLE)

ID_TAG_INFO: Final = _shape(status=WORD, expiryDate=TIME, parentIdTag=WORD)
SAMPLED_VALUE: Final = _shape(
    value=TEXT, context=WORD, format=WORD, measurand=WORD, phase=WORD, location=WORD, unit=WORD
)
_METER_VALUE: Final = _shape(timestamp=TIME, sampledValue=Many(SAMPLED_VALUE))

# In OCPP 1.5 a reading is a text with attributes.
_METER_VALUE_V15: Final = _shape(timestamp=TIME, value=Many(SAMPLED_VALUE))

_BOOT: Final = _shape(
    chargePointVendor=WORD, chargePointModel=WORD, chargePointSerialNumber=WORD, chargeBoxSerialNumber=WORD,
    firmwareVersion=WORD, iccid=WORD, imsi=WORD, meterType=WORD, meterSerialNumber=WORD,
)  # fmt: skip
_START: Final = _shape(connectorId=WHOLE, idTag=WORD, timestamp=TIME, meterStart=WHOLE, reservationId=WHOLE)
_STATUS_NOTIFICATION: Final = _shape(
    connectorId=WHOLE, status=WORD, errorCode=WORD, info=WORD, timestamp=TIME, vendorId=WORD, vendorErrorCode=WORD
)
_DATA_TRANSFER: Final = Message(_shape(vendorId=WORD, messageId=WORD, data=TEXT), _shape(status=WORD, data=TEXT))

_BOTH: Final[Mapping[str, Message]] = {
    "Authorize": Message(_shape(idTag=WORD), _shape(idTagInfo=ID_TAG_INFO)),
    "DataTransfer": _DATA_TRANSFER,
    "DiagnosticsStatusNotification": Message(_STATUS, _NOTHING),
    "FirmwareStatusNotification": Message(_STATUS, _NOTHING),
    "Heartbeat": Message(_NOTHING, _shape(currentTime=TIME)),
    "StartTransaction": Message(_START, _shape(transactionId=WHOLE, idTagInfo=ID_TAG_INFO)),
    "StatusNotification": Message(_STATUS_NOTIFICATION, _NOTHING),
}

CS: Final[Mapping[str, Mapping[str, Message]]] = {
    V16S: {
        **_BOTH,
        "BootNotification": Message(_BOOT, _shape(status=WORD, currentTime=TIME, interval=WHOLE)),
        "MeterValues": Message(
            _shape(connectorId=WHOLE, transactionId=WHOLE, meterValue=Many(_METER_VALUE)), _NOTHING
        ),
        "StopTransaction": Message(
            _shape(
                transactionId=WHOLE, idTag=WORD, timestamp=TIME, meterStop=WHOLE, reason=WORD,
                transactionData=Many(_METER_VALUE),
            ),
            _shape(idTagInfo=ID_TAG_INFO),
        ),
    },
    V15S: {
        **_BOTH,
        "BootNotification": Message(_BOOT, _shape(status=WORD, currentTime=TIME, heartbeatInterval=WHOLE)),
        "MeterValues": Message(
            _shape(connectorId=WHOLE, transactionId=WHOLE, values=Many(_METER_VALUE_V15)), _NOTHING
        ),
        "StopTransaction": Message(
            _shape(
                transactionId=WHOLE, idTag=WORD, timestamp=TIME, meterStop=WHOLE,
                transactionData=Many(_shape(values=Many(_METER_VALUE_V15))),
            ),
            _shape(idTagInfo=ID_TAG_INFO),
        ),
    },
}  # fmt: skip
"""By protocol and action: what stations ask."""

_PERIOD: Final = _shape(startPeriod=WHOLE, limit=NUMBER, numberPhases=WHOLE)
_SCHEDULE: Final = _shape(
    duration=WHOLE, startSchedule=TIME, chargingRateUnit=WORD, chargingSchedulePeriod=Many(_PERIOD),
    minChargingRate=NUMBER,
)  # fmt: skip
_PROFILE: Final = _shape(
    chargingProfileId=WHOLE, transactionId=WHOLE, stackLevel=WHOLE, chargingProfilePurpose=WORD,
    chargingProfileKind=WORD, recurrencyKind=WORD, validFrom=TIME, validTo=TIME, chargingSchedule=_SCHEDULE,
)  # fmt: skip
_LIST_ENTRY: Final = _shape(idTag=WORD, idTagInfo=ID_TAG_INFO)
_RETRIES: Final = _shape(retries=WHOLE, retryInterval=WHOLE)

_ASKED_BOTH: Final[Mapping[str, Message]] = {
    "CancelReservation": Message(_shape(reservationId=WHOLE), _STATUS),
    "ChangeAvailability": Message(_shape(connectorId=WHOLE, type=WORD), _STATUS),
    "ChangeConfiguration": Message(_shape(key=WORD, value=TEXT), _STATUS),
    "ClearCache": Message(_NOTHING, _STATUS),
    "DataTransfer": _DATA_TRANSFER,
    "GetConfiguration": Message(
        _shape(key=Many(WORD)),
        _shape(configurationKey=Many(_shape(key=WORD, readonly=FLAG, value=TEXT)), unknownKey=Many(WORD)),
    ),
    "GetDiagnostics": Message(
        {**_shape(location=WORD, startTime=TIME, stopTime=TIME), **_RETRIES}, _shape(fileName=WORD)
    ),
    "GetLocalListVersion": Message(_NOTHING, _shape(listVersion=WHOLE)),
    "RemoteStopTransaction": Message(_shape(transactionId=WHOLE), _STATUS),
    "ReserveNow": Message(
        _shape(connectorId=WHOLE, expiryDate=TIME, idTag=WORD, parentIdTag=WORD, reservationId=WHOLE), _STATUS
    ),
    "Reset": Message(_shape(type=WORD), _STATUS),
    "UnlockConnector": Message(_CONNECTOR, _STATUS),
    "UpdateFirmware": Message({**_shape(retrieveDate=TIME, location=WORD), **_RETRIES}, _NOTHING),
}

CP: Final[Mapping[str, Mapping[str, Message]]] = {
    V16S: {
        **_ASKED_BOTH,
        "ClearChargingProfile": Message(
            _shape(id=WHOLE, connectorId=WHOLE, chargingProfilePurpose=WORD, stackLevel=WHOLE), _STATUS
        ),
        "GetCompositeSchedule": Message(
            _shape(connectorId=WHOLE, duration=WHOLE, chargingRateUnit=WORD),
            _shape(status=WORD, connectorId=WHOLE, scheduleStart=TIME, chargingSchedule=_SCHEDULE),
        ),
        "RemoteStartTransaction": Message(
            _shape(connectorId=WHOLE, idTag=WORD, chargingProfile=_PROFILE), _STATUS
        ),
        "SendLocalList": Message(
            _shape(listVersion=WHOLE, localAuthorizationList=Many(_LIST_ENTRY), updateType=WORD), _STATUS
        ),
        "SetChargingProfile": Message(_shape(connectorId=WHOLE, csChargingProfiles=_PROFILE), _STATUS),
        "TriggerMessage": Message(_shape(requestedMessage=WORD, connectorId=WHOLE), _STATUS),
    },
    V15S: {
        **_ASKED_BOTH,
        "RemoteStartTransaction": Message(_shape(idTag=WORD, connectorId=WHOLE), _STATUS),
        "SendLocalList": Message(
            _shape(updateType=WORD, listVersion=WHOLE, localAuthorisationList=Many(_LIST_ENTRY)), _STATUS
        ),
    },
}  # fmt: skip
"""By protocol and action: what stations are asked. The messages of the security whitepaper exist as JSON only."""
