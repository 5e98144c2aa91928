"""What partners ask of stations, on its way there: durable in both logs before anything is promised."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from services.domain.events.partner import Partner, PartnerCommandTaken
from services.domain.events.session import Session
from services.domain.events.station import CommandRequested
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpi.command_desk import CommandDesk
from services.ocpi.directory import Directory
from services.ocpi.inbound.commands import REJECTED, NotDone, Operation, Outlet
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.routes import party_of_partner
from services.ocpi.store import Store
from services.ocpi.wire.envelope import Status, encoded
from services.runtime.egress import Refused, checked_url

TIMEOUT_S: Final = 30


@dataclass(frozen=True, slots=True)
class Means:
    """What commands are carried out with. `new_id` makes an id that there was not before."""

    directory: Directory
    store: Store
    desk: CommandDesk
    publish: Callable[..., Awaitable[None]]
    now_ms: Callable[[], Millis]
    new_id: Callable[[], str]
    edge_id: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a partner wants: an OCPI command, told in `version`, with its result at `response_url`."""

    partner: Partner
    version: str
    command: str
    response_url: str
    correlation_id: str = ""


class StationRequests:
    """Passes on what is wanted, and looks up what it is about."""

    def __init__(self, means: Means) -> None:
        self.means = means

    def new_command_id(self, wish: Wish) -> str:
        """Tells parallel commands apart."""
        partner = wish.partner
        return derived_id("ocpi-command", partner.tenant, partner.partner_id, wish.command, self.means.new_id())

    def check(self, wish: Wish) -> None:
        """Refusal 2001 for a URL that is not asked, NotDone when no result could be delivered."""
        try:
            checked_url(wish.response_url, allow_private=wish.partner.allow_private)
        except Refused as error:
            raise Refusal(Status.INVALID_PARAMETERS, f"response_url: {error}") from error
        if not wish.partner.sealed_token:
            raise NotDone(REJECTED, "Exchange credentials first: results could not be delivered to you")
        if self.means.desk.full:
            raise NotDone(REJECTED, "Too many commands are waiting: try again")

    async def pass_on(
        self, wish: Wish, operation: Operation, command_id: str, session_id: str | None = None
    ) -> None:
        """First who waits for it, then the command: the result finds its way even if we die between them."""
        means, partner, now = self.means, wish.partner, self.means.now_ms()
        deadline_at = now + TIMEOUT_S * 1000
        taken = PartnerCommandTaken(
            event_id=derived_id("PartnerCommandTaken", partner.tenant, command_id),
            tenant=partner.tenant,
            command_id=command_id,
            partner_id=partner.partner_id,
            edge_id=means.edge_id,
            version=wish.version,
            command=wish.command,
            response_url=wish.response_url,
            station_id=operation.station_id,
            session_id=session_id,
            reservation_id=operation.reservation.reservation_id if operation.reservation else None,
            taken_at=now,
            deadline_at=deadline_at,
            correlation_id=wish.correlation_id,
        )
        await means.desk.expect(taken)
        requested = CommandRequested(
            event_id=derived_id("CommandRequested", partner.tenant, command_id),
            command_id=command_id,
            tenant=partner.tenant,
            station_id=operation.station_id,
            operation=operation.action,
            payload_json=encoded(operation.payload).decode(),
            requested_by=f"ocpi:{partner.partner_id}",
            requested_at=now,
            deadline_at=deadline_at,
        )
        try:
            await means.publish(*([operation.reservation] if operation.reservation else []), requested)
        except Exception:
            means.desk.forget(command_id)
            raise

    def outlets(self, tenant: str, location_id: str) -> list[Outlet] | None:
        """The EVSEs of a location; None when there is no such location."""
        place = self.means.directory.place(tenant, location_id)
        if place is None:
            return None
        return [Outlet(one.station, own, one.connected) for one in place[1] for own in one.station.evses]

    def session(self, partner: Partner, session_id: str) -> Session | None:
        """A session of the partner's own. Waits for ClickHouse."""
        found = self.means.store.session(partner.tenant, session_id)
        return (
            found if found is not None and found.id_token and self.keeps(partner, found.id_token.value) else None
        )

    def keeps(self, partner: Partner, uid: str) -> bool:
        return self.means.directory.owner(partner.tenant, uid) == party_of_partner(partner)
