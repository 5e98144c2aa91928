"""How a command becomes a CALL of OCPP 1.6, as in the edge: both payloads are checked against the schemas."""

from typing import Any

import orjson
import pytest

from services.domain.events.station import CommandRequested
from services.ocpp.outbound.command import NotPossible, request
from tests.unit.ocpp.circumstances import NOW, STATION, TENANT, V16


def asked(operation: str, payload: Any) -> CommandRequested:
    return CommandRequested(
        event_id="e",
        command_id="c",
        tenant=TENANT,
        station_id=STATION,
        operation=operation,
        payload_json=orjson.dumps(payload).decode(),
        requested_by="test",
        requested_at=NOW,
        deadline_at=NOW + 30_000,
    )


def told(operation: str, payload: Any) -> tuple[str, dict[str, Any]]:
    """The action and payload that a station of 1.6 is sent; NotPossible as the edge finds it."""
    return tuple(request(asked(operation, payload), V16))


def refused(operation: str, payload: Any) -> str:
    """Why a station of 1.6 cannot be told."""
    with pytest.raises(NotPossible) as said:
        told(operation, payload)
    return str(said.value)
