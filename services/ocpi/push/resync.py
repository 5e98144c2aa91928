"""What a partner is asked about after an outage, and after it has registered: all that everybody may see; pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from services.domain.events.delivery import PushQueued
from services.domain.events.location import Location
from services.domain.events.partner import Partner
from services.domain.events.tariff import Tariff
from services.domain.hubs import is_hub
from services.domain.ids import derived_id
from services.ocpi.push.receivers import LOCATIONS, TARIFFS, endpoint, receives


def everything(locations: Iterable[Location], tariffs: Iterable[Tariff], partner: Partner) -> Iterator[PushQueued]:
    """Every location and tariff; tariffs first, since connectors name them. Sessions and records are queued."""
    if _is_compared(partner, TARIFFS):
        yield from (_compared(partner, TARIFFS, one.tariff_id, one) for one in tariffs)
    if _is_compared(partner, LOCATIONS):
        yield from (_compared(partner, LOCATIONS, one.location_id, one) for one in locations)


def _is_compared(partner: Partner, module: str) -> bool:
    """Who is behind a hub is compared with by itself: what the hub has passed on meanwhile, it has missed."""
    return receives(partner, module) if is_hub(partner) else endpoint(partner, module) is not None


def _compared(partner: Partner, module: str, object_id: str, state: Location | Tariff) -> PushQueued:
    return PushQueued(
        tenant=partner.tenant,
        partner_id=partner.partner_id,
        push_id=derived_id("resync", partner.tenant, partner.partner_id, module, object_id),
        module=module,
        object_id=object_id,
        cause=state.FULL_NAME,
        version=state.updated_at,
        changed_at=state.updated_at,
    )


def whole_instead(push: PushQueued) -> PushQueued | None:
    """A location that a partner may not have, when it refuses a change of an EVSE; None for anything else."""
    if not push.part:
        return None
    push_id = derived_id("whole-instead", push.push_id)
    return replace(push, push_id=push_id, part="", station_id="", cause="")
