"""The routes that partners pull from, in all versions. Handlers run on threads, since they wait for ClickHouse."""

import base64
import re
from collections.abc import Callable
from typing import Any

import structlog
from fastapi import FastAPI, HTTPException, Request, Response
from prometheus_client import Counter
from starlette.background import BackgroundTask

from services.domain import proof_link
from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrStatus
from services.domain.events.partner import Partner
from services.domain.events.session import Session
from services.domain.events.station import Station
from services.domain.units import Millis
from services.ocpi.answering import Answering
from services.ocpi.credentials_routes import version_of
from services.ocpi.deliveries import Deliveries
from services.ocpi.directory import Directory
from services.ocpi.gate import SIGNED_DATA_PATH
from services.ocpi.inbound.page_request import page_request
from services.ocpi.outbound import cdrs, configuration, locations, pages, sessions
from services.ocpi.outbound.told import told
from services.ocpi.settings import OcpiSettings
from services.ocpi.store import Store, key_of
from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.model import V211
from services.ocpi.wire.paging import Page, PageRequest
from services.ocpi.wire.parties import Party

_UUID = re.compile(r"[0-9a-fA-F-]{36}")
_SHOWN_WARNINGS = 5

Told = dict[str, Any] | None
Scenes = dict[str, Scene]
Tell = Callable[[Any, str, list[str], Scenes], Told]
"""An object in a version, with warnings; None when it cannot be told."""

log = structlog.get_logger(__name__)
_warned = Counter("ocpi_warnings_total", "What could not be told to partners as it is", ["field"])


class PullRoutes:
    """What partners may ask for, each method one answer."""

    def __init__(
        self,
        settings: OcpiSettings,
        directory: Directory,
        store: Store,
        now_ms: Callable[[], Millis],
        answering: Answering,
        deliveries: Deliveries,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._store = store
        self._now_ms = now_ms
        self._answering = answering
        self._deliveries = deliveries

    def mount(self, app: FastAPI) -> None:
        handlers = {"sessions": self.sessions, "cdrs": self.cdrs}
        for version in self._settings.own.versions:
            for module, role in configuration.MODULES[version]:
                if module in handlers and role == configuration.SENDER:
                    app.get(f"/ocpi/{version}/{module}")(handlers[module])
        app.get(SIGNED_DATA_PATH + "{tenant}/{cdr_id}/{proof}")(self.signed_records)

    def sessions(self, request: Request) -> Response:
        """mod_sessions: Sender Interface. Without date_from, which is required there, all are meant."""
        partner: Partner = request.scope["partner"]
        asked = self._asked(request)
        uids = self._directory.token_uids(partner.tenant, party_of_partner(partner))
        return self._page(
            "sessions", request, asked, self._store.sessions(partner.tenant, uids, asked), self._session
        )

    def cdrs(self, request: Request) -> Response:
        """mod_cdrs: Sender Interface."""
        partner: Partner = request.scope["partner"]
        asked = self._asked(request)
        page = self._store.cdrs(partner.tenant, party_of_partner(partner), asked)
        given: list[Cdr] = []

        def tell(state: Cdr, version: str, warnings: list[str], scenes: Scenes) -> Told:
            if state.status is CdrStatus.ISSUED and state.held_reason:
                # Its verdict turned bad after it was issued.
                return None
            shown = self._cdr(state, version, warnings, scenes)
            if shown is not None:
                given.append(state)
            return shown

        answer = self._page("cdrs", request, asked, page, tell)
        # Once the answer is gone, so that nobody waits for Kafka.
        answer.background = BackgroundTask(self._deliveries.pulled, partner.partner_id, version_of(request), given)
        return answer

    def signed_records(self, tenant: str, cdr_id: str, proof: str) -> Response:
        """All signed records of a CDR byte for byte, for whoever was given the URL. Not a module of OCPI."""
        found = self._store.cdr(tenant, cdr_id) if _UUID.fullmatch(cdr_id) else None
        records = found.detail.signed_meter_values if found else ()
        if not proof_link.opens(records, proof):
            raise HTTPException(404)
        whole = [
            record.to_record() | {"signed_data": base64.b64encode(record.signed_data).decode()}
            for record in records
        ]
        return self._answering.success({"cdr_id": cdr_id, "signed_meter_values": whole})

    def _asked(self, request: Request) -> PageRequest:
        return page_request(request.query_params, self._now_ms(), self._settings.ocpi_settle_ms)

    def _page(self, module: str, request: Request, asked: PageRequest, page: Page[Any], tell: Tell) -> Response:
        """An object that this version cannot tell is left out of the page, and counted as if it were there."""
        partner: Partner = request.scope["partner"]
        version = version_of(request)
        warnings: list[str] = []
        scenes: Scenes = {}
        objects = [tell(state, version, warnings, scenes) for state in page.objects]
        record(warnings, partner, module)
        last = key_of(page.objects[-1]) if page.more else None
        url = f"{self._settings.public_url}/ocpi/{version}/{module}"
        headers = pages.headers(url, asked, page.total, len(page.objects), last)
        routing = configuration.routing_headers(self._settings.operator, party_of_partner(partner), version)
        return self._answering.success([shown for shown in objects if shown is not None], headers | routing)

    def _session(self, state: Session, version: str, warnings: list[str], scenes: Scenes) -> Told:
        station = self._directory.station(state.tenant, state.station_id)
        contract_id = self._directory.contract_of(state.tenant, state.id_token.value if state.id_token else "")
        currency = self._directory.currency_of(station, self._settings.ocpi_currency)
        new = sessions.session(state, contract_id, station, self._settings.operator, currency, warnings)
        return told(new, "Session", version, warnings, self._scene(station, version, scenes))

    def _scene(self, station: Station | None, version: str, scenes: Scenes) -> Scene:
        """2.1.1 wants sessions and CDRs with their whole location; each is made once per page."""
        if version != V211 or station is None or not station.location_id:
            return Scene()
        known = scenes.get(station.location_id)
        if known is None:
            place = self._directory.place(station.tenant, station.location_id)
            # What does not fit is told where locations are.
            told_there = locations.location(*place, self._settings.ocpi_operator_name, []) if place else None
            known = scenes[station.location_id] = Scene(location=told_there)
        return known

    def _cdr(self, state: Cdr, version: str, warnings: list[str], scenes: Scenes) -> Told:
        station = self._directory.station(state.tenant, state.detail.station_id)
        identity = state.tenant, state.cdr_id
        signed = state.detail.signed_meter_values
        url = f"{self._settings.public_url}{SIGNED_DATA_PATH}{'/'.join(identity)}/{proof_link.secret(signed)}"
        page = proof_link.link(self._settings.proof_public_url, *identity, signed)
        currency, carries = self._settings.ocpi_currency, version != V211
        new = cdrs.cdr(state, station, currency, url, warnings, carries_signed_data=carries, driver_url=page)
        return told(new, "CDR", version, warnings, self._scene(station, version, scenes))


def party_of_partner(partner: Partner) -> Party:
    return Party(partner.country_code, partner.party_id)


def record(warnings: list[str], partner: Partner, module: str) -> None:
    """Make what was lost countable, and show some of it."""
    for warning in warnings:
        _warned.labels(warning.partition(":")[0]).inc()
    if warnings:
        shown = list(dict.fromkeys(warnings))[:_SHOWN_WARNINGS]
        log.warning(
            "objects do not fit OCPI",
            partner=partner.partner_id,
            module=module,
            count=len(warnings),
            examples=shown,
        )
