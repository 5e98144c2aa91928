"""Frames of the message log as rows, and the questions that are asked of them. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from services.domain.events.common import Frame
from services.domain.events.ocpp import FramesLogged

_KINDS: Final = {2: "CALL", 3: "CALLRESULT", 4: "CALLERROR", 5: "CALLRESULTERROR", 6: "SEND"}
_NAMES_ACTION: Final = frozenset({"CALL", "SEND"})
_CODES: Final = frozenset({"CALLERROR", "CALLRESULTERROR"})
_WORD: Final = re.compile(r"[A-Za-z0-9]{1,50}", re.ASCII)
_SPECIAL: Final = re.compile(r"([%_\\])")
_MOST_ID: Final = 100
_LEAST: Final = 3
"""Elements of a frame: type, id, and what the type wants."""


class Heading(NamedTuple):
    """What the first elements of a frame say; all "" for one that says nothing."""

    kind: str = ""
    message_id: str = ""
    action: str = ""
    error_code: str = ""


def heading(data: bytes) -> Heading:
    """The heading of an OCPP-J frame, however broken the frame is."""
    try:
        frame = orjson.loads(data)
    except (orjson.JSONDecodeError, RecursionError):
        return Heading()
    if not isinstance(frame, list) or len(frame) < _LEAST or type(frame[0]) is not int or frame[0] not in _KINDS:
        return Heading()
    kind = _KINDS[frame[0]]
    message_id = frame[1][:_MOST_ID] if isinstance(frame[1], str) else ""
    word = frame[2] if isinstance(frame[2], str) and _WORD.fullmatch(frame[2]) else ""
    if kind in _NAMES_ACTION:
        return Heading(kind, message_id, word)
    return Heading(kind, message_id, "", word if kind in _CODES else "")


def frame_rows(event: FramesLogged) -> list[Mapping[str, Any]]:
    """One row per frame. An answer has the action of its call where the same batch holds it."""
    calls: dict[tuple[str, str], str] = {}
    rows: list[Mapping[str, Any]] = []
    for number, frame in enumerate(event.frames):
        head = heading(frame.data)
        call = (frame.station_id, head.message_id)
        if head.action:
            calls[call] = head.action
        rows.append(_row(event, number, frame, head) | {"action": head.action or calls.get(call, "")})
    return rows


def _row(event: FramesLogged, number: int, frame: Frame, head: Heading) -> dict[str, Any]:
    return {
        "tenant": event.tenant,
        "station_id": frame.station_id,
        "protocol": frame.protocol,
        "direction": "in" if frame.received else "out",
        "at": frame.at,
        "message_type": head.kind,
        "message_id": head.message_id,
        "action": head.action,
        "error_code": head.error_code,
        "frame": frame.data.decode("utf-8", "replace"),
        "edge_id": event.edge_id,
        "event_id": event.event_id,
        "frame_no": number,
    }


def statement(action: str, text: str) -> str:
    """The question for a station's frames; its values are the parameters of ClickHouse's own kind.

    An answer whose call came in an earlier batch is found by its message id.
    """
    conditions = [
        "tenant = {tenant:String}",
        "station_id = {station:String}",
        "at >= fromUnixTimestamp64Milli({since:Int64})",
    ]
    where = " AND ".join(conditions)
    if action:
        named = f"SELECT message_id FROM ocpp_frames WHERE {where} AND action = {{action:String}}"
        conditions.append(f"(action = {{action:String}} OR (action = '' AND message_id IN ({named})))")
    if text:
        conditions.append("upper(frame) LIKE {text:String}")
    return (
        "SELECT at, direction, message_type, message_id, action, error_code, frame FROM ocpp_frames FINAL WHERE "
        + " AND ".join(conditions)
        + " ORDER BY at DESC, event_id DESC, frame_no DESC LIMIT {limit:UInt32}"
    )


def like(text: str) -> str:
    """`text` as a LIKE pattern for anything that contains it, in upper case as the index has it (ASCII)."""
    upper = "".join(letter.upper() if letter.isascii() else letter for letter in text)
    return "%" + _SPECIAL.sub(r"\\\1", upper) + "%"
