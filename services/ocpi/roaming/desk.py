"""What all routes of our role as a provider share."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request, Response

from services.domain.events.partner import Partner
from services.domain.events.roaming import RoamingObject
from services.domain.units import Millis
from services.ocpi.answering import Answering
from services.ocpi.credentials_routes import version_of
from services.ocpi.inbound.received import Outcome
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.outbound import configuration
from services.ocpi.roaming.holdings import Holdings
from services.ocpi.routes import party_of_partner
from services.ocpi.settings import OcpiSettings
from services.ocpi.wire.envelope import Status

BASE: Final = "/ocpi/{version}/emsp"
"""Apart from the paths of a CPO's interfaces, which have the same modules."""

_SEEN_S: Final = 5.0
_POLL_S: Final = 0.005


@dataclass(frozen=True, slots=True)
class Desk:
    """How requests of CPOs are answered. `new_id` makes an id that nobody guesses."""

    settings: OcpiSettings
    holdings: Holdings
    publish: Callable[..., Awaitable[None]]
    now_ms: Callable[[], Millis]
    new_id: Callable[[], str]
    answering: Answering

    @property
    def public_url(self) -> str:
        return self.settings.public_url

    async def keep(self, made: Outcome) -> None:
        """Durable and known here; then a refusal, if there is one, is raised."""
        if made.events:
            await self.publish(*made.events)
            self.holdings.take(made.events)
        if made.refusal is not None:
            raise made.refusal

    async def seen(self, made: Outcome) -> None:
        """Return when the copy in memory has what was published: the next change builds on it."""
        for event in made.events:
            if isinstance(event, RoamingObject):
                for _ in range(int(_SEEN_S / _POLL_S)):
                    if self.holdings.has(event):
                        return
                    await asyncio.sleep(_POLL_S)

    def success(self, request: Request, data: Any, headers: dict[str, str], http_status: int = 200) -> Response:
        asking = party_of_partner(request.scope["partner"])
        routing = configuration.routing_headers(self.settings.operator, asking, version_of(request))
        return self.answering.success(data, headers | routing, http_status)


def cpo_of(request: Request) -> Partner:
    """Who asks; Refusal when it is no CPO and no hub of CPOs."""
    partner: Partner = request.scope["partner"]
    if not is_cpo(partner):
        raise Refusal(Status.CLIENT_ERROR, "You are not registered as a CPO here")
    return partner


def is_cpo(partner: Partner) -> bool:
    """Whether a partner operates charge points, or speaks for somebody who does."""
    return partner.role in ("CPO", "HUB") or any(role.role == "CPO" for role in partner.roles)
