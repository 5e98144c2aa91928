"""Which partners are to be told about a module, and where; pure."""

from typing import Final

from services.domain.events.partner import Partner
from services.domain.hubs import is_hub, quirks_of
from services.domain.units import Millis
from services.ocpi.wire.model import V211
from services.ocpi.wire.parties import Party
from services.ocpi.wire.quirks import ON
from services.ocpi.wire.registrations import ENDED, REGISTERED

LOCATIONS: Final = "locations"
TARIFFS: Final = "tariffs"
SESSIONS: Final = "sessions"
CDRS: Final = "cdrs"
BROADCAST: Final = (LOCATIONS, TARIFFS)
"""What is meant for all (transport_and_format: Broadcast Push)."""
MODULES: Final = (LOCATIONS, TARIFFS, SESSIONS, CDRS)

_RECEIVER: Final = "RECEIVER"
_LATE_MS: Final = 86_400_000
_SENDER_ROLE: Final = "CPO"
"""Who has locations of its own. Endpoints of 2.1.1 do not say which side they are, so its role has to."""


def endpoint(partner: Partner, module: str) -> str | None:
    """Where a partner wants objects of a module to be sent; None when it does not receive them."""
    for found in partner.endpoints:
        if found.module != module:
            continue
        if found.role == _RECEIVER or (partner.version == V211 and partner.role != _SENDER_ROLE):
            return found.url.rstrip("/")
    return None


def receives(partner: Partner, module: str) -> bool:
    """Whether changes of a module are told to a partner by itself.

    Behind a hub locations and tariffs are not: they are told to the hub, which passes them on (Broadcast Push),
    unless it does not. To the hub nothing else is, since what is one party's is not for all.
    """
    broadcast = module in BROADCAST and quirks_of(partner).broadcast == ON
    if endpoint(partner, module) is None or (partner.hub and broadcast):
        return False
    return broadcast or not (is_hub(partner) and module in BROADCAST)


def is_connected(partner: Partner) -> bool:
    """Whether credentials were exchanged and not taken back. While they are exchanged again, changes wait."""
    return partner.registration != ENDED and bool(partner.version and partner.sealed_token)


def may_be_told(partner: Partner) -> bool:
    """Whether requests may be sent now; what a suspended partner misses waits for it."""
    return is_connected(partner) and partner.registration == REGISTERED and partner.enabled


def wants(partner: Partner, tenant: str, module: str, changed_at: Millis) -> bool:
    """Whether a partner is to be told of this change: what was long before it registered it pulls.

    Credentials may be exchanged again while changes wait to be folded, hence not what was just before.
    """
    return (
        partner.tenant == tenant
        and is_connected(partner)
        and changed_at >= (partner.registered_at or 0) - _LATE_MS
        and receives(partner, module)
    )


def party(partner: Partner) -> Party:
    """The party that it was invited as: what it may see."""
    return Party(partner.country_code, partner.party_id)
