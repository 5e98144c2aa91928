"""The routes of OCPI 2.2.1 that partners pull from. Handlers run on threads, since they wait for ClickHouse."""

import base64
import hmac
import re
from collections.abc import Callable
from typing import Any

import structlog
from fastapi import FastAPI, HTTPException, Request, Response
from prometheus_client import Counter
from starlette.exceptions import HTTPException as StarletteHTTPException

from services.domain.events.cdr import Cdr
from services.domain.events.partner import Partner
from services.domain.events.session import Session
from services.domain.units import Millis
from services.ocpi.directory import Directory
from services.ocpi.gate import SIGNED_DATA_PATH, envelope, our_trouble
from services.ocpi.inbound.page_request import BadParameter, page_request
from services.ocpi.outbound import cdrs, configuration, pages, sessions, signed_data
from services.ocpi.outbound.told import told
from services.ocpi.settings import OcpiSettings
from services.ocpi.store import Page, Store, key_of
from services.ocpi.wire.envelope import Status, failure, success
from services.ocpi.wire.model import V221
from services.ocpi.wire.paging import PageRequest
from services.ocpi.wire.parties import Party

_BASE = f"/ocpi/{V221}"
_UUID = re.compile(r"[0-9a-fA-F-]{36}")
_SHOWN_WARNINGS = 5

log = structlog.get_logger(__name__)
_warned = Counter("ocpi_warnings_total", "What could not be told to partners as it is", ["field"])


