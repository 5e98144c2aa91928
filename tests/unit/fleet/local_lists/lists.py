"""Stations, tokens and answers that tests of local lists speak of."""

from typing import Any

import msgspec

from services.domain.events.common import CommandOutcome, TokenStatus
from services.domain.events.station import CommandAnswered, CommandRequested, Connection, Station
from services.domain.events.token import Token

NOW = 1_790_000_000_000


def token(uid: str, **changes: Any) -> Token:
    values: dict[str, Any] = {
        "tenant": "t", "token_uid": uid, "token_type": "RFID", "contract_id": uid, "issuer": "t",
        "status": TokenStatus.VALID, "updated_at": NOW - 1000,
    }  # fmt: skip
    return Token(**(values | changes))


def station(name: str = "CP1", **changes: Any) -> Station:
    values: dict[str, Any] = {"tenant": "t", "station_id": name, "local_list": True, "updated_at": 1}
    return Station(**(values | changes))


def connection(name: str = "CP1", **changes: Any) -> Connection:
    values: dict[str, Any] = {
        "tenant": "t", "station_id": name, "edge_id": "edge-1", "epoch": 1, "connected": True,
        "protocol": "ocpp2.0.1", "since": NOW - 60_000,
    }  # fmt: skip
    return Connection(**(values | changes))


def answer(
    command: CommandRequested | None,
    said: dict[str, Any] | None = None,
    outcome: CommandOutcome = CommandOutcome.ACCEPTED,
    **more: Any,
) -> CommandAnswered:
    """The result of a command; None: of somebody else's SendLocalList."""
    values: dict[str, Any] = {
        "event_id": "r", "command_id": command.command_id if command else "other", "tenant": "t",
        "station_id": command.station_id if command else "CP1",
        "operation": command.operation if command else "SendLocalList", "outcome": outcome,
        "status": (said or {}).get("status"), "edge_id": "edge-1", "epoch": 1, "recorded_at": NOW,
        "answer_json": None if said is None else msgspec.json.encode(said).decode(),
    }  # fmt: skip
    return CommandAnswered(**(values | more))


def payload(command: CommandRequested) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(command.payload_json)
    return decoded


class FakeStation:
    """A station with a local list as the specification has it (D01, D02; 1.6 5.15)."""

    def __init__(self, v16: bool = False, room: int = 100, at_once: int = 20) -> None:
        self.v16, self.room, self.at_once = v16, room, at_once
        self.version = 0
        self.tokens: dict[str, Any] = {}
        self.sent: list[dict[str, Any]] = []

    def answer(self, command: CommandRequested) -> CommandAnswered:
        said = payload(command)
        match command.operation:
            case "GetLocalListVersion":
                return answer(command, {"listVersion" if self.v16 else "versionNumber": self.version})
            case "GetConfiguration":
                keys = {"LocalAuthListMaxLength": self.room, "SendLocalListMaxLength": self.at_once}
                told = [{"key": key, "readonly": True, "value": str(value)} for key, value in keys.items()]
                return answer(command, {"configurationKey": told})
            case "GetVariables":
                values = (str(self.at_once), str(self.room))
                results = [
                    {**asked, "attributeStatus": "Accepted", "attributeValue": value}
                    for asked, value in zip(said["getVariableData"], values, strict=True)
                ]
                return answer(command, {"getVariableResult": results})
        self.sent.append(said)
        status = self._take(said)
        outcome = CommandOutcome.ACCEPTED if status == "Accepted" else CommandOutcome.REJECTED
        return answer(command, {"status": status}, outcome)

    def _take(self, said: dict[str, Any]) -> str:
        entries = said.get("localAuthorizationList", [])
        if len(entries) > self.at_once:
            return "Failed"
        if said["updateType"] == "Full":
            self.tokens = {}
        elif said["versionNumber"] <= self.version:
            return "VersionMismatch"
        for entry in entries:
            uid = entry["idToken"]["idToken"]
            if "idTokenInfo" in entry:
                self.tokens[uid] = entry["idTokenInfo"]
            else:
                del self.tokens[uid]
        if len(self.tokens) > self.room:
            return "Failed"
        self.version = said["versionNumber"]
        return "Accepted"
