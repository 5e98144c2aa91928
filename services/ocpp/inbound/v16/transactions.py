"""StartTransaction and StopTransaction of OCPP 1.6 (4.8 and 4.10)."""

from decimal import Decimal
from functools import partial
from typing import Any, Final

from services.domain.events.common import IdToken
from services.domain.events.transaction import TransactionEnded, TransactionStarted
from services.domain.folding import Event
from services.domain.ids import transaction_id_v16
from services.ocpp.inbound import authorization
from services.ocpp.inbound.asking import Occasion
from services.ocpp.inbound.authorization import Asked, Authorization
from services.ocpp.inbound.meter_values import read_all, watt_hours
from services.ocpp.inbound.reply import Context, Reply
from services.ocpp.inbound.v16.authorization import TOKEN_TYPE, id_tag_info
from services.ocpp.inbound.v16.meter_values import read_sample
from services.ocpp.inbound.v16.transaction_id import transaction_id

_DEFAULT_REASON: Final = "Local"
"""6.49: the reason of a StopTransaction that has none."""


def start_transaction(payload: dict[str, Any], context: Context) -> Reply:
    """Recorded whatever the decision about the idTag is: the station states a fact.

    The transaction id follows from the content, so that a retry gets the same answer from any pod.
    """
    id_tag = payload["idTag"]
    meter_start_wh = _meter_wh(payload["meterStart"])
    start_key = context.event_id(
        "start", int(payload["connectorId"]), id_tag, str(meter_start_wh), payload["timestamp"]
    )
    number = transaction_id_v16(context.edge.transaction_secret, start_key)
    connector_id = context.whole(payload, "connectorId")
    occasion = Occasion("StartTransaction", str(number), connector_id, connector_id)
    started = partial(_started, payload, context, start_key, connector_id, meter_start_wh)
    return authorization.settled(Asked(id_tag, TOKEN_TYPE, occasion, (start_key,)), context, started)


def _started(
    payload: dict[str, Any],
    context: Context,
    start_key: str,
    connector_id: int | None,
    meter_start_wh: Decimal,
    made: Authorization,
) -> Reply:
    transaction_id = made.event.transaction_id
    assert transaction_id is not None
    event = TransactionStarted(
        event_id=context.event_id("TransactionStarted", start_key),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        transaction_id=transaction_id,
        start_key=start_key,
        evse_id=connector_id,
        connector_id=connector_id,
        id_token=made.shown(payload["idTag"], TOKEN_TYPE),
        authorization_status=made.decision.status,
        started_at=context.time(payload),
        recorded_at=context.now_ms,
        meter_start_wh=watt_hours(meter_start_wh, context),
        reservation_id=context.whole(payload, "reservationId"),
        warnings=tuple(context.warnings),
    )
    answer = {"transactionId": int(transaction_id), "idTagInfo": id_tag_info(made)}
    return Reply(answer, (event, made.event), durable=True)


def stop_transaction(payload: dict[str, Any], context: Context) -> Reply:
    """Accepted for every transaction id, known or not, -1 and 0 included: what was charged was charged.

    The id is looked up in the sender's own transactions only, so no station ends another's.
    """
    transaction = transaction_id(payload) or ""
    id_tag = payload.get("idTag")
    answer: dict[str, Any] = {}
    events: list[Event] = []
    meter_stop_wh, timestamp = _meter_wh(payload["meterStop"]), payload["timestamp"]
    if id_tag is not None:
        made = authorization.at_end(
            id_tag, TOKEN_TYPE, "StopTransaction", context, transaction, str(meter_stop_wh), timestamp
        )
        answer["idTagInfo"] = id_tag_info(made)
        events.append(made.event)
    event = TransactionEnded(
        event_id=context.event_id("TransactionEnded", transaction, str(meter_stop_wh), timestamp),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        transaction_id=transaction,
        id_token=None if id_tag is None else IdToken(value=id_tag),
        ended_at=context.time(payload),
        recorded_at=context.now_ms,
        meter_stop_wh=watt_hours(meter_stop_wh, context),
        meter_values=read_all(payload.get("transactionData", ()), read_sample, context),
        stopped_reason=payload.get("reason", _DEFAULT_REASON),
        warnings=tuple(context.warnings),
    )
    return Reply(answer, (event, *events), durable=True)


def _meter_wh(value: int | float) -> Decimal:
    """A register reading exactly as it was written; 10 and 10.0 are the same reading."""
    return Decimal(int(value)) if isinstance(value, int) or value.is_integer() else Decimal(repr(value))
