"""The register as rows of text, as authorities ask for it."""

from collections.abc import Iterable
from typing import Final

from services.domain.events.common import MeterKeyStatus, MeterKeyVersion
from services.domain.events.meterkey import MeterKeys
from services.domain.units import Millis, datetime_of

FIELDS: Final = (
    "tenant", "station_id", "evse_id", "meter_serial", "key_id", "public_key", "curve", "format", "status",
    "source", "valid_from", "valid_to", "calibration_expires_at", "first_seen_at", "shown_at", "approved_by",
    "revoked_by", "reason",
)  # fmt: skip

_IN_FORCE: Final = (MeterKeyStatus.APPROVED, MeterKeyStatus.SUPERSEDED)


def rows(
    point: MeterKeys, versions: Iterable[MeterKeyVersion], *, everything: bool = True
) -> list[dict[str, str]]:
    """One row for each key; without `everything` only of those that are, or were, in force. "" for what is not
    known."""
    return [_row(point, one) for one in versions if everything or one.status in _IN_FORCE]


def _row(point: MeterKeys, one: MeterKeyVersion) -> dict[str, str]:
    return {
        "tenant": point.tenant,
        "station_id": point.station_id,
        "evse_id": str(point.evse_id),
        "meter_serial": one.meter_serial or "",
        "key_id": one.key_id,
        "public_key": one.public_key,
        "curve": one.curve,
        "format": one.format,
        "status": one.status.value,
        "source": one.source.value,
        "valid_from": _moment(one.valid_from),
        "valid_to": _moment(one.valid_to),
        "calibration_expires_at": _moment(one.calibration_expires_at),
        "first_seen_at": _moment(one.first_seen_at),
        "shown_at": _moment(one.shown_at),
        "approved_by": " ".join(one.approved_by),
        "revoked_by": one.revoked_by or "",
        "reason": one.reason or "",
    }


def _moment(at: Millis | None) -> str:
    return "" if at is None else f"{datetime_of(at):%Y-%m-%dT%H:%M:%SZ}"
