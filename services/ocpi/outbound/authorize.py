"""Asking a provider whether its token may charge (mod_tokens: POST Method)."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from services.domain.events.authorization import AuthorizationRequested
from services.domain.events.partner import Partner
from services.domain.events.station import Station
from services.domain.events.token import Token
from services.domain.providers import tokens_url
from services.ocpi.outbound.places import evse_uid
from services.ocpi.outbound.tokens import token_type
from services.ocpi.outbound.told import told
from services.ocpi.wire.envelope import decoded
from services.ocpi.wire.errands import Errand
from services.ocpi.wire.model import V211, V221

_TYPES: Final = {V211: ("RFID", "OTHER"), V221: ("RFID", "OTHER", "APP_USER", "AD_HOC_USER")}
_OTHER: Final = "OTHER"


def errand(
    partner: Partner, request: AuthorizationRequested, token: Token | None, station: Station | None
) -> Errand:
    """The request about a token (None: nobody knows it here) that is shown at a station."""
    uid = _own_uid(token) or request.uid
    kind = token.token_type if token else token_type(request.token_type)
    allowed = _TYPES.get(partner.version)
    told_type = kind if allowed is None or kind in allowed else _OTHER
    url = f"{tokens_url(partner).rstrip('/')}/{quote(uid, safe='')}/authorize?type={quote(told_type)}"
    return Errand(partner, url, _references(partner.version, request, station), uid)


def _own_uid(token: Token | None) -> str:
    """As its provider writes it."""
    found = decoded(token.object_json.encode()) if token and token.object_json else {}
    return str(found.get("uid", ""))


def _references(version: str, request: AuthorizationRequested, station: Station | None) -> dict[str, Any] | None:
    """mod_tokens: LocationReferences: the EVSE, or all of the station where nobody knows yet which it will be."""
    if station is None or not station.location_id:
        return None
    whole = {"location_id": station.location_id, "evse_uids": list(evse_uids(request, station))}
    return told(whole, "LocationReferences", version, [])


def evse_uids(request: AuthorizationRequested, station: Station | None) -> Sequence[str]:
    """The uids of the EVSEs that are meant."""
    if station is None:
        return ()
    meant = [one for one in station.evses if request.evse_id in (None, 0, one.evse_id)]
    return [evse_uid(one.evse_uid, station.station_id, one.evse_id, []) for one in meant]
