"""Asks partners: one request at a time, through the egress client, with the token that each of them wants."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from services.domain.events.common import PartnerQuirks
from services.ocpi.inbound.answers import Told, told
from services.ocpi.outbound import quirks
from services.ocpi.wire.envelope import Status, encoded
from services.runtime.egress import Answer, Egress, Refused, Unreachable

MOST_BYTES = 4 * 1024 * 1024
_TIMEOUT_S = 10.0
_PASSING: Final = frozenset({408, 425, 429, *range(500, 600)})
_PASSING_OCPI: Final = frozenset({Status.SERVER_ERROR, Status.FORWARDING_TIMEOUT, Status.NOT_CONNECTED})


class Unusable(Exception):
    """A partner's endpoint cannot be used. `told` is what the partner may know, the text is for us; `passing`: it
    may be otherwise in a moment."""

    def __init__(self, told: str, reason: str, *, unauthorized: bool = False, passing: bool = False) -> None:
        super().__init__(reason)
        self.told = told
        self.unauthorized = unauthorized
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Access:
    """How a partner is asked: the token that we show, whether without Base64 as far as was found out, whether it
    may be inside, and how it is different."""

    token: str
    plain: bool
    allow_private: bool
    quirks: PartnerQuirks = PartnerQuirks()

    @property
    def header(self) -> str:
        """transport_and_format: Authorization header."""
        plain = quirks.shows_plainly(self.quirks, self.plain)
        return f"Token {self.token if plain else base64.b64encode(self.token.encode()).decode()}"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """An answer as it was understood and as it came; header names are in lower case."""

    told: Told
    headers: Mapping[str, str]
    body: bytes


def request_headers(
    access: Access, new_id: Callable[[], str], *, with_body: bool, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Of every request to a partner: who asks, ids of the message, and `more`, which may replace them."""
    own = {
        "authorization": access.header,
        "x-request-id": new_id(),
        "x-correlation-id": new_id(),
    } | ({"content-type": "application/json"} if with_body else {})
    return own | dict(more or {})


def correlated(correlation_id: str) -> dict[str, str]:
    """The header of a request that is made because of another; an id of its own when that had none."""
    return {"x-correlation-id": correlation_id} if correlation_id else {}


class Peer:
    """Requests in OCPI. `new_id` makes message ids."""

    def __init__(self, egress: Egress, new_id: Callable[[], str]) -> None:
        self._egress = egress
        self._new_id = new_id

    async def send(
        self,
        method: str,
        url: str,
        access: Access,
        body: bytes | None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float = _TIMEOUT_S,
        most_bytes: int = MOST_BYTES,
    ) -> Answer:
        """What came back, whatever it is; Refused or Unreachable when nothing did."""
        own = request_headers(access, self._new_id, with_body=body is not None, more=headers)
        asked = quirks.asked(access.quirks, url, own, body)
        return await self._egress.request(
            method,
            asked.url,
            asked.headers,
            asked.body,
            allow_private=access.allow_private,
            timeout_s=timeout_s,
            most_bytes=most_bytes,
        )

    async def ask(
        self, method: str, url: str, access: Access, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Told:
        """What a partner answered, successful; Unusable otherwise."""
        return (await self.exchange(method, url, access, body, headers)).told

    async def exchange(
        self, method: str, url: str, access: Access, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Exchanged:
        """What a partner answered, successful, with its headers and its bytes; Unusable otherwise."""
        try:
            answer = await self.send(method, url, access, None if body is None else encoded(body), headers)
        except Refused as error:
            raise Unusable("its address is not allowed here", f"{url}: {error}") from error
        except Unreachable as error:
            raise Unusable("it gave no usable answer", f"{url}: {error}", passing=True) from error
        if answer.status in (401, 403):
            told_us = "it does not accept the token that you gave us"
            raise Unusable(told_us, f"{url}: HTTP {answer.status}", unauthorized=True)
        understood = told(answer.body)
        if answer.status // 100 != 2 or not understood.succeeded:
            reason = f"HTTP {answer.status}, OCPI {understood.status_code} {understood.message[:200]}"
            passing = answer.status in _PASSING or understood.status_code in _PASSING_OCPI
            raise Unusable(f"it answered {reason[:60]}", f"{url}: {reason}", passing=passing)
        return Exchanged(understood, answer.headers, answer.body)

    async def close(self) -> None:
        """Close the connections; for whoever has the client to itself."""
        await self._egress.close()

    async def find_out(
        self, method: str, url: str, access: Access, headers: Mapping[str, str] | None = None
    ) -> tuple[Told, Access]:
        """The first request to a partner: if it refuses our token, it is shown the other way, Base64 or not."""
        try:
            return await self.ask(method, url, access, headers=headers), access
        except Unusable as error:
            if not error.unauthorized:
                raise
            other = replace(access, plain=not access.plain)
            return await self.ask(method, url, other, headers=headers), other
