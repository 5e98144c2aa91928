"""Attempts to tell partners something, as rows."""

from collections.abc import Mapping
from typing import Any

import pyarrow.lib as pa

from services.domain.events.delivery import DeliveryAttempted
from services.domain.units import datetime_of

Row = Mapping[str, Any]

_MOMENT = pa.timestamp("ms", tz="UTC")

TABLE = pa.schema(
    {
        "tenant": pa.string(),
        "partner_id": pa.string(),
        "module": pa.string(),
        "object_id": pa.string(),
        "part": pa.string(),
        "method": pa.string(),
        "ocpi_version": pa.string(),
        "outcome": pa.string(),
        "http_status": pa.int32(),
        "ocpi_status": pa.int32(),
        "message": pa.string(),
        "location_url": pa.string(),
        "attempt": pa.int32(),
        "duration_ms": pa.int32(),
        "payload_sha256": pa.string(),
        "request_id": pa.string(),
        "push_id": pa.string(),
        "event_id": pa.string(),
        "changed_at": _MOMENT,
        "attempted_at": _MOMENT,
    }
)
"""The columns of `deliveries`; the migration says what they mean."""


def attempted(event: DeliveryAttempted) -> Row:
    """One attempt."""
    row = {name: getattr(event, name) for name in TABLE.names}
    times = {"changed_at": datetime_of(event.changed_at), "attempted_at": datetime_of(event.attempted_at)}
    return row | times | {"outcome": event.outcome.value}
