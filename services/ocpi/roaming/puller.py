"""Pulls what a CPO has: page after page, from where the last pull ended, every object kept as if it was pushed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from services.domain.events.partner import Partner
from services.domain.events.roamingpull import RoamingPull
from services.domain.folding import Event
from services.domain.units import Millis
from services.ocpi.inbound import pulled, received, received_cdrs
from services.ocpi.inbound.pulled import Raw
from services.ocpi.inbound.received import LOCATIONS, SESSIONS, TARIFFS, Kept, Outcome, Received
from services.ocpi.inbound.received_cdrs import CDRS
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.outbound.configuration import SENDER
from services.ocpi.page_walk import pages
from services.ocpi.roaming.holdings import Holdings
from services.ocpi.roaming.partners import Cpo
from services.ocpi.roaming.receiver_routes import zone_of
from services.ocpi.routes import party_of_partner
from services.ocpi.wire.envelope import Status

MODULES: Final = (LOCATIONS, TARIFFS, SESSIONS, CDRS)
"""In the order in which one refers to the other."""

_LIMIT: Final = 100
_MOST_PAGES: Final = 100_000

Progress = Callable[[str, int, int | None], None]
"""Called after each page: module, objects so far, how many there are if the partner says so."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Count:
    reached: Millis = 0
    objects: int = 0
    changed: int = 0
    skipped: int = 0
    pages: int = 0


class Puller:
    """Pulls one module at a time; pages are durable before the next one is asked for."""

    def __init__(
        self,
        tenant: str,
        holdings: Holdings,
        publish: Callable[..., Awaitable[None]],
        now_ms: Callable[[], Millis],
        progress: Progress,
    ) -> None:
        self._tenant = tenant
        self._holdings = holdings
        self._publish = publish
        self._now_ms = now_ms
        self._progress = progress

    async def pull(self, cpo: Cpo, module: str, since: Millis | None) -> RoamingPull:
        """Everything that was last updated at `since` or later, None: ever. Unusable when the partner fails."""
        count = _Count(reached=since or 0)
        first = pulled.first_url(cpo.listing(module, SENDER), since, _LIMIT)
        async for page in pages(lambda url: cpo.ask("GET", url), first, _MOST_PAGES):
            await self._keep(cpo, module, pulled.objects(page.body, page.told.data), count)
            count.pages += 1
            self._progress(module, count.objects, pulled.total(page.headers))
        done = RoamingPull(
            tenant=self._tenant,
            partner_id=cpo.partner.partner_id,
            module=module,
            reached=count.reached,
            objects=count.objects,
            changed=count.changed,
            skipped=count.skipped,
            pages=count.pages,
            finished_at=self._now_ms(),
        )
        await self._publish(done)
        return done

    async def _keep(self, cpo: Cpo, module: str, objects: list[Raw], count: _Count) -> None:
        """A hub's objects are of many; those of whom was not let in are passed over."""
        count.objects += len(objects)
        by_partner: dict[str, tuple[Partner, list[Raw]]] = {}
        for one in objects:
            whose = cpo.whose(one.value)
            if whose is None:
                count.skipped += 1
            else:
                by_partner.setdefault(whose.partner_id, (whose, []))[1].append(one)
        for partner, its in by_partner.values():
            await self._keep_of(partner, module, its, count)

    async def _keep_of(self, partner: Partner, module: str, objects: list[Raw], count: _Count) -> None:
        known = await self._known(partner, module, objects)
        events: list[Event] = []
        for one in objects:
            try:
                made = self._outcome(partner, module, one, known)
            except Refusal as refusal:
                count.skipped += 1
                log.warning("an object is not kept", partner=partner.partner_id, why=refusal.message)
                continue
            count.skipped += made.refusal is not None
            count.changed += bool(made.events) and made.refusal is None
            events += made.events
            count.reached = max(count.reached, pulled.last_updated(one.value))
        if events:
            await self._publish(*events)

    def _outcome(self, partner: Partner, module: str, one: Raw, known: dict[str, Kept]) -> Outcome:
        came = Received(
            tenant=self._tenant,
            partner_id=partner.partner_id,
            owner=party_of_partner(partner),
            version=partner.version,
            method="PULL",
            raw=one.data,
            body=one.value,
            at=self._now_ms(),
        )
        object_id = _id_of(one.value)
        if module == CDRS:
            place = one.value.get("cdr_location")
            location_id = str(place.get("id", "")) if isinstance(place, dict) else ""
            at = self._holdings.object(self._tenant, partner.partner_id, LOCATIONS, location_id)
            return received_cdrs.post(came, known.get(object_id), zone_of(at))
        return received.whole(module, object_id, came, known.get(object_id))

    async def _known(self, partner: Partner, module: str, objects: list[Raw]) -> dict[str, Kept]:
        ids = [
            str(one.value["id"]).lower() for one in objects if isinstance(one.value, dict) and "id" in one.value
        ]
        if module in (LOCATIONS, TARIFFS):
            found = {one: self._holdings.object(self._tenant, partner.partner_id, module, one) for one in ids}
            return {one: kept for one, kept in found.items() if kept is not None}
        return await self._holdings.kept(module, self._tenant, partner.partner_id, ids)


def _id_of(value: Any) -> str:
    if not isinstance(value, dict) or "id" not in value:
        raise Refusal(Status.INVALID_PARAMETERS, "An object without an id")
    return str(value["id"]).lower()
