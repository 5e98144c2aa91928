"""Logs and diagnostics of stations: what a station is asked for, and the URL that only it knows. Pure."""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import msgspec
import orjson
from msgspec import Meta, Struct

from services.console.wire.problems import Problem
from services.domain.ids import derived_id
from services.domain.units import Millis

_V1: Final = "ocpp1."
"""1.6 by WebSocket or by SOAP, and 1.5."""

_MAC_BYTES: Final = 16
_MAX_TOKEN: Final = 400
_MAX_NAME: Final = 100
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_FILE_NAME: Final = re.compile(r'filename="([^"]{1,300})"|filename=([^;\s"]{1,300})', re.IGNORECASE)
_MOMENT: Final = Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")


class LogOrder(Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of POST /stations/{id}/logs; times in RFC 3339."""

    log_type: Literal["DiagnosticsLog", "SecurityLog"] = "DiagnosticsLog"
    oldest: Annotated[str, _MOMENT] | None = None
    latest: Annotated[str, _MOMENT] | None = None
    retries: Annotated[int, Meta(ge=0, le=100)] | None = None
    retry_interval_s: Annotated[int, Meta(ge=0, le=86_400)] | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What an upload URL stands for: one file of one station."""

    tenant: str
    station_id: str
    request_id: int
    expires_at: Millis


def order_of(body: bytes) -> LogOrder:
    """The body, diagnostics when it is empty; Problem 400 when it is not JSON, 422 when it does not fit."""
    try:
        return msgspec.json.decode(body.strip() or b"{}", type=LogOrder)
    except msgspec.ValidationError as error:
        raise Problem(422, str(error)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise Problem(400, f"the body is not JSON: {error}") from None


def request_id(tenant: str, station_id: str, unique: str) -> int:
    """The request id of OCPP (a positive int32), the same for the same request."""
    return int(derived_id("log request", tenant, station_id, unique)[:8], 16) & 0x7FFF_FFFF


def command_for(order: LogOrder, location: str, number: int, protocol: str) -> tuple[str, dict[str, Any]]:
    """Operation and payload in the station's own version (N01; OCPP 1.6, 6.21; whitepaper, 4.8)."""
    retries = {"retries": order.retries, "retryInterval": order.retry_interval_s}
    told: dict[str, Any]
    if protocol.startswith(_V1) and order.log_type == "DiagnosticsLog":
        told = {"location": location, "startTime": order.oldest, "stopTime": order.latest, **retries}
        return "GetDiagnostics", _given(told)
    log = {"remoteLocation": location, "oldestTimestamp": order.oldest, "latestTimestamp": order.latest}
    told = {"logType": order.log_type, "requestId": number, "log": _given(log), **retries}
    return "GetLog", _given(told)


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def token(ticket: Ticket, secret: bytes) -> str:
    """The unguessable part of an upload URL: what it stands for, and our mark on it."""
    said = orjson.dumps([ticket.tenant, ticket.station_id, ticket.request_id, ticket.expires_at])
    return f"{_text(said)}.{_text(_mark(said, secret))}"


def ticket_of(shown: str, secret: bytes, now_ms: Millis) -> Ticket:
    """What a token stands for; Problem 404, the same for one that is not ours and one that is over."""
    invalid = Problem(404, "this upload URL is not, or no longer, valid")
    said, dot, mark = shown.partition(".")
    if not dot or len(shown) > _MAX_TOKEN:
        raise invalid
    try:
        data, its_mark = _bytes(said), _bytes(mark)
    except (binascii.Error, ValueError):
        raise invalid from None
    if not hmac.compare_digest(_mark(data, secret), its_mark):
        raise invalid
    ticket = Ticket(*orjson.loads(data))
    if ticket.expires_at <= now_ms:
        raise invalid
    return ticket


def _mark(said: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, b"upload\0" + said, hashlib.sha256)[:_MAC_BYTES]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def file_name(shown: str) -> str:
    """A name as a station gave it, made harmless: no folders, no hidden files, at most 100 plain characters."""
    last = re.split(r"[/\\]", shown.strip())[-1]
    plain = _UNSAFE.sub("_", last).lstrip("._-")
    return plain[-_MAX_NAME:].lstrip("._-") or "log"


def folder(tenant: str, station_id: str) -> tuple[str, str]:
    """The folders of a station's files: every identity has its own, and none leads anywhere else."""
    return _folder(tenant), _folder(station_id)


def _folder(text: str) -> str:
    return quote(text, safe="").replace(".", "%2E")


def disposition_name(header: str) -> str:
    """The file name in a Content-Disposition (N01.FR.19), "" when it says none."""
    found = _FILE_NAME.search(header[:2000])
    return (found[1] or found[2]) if found else ""
