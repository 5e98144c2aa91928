"""WebSockets (picows): upgrade requests, frames, fragments and closing, handed to the edge as plain calls."""

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, Final

from picows import (
    WSAutoPingStrategy,
    WSListener,
    WSMsgType,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined]

from services.ocpp.admission import Admission, Refusal
from services.ocpp.connection import Connection, Step
from services.ocpp.door import Knock
from services.ocpp.edge import TRY_AGAIN_LATER, TURN_S, StationEdge
from services.ocpp.tls import Certificate, of_handshake
from services.ocpp.turnstile import Turnstile

HANDSHAKE_TIMEOUT_S: Final = 10.0
BACKLOG: Final = 4096

_READ_BUFFER_BYTES: Final = 512
"""The least that picows takes: memory per idle connection."""

_NORMAL: Final = 1000
_PROTOCOL_ERROR: Final = 1002
_UNSUPPORTED_DATA: Final = 1003
_TOO_BIG: Final = 1009
_CLOSING_S: Final = 1.0
"""A peer gets this long to answer our close."""

_MAX_FRAGMENTS: Final = 1024

_QUIET = logging.LoggerAdapter(logging.getLogger("picows.ocpp"))
"""An adapter, since picows makes a logger per connection from a plain one."""
_QUIET.logger.setLevel(logging.CRITICAL)


class StationSocket(WSListener):
    """One station's WebSocket."""

    moves = False

    __slots__ = (
        "_edge", "_fragments", "_paused", "_transport",
        "address", "certificate", "connection", "credit", "credit_at",
        "ending", "heard_at", "key", "pinged", "security_profile",
    )  # fmt: skip

    def __init__(self, edge: StationEdge, connection: Connection, address: str, profile: int, now_ms: int) -> None:
        self._edge = edge
        self._transport: Any = None
        self._fragments: list[bytes] | None = None
        self._paused = False
        self.connection = connection
        self.key = f"{edge.edge.tenant}/{connection.station_id}"
        self.address = address
        self.security_profile = profile
        self.certificate: Certificate | None = None
        self.credit = edge.settings.station_messages_per_s
        self.credit_at = now_ms
        self.heard_at = edge.tick_number
        self.pinged = False
        self.ending = ""

    @property
    def ping_s(self) -> int:
        return self._edge.settings.ping_s

    def on_ws_connected(self, transport: Any) -> None:
        self._transport = transport
        _forget_handshake(transport)
        self._edge.connected(self)

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        if self.ending or transport.is_close_frame_sent:
            return
        if frame.msg_type == WSMsgType.TEXT and frame.fin and self._fragments is None and not frame.rsv1:
            self._received(frame.get_payload_as_bytes())
        else:
            self._other_frame(frame)

    def on_ws_disconnected(self, transport: Any) -> None:
        self._edge.disconnected(self, self.ending or self._peers_ending(transport.close_handshake))

    def pause_writing(self) -> None:
        """The station does not read what we send: it will not begin to, and our memory is finite."""
        self.abort("misbehaved")

    def resume_writing(self) -> None:
        """Nothing to do: `pause_writing` was the end."""

    def send(self, data: bytes) -> None:
        self._transport.send(WSMsgType.TEXT, data)
        self._edge.frames.note(self.connection.station_id, self.connection.protocol, False, data)

    def ping(self) -> None:
        self._transport.send_ping()

    def close(self, code: int, ending: str, said: str = "") -> None:
        if not self.ending:
            self.ending = ending
            _close(self._transport, code, said)

    def abort(self, ending: str) -> None:
        self.ending = self.ending or ending
        self._transport.disconnect(graceful=False)

    def release(self, step: Step, waited_ms: int) -> None:
        """Events are durable: the reply goes."""
        self.connection.settle(step)
        self._edge.replied(waited_ms)
        assert step.reply is not None
        self.send(step.reply)
        self.read_on()

    def give_up(self) -> None:
        """They are not, in all the time that a station waits: let it keep its message and come back."""
        self.close(TRY_AGAIN_LATER, "refused", "cannot store your message now, keep it")

    def pause(self, seconds: float) -> None:
        if not self._paused and not self._transport.is_disconnected:
            self._paused = True
            self._transport.underlying_transport.pause_reading()
            if seconds:
                asyncio.get_running_loop().call_later(seconds, self._resume)

    def read_on(self) -> None:
        if self._paused and self.connection.pending < self._edge.settings.max_pending_calls:
            self._resume()

    def _resume(self) -> None:
        if self._paused and not self._transport.is_disconnected:
            self._paused = False
            self._transport.underlying_transport.resume_reading()

    def _received(self, data: bytes) -> None:
        self._edge.frames.note(self.connection.station_id, self.connection.protocol, True, data)
        self._edge.received(self, data)

    def _other_frame(self, frame: Any) -> None:
        """Everything but a whole text frame: RFC 6455, 5.4 (fragments) and 5.5 (control frames)."""
        kind = frame.msg_type
        self.heard_at, self.pinged = self._edge.tick_number, False
        if kind == WSMsgType.PONG:
            return
        if kind == WSMsgType.CLOSE:
            self._transport.send_close(_NORMAL)
            self._transport.disconnect()
        elif frame.rsv1 or frame.rsv2 or frame.rsv3:
            self._misbehaved(frame, _PROTOCOL_ERROR, "reserved bit set, but no extension was agreed")
        elif kind == WSMsgType.BINARY:
            self._misbehaved(frame, _UNSUPPORTED_DATA, "binary frame")
        elif (kind == WSMsgType.CONTINUATION) != (self._fragments is not None):
            self._misbehaved(frame, _PROTOCOL_ERROR, "fragment out of turn")
        else:
            self._take_fragment(frame)

    def _take_fragment(self, frame: Any) -> None:
        fragments = self._fragments = self._fragments or []
        fragments.append(frame.get_payload_as_bytes())
        size = (
            sum(map(len, fragments))
            if len(fragments) <= _MAX_FRAGMENTS
            else self._edge.settings.max_frame_bytes + 1
        )
        if size > self._edge.settings.max_frame_bytes:
            self._misbehaved(frame, _TOO_BIG, "message too long, or in too many fragments")
        elif frame.fin:
            self._fragments = None
            self._received(b"".join(fragments))

    def _misbehaved(self, frame: Any, code: int, said: str) -> None:
        self._fragments = None
        self._edge.misbehaved(self, frame.get_payload_as_bytes(), said)
        self.close(code, "misbehaved", said)

    def _peers_ending(self, handshake: Any) -> str:
        """Why it ended when we did not end it: picows itself closes on broken or oversize frames."""
        if handshake is None:
            return "lost"
        if handshake.recv_then_sent or handshake.sent is None:
            return "closed"
        self._edge.misbehaved(self, b"", f"WebSocket: {handshake.sent.reason or handshake.sent.code}")
        return "misbehaved"


