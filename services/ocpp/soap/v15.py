"""What OCPP 1.5 says in other words than 1.6: payloads of 1.5 to those of 1.6, and answers back."""

from collections.abc import Callable, Mapping
from typing import Any, Final

Payload = dict[str, Any]
Convert = Callable[[Payload], Payload]

_UNITS: Final = {"Amp": "A", "Volt": "V"}


def _meter_values(payload: Payload) -> Payload:
    return _renamed(payload, "values", "meterValue", lambda values: [_meter_value(value) for value in values])


def _stop_transaction(payload: Payload) -> Payload:
    """Readings stand in as many lists as the station likes; 1.6 has one."""

    def flat(data: list[Payload]) -> list[Payload]:
        return [_meter_value(value) for entry in data for value in entry.get("values", ())]

    return _renamed(payload, "transactionData", "transactionData", flat)


def _meter_value(value: Payload) -> Payload:
    return _renamed(value, "value", "sampledValue", lambda samples: [_sample(sample) for sample in samples])


def _sample(sample: Payload) -> Payload:
    unit = sample.get("unit")
    return sample | {"unit": _UNITS[unit]} if isinstance(unit, str) and unit in _UNITS else sample


def _booted(answer: Payload) -> Payload:
    """1.5 knows no Pending: a station that must wait is rejected for the time being."""
    told = _renamed(answer, "interval", "heartbeatInterval", lambda interval: interval)
    return told | {"status": "Rejected"} if told["status"] == "Pending" else told


def _local_list(payload: Payload) -> Payload:
    return _renamed(payload, "localAuthorizationList", "localAuthorisationList", lambda entries: entries)


def _word(**words: str) -> Convert:
    def told(answer: Payload) -> Payload:
        status = answer.get("status")
        return answer | {"status": words[status]} if isinstance(status, str) and status in words else answer

    return told


def _list_sent(answer: Payload) -> Payload:
    told = _word(HashError="Failed")(answer)
    return {name: value for name, value in told.items() if name != "hash"}


def _renamed(payload: Payload, old: str, new: str, convert: Callable[[Any], Any]) -> Payload:
    if old not in payload:
        return payload
    return {name: value for name, value in payload.items() if name != old} | {new: convert(payload[old])}


REQUESTS_IN: Final[Mapping[str, Convert]] = {
    "MeterValues": _meter_values,
    "StopTransaction": _stop_transaction,
}
ANSWERS_OUT: Final[Mapping[str, Convert]] = {"BootNotification": _booted}
"""From and to a station that asks."""

REQUESTS_OUT: Final[Mapping[str, Convert]] = {"SendLocalList": _local_list}
ANSWERS_IN: Final[Mapping[str, Convert]] = {
    "SendLocalList": _list_sent,
    "UnlockConnector": _word(Accepted="Unlocked", Rejected="UnlockFailed"),
}
"""To and from a station that is asked. What is in no table is said alike."""


def converted(table: Mapping[str, Convert], action: str, payload: Payload) -> Payload:
    """A payload in the words of the other version."""
    return table[action](payload) if action in table else payload
