"""Parties behind a hub: each is a partner of its own, reached as its hub is."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from services.domain.events.common import PartnerQuirks
from services.domain.events.partner import Partner

HUB: Final = "HUB"
"""The role of a partner that passes on what others say (`Partner.role`)."""

_NO_QUIRKS: Final = PartnerQuirks()


def quirks_of(partner: Partner) -> PartnerQuirks:
    """How the partner differs from the specification."""
    return partner.quirks or _NO_QUIRKS


def is_hub(partner: Partner) -> bool:
    return partner.role == HUB


def through(partner: Partner, hub: Partner | None) -> Partner:
    """A party behind `hub` as it is reached: at the hub's endpoints, with its token, while the hub is let in.

    Everything that says who it is, what it may and since when stays its own. Without its hub it may nothing.
    """
    if hub is None or hub.hub or not is_hub(hub):
        return replace(partner, enabled=False)
    return replace(
        partner,
        enabled=partner.enabled and hub.enabled,
        registration=hub.registration,
        version=hub.version,
        versions_url=hub.versions_url,
        endpoints=hub.endpoints,
        sealed_token=hub.sealed_token,
        plain_token_header=hub.plain_token_header,
        allow_private=hub.allow_private,
        quirks=partner.quirks or hub.quirks,
    )


def reached(partners: Mapping[str, Partner]) -> dict[str, Partner]:
    """All partners, by key, as they are reached."""
    return {
        key: through(one, partners.get(f"{one.tenant}/{one.hub}")) if one.hub else one
        for key, one in partners.items()
    }


def behind(partners: Iterable[Partner], hub: Partner, country_code: str, party_id: str) -> Partner | None:
    """The party that a hub may speak for; None when it may not, or the party is a partner of its own."""
    wanted = (hub.tenant, hub.partner_id, country_code, party_id)
    found = (one for one in partners if (one.tenant, one.hub, one.country_code, one.party_id) == wanted)
    return next((one for one in found if one.enabled), None)
