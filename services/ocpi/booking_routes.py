"""The routes of bookings (mod_bookings 1.1: Sender Interface)."""

from typing import Any, Final

from fastapi import FastAPI, Request, Response

from services.domain.events.partner import Partner
from services.ocpi.answering import Answering
from services.ocpi.bodies import json_of
from services.ocpi.booking_desk import BookingDesk
from services.ocpi.inbound import bookings
from services.ocpi.inbound.page_request import TIMESLOT, timeslot
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.object_routes import paged, routing
from services.ocpi.outbound.booking_locations import CALENDAR_ID, booking_location, is_free
from services.ocpi.routes import party_of_partner
from services.ocpi.settings import OcpiSettings
from services.ocpi.station_requests import StationRequests
from services.ocpi.wire.booking import Bookable, Period
from services.ocpi.wire.envelope import Status, decoded
from services.ocpi.wire.model import V230

_PATH: Final = f"/ocpi/{V230}/{bookings.MODULE}"
_LOCATIONS: Final = f"{bookings.MODULE}/booking_locations"


class BookingRoutes:
    """What can be booked is the same for every partner; bookings are their partner's alone."""

    def __init__(
        self, settings: OcpiSettings, requests: StationRequests, desk: BookingDesk, answering: Answering
    ) -> None:
        self._settings = settings
        self._requests = requests
        self._desk = desk
        self._answering = answering

    def mount(self, app: FastAPI) -> None:
        if V230 not in self._settings.own.versions:
            return
        app.get(_PATH)(self.bookings)
        app.post(_PATH)(self.book)
        app.get(f"{_PATH}/booking_locations")(self.locations)
        app.get(_PATH + "/booking_locations/{location_id}")(self.location)
        app.get(_PATH + "/booking_locations/{location_id}/{calendar_id}")(self.calendar)

    def bookings(self, request: Request) -> Response:
        partner = self._partner(request)
        kept = self._requests.means.directory.objects(partner.tenant, bookings.MODULE)
        found = [decoded(one.object_json.encode()) for one in kept if one.partner_id == partner.partner_id]
        return self._page(request, bookings.MODULE, found)

    def locations(self, request: Request) -> Response:
        found = self._desk.bookables(self._partner(request).tenant)
        now, wanted = self._requests.means.now_ms(), Period(*timeslot(request.query_params))
        if any(request.query_params.get(name) for name in TIMESLOT):
            found = [one for one in found if is_free(one, now, wanted)]
        return self._page(request, _LOCATIONS, [booking_location(one, now) for one in found])

    def location(self, request: Request, location_id: str) -> Response:
        found = booking_location(self._known(request, location_id), self._requests.means.now_ms())
        return self._answering.success(found, routing(request, self._settings))

    def calendar(self, request: Request, location_id: str, calendar_id: str) -> Response:
        found = booking_location(self._known(request, location_id), self._requests.means.now_ms())
        if calendar_id != CALENDAR_ID or "calendars" not in found:
            raise Refusal(Status.UNKNOWN_LOCATION, "No such calendar here", 404)
        return self._answering.success(found["calendars"][0], routing(request, self._settings))

    async def book(self, request: Request) -> Response:
        """A new booking, a change of one, or its end; decided at once."""
        partner = self._partner(request)
        asked = bookings.asked_of(await json_of(request), party_of_partner(partner))
        key = f"{partner.tenant}/{bookings.MODULE}/{partner.partner_id}/{asked['request_id'].lower()}"
        # Two requests for one EVSE wait for each other, whoever's they are.
        async with self._desk.keeper.turn(f"{partner.tenant}/{asked['booking_location_id'].lower()}"):
            before = self._requests.means.directory.object(key)
            known = None if before is None else decoded(before.object_json.encode())
            bookable = self._known(request, asked["booking_location_id"], 200)
            if asked["location_id"].lower() != bookable.location_id.lower():
                raise Refusal(Status.UNKNOWN_LOCATION, "The booking location is not at this location")
            free = bookings.without(bookable, known)
            now = max(self._requests.means.now_ms(), before.updated_at + 1 if before else 0)
            after = bookings.decided(asked, free, known, lambda uid: self._requests.keeps(partner, uid), now)
            if after != known:
                await self._desk.keeper.keep(self._desk.state(partner, after, now))
        return self._answering.success(after, routing(request, self._settings))

    def _known(self, request: Request, location_id: str, http_status: int = 404) -> Bookable:
        every = self._desk.bookables(self._partner(request).tenant)
        found = next((one for one in every if one.evse_uid.lower() == location_id.lower()), None)
        if found is None:
            raise Refusal(Status.UNKNOWN_LOCATION, "Nothing of this id can be booked here", http_status)
        return found

    def _page(self, request: Request, module: str, found: list[dict[str, Any]]) -> Response:
        now = self._requests.means.now_ms()
        return paged(request, self._settings, self._answering, module, now, found)

    @staticmethod
    def _partner(request: Request) -> Partner:
        partner: Partner = request.scope["partner"]
        return partner