class Edge:
    """What partners may ask for, each method one answer."""

    def __init__(
        self, settings: OcpiSettings, directory: Directory, store: Store, now_ms: Callable[[], Millis]
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._store = store
        self._now_ms = now_ms

    def versions(self) -> Response:
        return self._success(configuration.versions(self._settings.public_url))

    def version_details(self) -> Response:
        return self._success(configuration.version_details(self._settings.public_url, V221))

    def credentials(self, request: Request) -> Response:
        own = self._settings
        told = configuration.credentials(
            own.public_url, own.operator, own.ocpi_operator_name, request.scope["token"]
        )
        return self._success(told)

    def sessions(self, request: Request) -> Response:
        """mod_sessions: Sender Interface. Without date_from, which is required there, all are meant."""
        partner: Partner = request.scope["partner"]
        asked = page_request(request.query_params, self._now_ms(), self._settings.ocpi_settle_ms)
        uids = self._directory.token_uids(partner.tenant, _party(partner))
        page = self._store.sessions(partner.tenant, uids, asked)
        return self._page("sessions", partner, asked, page, self._session)

    def cdrs(self, request: Request) -> Response:
        """mod_cdrs: Sender Interface."""
        partner: Partner = request.scope["partner"]
        asked = page_request(request.query_params, self._now_ms(), self._settings.ocpi_settle_ms)
        page = self._store.cdrs(partner.tenant, _party(partner), asked)
        return self._page("cdrs", partner, asked, page, self._cdr)

    def signed_records(self, tenant: str, cdr_id: str, proof: str) -> Response:
        """All signed records of a CDR byte for byte, for whoever was given the URL. Not a module of OCPI."""
        found = self._store.cdr(tenant, cdr_id) if _UUID.fullmatch(cdr_id) else None
        records = found.detail.signed_meter_values if found else ()
        if not records or not hmac.compare_digest(signed_data.proof(records).encode(), proof.encode()):
            raise HTTPException(404)
        whole = [
            record.to_record() | {"signed_data": base64.b64encode(record.signed_data).decode()}
            for record in records
        ]
        return self._success({"cdr_id": cdr_id, "signed_meter_values": whole})

    def bad_parameter(self, _: Request, error: Exception) -> Response:
        """status_codes: no HTTP error for what has reached the OCPI layer."""
        return envelope(failure(Status.INVALID_PARAMETERS, str(error), self._now_ms()))

    def http_error(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, StarletteHTTPException)
        status, message = _explained(request.scope["path"], error.status_code)
        headers = dict(error.headers or {})
        return envelope(failure(status, message, self._now_ms()), error.status_code, headers)

    def failed(self, _: Request, __: Exception) -> Response:
        """ClickHouse is away, or there is a mistake of ours; the gate logs which."""
        return our_trouble(self._now_ms())

    def _success(self, data: Any, headers: dict[str, str] | None = None) -> Response:
        return envelope(success(data, self._now_ms()), headers=headers)

    def _page(
        self,
        module: str,
        partner: Partner,
        asked: PageRequest,
        page: Page[Any],
        tell: Callable[[Any, list[str]], dict[str, Any] | None],
    ) -> Response:
        warnings: list[str] = []
        objects = [tell(state, warnings) for state in page.objects]
        shown = [shown for shown in objects if shown is not None]
        _record(warnings, partner, module)
        last = key_of(page.objects[-1]) if page.more else None
        url = f"{self._settings.public_url}{_BASE}/{module}"
        headers = pages.headers(url, asked, page.total, len(page.objects), last)
        return self._success(
            shown, headers | configuration.routing_headers(self._settings.operator, _party(partner))
        )

    def _session(self, state: Session, warnings: list[str]) -> dict[str, Any] | None:
        station = self._directory.station(state.tenant, state.station_id)
        contract_id = self._directory.contract_of(state.tenant, state.id_token.value if state.id_token else "")
        currency = self._directory.currency_of(station, self._settings.ocpi_currency)
        new = sessions.session(state, contract_id, station, self._settings.operator, currency, warnings)
        return told(new, "Session", V221, warnings)

    def _cdr(self, state: Cdr, warnings: list[str]) -> dict[str, Any] | None:
        station = self._directory.station(state.tenant, state.detail.station_id)
        proof = signed_data.proof(state.detail.signed_meter_values)
        url = f"{self._settings.public_url}{SIGNED_DATA_PATH}{state.tenant}/{state.cdr_id}/{proof}"
        new = cdrs.cdr(state, station, self._settings.ocpi_currency, url, warnings)
        return told(new, "CDR", V221, warnings)


def build(edge: Edge) -> FastAPI:
    """The routes, without documentation pages. Methods that a route does not have are answered 405."""
    app = FastAPI(title="Wattlog OCPI", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.get("/ocpi/versions")(edge.versions)
    app.get(_BASE)(edge.version_details)
    app.get(f"{_BASE}/credentials")(edge.credentials)
    app.get(f"{_BASE}/sessions")(edge.sessions)
    app.get(f"{_BASE}/cdrs")(edge.cdrs)
    app.get(SIGNED_DATA_PATH + "{tenant}/{cdr_id}/{proof}")(edge.signed_records)
    app.add_exception_handler(BadParameter, edge.bad_parameter)
    app.add_exception_handler(StarletteHTTPException, edge.http_error)
    app.add_exception_handler(Exception, edge.failed)
    return app


def _party(partner: Partner) -> Party:
    return Party(partner.country_code, partner.party_id)


def _explained(path: str, http_status: int) -> tuple[Status, str]:
    """What an HTTP error says in OCPI."""
    version = path.split("/")[2] if path.startswith("/ocpi/") else ""
    if http_status == 405:
        message = (
            configuration.BY_INVITATION if path == f"{_BASE}/credentials" else "This method is not served here"
        )
        return Status.CLIENT_ERROR, message
    if version not in ("", "versions", *configuration.VERSIONS):
        served = ", ".join(configuration.VERSIONS)
        return Status.UNSUPPORTED_VERSION, f"This version is not served: see /ocpi/versions ({served})"
    if path.endswith("/charging_preferences"):
        return Status.INVALID_PARAMETERS, "No EVSE here takes charging preferences"
    return Status.CLIENT_ERROR, f"Nothing is served here: see /ocpi/{V221} for the endpoints"


def _record(warnings: list[str], partner: Partner, module: str) -> None:
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
