"""What is served, as OpenAPI 3.1 describes it: paths from the routes, objects from OCPI's tables. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from services.ocpi.wire.json_schema import reference, schemas
from services.ocpi.wire.model import MODEL

_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_VERSIONED: Final = re.compile(r"/ocpi/(?P<version>[0-9.]+)(?P<rest>/.*)?")
_LISTS: Final = re.compile(
    r"(/emsp)?/(locations|tariffs|sessions|cdrs|tokens|invoicereconciliation|Booking(/booking_locations)?)"
)
_ERRAND: Final = "{command}"

_BODIES: Final[tuple[tuple[str, str], ...]] = (
    (r"/credentials", "Credentials"),
    (r"/tokens/.*", "Token"),
    (r"/commands/START_SESSION", "StartSession"),
    (r"/commands/STOP_SESSION", "StopSession"),
    (r"/commands/RESERVE_NOW", "ReserveNow"),
    (r"/commands/CANCEL_RESERVATION", "CancelReservation"),
    (r"/commands/UNLOCK_CONNECTOR", "UnlockConnector"),
    (r"/chargingprofiles/[^/]*", "SetChargingProfile"),
    (r"/sessions/[^/]*/charging_preferences", "ChargingPreferences"),
    (r"/payments/terminals", "Terminal"),
    (r"/payments/financial-advice-confirmations", "FinancialAdviceConfirmation"),
    (r"/invoicereconciliation.*", "InvoiceReconciliationRecord"),
    (r"/Booking", "BookingRequest"),
    (r"/emsp/locations/([^/]*/){2}[^/]*", "Location"),
    (r"/emsp/locations/([^/]*/){3}[^/]*", "EVSE"),
    (r"/emsp/locations/([^/]*/){4}[^/]*", "Connector"),
    (r"/emsp/tariffs/.*", "Tariff"),
    (r"/emsp/sessions/.*", "Session"),
    (r"/emsp/cdrs", "CDR"),
    (r"/emsp/tokens/.*/authorize", "LocationReferences"),
    (r"/emsp/commands/.*", "CommandResult"),
    (r"/hubclientinfo/.*", "ClientInfo"),
)
"""What is sent below a version, by the whole of the path behind it."""

_COMMANDS: Final = ("CANCEL_RESERVATION", "RESERVE_NOW", "START_SESSION", "STOP_SESSION", "UNLOCK_CONNECTOR")

_ENVELOPE: Final = {
    "type": "object",
    "properties": {
        "data": {},
        "status_code": {"type": "integer", "minimum": 1000, "maximum": 4999},
        "status_message": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
    },
    "required": ["status_code", "timestamp"],
}
_STATUSES: Final = ("200", "201", "400", "401", "403", "404", "405", "409", "413", "429")
"""Of HTTP; anything else is a mistake of ours."""

_ANSWERS: Final = {
    status: {
        "description": "An answer in OCPI's envelope",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Envelope"}}},
    }
    for status in _STATUSES
}
_PAGING: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("date_from", {"type": "string", "format": "date-time"}),
    ("date_to", {"type": "string", "format": "date-time"}),
    ("offset", {"type": "integer", "minimum": 0}),
    ("limit", {"type": "integer", "minimum": 1}),
)
_FREE: Final[tuple[tuple[str, dict[str, Any]], ...]] = tuple(
    (name, {"type": "string", "format": "date-time"}) for name in ("timeslot_from", "timeslot_to")
)


class Served(NamedTuple):
    """A route: the path with its parameters in braces, and its methods."""

    path: str
    methods: frozenset[str]


def described(routes: Iterable[Served], server: str) -> dict[str, Any]:
    """Everything below /ocpi/; a path for each command, since each has a body of its own."""
    paths: dict[str, dict[str, Any]] = {}
    named: set[tuple[str, str]] = set()
    for route in routes:
        if not route.path.startswith("/ocpi/"):
            continue
        for path in _spread(route.path):
            parameters = [_in_path(name) for name in _PARAMETER.findall(path)]
            told = paths.setdefault(path, {"parameters": parameters} if parameters else {})
            for method in sorted(route.methods - {"HEAD"}):
                body = body_of(path, method)
                named |= {body} if body else set()
                told[method.lower()] = _operation(path, method, body)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Wattlog OCPI", "version": "1"},
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {"Envelope": _ENVELOPE, **schemas(named)},
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "Authorization"}},
        },
    }


def body_of(path: str, method: str) -> tuple[str, str] | None:
    """The object and the version of what is sent there; None for what has no body, or none that OCPI names."""
    found = _VERSIONED.fullmatch(path)
    if found is None or method not in ("POST", "PUT", "PATCH"):
        return None
    version, rest = found["version"], found["rest"] or ""
    names = (name for form, name in _BODIES if re.fullmatch(form, rest) and (version, name) in MODEL.objects)
    return next(((name, version) for name in names), None)


def _spread(path: str) -> list[str]:
    own = path.endswith(f"/commands/{_ERRAND}")
    return [path.replace(_ERRAND, command) for command in _COMMANDS] if own else [path]


def _operation(path: str, method: str, body: tuple[str, str] | None) -> dict[str, Any]:
    told: dict[str, Any] = {"responses": _ANSWERS}
    found = _VERSIONED.fullmatch(path)
    if method == "GET" and found and _LISTS.fullmatch(found["rest"] or ""):
        asked = (*_PAGING, *_FREE) if path.endswith("/booking_locations") else _PAGING
        told["parameters"] = [{"name": name, "in": "query", "schema": schema} for name, schema in asked]
    if body is not None:
        whole = reference(*body)
        # A PATCH has any part of it.
        schema = {"type": "object"} if method == "PATCH" else whole
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return told


def _in_path(name: str) -> Mapping[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
