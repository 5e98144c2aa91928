"""The routes of locations and tariffs, which the edge has in memory."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response

from services.domain.equipment import Equipment, changed_at
from services.domain.events.location import Location
from services.domain.events.partner import Partner
from services.domain.events.tariff import Tariff
from services.domain.units import Millis
from services.ocpi.answering import Answering
from services.ocpi.credentials_routes import version_of
from services.ocpi.directory import Directory
from services.ocpi.inbound.page_request import page_request
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.outbound import configuration, locations, pages
from services.ocpi.outbound.listing import Listed, listed, page_of
from services.ocpi.outbound.tariffs import tariff
from services.ocpi.outbound.told import told
from services.ocpi.routes import party_of_partner, record
from services.ocpi.settings import OcpiSettings
from services.ocpi.wire.envelope import Status

Place = tuple[Location, list[Equipment]]


class RegistryRoutes:
    """Where one can charge and what it costs; every partner sees the same."""

    def __init__(
        self, settings: OcpiSettings, directory: Directory, now_ms: Callable[[], Millis], answering: Answering
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._now_ms = now_ms
        self._answering = answering

    def mount(self, app: FastAPI) -> None:
        for version in self._settings.own.versions:
            base = f"/ocpi/{version}"
            app.get(f"{base}/tariffs")(self.tariffs)
            app.get(f"{base}/locations")(self.locations)
            app.get(base + "/locations/{location_id}")(self.location)
            app.get(base + "/locations/{location_id}/{evse_uid}")(self.evse)
            app.get(base + "/locations/{location_id}/{evse_uid}/{connector_id}")(self.connector)

    def locations(self, request: Request) -> Response:
        """mod_locations: Sender Interface, GET List."""
        places = self._directory.places(self._partner(request).tenant)
        found = [listed(changed_at(*place), place[0].location_id, place) for place in places]
        return self._page("locations", request, found, self._location)

    def tariffs(self, request: Request) -> Response:
        """mod_tariffs: Sender Interface, GET."""
        tariffs = self._directory.tariffs_at(self._partner(request).tenant, self._now_ms())
        found = [listed(one.updated_at, one.tariff_id, one) for one in tariffs]
        return self._page("tariffs", request, found, self._tariff)

    def location(self, request: Request, location_id: str) -> Response:
        """mod_locations: Sender Interface, GET Object."""
        return self._one(request, self._known(request, location_id))

    def evse(self, request: Request, location_id: str, evse_uid: str) -> Response:
        return self._one(request, _member(self._known(request, location_id), "evses", "uid", evse_uid))

    def connector(self, request: Request, location_id: str, evse_uid: str, connector_id: str) -> Response:
        found = _member(self._known(request, location_id), "evses", "uid", evse_uid)
        return self._one(request, _member(found, "connectors", "id", connector_id))

    def _known(self, request: Request, location_id: str) -> dict[str, Any]:
        """The location as this version tells it; Refusal with HTTP 404 when there is none."""
        partner = self._partner(request)
        place = self._directory.place(partner.tenant, location_id)
        warnings: list[str] = []
        found = self._location(place, version_of(request), warnings) if place else None
        record(warnings, partner, "locations")
        if found is None:
            raise _unknown()
        return found

    def _location(self, place: Place, version: str, warnings: list[str]) -> dict[str, Any] | None:
        return told(
            locations.location(*place, self._settings.ocpi_operator_name, warnings), "Location", version, warnings
        )

    def _tariff(self, state: Tariff, version: str, warnings: list[str]) -> dict[str, Any] | None:
        return told(tariff(state.terms, self._settings.operator, state.updated_at), "Tariff", version, warnings)

    def _one(self, request: Request, found: dict[str, Any]) -> Response:
        return self._answering.success(found, self._routing(request))

    def _page(
        self,
        module: str,
        request: Request,
        found: list[Listed[Any]],
        tell: Callable[[Any, str, list[str]], dict[str, Any] | None],
    ) -> Response:
        asked = page_request(request.query_params, self._now_ms(), self._settings.ocpi_settle_ms)
        page = page_of(found, asked)
        version, warnings = version_of(request), list[str]()
        objects = [tell(item.value, version, warnings) for item in page.objects]
        record(warnings, self._partner(request), module)
        last = page.objects[-1][:2] if page.more else None
        url = f"{self._settings.public_url}/ocpi/{version}/{module}"
        headers = pages.headers(url, asked, page.total, len(page.objects), last)
        shown = [one for one in objects if one is not None]
        return self._answering.success(shown, headers | self._routing(request))

    def _routing(self, request: Request) -> dict[str, str]:
        asking = party_of_partner(self._partner(request))
        return configuration.routing_headers(self._settings.operator, asking, version_of(request))

    @staticmethod
    def _partner(request: Request) -> Partner:
        partner: Partner = request.scope["partner"]
        return partner


def _member(whole: dict[str, Any], members: str, name: str, identity: str) -> dict[str, Any]:
    """One EVSE or connector; ids are compared without regard to case (types: CiString)."""
    for member in whole.get(members, []):
        if member[name].lower() == identity.lower():
            return dict(member)
    raise _unknown()


def _unknown() -> Refusal:
    return Refusal(Status.UNKNOWN_LOCATION, "No such location, EVSE or connector here", 404)
