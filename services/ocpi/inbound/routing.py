"""Whom a request through a hub comes from, and whom its answer goes to (transport_and_format: Message Routing)."""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from services.domain.events.partner import Partner
from services.domain.hubs import is_hub
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.parties import Party, party_named

_FUNCTIONAL: Final = re.compile(r"/ocpi/2\.[2-9](\.\d+)?/(?!(credentials|hubclientinfo)(/|$))[^/]+.*")
"""What is routed: not versions, credentials and hub client info, nor 2.1.1, which knows no routing."""
_OWNED: Final = re.compile(r"/(tokens|locations|tariffs|sessions)/([A-Za-z]{2})/([0-9A-Za-z]{3})/[^/]+(/.*)?$")
"""An object that its owner pushes, whose parties are in the path."""
_PUSHES: Final = ("PUT", "PATCH", "DELETE")


class Known(NamedTuple):
    """Who there is: the party of that name behind a hub, and whether a party is one of ours."""

    behind: Callable[[Partner, Party], Partner | None]
    ours: Callable[[str, Party], bool]
    operator: Party


class Routed(NamedTuple):
    """Who asks, as a partner of its own, and the routing headers of the answer."""

    partner: Partner
    headers: Mapping[str, str]


def route(hub: Partner, method: str, path: str, headers: Mapping[str, str], known: Known) -> Routed:
    """A request that a partner brings; Refusal 2001 when it names somebody who is not to be had here.

    A party behind a hub is a partner of its own, that sees and changes what is its own. What a hub passes on in
    its own name (Broadcast Push) is of the party whose object it is, and is answered to the hub. Without headers,
    or of a partner that is no hub, it is the partner itself who asks.
    """
    if not is_hub(hub) or not _FUNCTIONAL.fullmatch(path):
        return Routed(hub, {})
    own = Party(hub.country_code, hub.party_id)
    sender, receiver = _named(headers, "from") or own, _named(headers, "to") or known.operator
    if not known.ours(hub.tenant, receiver):
        raise _bad(f"OCPI-to: {'*'.join(receiver)} is not here")
    back = _headers(receiver, sender)
    if sender != own:
        return Routed(_let_in(hub, sender, known), back)
    owned = _OWNED.search(path) if method in _PUSHES else None
    owner = Party(owned[2].upper(), owned[3].upper()) if owned else own
    return Routed(hub if owner == own else _let_in(hub, owner, known), back)


def _let_in(hub: Partner, party: Party, known: Known) -> Partner:
    found = known.behind(hub, party)
    if found is None:
        raise _bad(f"{'*'.join(party)} has not been let in here behind {hub.partner_id}")
    return found


def _named(headers: Mapping[str, str], side: str) -> Party | None:
    """The party of a pair of headers; None when there is neither; Refusal 2001 for half of one."""
    country, party_id = (headers.get(f"ocpi-{side}-{name}", "").strip() for name in ("country-code", "party-id"))
    if not country and not party_id:
        return None
    found = party_named(country, party_id)
    if found is None:
        raise _bad(f"OCPI-{side}-country-code and OCPI-{side}-party-id do not name a party")
    return found


def _headers(ours: Party, to: Party) -> dict[str, str]:
    return {
        "OCPI-from-country-code": ours.country_code,
        "OCPI-from-party-id": ours.party_id,
        "OCPI-to-country-code": to.country_code,
        "OCPI-to-party-id": to.party_id,
    }


def _bad(message: str) -> Refusal:
    return Refusal(Status.INVALID_PARAMETERS, message)
