"""A CPO as it is asked: its endpoints, and how it is spoken to."""

from dataclasses import dataclass
from typing import Any

from services.domain.events.partner import Partner
from services.ocpi.outbound import configuration
from services.ocpi.peer import Access, Exchanged, Peer, Unusable
from services.ocpi.routes import party_of_partner
from services.ocpi.wire.parties import Party


@dataclass(frozen=True, slots=True)
class Cpo:
    """A registered partner, what it is shown, and who asks it."""

    partner: Partner
    access: Access
    operator: Party
    peer: Peer

    def endpoint(self, module: str, role: str) -> str:
        """Its address of a module in that role; Unusable when it has none. 2.1.1 has no roles."""
        for endpoint in self.partner.endpoints:
            if endpoint.module == module and endpoint.role in (role, ""):
                return endpoint.url.rstrip("/")
        told = f"it serves no {module} as {role.lower()}"
        raise Unusable(told, f"{self.partner.partner_id}: {told}")

    async def ask(self, method: str, url: str, body: Any = None) -> Exchanged:
        """With the headers of functional modules; Unusable when there is no successful answer."""
        headers = configuration.routing_headers(
            self.operator, party_of_partner(self.partner), self.partner.version
        )
        return await self.peer.exchange(method, url, self.access, body, headers)
