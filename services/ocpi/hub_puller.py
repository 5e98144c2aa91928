"""Asks hubs whom they are connected to (mod_hub_client_info: Sender Interface).

When a hub is new here, and now and then: between two pulls it pushes changes, and the pull finds what was missed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import structlog

from services.domain.events.partner import Partner
from services.domain.events.partnerobject import PartnerObject
from services.domain.hubs import is_hub
from services.domain.units import Millis
from services.ocpi.inbound import clients, pulled
from services.ocpi.page_walk import pages
from services.ocpi.peer import Access, Peer, Unusable
from services.ocpi.wire.registrations import REGISTERED
from services.runtime.bus import NotDurable
from services.runtime.sealing import CannotUnseal

_LIMIT: Final = 100
_MOST_PAGES: Final = 1_000
_LOOK_S: Final = 1.0

log = structlog.get_logger(__name__)


class Pulled(NamedTuple):
    """How many clients a hub has named, how many of them could not be used, and how many states changed."""

    named: int
    unusable: int
    changed: int


@dataclass(frozen=True, slots=True)
class Means:
    """What the puller needs from elsewhere. `known`: a hub's clients by key, as they are known now."""

    access: Callable[[Partner], Access]
    known: Callable[[Partner], dict[str, PartnerObject]]
    partners: Callable[[], list[Partner]]
    publish: Callable[..., Awaitable[None]]
    now_ms: Callable[[], Millis]


class HubPuller:
    """`pull` for whoever wants to; `run` on the event loop until cancelled."""

    def __init__(self, peer: Peer, means: Means) -> None:
        self._peer = peer
        self._means = means
        self._asked: dict[str, Millis] = {}

    async def pull(self, hub: Partner) -> Pulled:
        """All clients of a hub, durable; Unusable when it cannot be asked, or does not say."""
        first = pulled.first_url(_endpoint(hub), None, _LIMIT)
        access, bodies = self._means.access(hub), list[object]()
        async for page in pages(lambda url: self._peer.exchange("GET", url, access), first, _MOST_PAGES):
            bodies += page.told.data if isinstance(page.told.data, list) else []
        states, unusable = clients.listing(bodies, hub, self._means.known(hub), self._means.now_ms())
        if states:
            await self._means.publish(*states)
        return Pulled(len(bodies), unusable, len(states))

    async def run(self, every_ms: Millis) -> None:
        """Ask each hub that says whom it knows once it has registered, and again after a while."""
        while True:
            for hub in self._due(every_ms):
                self._asked[hub.key] = self._means.now_ms()
                try:
                    done = await self.pull(hub)
                    log.info("a hub has named its clients", partner=hub.partner_id, **done._asdict())
                except (Unusable, CannotUnseal, NotDurable) as error:
                    log.warning("a hub does not name its clients", partner=hub.partner_id, reason=str(error))
                except Exception:
                    log.exception("asking a hub failed", partner=hub.partner_id)
            await asyncio.sleep(_LOOK_S)

    def _due(self, every_ms: Millis) -> list[Partner]:
        return [one for one in self._means.partners() if is_asked(one) and self._is_due(one, every_ms)]

    def _is_due(self, hub: Partner, every_ms: Millis) -> bool:
        asked = self._asked.get(hub.key)
        if asked is None or asked < (hub.registered_at or 0):
            return True
        return self._means.now_ms() - asked >= every_ms


def is_asked(partner: Partner) -> bool:
    """Whether a partner is a hub that says whom it is connected to."""
    there = partner.enabled and partner.registration == REGISTERED and bool(partner.sealed_token)
    return there and is_hub(partner) and any(_serves(one.module, one.role) for one in partner.endpoints)


def _endpoint(hub: Partner) -> str:
    """As the hub gave it, slash and all: it is a list that is asked for."""
    for one in hub.endpoints:
        if _serves(one.module, one.role):
            return one.url
    raise Unusable("it does not say whom it is connected to", f"{hub.partner_id} serves no {clients.MODULE}")


def _serves(module: str, role: str) -> bool:
    return module == clients.MODULE and role != "RECEIVER"