class NoCommonProtocol(WSListener):
    """OCPP-J 2.0.1, 3.2: the handshake is completed without a sub-protocol, then the connection is closed."""

    __slots__ = ()

    def on_ws_connected(self, transport: Any) -> None:
        _close(transport, _PROTOCOL_ERROR, "no common sub-protocol: offer ocpp2.1, ocpp2.0.1 or ocpp1.6")


class Upgrade:
    """Answers the upgrade request of one connection."""

    __slots__ = ("_edge", "protocol")

    def __init__(self, edge: StationEdge) -> None:
        self._edge = edge
        self.protocol: Any = None

    def __call__(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        edge, now_ms = self._edge, self._edge.now_ms()
        transport = self.protocol.transport.underlying_transport
        self.protocol = None
        knock = _knock(request, transport, edge.settings.client_certificate_header)
        decided = edge.door.answer(knock, edge.open_for_work, now_ms)
        if isinstance(decided, Refusal):
            edge.metrics.refusals[str(decided.status)] += 1
            return _refused(decided)
        if decided.protocol is None:
            edge.metrics.refusals["no sub-protocol"] += 1
            return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(), NoCommonProtocol())
        return self._let_in(decided, decided.protocol, edge.door.address(knock), now_ms)

    def _let_in(
        self, decided: Admission, protocol: str, address: str, now_ms: int
    ) -> WSUpgradeResponseWithListener:
        edge, station = self._edge, decided.station
        if decided.settled is not None:
            edge.delivery.publish(replace(decided.settled, updated_at=now_ms))
        connection = Connection(edge.edge, station.station_id, protocol, edge.new_epoch(station.key))
        held = StationSocket(edge, connection, address, decided.security_profile, now_ms)
        held.certificate = decided.certificate
        response = WSUpgradeResponse.create_101_response({"Sec-WebSocket-Protocol": protocol})
        return WSUpgradeResponseWithListener(response, held)


class PacedProtocol(WSProtocol):  # type: ignore[misc]
    """A connection whose request is not read before it is its turn."""

    __slots__ = ("_tcp", "_waits", "turnstile")

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._tcp = transport
        self._waits = not self.turnstile.passes(self)
        if self._waits:
            # Only once this returns does uvloop begin to read; by then its turn may have come.
            asyncio.get_running_loop().call_soon(self._hold)

    def admit(self) -> None:
        """Its turn has come."""
        self._waits = False
        if not self._tcp.is_closing() and not self._tcp.is_reading():
            self._tcp.resume_reading()

    def _hold(self) -> None:
        if self._waits and not self._tcp.is_closing():
            self._tcp.pause_reading()


