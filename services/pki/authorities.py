"""The CAs that sign for us: here, with a key in a file, or elsewhere, asked by EST."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import httpx

from services.domain.events.certificate import CertificateOrdered
from services.domain.failures import TryAgain
from services.pki import est
from services.pki.csr import V2G, BadRequest
from services.pki.issue import Authority, signed
from services.pki.ocsp import Answerer

_TIMEOUT_S: Final = 20.0
_MAX_BYTES: Final = 262_144
_REFUSED: Final = range(400, 500)
_LATER: Final = frozenset({408, 429})


class Ca(Protocol):
    """Who answers orders."""

    async def sign(self, order: CertificateOrdered) -> list[str]:
        """The chain as PEM, leaf first, without the root. BadRequest: never; TryAgain: not now."""
        ...


class Cas(NamedTuple):
    """Which CA signs what: `v2g` what stations show to EVs; None for nobody."""

    station: Ca
    v2g: Ca | None

    async def sign(self, order: CertificateOrdered) -> list[str]:
        """As `Ca.sign`."""
        ca = self.v2g if order.certificate_type in V2G else self.station
        if ca is None:
            raise BadRequest(f"there is no CA for a {order.certificate_type}")
        return await ca.sign(order)


class LocalCa(NamedTuple):
    """A CA whose key is here."""

    authority: Authority
    days: int
    organisation: str = ""
    ocsp_url: str = ""

    async def sign(self, order: CertificateOrdered) -> list[str]:
        """As `Ca.sign`."""
        return await asyncio.to_thread(signed, order, self.authority, self.days, self.organisation, self.ocsp_url)


class EstCa:
    """A CA that is asked by EST, at an address that the operator has set."""

    def __init__(self, url: str, user: str, password: str, ca_file: str = "") -> None:
        self._url = url.rstrip("/")
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=_TIMEOUT_S,
            auth=(user, password) if user else None,
            verify=_context(ca_file),
        )

    async def sign(self, order: CertificateOrdered) -> list[str]:
        """As `Ca.sign`."""
        headers = {"Content-Type": est.CONTENT_TYPE, "Content-Transfer-Encoding": "base64"}
        body = await self._ask("POST", est.ENROLL, est.enrollment(order.csr), headers)
        authorities = await self._ask("GET", est.CA_CERTIFICATES, b"", {})
        try:
            return est.chain(est.certificates(body)[0], est.certificates(authorities))
        except est.BadAnswer as error:
            raise TryAgain(f"the CA's answer cannot be read: {error}") from error

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def _ask(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> bytes:
        try:
            answer = await self._client.request(method, self._url + path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise TryAgain(f"the CA cannot be reached: {error!r}") from error
        said = answer.text[:200].strip()
        if answer.status_code in _REFUSED and answer.status_code not in _LATER:
            raise BadRequest(f"the CA refuses with HTTP {answer.status_code}: {said}")
        if answer.status_code != httpx.codes.OK or len(answer.content) > _MAX_BYTES:
            raise TryAgain(f"the CA answers HTTP {answer.status_code}: {said}")
        return answer.content


class Signers:
    """The CAs as their files are now, and who answers for them by OCSP."""

    def __init__(self, cas: Cas, answerers: Sequence[Answerer]) -> None:
        self.cas = cas
        self.answerers = answerers
        self._left: list[Ca | None] = []

    async def take(self, made: "Signers") -> None:
        """From the next order or question on it is these."""
        self._left += self.cas
        self.cas, self.answerers = made.cas, made.answerers

    async def part(self) -> None:
        """Close the connections to CAs that are asked no more; while no order is with any of them."""
        while self._left:
            left = self._left.pop()
            if isinstance(left, EstCa):
                await left.close()


def _context(ca_file: str) -> bool | ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file) if ca_file else True
