"""The routes of payments and invoice reconciliation (2.3.0), over objects that are kept as they were sent."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from services.domain.events.partner import Partner
from services.domain.events.partnerobject import PartnerObject
from services.domain.units import Millis, parse_rfc3339
from services.ocpi.answering import Answering
from services.ocpi.bodies import json_of
from services.ocpi.directory import Directory
from services.ocpi.inbound import objects
from services.ocpi.inbound.objects import CONFIRMATIONS, INVOICES, TERMINALS, Change, Kind, Place
from services.ocpi.inbound.page_request import page_request
from services.ocpi.inbound.tokens import checked_owner
from services.ocpi.object_keeper import ObjectKeeper
from services.ocpi.outbound import configuration, pages
from services.ocpi.outbound.listing import Listed, listed, page_of
from services.ocpi.routes import party_of_partner, record
from services.ocpi.settings import OcpiSettings
from services.ocpi.wire.envelope import decoded
from services.ocpi.wire.model import V230

_BASE: Final = f"/ocpi/{V230}"
_OWNED: Final = "/{country_code}/{party_id}/{object_id}"


class ObjectRoutes:
    """A partner sees and changes its own objects, and sees those that we issue to it."""

    def __init__(
        self,
        settings: OcpiSettings,
        directory: Directory,
        keeper: ObjectKeeper,
        now_ms: Callable[[], Millis],
        answering: Answering,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._keeper = keeper
        self._now_ms = now_ms
        self._answering = answering

    def mount(self, app: FastAPI) -> None:
        if V230 not in self._settings.own.versions:
            return
        for kind in (TERMINALS, CONFIRMATIONS):
            path = f"{_BASE}/{kind.module}"
            app.post(path)(self._poster(kind))
            app.get(path + "/{object_id}")(self._getter(kind))
        path = f"{_BASE}/{INVOICES.module}"
        app.get(path)(self.invoices)
        app.post(path)(self._poster(INVOICES))
        app.get(path + _OWNED)(self.invoice)
        app.put(path + _OWNED)(self.put_invoice)
        app.delete(path + _OWNED)(self.delete_invoice)

    def invoices(self, request: Request) -> Response:
        """mod_invoice_reconciliation: Sender Interface, GET. What we have invoiced to the partner."""
        partner = _partner(request)
        found = [
            decoded(one.object_json.encode())
            for one in self._directory.objects(partner.tenant, objects.ISSUED)
            if one.partner_id == partner.partner_id
        ]
        return paged(request, self._settings, self._answering, INVOICES.module, self._now_ms(), found)

    async def invoice(self, request: Request, country_code: str, party_id: str, object_id: str) -> Response:
        place = self._owned(request, country_code, party_id)
        return self._shown(request, self._directory.object(place.key(object_id)))

    async def put_invoice(self, request: Request, country_code: str, party_id: str, object_id: str) -> Response:
        place, body = self._owned(request, country_code, party_id), await json_of(request)
        async with self._keeper.turn(place.key(object_id)) as before:
            change = objects.replaced(body, place, object_id, before, self._after(before))
            return await self._kept(request, place, change, 200)

    async def delete_invoice(self, request: Request, country_code: str, party_id: str, object_id: str) -> Response:
        place = self._owned(request, country_code, party_id)
        async with self._keeper.turn(place.key(object_id)) as before:
            change = Change(objects.deleted(before, self._after(before)), ())
            return await self._kept(request, place, change, 200)

    def _poster(self, kind: Kind) -> Callable[..., Any]:
        async def post(request: Request) -> Response:
            place, body = self._place(request, kind), await json_of(request)
            value, _ = objects.understood(body, place, self._now_ms())
            key = place.key(str(value[kind.id_field]))
            async with self._keeper.turn(key) as before:
                known = {} if before is None else {key: before}
                change = objects.created(body, place, known, self._after(before))
                return await self._kept(request, place, change, 201)

        return post

    def _getter(self, kind: Kind) -> Callable[..., Any]:
        async def get(request: Request, object_id: str) -> Response:
            return self._shown(request, self._directory.object(self._place(request, kind).key(object_id)))

        return get

    async def _kept(self, request: Request, place: Place, change: Change, http_status: int) -> Response:
        if change.state is not None:
            await self._keeper.keep(change.state)
        warnings = [warning.strip("/").replace("/", ".") for warning in change.warnings]
        record(warnings, _partner(request), place.kind.module)
        return self._answering.success(
            None, routing(request, self._settings), http_status if change.state is not None else 200
        )

    def _shown(self, request: Request, found: PartnerObject | None) -> Response:
        shown = decoded(objects.present(found).object_json.encode())
        return self._answering.success(shown, routing(request, self._settings))

    def _after(self, before: PartnerObject | None) -> Millis:
        """Later than what is known: the local copy goes by the time."""
        return max(self._now_ms(), before.updated_at + 1 if before else 0)

    def _owned(self, request: Request, country_code: str, party_id: str) -> Place:
        place = self._place(request, INVOICES)
        checked_owner(place.owner, country_code, party_id)
        return place

    @staticmethod
    def _place(request: Request, kind: Kind) -> Place:
        partner = _partner(request)
        return Place(partner.tenant, partner.partner_id, party_of_partner(partner), kind)


def paged(
    request: Request,
    settings: OcpiSettings,
    answering: Answering,
    module: str,
    now_ms: Millis,
    values: list[dict[str, Any]],
) -> Response:
    """A page of objects, in the order of their last_updated."""
    asked = page_request(request.query_params, now_ms, settings.ocpi_settle_ms)
    page = page_of((_listed(value) for value in values), asked)
    last = page.objects[-1][:2] if page.more else None
    url = f"{settings.public_url}{_BASE}/{module}"
    headers = pages.headers(url, asked, page.total, len(page.objects), last)
    return answering.success([item.value for item in page.objects], headers | routing(request, settings))


def routing(request: Request, settings: OcpiSettings) -> dict[str, str]:
    return configuration.routing_headers(settings.operator, party_of_partner(_partner(request)), V230)


def _listed(value: dict[str, Any]) -> Listed[dict[str, Any]]:
    return listed(parse_rfc3339(value["last_updated"]), str(value["id"]), value)


def _partner(request: Request) -> Partner:
    partner: Partner = request.scope["partner"]
    return partner
