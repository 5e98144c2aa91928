"""OCPP-J frames: text in, CALL, CALLRESULT or CALLERROR out, and back (OCPP-J 1.6 and 2.0.1, section 4)."""

from typing import Any, NamedTuple

import orjson

from services.ocpp.wire.faults import UNREADABLE_ID, Fault

CALL = 2
CALL_RESULT = 3
CALL_ERROR = 4
CALL_RESULT_ERROR = 5
SEND = 6
"""5 and 6 since OCPP-J 2.1 (4.2.4 and 4.2.5)."""

MAX_ID_LENGTH = 36
MAX_DESCRIPTION_LENGTH = 255


class Call(NamedTuple):
    """A request. An absent payload may be written null (OCPP-J 2.0.1, 4.1.5); here it is {}."""

    message_id: str
    action: str
    payload: dict[str, Any]


class CallResult(NamedTuple):
    """The answer to a request."""

    message_id: str
    payload: dict[str, Any]


class CallError(NamedTuple):
    """The refusal of a request."""

    message_id: str
    code: str
    description: str


class CallResultError(NamedTuple):
    """The peer could not use our answer to its request; nothing is answered to that."""

    message_id: str
    code: str
    description: str


class Send(NamedTuple):
    """A request that wants no answer, not even an error."""

    message_id: str
    action: str
    payload: dict[str, Any]


Frame = Call | CallResult | CallError | CallResultError | Send


class Malformed(Exception):
    """Not a frame. `message_id` is None when nobody can be answered: answers are not answered."""

    def __init__(self, fault: Fault, description: str, message_id: str | None = UNREADABLE_ID) -> None:
        super().__init__(description)
        self.fault = fault
        self.description = description
        self.message_id = message_id


def parse(data: bytes) -> Frame:
    """Read one frame; Malformed for anything that is not one.

    orjson refuses NaN, Infinity, numbers out of a double's range, lone surrogates, invalid UTF-8, a byte order
    mark, trailing text, and nesting deeper than 1024. Of duplicate keys the last one counts.
    """
    try:
        frame = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(Fault.RPC_FRAMEWORK, f"not JSON: {error.msg} at character {error.pos}") from None
    if type(frame) is not list or not frame:
        raise Malformed(Fault.RPC_FRAMEWORK, "not a JSON array with a message type")
    kind = frame[0]
    if kind == CALL and len(frame) == 4 and type(kind) is int:
        _, message_id, action, payload = frame
        if (
            type(payload) is dict
            and type(action) is str
            and type(message_id) is str
            and 0 < len(message_id) <= MAX_ID_LENGTH
        ):
            return Call(message_id, action, payload)
    return _unusual(frame, kind)


def call(message_id: str, action: str, payload: dict[str, Any]) -> bytes:
    """The text of a CALL."""
    return orjson.dumps([CALL, message_id, action, payload])


def call_result(message_id: str, payload: dict[str, Any]) -> bytes:
    """The text of a CALLRESULT."""
    return orjson.dumps([CALL_RESULT, message_id, payload])


def call_error(message_id: str, code: str, description: str) -> bytes:
    """The text of a CALLERROR; the description is cut to what the specification allows."""
    return orjson.dumps([CALL_ERROR, message_id, code, description[:MAX_DESCRIPTION_LENGTH], {}])


def call_result_error(message_id: str, code: str, description: str) -> bytes:
    """The text of a CALLRESULTERROR: what came back for our CALL is of no use."""
    return orjson.dumps([CALL_RESULT_ERROR, message_id, code, description[:MAX_DESCRIPTION_LENGTH], {}])


def _unusual(frame: list[Any], kind: Any) -> Frame:
    """Everything but a CALL that is as it should be."""
    if type(kind) is int:
        if kind == CALL:
            return _unusual_call(frame)
        if kind == CALL_RESULT:
            return _call_result(frame)
        if kind == CALL_ERROR:
            return CallError(*_error(frame, "CALLERROR"))
        if kind == CALL_RESULT_ERROR:
            return CallResultError(*_error(frame, "CALLRESULTERROR"))
        if kind == SEND:
            return _send(frame)
    raise Malformed(Fault.MESSAGE_TYPE, f"message type {_shown(kind)} is not 2 to 6", _readable_id(frame))


def _unusual_call(frame: list[Any]) -> Call:
    message_id = _readable_id(frame)
    if message_id == UNREADABLE_ID:
        raise Malformed(Fault.RPC_FRAMEWORK, f"message id is not a string of 1 to {MAX_ID_LENGTH} characters")
    if len(frame) == 3 and type(frame[2]) is str:
        raise Malformed(Fault.PROTOCOL, "a CALL has a payload", message_id)
    if len(frame) != 4:
        raise Malformed(Fault.RPC_FRAMEWORK, f"a CALL has 4 elements, not {len(frame)}", message_id)
    if type(frame[2]) is not str:
        raise Malformed(Fault.RPC_FRAMEWORK, "action is not a string", message_id)
    if frame[3] is not None:
        raise Malformed(Fault.FORMAT, "payload is not an object", message_id)
    return Call(message_id, frame[2], {})


def _call_result(frame: list[Any]) -> CallResult:
    if len(frame) != 3 or type(frame[1]) is not str:
        raise Malformed(Fault.RPC_FRAMEWORK, "a CALLRESULT is [3, id, payload]", None)
    payload = {} if frame[2] is None else frame[2]
    if type(payload) is not dict:
        raise Malformed(Fault.FORMAT, "payload of a CALLRESULT is not an object", None)
    return CallResult(frame[1], payload)


def _send(frame: list[Any]) -> Send:
    if len(frame) != 4 or [type(part) for part in frame[1:]] != [str, str, dict]:
        raise Malformed(Fault.RPC_FRAMEWORK, "a SEND is [6, id, action, payload]", None)
    return Send(frame[1], frame[2], frame[3])


def _error(frame: list[Any], kind: str) -> tuple[str, str, str]:
    """Lenient about the tail: stations leave out description and details, or send null."""
    if len(frame) < 3 or type(frame[1]) is not str or type(frame[2]) is not str:
        raise Malformed(Fault.RPC_FRAMEWORK, f"a {kind} is [{frame[0]}, id, code, description, details]", None)
    description = frame[3] if len(frame) > 3 and type(frame[3]) is str else ""
    return frame[1], frame[2], description


def _readable_id(frame: list[Any]) -> str:
    if len(frame) > 1 and type(frame[1]) is str and 0 < len(frame[1]) <= MAX_ID_LENGTH:
        return frame[1]
    return UNREADABLE_ID


def _shown(value: Any) -> str:
    return repr(value) if type(value) in (int, float, bool) else type(value).__name__
