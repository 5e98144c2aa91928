"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from typing import Any

from services.domain.events import (
    authorization,
    cdr,
    dlq,
    location,
    partner,
    session,
    station,
    tariff,
    token,
    transaction,
)

TYPES: dict[str, type[Any]] = {
    "authorization.events.v1.AuthorizationDecided": authorization.AuthorizationDecided,
    "cdr.events.v1.CdrCredited": cdr.CdrCredited,
    "cdr.events.v1.CdrHeld": cdr.CdrHeld,
    "cdr.events.v1.CdrIssued": cdr.CdrIssued,
    "cdr.state.v1.Cdr": cdr.Cdr,
    "dlq.v1.DeadLetter": dlq.DeadLetter,
    "location.state.v1.Location": location.Location,
    "partner.state.v1.Partner": partner.Partner,
    "session.events.v1.SessionEnded": session.SessionEnded,
    "session.events.v1.SessionStarted": session.SessionStarted,
    "session.events.v1.SessionSuspended": session.SessionSuspended,
    "session.events.v1.SessionUpdated": session.SessionUpdated,
    "session.state.v1.Session": session.Session,
    "station.commands.v1.CommandRequested": station.CommandRequested,
    "station.connection.v1.Connection": station.Connection,
    "station.events.v1.ConnectorStatusChanged": station.ConnectorStatusChanged,
    "station.events.v1.DataTransferred": station.DataTransferred,
    "station.events.v1.ProtocolViolated": station.ProtocolViolated,
    "station.events.v1.SecurityEventRaised": station.SecurityEventRaised,
    "station.events.v1.StationBooted": station.StationBooted,
    "station.events.v1.StationConnected": station.StationConnected,
    "station.events.v1.StationDisconnected": station.StationDisconnected,
    "station.results.v1.CommandAnswered": station.CommandAnswered,
    "station.state.v1.Station": station.Station,
    "tariff.state.v1.Tariff": tariff.Tariff,
    "token.events.v1.TokenBlocked": token.TokenBlocked,
    "token.events.v1.TokenRegistered": token.TokenRegistered,
    "token.state.v1.Token": token.Token,
    "transaction.events.v1.TransactionEnded": transaction.TransactionEnded,
    "transaction.events.v1.TransactionStarted": transaction.TransactionStarted,
    "transaction.events.v1.TransactionUpdated": transaction.TransactionUpdated,
}
"""Every event, state and command type by its Avro full name."""
