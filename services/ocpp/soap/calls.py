"""Requests to stations: an envelope to where the station is registered, and nowhere else."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from services.domain.events.station import Station
from services.ocpp.edge import StationEdge
from services.ocpp.soap import exchange
from services.ocpp.soap.address import Forbidden, Network, check, chosen
from services.ocpp.soap.compression import NotUnpacked, unpacked
from services.ocpp.soap.envelope import CONTENT_TYPE, Header, Request
from services.ocpp.soap.line import SoapLine
from services.ocpp.soap.payload import Unspeakable
from services.ocpp.wire.faults import Fault
from services.ocpp.wire.frames import Call
from services.runtime.egress import Egress, NotConnected, Refused, TooLong, Unreachable

_SAID: Final = frozenset({200, 400, 500})
"""Statuses whose body is an envelope (SOAP 1.2 Part 2, 7.5)."""


class Calls:
    """Sends CALLs of ours to stations; each comes back to its line as an answer, or as the edge's time-out.

    `station` looks up the registry by key.
    """

    def __init__(
        self,
        edge: StationEdge,
        station: Callable[[str], Station | None],
        networks: tuple[Network, ...],
        egress: Egress,
    ) -> None:
        self._edge = edge
        self._station = station
        self._networks = networks
        self._egress = egress
        self._rule = self._allowed
        """One object, by which connections are told apart."""
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, line: SoapLine, call: Call) -> None:
        """Send a CALL of ours."""
        task = asyncio.get_running_loop().create_task(self._ask(line, call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Drop what is open."""
        for task in self._tasks:
            task.cancel()

    async def _ask(self, line: SoapLine, call: Call) -> None:
        try:
            url, document = self._prepared(line, call)
            line.note(False, document)
            text = await self._post(url, document, call.action)
        except (Forbidden, Refused) as error:
            line.misplaced(str(error))
            line.failed(exchange.failed(call, str(error), Fault.SECURITY))
        except Unspeakable as error:
            line.failed(exchange.failed(call, str(error), Fault.NOT_SUPPORTED))
        except (NotUnpacked, TooLong) as error:
            line.failed(exchange.failed(call, f"unusable answer: {error}", Fault.FORMAT))
        except NotConnected as error:
            line.failed(exchange.failed(call, f"cannot be reached: {error}"))
        except Unreachable:
            # It may have been heard: the edge ends the command when its time is up.
            return
        else:
            line.note(True, text)
            line.heard(exchange.answered(text, call, line.connection.protocol))

    def _prepared(self, line: SoapLine, call: Call) -> tuple[str, bytes]:
        """Where to, and what to say."""
        request, station = line.request, self._station(line.key)
        if request is None or station is None or station.soap_address is None:
            raise Forbidden("no longer registered for SOAP")
        to = chosen(station.soap_address, request.sender, self._networks)
        header = _header(station, request, call)
        return to.url, exchange.request(call, line.connection.protocol, request.speech.addressing, header).encode()

    def _allowed(self, host: str, addresses: Sequence[str]) -> Sequence[str]:
        return [check(host, addresses, self._networks)]

    async def _post(self, url: str, document: bytes, action: str) -> bytes:
        most = self._edge.settings.max_frame_bytes
        headers = {
            "content-type": f'{CONTENT_TYPE}; action="/{action}"',
            "accept": "application/soap+xml",
            # Stations forget connections that are idle, and what is lost then may have been heard.
            "connection": "close",
        }
        answer = await self._egress.request(
            "POST", url, headers, document, rule=self._rule,
            timeout_s=self._edge.settings.call_timeout_s, most_bytes=most,
        )  # fmt: skip
        if answer.status not in _SAID:
            raise NotUnpacked(f"HTTP {answer.status}")
        return unpacked(answer.body, answer.headers.get("content-encoding", ""), most)


def _header(station: Station, request: Request, call: Call) -> Header:
    """From is where the station itself sends to: the name by which it knows us."""
    return Header(
        action=f"/{call.action}",
        identity=station.station_id,
        message_id=f"urn:uuid:{call.message_id}",
        sender=request.to,
        to=request.sender or station.soap_address or "",
    )
