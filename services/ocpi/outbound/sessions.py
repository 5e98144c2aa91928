"""Sessions for partners (mod_sessions: Session)."""

from services.domain.events.common import SessionStatus
from services.domain.events.session import Session
from services.domain.events.station import Station
from services.domain.units import rfc3339
from services.ocpi.outbound.places import connector_id, evse_of, evse_uid
from services.ocpi.outbound.tokens import auth_method, authorization_reference, cdr_token
from services.ocpi.wire import v230
from services.ocpi.wire.numbers import kwh
from services.ocpi.wire.parties import Party
from services.ocpi.wire.strings import ci_text

_STATUS = {SessionStatus.ACTIVE: "ACTIVE", SessionStatus.COMPLETED: "COMPLETED"}
"""A session whose start is not known (yet) is PENDING."""


def session(
    state: Session,
    contract_id: str,
    station: Station | None,
    operator: Party,
    currency: str,
    warnings: list[str],
) -> v230.Session:
    """A session as it stands, of the contract that its token stands for.

    `operator` owns it when the station is not in the registry. What was lost on the way is added to `warnings`.
    """
    owner = Party(station.country_code, station.party_id) if station else operator
    evse = evse_of(station, state.evse_id)
    location_id = station.location_id if station else None
    return v230.Session(
        country_code=owner.country_code,
        party_id=owner.party_id,
        id=ci_text(state.session_id, 36, "id", warnings),
        start_date_time=rfc3339(state.updated_at if state.started_at is None else state.started_at),
        end_date_time=None if state.ended_at is None else rfc3339(state.ended_at),
        kwh=kwh(state.energy_wh),
        cdr_token=cdr_token(state.id_token, contract_id, warnings),
        auth_method=auth_method(state.id_token),
        authorization_reference=authorization_reference(state.id_token, warnings),
        location_id=ci_text(location_id or "", 36, "location_id", warnings),
        evse_uid=evse_uid(evse.evse_uid if evse else None, state.station_id, state.evse_id, warnings),
        connector_id=connector_id(state.protocol, state.connector_id),
        currency=currency,
        status=_STATUS.get(state.status, "PENDING"),
        last_updated=rfc3339(state.updated_at),
    )
