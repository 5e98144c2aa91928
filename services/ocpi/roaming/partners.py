"""A CPO as it is asked: its endpoints, and how it is spoken to."""

from dataclasses import dataclass
from typing import Any

from services.domain.events.partner import Partner
from services.domain.hubs import is_hub
from services.ocpi.outbound import configuration
from services.ocpi.peer import Access, Exchanged, Peer, Unusable
from services.ocpi.routes import party_of_partner
from services.ocpi.wire.parties import Party, party_named


@dataclass(frozen=True, slots=True)
class Cpo:
    """A registered partner, what it is shown, who asks it and, of a hub, the parties let in `behind` it."""

    partner: Partner
    access: Access
    operator: Party
    peer: Peer
    behind: tuple[Partner, ...] = ()

    def endpoint(self, module: str, role: str) -> str:
        """What the addresses of a module's objects begin with, without a slash; as `listing`."""
        return self.listing(module, role).rstrip("/")

    def listing(self, module: str, role: str) -> str:
        """Its address of a module in that role, to the letter; Unusable when it has none. 2.1.1 has no roles."""
        for endpoint in self.partner.endpoints:
            if endpoint.module == module and endpoint.role in (role, ""):
                return endpoint.url
        told = f"it serves no {module} as {role.lower()}"
        raise Unusable(told, f"{self.partner.partner_id}: {told}")

    def whose(self, value: Any) -> Partner | None:
        """The partner of an object that it lists: itself or, of a hub, the party that the object names if that was
        let in (transport_and_format: GET All via Hubs)."""
        if not is_hub(self.partner) or not isinstance(value, dict):
            return self.partner
        party = party_named(str(value.get("country_code", "")), str(value.get("party_id", "")))
        known = (self.partner, *self.behind)
        return next((one for one in known if party_of_partner(one) == party), None)

    async def ask(self, method: str, url: str, body: Any = None) -> Exchanged:
        """With the headers of functional modules; Unusable when there is no successful answer."""
        headers = configuration.routing_headers(
            self.operator, party_of_partner(self.partner), self.partner.version
        )
        return await self.peer.exchange(method, url, self.access, body, headers)