Listen = Callable[..., Coroutine[Any, Any, asyncio.Server]]
"""`create_server` for stations: told where, and with which TLS."""


class Listeners:
    """Where stations connect to, with TLS and without."""

    def __init__(self, plain: asyncio.Server, tls: asyncio.Server | None, listen: Listen) -> None:
        self._plain = plain
        self._tls = [tls] if tls is not None else []
        self._listen = listen
        self._closed = False
        self.port = int(plain.sockets[0].getsockname()[1])
        self.tls_port = int(tls.sockets[0].getsockname()[1]) if tls else None

    async def secure(self, context: ssl.SSLContext) -> None:
        """From now on connections by TLS get this context; those that are there keep theirs.

        The sockets that listen stay as they are, so that nobody who knocks in between is turned away.
        """
        before = self._tls
        same = [socket.socket(fileno=os.dup(one.fileno())) for server in before for one in server.sockets]
        after = [await self._listen(sock=one, ssl=context) for one in same]
        for server in after if self._closed else before:
            server.close()
        if not self._closed:
            self._tls = after

    def close(self) -> None:
        """Take no new connections."""
        self._closed = True
        for server in (self._plain, *self._tls):
            server.close()


async def serve(edge: StationEdge) -> Listeners:
    """Listen for stations; OSError when a port is taken, BadSetting when TLS cannot be spoken."""
    settings = edge.settings
    loop = asyncio.get_running_loop()
    turnstile: Turnstile[PacedProtocol] = Turnstile(
        int(settings.connects_per_s * TURN_S), PacedProtocol.admit, partial(loop.call_later, TURN_S)
    )

    def protocol() -> WSProtocol:
        upgrade = Upgrade(edge)
        # picows' own `ws_create_server` does not tell its listener factory where a request comes from.
        made = PacedProtocol(
            None, None, False, upgrade, _QUIET, True, HANDSHAKE_TIMEOUT_S, False, 0, 0,
            WSAutoPingStrategy.PING_WHEN_IDLE, True, settings.max_frame_bytes, None, _READ_BUFFER_BYTES,
        )  # fmt: skip
        made.turnstile = turnstile
        upgrade.protocol = made
        return made

    listen = partial(loop.create_server, protocol, backlog=BACKLOG)
    listen_tls = partial(listen, ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S)
    context = settings.tls(partial(handshake_failed, edge))
    plain = await listen(settings.ocpp_host, settings.ocpp_port)
    tls = await listen_tls(settings.ocpp_host, settings.ocpp_tls_port, ssl=context) if context else None
    return Listeners(plain, tls, listen_tls)


def handshake_failed(edge: StationEdge, reason: str) -> None:
    """A TLS handshake came to nothing, for OpenSSL's `reason`."""
    edge.metrics.refusals["tls"] += 1
    edge.door.handshake_failed(reason, edge.now_ms())


def _knock(request: WSUpgradeRequest, transport: Any, certificate_header: str) -> Knock:
    headers = request.headers
    peer, tls = transport.get_extra_info("peername"), transport.get_extra_info("ssl_object")
    tokens = [token.strip().lower() for line in headers.getall("Connection", ()) for token in line.split(",")]
    if "upgrade" in tokens:
        # picows takes only this one word; proxies send `keep-alive, Upgrade`.
        headers["Connection"] = "Upgrade"
    return Knock(
        target=request.path.decode("ascii", "replace"),
        peer=str(peer[0]) if peer else "",
        authorization=headers.get("Authorization"),
        offers=headers.getall("Sec-WebSocket-Protocol", ()),
        version=headers.get("Sec-WebSocket-Version", ""),
        forwarded_for=headers.getall("X-Forwarded-For", ()),
        forwarded_proto=headers.get("X-Forwarded-Proto", ""),
        forwarded_certificate=headers.get(certificate_header, ""),
        secure=tls is not None,
        certificate=of_handshake(tls.getpeercert(), tls.getpeercert(True)) if tls is not None else None,
    )


def _refused(refusal: Refusal) -> WSUpgradeResponseWithListener:
    response = WSUpgradeResponse.create_error_response(refusal.status, refusal.body.encode(), refusal.headers)
    return WSUpgradeResponseWithListener(response, None)


def _forget_handshake(transport: Any) -> None:
    """Headers are a kilobyte or two per connection, the password among them."""
    transport.request.headers.clear()
    transport.response.headers.clear()


def _close(transport: Any, code: int, said: str) -> None:
    transport.send_close(code, said)
    asyncio.get_running_loop().call_later(_CLOSING_S, transport.disconnect, False)
