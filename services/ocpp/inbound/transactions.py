"""Block E, transactions: TransactionEvent (OCPP 2.0.1)."""

from functools import partial
from typing import Any

from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.folding import Event
from services.ocpp.inbound import authorization, cost
from services.ocpp.inbound.asking import Occasion
from services.ocpp.inbound.authorization import Asked, Authorization
from services.ocpp.inbound.meter_values import BEGIN, END, read_all, read_sample, register_at
from services.ocpp.inbound.reply import Context, Reply

_STARTING = frozenset({"Authorized", "RemoteStart"})
"""TriggerReasonEnumType: the token is the one that is to be charged for."""


def transaction_event(payload: dict[str, Any], context: Context) -> Reply:
    """E01 to E15: a transaction began, went on or ended; the station's word is recorded, never refused.

    The answer about a token in it does not decide whether it is recorded: what was charged was charged.
    """
    info = payload["transactionInfo"]
    fields = _common_fields(payload, info, context)
    id_token = payload.get("idToken")
    if id_token is None:
        return _told(payload, fields, context, None)
    uid, kind, seq_no = id_token["idToken"], id_token["type"], payload["seqNo"]
    if not _starts(payload):
        made = authorization.at_end(uid, kind, "TransactionEvent", context, info["transactionId"], seq_no)
        return _told(payload, fields, context, made)
    occasion = Occasion("TransactionEvent", info["transactionId"], fields["evse_id"], fields["connector_id"])
    asked = Asked(uid, kind, occasion, (info["transactionId"], seq_no))
    return authorization.settled(asked, context, partial(_told, payload, fields, context))


def _told(payload: dict[str, Any], fields: dict[str, Any], context: Context, made: Authorization | None) -> Reply:
    answer: dict[str, Any] = {}
    events: list[Event] = []
    if made is not None:
        id_token = payload["idToken"]
        fields = fields | {"id_token": made.shown(id_token["idToken"], id_token["type"])}
        answer["idTokenInfo"] = authorization.id_token_info(made)
        events.append(made.event)
    told = _EVENTS[payload["eventType"]](payload, fields, made and made.decision.status, context)
    events.insert(0, told)
    if isinstance(told, TransactionUpdated | TransactionEnded):
        # I02.FR.01, I03.FR.02; an answer without it does not say that charging is free (I03.FR.04).
        total = cost.total_cost(told, context)
        answer |= {} if total is None else {"totalCost": total}
    return Reply(answer, tuple(events), durable=True)


def _starts(payload: dict[str, Any]) -> bool:
    return payload["eventType"] == "Started" or payload["triggerReason"] in _STARTING


def _common_fields(payload: dict[str, Any], info: dict[str, Any], context: Context) -> dict[str, Any]:
    evse = payload.get("evse", {})
    return {
        "tenant": context.tenant,
        "station_id": context.station_id,
        "protocol": context.protocol,
        "transaction_id": info["transactionId"],
        "evse_id": context.whole(evse, "id"),
        "connector_id": context.whole(evse, "connectorId"),
        "id_token": None,
        "recorded_at": context.now_ms,
        "meter_values": read_all(payload.get("meterValue", ()), read_sample, context),
        "seq_no": context.whole(payload, "seqNo"),
        "trigger_reason": payload["triggerReason"],
        "charging_state": info.get("chargingState"),
        "offline": payload.get("offline", False),
    }


def _started(payload: dict[str, Any], fields: dict[str, Any], status: str | None, context: Context) -> Event:
    transaction_id = fields["transaction_id"]
    started_at = context.time(payload)
    causes = _causes(payload, context)
    return TransactionStarted(
        event_id=context.event_id("TransactionStarted", transaction_id, payload["seqNo"]),
        start_key=context.event_id("start", transaction_id),
        authorization_status=status,
        started_at=started_at,
        meter_start_wh=register_at(fields["meter_values"], BEGIN),
        warnings=tuple(context.warnings),
        **fields,
        **causes,
    )


def _updated(payload: dict[str, Any], fields: dict[str, Any], status: str | None, context: Context) -> Event:
    occurred_at = context.time(payload)
    causes = _causes(payload, context)
    return TransactionUpdated(
        event_id=context.event_id("TransactionUpdated", fields["transaction_id"], payload["seqNo"]),
        authorization_status=status,
        occurred_at=occurred_at,
        warnings=tuple(context.warnings),
        **fields,
        **causes,
    )


def _causes(payload: dict[str, Any], context: Context) -> dict[str, Any]:
    """Which remote start and reservation it goes back to; of one that began with the plug, an update says so."""
    return {
        "remote_start_id": context.whole(payload["transactionInfo"], "remoteStartId"),
        "reservation_id": context.whole(payload, "reservationId"),
    }


def _ended(payload: dict[str, Any], fields: dict[str, Any], _: str | None, context: Context) -> Event:
    ended_at = context.time(payload)
    return TransactionEnded(
        event_id=context.event_id("TransactionEnded", fields["transaction_id"], payload["seqNo"]),
        ended_at=ended_at,
        meter_stop_wh=register_at(fields["meter_values"], END),
        # E06.FR.09: Local may be left out.
        stopped_reason=payload["transactionInfo"].get("stoppedReason", "Local"),
        warnings=tuple(context.warnings),
        **fields,
    )


_EVENTS = {"Started": _started, "Updated": _updated, "Ended": _ended}
