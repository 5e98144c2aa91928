"""Frames of the message log as rows, and the questions that are asked of them. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from services.domain import elements
from services.domain.elements import Element, NotXml
from services.domain.events.common import Frame
from services.domain.events.ocpp import FramesLogged

_KINDS: Final = {2: "CALL", 3: "CALLRESULT", 4: "CALLERROR", 5: "CALLRESULTERROR", 6: "SEND"}
_NAMES_ACTION: Final = frozenset({"CALL", "SEND"})
_CODES: Final = frozenset({"CALLERROR", "CALLRESULTERROR"})
_WORD: Final = re.compile(r"[A-Za-z0-9]{1,50}", re.ASCII)
_SPECIAL: Final = re.compile(r"([%_\\])")
_MOST_ID: Final = 100
_ANSWER: Final = "Response"
_LEAST: Final = 3
"""Elements of a frame: type, id, and what the type wants."""


class Heading(NamedTuple):
    """What the first elements of a frame say; all "" for one that says nothing."""

    kind: str = ""
    message_id: str = ""
    action: str = ""
    error_code: str = ""


def heading(data: bytes) -> Heading:
    """The heading of an OCPP-J frame or of an envelope of OCPP-S, however broken it is."""
    if data.lstrip().startswith(b"<"):
        return _envelope_heading(data)
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


def _envelope_heading(data: bytes) -> Heading:
    """An answer names its action by its body, and by RelatesTo the message that it answers."""
    try:
        said = _parts(elements.read(data))
    except NotXml:
        return Heading()
    header, body = said.get("Header"), said.get("Body")
    if body is None or not body.children:
        return Heading()
    named = {block.name: block.word[:_MOST_ID] for block in (header.children if header else ())}
    first = body.children[0]
    if first.name == "Fault":
        return Heading("CALLERROR", named.get("RelatesTo", ""), "", _fault_code(first))
    name = first.name if _WORD.fullmatch(first.name) else ""
    if name.endswith(_ANSWER):
        return Heading("CALLRESULT", named.get("RelatesTo", ""), _capital(name.removesuffix(_ANSWER)))
    return Heading("CALL", named.get("MessageID", ""), _capital(name.removesuffix("Request")))


def _parts(element: Element) -> dict[str, Element]:
    return {child.name: child for child in element.children}


def _fault_code(fault: Element) -> str:
    """The innermost code that is said: `ProtocolError` of `s:Sender/o:ProtocolError`."""
    code = ""
    level = _parts(fault).get("Code")
    while level is not None:
        parts = _parts(level)
        code = parts["Value"].word.rpartition(":")[2] if "Value" in parts else code
        level = parts.get("Subcode")
    return code if _WORD.fullmatch(code) else ""


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


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
