"""Queued changes and partners that receive them, for tests to vary."""

from dataclasses import replace
from typing import Any

from services.domain.events.common import PartnerEndpoint
from services.domain.events.delivery import PushQueued
from services.domain.events.partner import Partner
from services.ocpi.push.waiting import LIVE, Waiting
from tests.unit.ocpi.facts import END, START, TENANT, partner

NOW = END + 1_000
MODULES = ("locations", "tariffs", "sessions", "cdrs")


def receiving(**changes: Any) -> Partner:
    """A provider that is told everything, in 2.2.1."""
    endpoints = tuple(
        PartnerEndpoint(module=name, role="RECEIVER", url=f"https://emsp.example.com/{name}/") for name in MODULES
    )
    known = partner(
        registration="REGISTERED",
        version="2.2.1",
        endpoints=endpoints,
        sealed_token="sealed",
        registered_at=START,
    )
    return replace(known, **changes)


def push(module: str = "sessions", object_id: str = "s1", version: int = 1, **changes: Any) -> PushQueued:
    known = PushQueued(
        tenant=TENANT,
        partner_id="NL-TNM",
        push_id=f"{module}-{object_id}-{changes.get('part', '')}-{version}-{changes.get('cause', '')}",
        module=module,
        object_id=object_id,
        cause="",
        version=version,
        changed_at=NOW + version,
        state=b"state" if module in ("sessions", "cdrs") else None,
    )
    return replace(known, **changes)


def waiting(queued: PushQueued | None = None, lane: str = LIVE, **changes: Any) -> Waiting:
    known = queued or push()
    item = Waiting(known, lane, known.changed_at)
    for name, value in changes.items():
        setattr(item, name, value)
    return item
