"""What a station asks as a CALL, our answer as an envelope; a CALL of ours and its answer the other way round."""

import hashlib
from dataclasses import replace
from typing import Any, Final

import orjson

from services.domain.elements import REPLACEMENT, NotXml
from services.domain.ids import derived_id
from services.ocpp.soap import faults, payload, shapes, v15
from services.ocpp.soap.envelope import (
    CP,
    FAULT_ACTION,
    Header,
    Request,
    Speech,
    answer,
    element_name,
    envelope,
    fault,
)
from services.ocpp.soap.faults import Refusal
from services.ocpp.soap.payload import Unspeakable
from services.ocpp.soap.shapes import Message
from services.ocpp.wire import frames
from services.ocpp.wire.faults import V15S, Fault, Refused
from services.ocpp.wire.frames import Call, CallError, CallResult

_UNKNOWN: Final = Message({}, {})
_NEVER_ALIKE: Final = frozenset({"Heartbeat"})
"""Two that look alike are two, for stations that count their messages badly: nothing is lost by it."""


def call(asked: Request, number: int) -> Call:
    """The CALL that a request is; Refused (in OCPP's terms) when it cannot be one.

    Its message id follows from the station's and the content, so that a retry is known as one, and messages of a
    station that numbers all of them alike are not. `number` tells messages apart that have no id.
    """
    speech = asked.speech
    content = payload.read(asked.body, _asks(speech.protocol, asked.action).request)
    if speech.protocol == V15S:
        content = v15.converted(v15.REQUESTS_IN, asked.action, content)
    told_apart = number if asked.action in _NEVER_ALIKE or not asked.message_id else None
    digest = hashlib.blake2b(_text(content), digest_size=16).hexdigest()
    return Call(derived_id("soap", asked.message_id, asked.action, digest, told_apart), asked.action, content)


def reply(asked: Request, frame: CallResult | CallError, message_id: str) -> tuple[str, Refusal | None]:
    """The envelope that answers a request, and the fault in it, if it is one."""
    if isinstance(frame, CallError):
        refusal = faults.of_call_error(frame.code, frame.description)
        return refused(asked, refusal, message_id), refusal
    protocol, content = asked.speech.protocol, frame.payload
    if protocol == V15S:
        content = v15.converted(v15.ANSWERS_OUT, asked.action, content)
    name = element_name(asked.action, "Response")
    body = payload.written(content, _asks(protocol, asked.action).answer, "o")
    return envelope(asked.speech, _reply_header(asked, message_id), f"<o:{name}>{body}</o:{name}>"), None


def refused(asked: Request | None, refusal: Refusal, message_id: str) -> str:
    """The envelope of a fault; `asked` is None when nothing of the request could be read."""
    if asked is None:
        return fault(Speech(), Header(FAULT_ACTION[Speech().addressing], "", message_id), refusal)
    action = FAULT_ACTION[asked.speech.addressing]
    return fault(asked.speech, replace(_reply_header(asked, message_id), action=action), refusal)


def request(frame: Call, protocol: str, addressing: str, header: Header) -> str:
    """The envelope of a CALL of ours; Unspeakable when the version has no words for it."""
    message = shapes.CP[protocol].get(frame.action)
    if message is None:
        raise Unspeakable(f"{frame.action} does not exist in {protocol}")
    content = frame.payload
    if protocol == V15S:
        content = v15.converted(v15.REQUESTS_OUT, frame.action, content)
    speech = Speech(protocol, CP[protocol], addressing)
    name = element_name(frame.action, "Request")
    body = f"<o:{name}>{payload.written(content, message.request, 'o')}</o:{name}>"
    if REPLACEMENT in body:
        raise Unspeakable("it holds characters that XML has no sign for")
    return envelope(speech, header, body)


def answered(document: bytes, frame: Call, protocol: str) -> bytes:
    """A station's answer to a CALL of ours, as the frame that it would be; not what was wanted is a CALLERROR."""
    try:
        body = answer(document)
        if isinstance(body, Refusal):
            code = Fault.GENERIC.value if body.subcode is None else body.subcode.value
            return frames.call_error(frame.message_id, code, body.reason)
        if body.name != element_name(frame.action, "Response"):
            raise NotXml(f"a {body.name[:60]} does not answer {frame.action}")
        content = payload.read(body, shapes.CP[protocol][frame.action].answer)
    except (NotXml, Refused) as error:
        return failed(frame, f"unusable answer: {error}", Fault.FORMAT)
    if protocol == V15S:
        content = v15.converted(v15.ANSWERS_IN, frame.action, content)
    return frames.call_result(frame.message_id, content)


def failed(frame: Call, description: str, fault_: Fault = Fault.GENERIC) -> bytes:
    """The frame that says that a CALL of ours came to nothing."""
    return frames.call_error(frame.message_id, fault_.value, description)


def _asks(protocol: str, action: str) -> Message:
    """What has no shape is read as it comes, and refused where it belongs to no version."""
    return shapes.CS[protocol].get(action, _UNKNOWN)


def _reply_header(asked: Request, message_id: str) -> Header:
    """Its own header is repeated to the station: some take no answer without their identity and address."""
    return Header(f"/{asked.action}Response", asked.identity, message_id, asked.message_id, to=asked.sender)


def _text(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
