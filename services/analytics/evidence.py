"""Rows of what signed meter values prove."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.domain.events import evidence, meterkey

Row = Mapping[str, Any]


def record(event: evidence.RecordVerified) -> Row:
    """One signature."""
    return asdict(event)


def verdict(event: evidence.SessionVerified) -> Row:
    """The verdict on a session."""
    return asdict(event)


def keys(state: meterkey.MeterKeys) -> list[Row]:
    """The keys of a metering point."""
    point = {
        "tenant": state.tenant,
        "station_id": state.station_id,
        "evse_id": state.evse_id,
        "billing_stopped": state.billing_stopped,
        "version": state.version,
        "updated_at": state.updated_at,
    }
    return [asdict(version) | point for version in state.versions]
