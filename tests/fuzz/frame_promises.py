"""What the frame parser promises about any bytes: shared by the property tests and the coverage-guided fuzzer."""

import json
import re
from typing import Any

from services.ocpp.connection import Connection
from services.ocpp.wire.faults import V16, V21, V201
from services.ocpp.wire.frames import Call, CallError, CallResult, CallResultError, Frame, Malformed, Send, parse
from services.runtime.codec import Codec
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION

KINDS = {Call: 2, CallResult: 3, CallError: 4, CallResultError: 5, Send: 6}
CODEC = Codec()


def keep(data: bytes) -> None:
    """Raise AssertionError when a promise is broken, and whatever the parser raises beside Malformed."""
    read = _read(data)
    if isinstance(read, Malformed):
        assert read.description
        assert read.message_id is None or 0 < len(read.message_id) <= 36
    else:
        _is_what_others_read(read, data)
    for protocol in (V16, V201, V21):
        step = Connection(EDGE, STATION, protocol, 7).receive(data, NOW)
        if step.reply is not None:
            assert json.loads(step.reply)[0] in (3, 4)
        for event in step.events:
            assert CODEC.decode(CODEC.encode(event)) == event


def _read(data: bytes) -> Frame | Malformed:
    try:
        return parse(data)
    except Malformed as error:
        return error


def _is_what_others_read(frame: Frame, data: bytes) -> None:
    """The standard library's reader, which is another one, agrees about type, id and action."""
    text = data.decode()
    assert not re.search(r"(?<![\w\"])(NaN|Infinity)(?![\w\"])", _without_texts(text))
    read: list[Any] = json.loads(text, parse_int=float)
    assert read[0] == KINDS[type(frame)]
    assert read[1] == frame.message_id
    if isinstance(frame, Call | Send):
        assert read[2] == frame.action
        assert set(frame.payload) == set(read[3] or {})
        assert 0 < len(frame.message_id) <= 36 or isinstance(frame, Send)


def _without_texts(text: str) -> str:
    return re.sub(r'"(\\.|[^"\\])*"', '""', text)
