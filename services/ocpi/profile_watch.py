"""Charging profiles of partners that something else has changed: they are told (mod_charging_profiles: PUT)."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
import structlog

from services.domain.events.chargingprofile import PartnerProfile
from services.domain.events.common import CommandOutcome
from services.domain.events.partner import PartnerCommandTaken
from services.domain.events.station import CommandAnswered, ReportReceived
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpi.inbound import charging_profiles
from services.ocpi.station_requests import StationRequests, Wish
from services.ocpi.wire import kinds
from services.ocpi.wire.envelope import decoded
from services.runtime.bus import NotDurable

LENGTH_S: Final = 900
"""Of the schedule that a partner is told unasked; the specification's advice is 5 to 60 minutes."""

_LIMITS: Final = ("NotifyChargingLimit", "ClearedChargingLimit")
_PROFILES: Final = ("SetChargingProfile", "ClearChargingProfile")

log = structlog.get_logger(__name__)


def follow(
    profile: Callable[[str], PartnerProfile | None], now_ms: Callable[[], Millis]
) -> Callable[..., list[PartnerProfile]]:
    """A profile that a station has accepted is watched from then on; `profile`: by its key."""

    def changed(taken: PartnerCommandTaken, answer: CommandAnswered | None) -> list[PartnerProfile]:
        accepted = answer is not None and answer.outcome is CommandOutcome.ACCEPTED
        if taken.command != kinds.SET_PROFILE or not accepted or taken.session_id is None:
            return []
        new = PartnerProfile(
            tenant=taken.tenant,
            session_id=taken.session_id,
            partner_id=taken.partner_id,
            station_id=taken.station_id,
            version=taken.version,
            active=True,
            updated_at=now_ms(),
        )
        known = profile(new.key)
        return [] if known is not None and replace(known, updated_at=new.updated_at) == new else [new]

    return changed


class ProfileWatch:
    """Lives on the event loop. Asks a station for its schedule when something else has changed it."""

    def __init__(self, requests: StationRequests) -> None:
        self._requests = requests
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, events: Sequence[Any]) -> None:
        """Records of `station.events`, and of `station.results` about commands that no partner has given."""
        for event in events:
            if isinstance(event, ReportReceived) and event.operation in _LIMITS:
                self._look(event, evse_of(event))
            elif isinstance(event, CommandAnswered) and _has_set(event):
                self._look(event, None)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _look(self, event: ReportReceived | CommandAnswered, evse_id: int | None) -> None:
        for profile in self._requests.means.directory.partner_profiles(event.tenant, event.station_id):
            task = asyncio.create_task(self._ask(profile, event.event_id, evse_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, profile: PartnerProfile, cause: str, evse_id: int | None) -> None:
        means = self._requests.means
        partner = means.directory.partner(f"{profile.tenant}/{profile.partner_id}")
        session = await asyncio.to_thread(means.store.session, profile.tenant, profile.session_id)
        try:
            if partner is None or session is None or session.ended_at is not None or session.evse_id is None:
                await means.publish(replace(profile, active=False, updated_at=means.now_ms()))
                return
            url = sender_url(partner.endpoints)
            if not url or evse_id not in (None, session.evse_id):
                return
            wish = Wish(partner, profile.version, kinds.UPDATE_PROFILE, f"{url}/{profile.session_id}")
            operation = charging_profiles.getting(session.station_id, session.evse_id, LENGTH_S)
            command_id = derived_id("profile-update", profile.tenant, profile.session_id, cause)
            await self._requests.pass_on(wish, operation, command_id, profile.session_id)
        except NotDurable as error:
            log.error("a partner is not told of its changed profile: Kafka is away", error=str(error))


def _has_set(event: CommandAnswered) -> bool:
    return event.operation in _PROFILES and event.outcome is CommandOutcome.ACCEPTED


def sender_url(endpoints: Sequence[Any]) -> str:
    """Where a partner wants to be told; "" when it does not."""
    found = (one.url for one in endpoints if one.module == "chargingprofiles" and one.role == "SENDER")
    return next(found, "").rstrip("/")


def evse_of(event: ReportReceived) -> int | None:
    """The EVSE that a limit is of; None: the whole station."""
    try:
        found = decoded(event.payload_json.encode())
    except msgspec.DecodeError:
        return None
    evse_id = found.get("evseId") if isinstance(found, dict) else None
    return evse_id if isinstance(evse_id, int) and evse_id > 0 else None
