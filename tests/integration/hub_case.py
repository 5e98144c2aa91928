"""A hub for tests: an HTTP server that passes on what it is told, and speaks for whoever is connected to it."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from services.domain.events.partner import Partner
from services.domain.events.partnerobject import PartnerObject
from services.ocpi.inbound import clients
from services.ocpi.wire.parties import Party
from tests.integration.ocpi_case import authorization
from tests.integration.push_case import Answer, Got, Receiver
from tests.unit.ocpi.facts import START, partner

VERSION = "2.2.1"
NAME = "NL-HUB"
TOKEN_A = "a-token-that-the-hub-was-invited-with"
TOKEN_B = "b-token-that-the-hub-wants-to-be-shown"
US = "DE-WAT"
ROLE = {"role": "HUB", "party_id": "HUB", "country_code": "NL", "business_details": {"name": "A hub"}}
_SERVED = (
    ("credentials", "SENDER"), ("hubclientinfo", "SENDER"), ("tokens", "SENDER"), ("commands", "SENDER"),
    ("locations", "SENDER"), ("locations", "RECEIVER"), ("tariffs", "RECEIVER"), ("sessions", "RECEIVER"),
    ("cdrs", "RECEIVER"),
)  # fmt: skip


def hub_partner(**changes: Any) -> Partner:
    """The hub as it is known here."""
    return partner(
        **{"partner_id": NAME, "name": "A hub", "party_id": "HUB", "role": "HUB", "allow_private": True} | changes
    )


def behind(name: str = "NL-TNM", **changes: Any) -> Partner:
    """A party that was let in behind the hub."""
    country, party = name.split("-")
    known = {"partner_id": name, "country_code": country, "party_id": party, "token_hash": "", "hub": NAME}
    return partner(**known | {"registered_at": START} | changes)


def info(name: str, status: str, at: int = 0, role: str = "EMSP") -> dict[str, Any]:
    """ClientInfo."""
    country, party = name.split("-")
    told = {"country_code": country, "party_id": party, "role": role, "status": status}
    return told | {"last_updated": f"2026-11-21T10:00:{at:02}Z"}


def kept(name: str, status: str, at: int = 0) -> PartnerObject:
    """What is kept of a client, as the edge would."""
    made = clients.put(
        info(name, status, at), Party(*name.split("-")), hub_partner(), VERSION, {}, START + at
    ).state
    assert made is not None
    return made


def path_of(got: Got) -> str:
    """What of a version was asked for."""
    return got.path.partition("?")[0].removeprefix(f"/ocpi/{VERSION}/").rstrip("/")


class Hub:
    """`clients`: whom it is connected to, by name, and how; `inbox`: what was passed on to whom."""

    def __init__(self) -> None:
        self.server = Receiver(self._answer)
        self.url = f"{self.server.url}/{VERSION}"
        self.clients: dict[str, str] = {"NL-TNM": "CONNECTED", "DE-XYZ": "CONNECTED"}
        self.inbox: defaultdict[str, list[Got]] = defaultdict(list)
        self.token = TOKEN_A
        """What it shows us."""
        self.listed: list[dict[str, Any]] = []
        """Locations of everybody's, as it collects them (GET All)."""

    def credentials(self) -> dict[str, Any]:
        return {"token": TOKEN_B, "url": f"{self.server.url}/versions", "roles": [ROLE]}

    def ask(self, edge: str, method: str, path: str, sender: str = "", to: str = US, **how: Any) -> httpx.Response:
        """Pass something on to us."""
        headers = authorization(self.token) | how.pop("headers", {})
        for side, name in (("from", sender), ("to", to)):
            if name:
                country, party = name.split("-")
                headers |= {f"OCPI-{side}-country-code": country, f"OCPI-{side}-party-id": party}
        with httpx.Client(headers=headers, trust_env=False, timeout=30) as client:
            return client.request(method, f"{edge}/ocpi/{path}", **how)

    def told(self, name: str, module: str, method: str = "PUT") -> list[Got]:
        """What of a module was passed on to a party."""
        return [one for one in list(self.inbox[name]) if f"/{module}" in one.path and one.method == method]

    def _answer(self, got: Got) -> Answer:
        path = got.path.partition("?")[0].removeprefix("/ocpi/").rstrip("/")
        if path == "versions":
            return Answer(data=[{"version": VERSION, "url": self.url}])
        if path == VERSION:
            told = [{"identifier": one, "role": role, "url": f"{self.url}/{one}"} for one, role in _SERVED]
            return Answer(data={"version": VERSION, "endpoints": told})
        if path == f"{VERSION}/hubclientinfo":
            return Answer(data=[info(name, status) for name, status in self.clients.items()])
        return self._passed_on(got)

    def _passed_on(self, got: Got) -> Answer:
        named = [got.headers.get(f"ocpi-to-{name}", "") for name in ("country-code", "party-id")]
        # Open routing: a record names whom it is for.
        open_to = got.body.get("cdr_token", {}) if isinstance(got.body, dict) else {}
        to = "-".join(named if any(named) else [open_to.get(name, "") for name in ("country_code", "party_id")])
        if to == NAME:
            if got.method == "GET":
                return Answer(data=self.listed) if path_of(got) == "locations" else Answer(http=200, ocpi=4000)
            for name, status in self.clients.items():
                if status == "CONNECTED":
                    self.inbox[name].append(got)
            return Answer()
        if to not in self.clients:
            return Answer(http=200, ocpi=4001)
        if self.clients[to] != "CONNECTED":
            return Answer(http=200, ocpi=4003)
        before = [one for one in self.inbox[to] if one.path == got.path and one.method == "PUT"]
        self.inbox[to].append(got)
        if got.method == "GET":
            return Answer(data=before[-1].body) if before else Answer(http=404, ocpi=2003)
        return Answer()


@contextmanager
def running_hub() -> Iterator[Hub]:
    hub = Hub()
    try:
        yield hub
    finally:
        hub.server.close()
