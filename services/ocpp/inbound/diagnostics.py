"""Block N, diagnostics: how far the upload of a log has got."""

from typing import Any

from services.domain.events.station import LogStatusChanged
from services.ocpp.inbound.reply import Context, Reply


def log_status(payload: dict[str, Any], context: Context) -> Reply:
    """N01. OCPP 1.6: LogStatusNotification (whitepaper 4.7)."""
    return _status("Log", payload, context)


def diagnostics_status(payload: dict[str, Any], context: Context) -> Reply:
    """DiagnosticsStatusNotification of OCPP 1.6 (4.4)."""
    return _status("Diagnostics", payload, context)


def _status(log: str, payload: dict[str, Any], context: Context) -> Reply:
    event = LogStatusChanged(
        event_id=context.event_id("LogStatusChanged", log, context.epoch, context.message_id),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        log=log,
        status=payload["status"],
        request_id=context.whole(payload, "requestId"),
        warnings=tuple(context.warnings),
        recorded_at=context.now_ms,
    )
    return Reply({}, (event,), durable=True)
