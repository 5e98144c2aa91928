"""Requests and answers of sandbox partners, as they are kept: without secrets, and no longer than is of use."""

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from services.domain.events.partner import PartnerExchange
from services.ocpi.wire.envelope import decoded

MASK: Final = "***"
MOST_CHARACTERS: Final = 64 * 1024

_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_SECRET: Final = re.compile(r'("token"\s*:\s*")(?:[^"\\]|\\.)*("?)', re.DOTALL | re.IGNORECASE)
"""A credentials token, whether or not the rest is JSON; tokens of drivers are objects."""

_NOT_SENT_AGAIN: Final = frozenset(
    {*_SECRET_HEADERS, "host", "content-length", "connection", "accept-encoding", "transfer-encoding", "te"}
)
_BEARER: Final = '"Authorization: Token $(printf %s "$OCPI_TOKEN" | base64 -w0)"'


def headers(found: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; several of one name are joined."""
    told: dict[str, str] = {}
    for raw_name, raw_value in found:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        value = MASK if name in _SECRET_HEADERS else value
        told[name] = f"{told[name]}, {value}" if name in told else value
    return told


def body(raw: bytes) -> tuple[str, bool]:
    """A body as text, and whether it was cut. Secrets are masked before."""
    text = _SECRET.sub(rf"\1{MASK}\2", raw.decode("utf-8", "replace"))
    return text[:MOST_CHARACTERS], len(text) > MOST_CHARACTERS


def again(exchange: PartnerExchange) -> dict[str, str]:
    """The headers of a request that are sent with it again; whoever sends it adds its own authorization."""
    told = decoded(exchange.request_headers_json.encode())
    return {name: value for name, value in told.items() if name not in _NOT_SENT_AGAIN}


def why_not_again(exchange: PartnerExchange) -> str:
    """Why a request cannot be sent again as it was; "" when it can."""
    if exchange.cut:
        return "its body was too long to be kept whole"
    return "its body has secrets that are not kept" if MASK in exchange.request_body else ""


def curl(exchange: PartnerExchange, base_url: str) -> str:
    """The request as a command for a shell that has the token in `OCPI_TOKEN`."""
    parts = ["curl", "-i", "-X", shlex.quote(exchange.method), shlex.quote(base_url + exchange.target)]
    for name, value in again(exchange).items():
        parts += ["-H", shlex.quote(f"{name}: {value}")]
    parts += ["-H", _BEARER]
    if exchange.request_body:
        parts += ["--data-binary", shlex.quote(exchange.request_body)]
    return " ".join(parts)


def ocpi_status(exchange: PartnerExchange) -> str:
    """The OCPI status code of the answer; "" when it had none."""
    try:
        found: Any = decoded(exchange.response_body.encode())
    except msgspec.DecodeError:
        return ""
    return str(found.get("status_code", "")) if isinstance(found, Mapping) else ""
