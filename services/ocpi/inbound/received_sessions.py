"""Sessions of our drivers at other CPOs, as they tell them (mod_sessions: Session)."""

from collections.abc import Mapping
from typing import Any

from services.domain.events.roamingsession import RoamingSession
from services.ocpi.inbound.received_amounts import costs, energy_wh, moment, text


def session_state(object_id: str, value: Mapping[str, Any], kept: Mapping[str, Any]) -> RoamingSession:
    """A session in 2.3.0 that has passed reading; `kept` is what every state says. Refusal 2001 for amounts that
    nobody charges."""
    excl_vat, incl_vat = costs(value.get("total_cost"))
    token = value.get("cdr_token", {})
    return RoamingSession(
        object_id=object_id.lower(),
        session_id=value["id"],
        status=value["status"],
        started_at=moment(value, "start_date_time"),
        ended_at=moment(value, "end_date_time"),
        energy_wh=energy_wh(value["kwh"]),
        contract_id=text(token, "contract_id"),
        token_uid=text(token, "uid"),
        location_id=text(value, "location_id"),
        evse_uid=text(value, "evse_uid"),
        connector_id=text(value, "connector_id"),
        currency=text(value, "currency"),
        authorization_reference=text(value, "authorization_reference"),
        total_cost_excl_vat=excl_vat,
        total_cost_incl_vat=incl_vat,
        **kept,
    )
