"""The HTTP side of OCPP-S: a POST in, admission, the message, and its answer held until it is durable."""

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote

import structlog
from starlette.types import Receive, Scope, Send

from services.domain.ids import derived_id
from services.ocpp import admission
from services.ocpp.admission import Admission
from services.ocpp.connection import Connection
from services.ocpp.door import Knock
from services.ocpp.edge import StationEdge
from services.ocpp.soap import envelope, exchange
from services.ocpp.soap.compression import NotUnpacked, unpacked
from services.ocpp.soap.envelope import Request
from services.ocpp.soap.faults import Code, Refusal, Refused, Subcode, of_call_error, protocol_error
from services.ocpp.soap.line import Ask, SoapLine, Turned
from services.ocpp.wire import faults as wire

log = structlog.get_logger(__name__)

_BODY_S: Final = 20.0
_PATH: Final = "/ocpp"
_UNAUTHORIZED: Final = Refusal(Code.SENDER, Subcode.SECURITY, "not authorized")
_LATER: Final = Refusal(Code.RECEIVER, Subcode.INTERNAL, "cannot take messages now, keep yours and come back")
_TOO_MANY: Final = Refusal(Code.SENDER, Subcode.SECURITY, "too many attempts")
_DEFECT: Final = Refusal(Code.RECEIVER, Subcode.INTERNAL, "internal error")


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    text: str
    headers: Mapping[str, str] = {}
    content_type: str = envelope.CONTENT_TYPE


class Endpoint:
    """An ASGI application; `ask` sends requests of ours to stations."""

    def __init__(self, edge: StationEdge, ask: Ask) -> None:
        self._edge = edge
        self._ask = ask
        self._answers = 0
        self._started_ms = edge.now_ms()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        assert scope["type"] == "http"
        headers = _Headers(scope["headers"])
        answer = _not_soap(scope["method"], scope["path"])
        if answer is None:
            body = await self._body(receive)
            answer = _too_long() if body is None else await self._answered(scope, headers, body)
        text = answer.text.encode()
        told = {"Content-Type": answer.content_type, "Content-Length": str(len(text)), **answer.headers}
        lines = [(name.encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": lines})
        await send({"type": "http.response.body", "body": text})

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body; None when it is too long, too long in coming, or cut off."""
        body: bytes = b""
        try:
            async with asyncio.timeout(_BODY_S):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > self._edge.settings.max_frame_bytes:
                        return None
                    if not message.get("more_body", False):
                        return body
        except TimeoutError:
            return None

    async def _answered(self, scope: Scope, headers: "_Headers", body: bytes) -> Answer:
        try:
            return await self._answer(scope, headers, body)
        except Exception as error:  # a defect must cost one answer
            log.exception("defect while handling a request by SOAP", error=repr(error))
            return self._fault(None, _DEFECT)

    async def _answer(self, scope: Scope, headers: "_Headers", body: bytes) -> Answer:
        knock = _knock(scope, headers, self._edge.settings.client_certificate_header)
        name = unquote(scope["path"][len(_PATH) :]).strip("/")
        if not self._edge.open_for_work:
            return self._turned_away(self._edge.door.later(503, "Kafka cannot be reached"), None, _LATER)
        try:
            document = unpacked(body, headers["content-encoding"], self._edge.settings.max_frame_bytes)
            request = envelope.request(document)
        except Refused as error:
            return self._fault(None, error.refusal)
        except NotUnpacked as error:
            return self._fault(None, protocol_error(str(error)).refusal)
        if name not in ("", request.identity):
            reason = "chargeBoxIdentity is not the station of the URL"
            return self._fault(request, Refusal(Code.SENDER, Subcode.IDENTITY_MISMATCH, reason))
        decided = self._edge.door.answer_soap(request.identity, knock, self._edge.now_ms())
        if not isinstance(decided, Admission):
            return self._turned_away(decided, request, _UNAUTHORIZED if decided.status == 401 else _TOO_MANY)
        line = self._line(decided, request, knock)
        line.note(True, document)
        answer = await self._handled(request, line)
        line.note(False, answer.text.encode())
        return answer

    async def _handled(self, request: Request, line: SoapLine) -> Answer:
        try:
            frame = await line.answer(exchange.call(request, line.next_number()))
            text, refusal = exchange.reply(request, frame, self._message_id())
        except wire.Refused as error:
            return self._fault(request, of_call_error(wire.code(wire.V16, error.fault), error.description))
        except Turned:
            return self._turned_away(self._edge.door.later(503, "not stored", request.identity), request, _LATER)
        return Answer(200 if refusal is None else _status(refusal), text)

    def _line(self, decided: Admission, request: Request, knock: Knock) -> SoapLine:
        """The station's line, opened if it has none, or if it came another way until now."""
        edge, station, protocol = self._edge, decided.station, request.speech.protocol
        line = edge.sockets.get(station.key)
        if isinstance(line, SoapLine) and not line.ending and line.connection.protocol == protocol:
            line.request, line.address = request, edge.door.address(knock)
            line.certificate = decided.certificate
            return line
        connection = Connection(edge.edge, station.station_id, protocol, edge.new_epoch(station.key))
        fresh = SoapLine(edge, connection, edge.door.address(knock), decided.security_profile, self._ask)
        fresh.request, fresh.certificate = request, decided.certificate
        edge.connected(fresh)
        return fresh

    def _fault(self, request: Request | None, refusal: Refusal) -> Answer:
        self._edge.metrics.refusals[f"soap {refusal.subcode or refusal.code}"] += 1
        return Answer(_status(refusal), exchange.refused(request, refusal, self._message_id()))

    def _turned_away(self, said: admission.Refusal, request: Request | None, refusal: Refusal) -> Answer:
        self._edge.metrics.refusals[str(said.status)] += 1
        return Answer(said.status, exchange.refused(request, refusal, self._message_id()), said.headers)

    def _message_id(self) -> str:
        self._answers += 1
        return f"urn:uuid:{derived_id('soap', self._edge.edge.edge_id, self._started_ms, self._answers)}"


class _Headers:
    """HTTP headers by lower-case name; "" for one that is not there, and for one that is no text."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self._lines = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]

    def __getitem__(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        return [value for known, value in self._lines if known == name]


def _knock(scope: Scope, headers: _Headers, certificate_header: str) -> Knock:
    return Knock(
        target=scope["path"],
        peer=str(scope["client"][0]) if scope["client"] else "",
        authorization=headers["authorization"] or None,
        forwarded_for=headers.all("x-forwarded-for"),
        forwarded_proto=headers["x-forwarded-proto"],
        forwarded_certificate=headers[certificate_header.lower()],
    )


def _not_soap(method: str, path: str) -> Answer | None:
    if path.rstrip("/") != _PATH and not path.startswith(f"{_PATH}/"):
        return Answer(404, "send to /ocpp\n", content_type="text/plain")
    if method != "POST":
        return Answer(405, "send SOAP 1.2 by POST\n", {"Allow": "POST"}, "text/plain")
    return None


def _too_long() -> Answer:
    return Answer(413, "too long, or too long in coming\n", {"Connection": "close"}, "text/plain")


def _status(refusal: Refusal) -> int:
    """SOAP 1.2 Part 2, table 20."""
    return 400 if refusal.code is Code.SENDER else 500
