"""What is told of a station's connection: that it began, that it stands, that it ended."""

from services.domain.events.station import Connection, StationConnected, StationDisconnected
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpp.connection import Connection as Machine
from services.ocpp.inbound.reply import Edge

Told = Machine | Connection
"""A connection that is open, or what was told of one."""


def begun(
    edge: Edge, connection: Machine, address: str, security_profile: int, now_ms: Millis
) -> StationConnected:
    """A station was let in."""
    return StationConnected(
        event_id=_id("StationConnected", edge, connection),
        tenant=edge.tenant,
        station_id=connection.station_id,
        protocol=connection.protocol,
        edge_id=edge.edge_id,
        epoch=connection.epoch,
        remote_address=address,
        security_profile=security_profile,
        recorded_at=now_ms,
    )


def state(edge: Edge, connection: Told, connected: bool, now_ms: Millis) -> Connection:
    """Who holds it, or that nobody does."""
    return Connection(
        tenant=edge.tenant,
        station_id=connection.station_id,
        edge_id=edge.edge_id,
        epoch=connection.epoch,
        connected=connected,
        protocol=connection.protocol,
        since=now_ms,
    )


def ended(edge: Edge, connection: Told, reason: str, now_ms: Millis) -> StationDisconnected:
    """`reason` in StationDisconnected's words."""
    return StationDisconnected(
        event_id=_id("StationDisconnected", edge, connection),
        tenant=edge.tenant,
        station_id=connection.station_id,
        protocol=connection.protocol,
        edge_id=edge.edge_id,
        epoch=connection.epoch,
        reason=reason,
        recorded_at=now_ms,
    )


def _id(name: str, edge: Edge, connection: Told) -> str:
    return derived_id(name, edge.tenant, connection.station_id, edge.edge_id, connection.epoch)
