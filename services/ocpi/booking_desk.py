"""Bookings as they are known here, and what stations have to be told of them as time goes by."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog

from services.domain.equipment import Equipment
from services.domain.events.common import Evse
from services.domain.events.location import Location
from services.domain.events.partner import Partner
from services.domain.events.partnerobject import PartnerObject
from services.domain.events.reservation import Reservation
from services.domain.ids import derived_id
from services.domain.tokens import normalise_uid
from services.domain.units import Millis, rfc3339
from services.ocpi.command_desk import Message
from services.ocpi.inbound import bookings, commands, reservations
from services.ocpi.inbound.commands import NotDone, Operation
from services.ocpi.inbound.reservations import Asking
from services.ocpi.object_keeper import ObjectKeeper
from services.ocpi.outbound.places import evse_uid
from services.ocpi.settings import OcpiSettings
from services.ocpi.station_requests import StationRequests, Wish
from services.ocpi.wire.booking import Bookable
from services.ocpi.wire.envelope import decoded, encoded
from services.ocpi.wire.kinds import CANCEL_BOOKING, RESERVE_BOOKING
from services.ocpi.wire.model import V230
from services.ocpi.wire.parties import Party
from services.runtime.bus import NotDurable

log = structlog.get_logger(__name__)


class BookingDesk:
    """Lives on the event loop. Every process does the same, with the same ids, so that nothing is done twice."""

    def __init__(self, settings: OcpiSettings, requests: StationRequests, keeper: ObjectKeeper) -> None:
        self._settings = settings
        self._requests = requests
        self._directory = requests.means.directory
        self.keeper = keeper

    def bookables(self, tenant: str) -> list[Bookable]:
        """EVSEs of stations of OCPP 2.x, at the locations that the operator lets be booked."""
        listed = self._settings.bookable
        if not listed:
            return []
        every = [decoded(one.object_json.encode()) for one in self._directory.objects(tenant, bookings.MODULE)]
        return [
            self._bookable(place, one, own, every)
            for place, equipment in self._directory.places(tenant)
            if "*" in listed or place.location_id in listed
            for one in equipment
            if reservable(one)
            for own in one.station.evses
        ]

    @staticmethod
    def _bookable(place: Location, one: Equipment, own: Evse, every: list[dict[str, Any]]) -> Bookable:
        uid = evse_uid(own.evse_uid, one.station.station_id, own.evse_id, [])
        return Bookable(
            owner=Party(place.country_code, place.party_id),
            location_id=place.location_id,
            station_id=one.station.station_id,
            evse_id=own.evse_id,
            evse_uid=uid,
            tariff_id=(one.station.tariff_id or "")[:36],
            max_power_w=own.max_power_w,
            changed_at=max([one.station.updated_at, *bookings.changed(every, uid)]),
            taken=bookings.taken_by(every, uid),
        )

    def state(self, partner: Partner, booking: dict[str, Any], now_ms: Millis) -> PartnerObject:
        return PartnerObject(
            tenant=partner.tenant,
            module=bookings.MODULE,
            partner_id=partner.partner_id,
            object_id=str(booking["request_id"]).lower(),
            ours=True,
            deleted=False,
            object_json=encoded(booking).decode(),
            updated_at=now_ms,
        )

    async def run(self) -> None:
        """Look after bookings for as long as the process lives."""
        while True:
            await asyncio.sleep(self._settings.ocpi_booking_s)
            try:
                await self.look()
            except NotDurable as error:
                log.error("bookings wait: Kafka is away", error=str(error))
            except Exception:
                log.exception("looking after bookings failed")

    async def look(self) -> None:
        """One round over all bookings that are not over."""
        for partner in self._directory.partners():
            for kept in self._directory.objects(partner.tenant, bookings.MODULE):
                if kept.partner_id == partner.partner_id:
                    await self._advance(partner, kept)

    async def _advance(self, partner: Partner, kept: PartnerObject) -> None:
        booking, now = decoded(kept.object_json.encode()), self._requests.means.now_ms()
        known = self._directory.reservation(partner.tenant, partner.partner_id, booking["id"])
        if bookings.wants_reservation(booking, known, now):
            await self._reserve(partner, booking, now)
        elif known is not None and bookings.wants_release(booking, known, now):
            operation = Operation(
                known.station_id,
                "CancelReservation",
                {"reservationId": known.number},
                replace(known, status=reservations.CANCELED, updated_at=now),
            )
            await self._passed_on(partner, CANCEL_BOOKING, operation, booking)
        change = bookings.next_status(booking, known, now)
        if change:
            after = booking | change | {"last_updated": rfc3339(now)}
            await self.keeper.keep(self.state(partner, after, max(now, kept.updated_at + 1)))
            await self._tell(partner, after)

    async def _reserve(self, partner: Partner, booking: dict[str, Any], now_ms: Millis) -> None:
        uid = booking["booking_option"]["evse_uid"]
        found = (one for one in self.bookables(partner.tenant) if one.evse_uid == uid)
        bookable = next(found, None)
        if bookable is None:
            return
        token = booking["booking_tokens"][0]
        others = self._directory.reservations(partner.tenant, bookable.station_id)
        taken = {one.number for one in others if reservations.standing(one, now_ms)}
        new = Reservation(
            tenant=partner.tenant,
            partner_id=partner.partner_id,
            reservation_id=booking["id"],
            number=reservations.number(
                Asking(partner.tenant, partner.partner_id, V230, now_ms), booking["id"], taken
            ),
            status=reservations.REQUESTED,
            location_id=bookable.location_id,
            station_id=bookable.station_id,
            evse_id=bookable.evse_id,
            token_uid=normalise_uid(token["uid"]),
            version=V230,
            response_url="",
            expires_at=bookings.kept_until(booking),
            updated_at=now_ms,
        )
        payload = reservations.reserve_payload(new, commands.id_token(token))
        operation = Operation(bookable.station_id, "ReserveNow", payload, new)
        await self._passed_on(partner, RESERVE_BOOKING, operation, booking)

    async def _passed_on(self, partner: Partner, kind: str, operation: Operation, booking: dict[str, Any]) -> None:
        cause = (partner.tenant, booking["id"], booking["period"]["start_date_time"])
        wish = Wish(partner, V230, kind, "")
        try:
            await self._requests.pass_on(wish, operation, derived_id(kind, *cause))
        except NotDone as error:  # pragma: no cover
            log.warning("a booking waits", booking=booking["id"], reason=error.message)

    async def _tell(self, partner: Partner, booking: dict[str, Any]) -> None:
        """mod_bookings: Receiver Interface, PUT. Whoever is not reached sees it when it asks."""
        url = receiver_url(partner.endpoints)
        if not url or not partner.sealed_token or not partner.enabled:
            return
        path = f"{url}/{booking['country_code']}/{booking['party_id']}/{booking['id']}"
        await self._requests.means.desk.tell(partner, path, V230, Message("Booking", booking, "PUT"))


def reservable(equipment: Equipment) -> bool:
    modern = equipment.connection is not None and equipment.connection.protocol.startswith("ocpp2.")
    return modern and equipment.station.enabled


def receiver_url(endpoints: Sequence[Any]) -> str:
    """Where a partner takes bookings; "" when it does not."""
    module = bookings.MODULE.lower()
    found = (one.url for one in endpoints if one.module.lower() == module and one.role == "RECEIVER")
    return next(found, "").rstrip("/")
