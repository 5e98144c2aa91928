"""Charge detail records as providers pull them: whole, by provider and time of the last change.

A record is put where it was issued by the event of that, which is kept, and where it is after it was credited by
its state; with the latter it is gone from the former. Rows that are there less rows that are gone are the records.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import pyarrow.lib as pa

from services.domain.contract_ids import provider_prefix
from services.domain.events.cdr import Cdr, CdrCredited, CdrIssued
from services.domain.events.common import CdrStatus, ChargeDetail
from services.domain.units import Millis

TABLE = "pulled_cdrs"
COLUMNS = pa.schema(
    {
        "tenant": pa.string(),
        "provider": pa.string(),
        "updated_at": pa.timestamp("ms", tz="UTC"),
        "cdr_id": pa.string(),
        "gone": pa.bool_(),
        "state": pa.string(),
    }
)

Row = Mapping[str, Any]

_encoder = msgspec.json.Encoder()


def issued(event: CdrIssued) -> list[Row]:
    """The record that was issued."""
    return _there(_first(event.detail, event.issued_at))


def credited(event: CdrCredited) -> list[Row]:
    """The record that takes back another one."""
    return _there(_first(event.detail, event.credited_at))


def moved(state: Cdr) -> list[Row]:
    """A record that was taken back: its new place, and that it is gone from the old one."""
    if state.status is not CdrStatus.CREDITED:
        return []
    rows = _there(state)
    if rows and state.issued_at not in (None, state.updated_at):
        rows.append({**rows[0], "gone": True, "updated_at": state.issued_at, "state": ""})
    return rows


def _first(detail: ChargeDetail, at: Millis) -> Cdr:
    return Cdr(
        tenant=detail.tenant,
        cdr_id=detail.cdr_id,
        status=CdrStatus.ISSUED,
        detail=detail,
        version=1,
        updated_at=at,
        issued_at=at,
    )


def _there(state: Cdr) -> list[Row]:
    """The row of a record; none when its contract names no provider."""
    provider = provider_prefix(state.detail.contract_id or "")
    if provider is None:
        return []
    return [
        {
            "tenant": state.tenant,
            "provider": provider,
            "updated_at": state.updated_at,
            "cdr_id": state.cdr_id,
            "gone": False,
            "state": _encoder.encode(state).decode(),
        }
    ]
