"""Charge detail records that CPOs send us as a provider (mod_cdrs: Receiver Interface).

A record never changes: the same again is answered as before, another one of the same id is refused aloud.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import tzinfo
from decimal import Decimal
from typing import Any, Final, NamedTuple

from services.domain.events.common import RoamingSignedValue
from services.domain.events.roaming import RoamingRefused
from services.domain.events.roamingcdr import RoamingCdr
from services.domain.ids import derived_id
from services.domain.units import parse_rfc3339
from services.ocpi.inbound.cdr_check import Check, check
from services.ocpi.inbound.received import (
    Kept,
    Outcome,
    Received,
    check_needed,
    check_owner,
    event,
    kept_fields,
    understood,
)
from services.ocpi.inbound.received_amounts import costs, energy_wh, text
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import Status, encoded

CDRS: Final = "cdrs"
CONFLICT: Final = "A record of this id is here with other content, and records never change: send a credit"

_NEEDED: Final = (
    "id",
    "start_date_time",
    "end_date_time",
    "currency",
    "total_cost",
    "total_energy",
    "charging_periods",
    "last_updated",
)
_MAY_DIFFER: Final = "last_updated"
"""A record that was taken back is told again with a later one."""


class Amounts(NamedTuple):
    """What a record is about, as far as it can be kept: computed before anything else is done with it."""

    energy_wh: Decimal
    excl_vat: Decimal | None
    incl_vat: Decimal | None


def object_id(received: Received) -> str:
    """The id of a record, by which it is looked up; Refusal 2001 when there is none."""
    value, findings = understood(received, "CDR")
    check_needed(value, ("id",), findings)
    return str(value["id"]).lower()


def post(received: Received, known: Kept | None, zone: tzinfo) -> Outcome:
    """A record; nothing is published when it is here. `zone` is the location's, for prices by the time of day.

    Refusal 2001 when it cannot be used; an Outcome with a refusal when it is another one than is here.
    """
    value, findings = understood(received, "CDR")
    check_needed(value, _NEEDED, findings)
    if "before_taxes" not in value["total_cost"]:
        raise Refusal(Status.INVALID_PARAMETERS, "total_cost does not say what is due")
    check_owner(value, received.owner)
    if known is not None:
        return _again(value, received, known, findings)
    amounts = Amounts(energy_wh(value["total_energy"]), *costs(value["total_cost"]))
    state = _state(value, received, findings, amounts, check(value, zone))
    return Outcome((event(CDRS, state.object_id, received, findings), state), created=True, findings=findings)


def _again(value: Mapping[str, Any], received: Received, known: Kept, findings: tuple[str, ...]) -> Outcome:
    if _content(value) == _content(known.value):
        return Outcome(findings=findings)
    causes = (received.tenant, received.partner_id, str(value["id"]).lower(), received.sha256)
    refused = RoamingRefused(
        event_id=derived_id("RoamingRefused", *causes),
        tenant=received.tenant,
        partner_id=received.partner_id,
        module=CDRS,
        object_id=str(value["id"]).lower(),
        why=CONFLICT,
        received_json=received.raw.decode(errors="replace"),
        received_sha256=received.sha256,
        received_at=received.at,
    )
    return Outcome((refused,), findings=findings, refusal=Refusal(Status.INVALID_PARAMETERS, CONFLICT))


def _content(value: Mapping[str, Any]) -> bytes:
    return encoded({key: value[key] for key in sorted(value) if key != _MAY_DIFFER})


def _state(
    value: Mapping[str, Any], received: Received, findings: tuple[str, ...], amounts: Amounts, found: Check
) -> RoamingCdr:
    assert amounts.excl_vat is not None
    token, place = value.get("cdr_token", {}), value.get("cdr_location", {})
    signed = value.get("signed_data", {})
    return RoamingCdr(
        object_id=str(value["id"]).lower(),
        cdr_id=value["id"],
        session_id=text(value, "session_id"),
        credit=value.get("credit") is True,
        credit_reference_id=value.get("credit_reference_id"),
        started_at=parse_rfc3339(value["start_date_time"]),
        ended_at=parse_rfc3339(value["end_date_time"]),
        contract_id=text(token, "contract_id"),
        token_uid=text(token, "uid"),
        location_id=text(place, "id"),
        evse_uid=text(place, "evse_uid"),
        evse_id=text(place, "evse_id"),
        energy_wh=amounts.energy_wh,
        currency=value["currency"],
        total_cost_excl_vat=amounts.excl_vat,
        total_cost_incl_vat=amounts.incl_vat,
        priced_excl_vat=found.priced_excl_vat,
        priced_incl_vat=found.priced_incl_vat,
        signed_values=tuple(_signed(one) for one in signed.get("signed_values", ())),
        encoding_method=text(signed, "encoding_method"),
        public_key=text(signed, "public_key"),
        evidence=found.evidence,
        check_findings=found.findings,
        **kept_fields(value, received, findings),
    )


def _signed(one: Mapping[str, Any]) -> RoamingSignedValue:
    """The text unchanged, with its hash and that of what it stands for: whoever signed knows one of the two."""
    data = text(one, "signed_data")
    try:
        plain = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        plain = b""
    return RoamingSignedValue(
        nature=text(one, "nature"),
        signed_data=data,
        sha256=hashlib.sha256(data.encode()).hexdigest(),
        decoded_sha256=hashlib.sha256(plain).hexdigest() if plain else "",
    )
