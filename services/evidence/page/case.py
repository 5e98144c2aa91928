"""What a driver's page shows of a charge detail record, and what a browser needs to check it once more. Pure."""

import base64
from typing import Any, NamedTuple

from services.domain.events.cdr import Cdr
from services.domain.events.common import ChargeDetail, SignedMeterValue
from services.domain.events.evidence import SessionToVerify
from services.domain.events.settlement import CdrChained
from services.evidence.meter_keys.versions import Versions, in_force
from services.evidence.verdict import Judged, Look, judged, looks


class Case(NamedTuple):
    """A record, all keys of its metering point, and its link in the hash chain (None: not there yet)."""

    record: Cdr
    keys: Versions
    link: CdrChained | None


class Shown(NamedTuple):
    """One signed value as it was received, and each of its signatures."""

    value: SignedMeterValue
    looks: list[Look]


def verdict(case: Case) -> Judged:
    """The verdict on the record's signed values by the keys of today."""
    detail = case.record.detail
    session = SessionToVerify(
        event_id=detail.cdr_id,
        tenant=detail.tenant,
        station_id=detail.station_id,
        session_id=detail.session_id,
        revision=detail.revision,
        transaction_id=detail.transaction_id,
        evse_id=detail.evse_id,
        started_at=detail.started_at,
        ended_at=detail.ended_at,
        energy_wh=detail.energy_wh,
        signed_meter_values=detail.signed_meter_values,
        recorded_at=detail.ended_at,
    )
    return judged(session, case.keys)


def proving(case: Case) -> Versions:
    """The approved keys that were valid while it charged."""
    detail: ChargeDetail = case.record.detail
    return tuple(in_force(case.keys, min(detail.started_at, detail.ended_at), detail.ended_at))


def shown(case: Case) -> list[Shown]:
    """Every signed value, under the keys that prove it, else under the key that came with it."""
    keys = proving(case)
    return [Shown(value, looks(value, keys)) for value in case.record.detail.signed_meter_values]


def told(case: Case, values: list[Shown]) -> dict[str, Any]:
    """What the page's script reads: octets in Base64, numbers in hexadecimal; no key where none can be used."""
    link = case.link
    chain = None
    if link is not None:
        chain = {
            "height": link.height,
            "record_sha256": link.record_sha256,
            "previous_sha256": link.previous_sha256,
            "link_sha256": link.link_sha256,
        }
    return {"records": [_record(one) for one in values], "chain": chain}


def _record(one: Shown) -> dict[str, Any]:
    return {
        "format": one.looks[0].format if len(one.looks) == 1 else "",
        "sha256": one.value.sha256,
        "data": _base64(one.value.signed_data),
        "signatures": [
            {
                "curve": look.verified.key.curve.name if look.verified.key else "",
                "key": look.verified.key.hex() if look.verified.key else "",
                "message": _base64(signed.message),
                "r": f"{signed.numbers.r:x}",
                "s": f"{signed.numbers.s:x}",
            }
            for look in one.looks
            for signed in look.verified.signed
        ],
    }


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
