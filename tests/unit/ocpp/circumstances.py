"""What the OCPP tests have in common: an edge's facts, a whitelist, a moment."""

from dataclasses import replace
from typing import Any

import orjson

from services.domain.events.common import RegistrationStatus, TokenStatus
from services.domain.events.station import Station
from services.domain.events.token import Token
from services.ocpp.inbound.reply import Context, Edge, Reply
from services.ocpp.wire.faults import V16, V21, V201
from services.ocpp.wire.schemas import validator

NOW = 1_790_000_000_000  # 2026-09-21T14:13:20Z
TENANT = "wattlog"
STATION = "DE-WAT-0001"


def token(uid: str, **changes: Any) -> Token:
    values: dict[str, Any] = {
        "tenant": TENANT,
        "token_uid": uid,
        "token_type": "RFID",
        "contract_id": f"NL-TNM-{uid}",
        "issuer": "TNM",
        "status": TokenStatus.VALID,
        "updated_at": NOW - 1000,
    }
    return Token(**(values | changes))


TOKENS = [
    token("VALID1"),
    token("BLOCKED1", status=TokenStatus.BLOCKED, blocked_reason="stolen"),
    token("EXPIRED1", expires_at=NOW - 1),
    token("GROUPED1", group_id="FLEET", expires_at=NOW + 3_600_000),
    token("LONGGROUP", group_id="G" * 40),
    token("MASTER1", group_id="MASTERS"),
]
WHITELIST = {entry.key: entry for entry in TOKENS}

EDGE = Edge(
    tenant=TENANT,
    edge_id="edge-1",
    token=WHITELIST.get,
    transaction_secret=b"a secret that all pods share",
    heartbeat_interval_s=300,
    master_pass_group="MASTERS",
    data_transfer_vendors=frozenset({"org.openchargealliance"}),
)


def registered_as(status: RegistrationStatus) -> Edge:
    """An edge whose registry says so of every station."""
    entry = Station(tenant=TENANT, station_id=STATION, registration=status, updated_at=1)
    return replace(EDGE, station=lambda _key: entry)


def context(
    protocol: str = V201, message_id: str = "m1", now_ms: int = NOW, epoch: int = 7, edge: Edge = EDGE
) -> Context:
    return Context(edge, STATION, protocol, epoch, message_id, now_ms)


def fits(protocol: str, action: str, reply: Reply) -> bool:
    """True when the answer is one that the specification's schema allows, as it is on the wire."""
    return validator(protocol, action, answer=True).is_valid(orjson.loads(orjson.dumps(reply.payload)))


__all__ = [
    "EDGE", "NOW", "STATION", "TENANT", "V16", "V21", "V201", "WHITELIST",
    "context", "fits", "registered_as", "token",
]  # fmt: skip
