"""Messages about matters without an event type of their own: kept whole, and answered as the specification asks.

Display messages, monitoring and charging profile reports, charging limits and needs, customer information (2.0.1);
DER control, periodic event streams, payment, battery swap, V2X (2.1).
"""

from collections.abc import Callable
from typing import Any, Final

from services.domain.events.station import ReportReceived
from services.domain.units import rfc3339
from services.ocpp.inbound import ev_charging
from services.ocpp.inbound.reply import Context, Inbound, Reply, canonical

Answer = Callable[[dict[str, Any], Context], dict[str, Any]]

_GENERATED_AT: Final = ("generatedAt", "timestamp", "basetime", "settlementTime")
_TELLING_APART: Final = (*_GENERATED_AT, "timeBase", "seqNo", "requestId")


def reported(operation: str, answer: Answer) -> Inbound:
    """The function of one message: a ReportReceived, and `answer` of the payload once it is durable."""

    def inbound(payload: dict[str, Any], context: Context) -> Reply:
        text = canonical(payload)
        said = answer(payload, context)
        times = [context.time(payload, name) for name in _GENERATED_AT if name in payload]
        event = ReportReceived(
            event_id=context.event_id("ReportReceived", operation, *_cause(payload, text, context)),
            tenant=context.tenant,
            station_id=context.station_id,
            protocol=context.protocol,
            operation=operation,
            request_id=context.whole(payload, "requestId"),
            seq_no=context.whole(payload, "seqNo") or 0,
            last=not (payload.get("tbc", False) or payload.get("pending", 0)),
            generated_at=times[0] if times else None,
            payload_json=text,
            answer_json=canonical(said) if said else None,
            warnings=tuple(context.warnings),
            recorded_at=context.now_ms,
        )
        return Reply(said, (event,), durable=True)

    return inbound


def empty(_payload: dict[str, Any], _context: Context) -> dict[str, Any]:
    """Answers that say no more than that it has arrived."""
    return {}


def status(word: str) -> Answer:
    """Answers that are one word."""
    return lambda _payload, _context: {"status": word}


def no_vat_number(payload: dict[str, Any], _context: Context) -> dict[str, Any]:
    """C26 (2.1), VatNumberValidation: nobody is here who could tell."""
    evse = {"evseId": payload["evseId"]} if "evseId" in payload else {}
    return {"vatNumber": payload["vatNumber"], "status": "Rejected", **evse}


def no_certificate_statuses(payload: dict[str, Any], context: Context) -> dict[str, Any]:
    """M07 (2.1), GetCertificateChainStatus: unknown, each of them."""
    return {
        "certificateStatus": [
            {
                "certificateHashData": asked["certificateHashData"],
                "source": asked["source"],
                "status": "Failed",
                "nextUpdate": rfc3339(context.now_ms),
            }
            for asked in payload["certificateStatusRequests"]
        ]
    }


def _cause(payload: dict[str, Any], text: str, context: Context) -> tuple[str | int, ...]:
    """What makes two messages two: their content if it has a number or a time, else that they are two messages."""
    return (
        (text,) if any(name in payload for name in _TELLING_APART) else (text, context.epoch, context.message_id)
    )


REPORTS_V201: Final[dict[str, Inbound]] = {
    operation: reported(operation, answer)
    for operation, answer in {
        "ClearedChargingLimit": empty,
        "NotifyChargingLimit": empty,
        "NotifyCustomerInformation": empty,
        "NotifyDisplayMessages": empty,
        "NotifyEVChargingNeeds": ev_charging.needs_answer,
        "NotifyEVChargingSchedule": ev_charging.schedule_answer,
        "NotifyMonitoringReport": empty,
        "ReportChargingProfiles": empty,
    }.items()
}

REPORTS_V21: Final[dict[str, Inbound]] = {
    operation: reported(operation, answer)
    for operation, answer in {
        "BatterySwap": empty,
        "ClosePeriodicEventStream": empty,
        "GetCertificateChainStatus": no_certificate_statuses,
        "NotifyDERAlarm": empty,
        "NotifyDERStartStop": empty,
        "NotifyPeriodicEventStream": empty,
        "NotifyPriorityCharging": empty,
        "NotifySettlement": empty,
        "NotifyWebPaymentStarted": empty,
        "OpenPeriodicEventStream": status("Accepted"),
        "PullDynamicScheduleUpdate": status("Rejected"),
        "ReportDERControl": empty,
        "VatNumberValidation": no_vat_number,
    }.items()
}
