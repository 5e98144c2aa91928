"""Which partner is to be asked about which token, from partner.state."""

from collections import defaultdict
from typing import Final

from services.domain.events.partner import Partner
from services.domain.events.token import Token
from services.domain.hubs import HUB, reached

ALLOW: Final = "ALLOW"
REFUSE: Final = "REFUSE"
"""`Partner.when_silent`."""

NEVER: Final = "NEVER"
ALLOWED: Final = "ALLOWED"
ALLOWED_OFFLINE: Final = "ALLOWED_OFFLINE"
ALWAYS: Final = "ALWAYS"
"""OCPI WhitelistType."""

_WITHOUT_PARTIES: Final = "2.1.1"
"""Its answers do not say whose token it is."""


def can_be_asked(partner: Partner) -> bool:
    """Whether the partner has exchanged credentials with us and serves tokens."""
    return (
        partner.enabled
        and partner.registration == "REGISTERED"
        and bool(partner.sealed_token)
        and bool(tokens_url(partner))
    )


def tokens_url(partner: Partner) -> str:
    """Where the partner's tokens are; "" when it has none. OCPI 2.1.1 knows no roles of endpoints."""
    served = (one.url for one in partner.endpoints if one.module == "tokens" and one.role != "RECEIVER")
    return next(served, "")


def is_asked_about_unknown(partner: Partner) -> bool:
    """Whether the partner is asked about tokens that nobody knows here."""
    return partner.realtime and partner.version != _WITHOUT_PARTIES and can_be_asked(partner)


def parties(partner: Partner) -> frozenset[tuple[str, str]]:
    """Whose tokens it is asked about: the invited party's and, if that is a hub, those of all of its platform."""
    own = {(partner.country_code, partner.party_id)}
    if partner.role == HUB:
        own |= {(role.country_code, role.party_id) for role in partner.roles}
    return frozenset(own)


class Providers:
    """All partners, and those that can be asked. One thread tells changes, any may look."""

    def __init__(self) -> None:
        self._known: dict[str, Partner] = {}
        self._reached: dict[str, Partner] = {}
        self._by_party: dict[tuple[str, str, str], Partner] = {}
        self._about_unknown: dict[str, tuple[Partner, ...]] = {}

    def changed(self, key: str, partner: Partner | None) -> None:
        """A partner's new state; None: it is gone."""
        self._known = {name: one for name, one in self._known.items() if name != key}
        if partner is not None:
            self._known[key] = partner
        self._reached = reached(self._known)
        asked = [one for one in self._reached.values() if can_be_asked(one)]
        by_party: dict[tuple[str, str, str], Partner] = {}
        about_unknown: defaultdict[str, list[Partner]] = defaultdict(list)
        for one in sorted(asked, key=lambda one: (one.role != HUB, one.key)):
            # Whoever is a partner of its own is asked as that, not as one of its hub's many.
            by_party |= {(one.tenant, *party): one for party in parties(one)}
            if is_asked_about_unknown(one):
                about_unknown[one.tenant].append(one)
        self._by_party = by_party
        self._about_unknown = {tenant: tuple(some) for tenant, some in about_unknown.items()}

    def partner(self, key: str) -> Partner | None:
        """By its key in partner.state, as it is reached."""
        return self._reached.get(key)

    def partners(self) -> list[Partner]:
        """All, as they are reached."""
        return list(self._reached.values())

    def of(self, token: Token) -> Partner | None:
        """Who is asked about a token that its provider keeps here by OCPI."""
        if not token.owner_party_id:
            return None
        return self._by_party.get((token.tenant, token.owner_country_code, token.owner_party_id))

    def about_unknown(self, tenant: str) -> tuple[Partner, ...]:
        """Who is asked about a token that nobody knows here."""
        return self._about_unknown.get(tenant, ())
