"""Requests to stations: an envelope to where the station is registered, and nowhere else."""

import asyncio
from collections.abc import Callable
from typing import Final

import httpx

from services.domain.events.station import Station
from services.ocpp.edge import StationEdge
from services.ocpp.soap import exchange
from services.ocpp.soap.address import Forbidden, Network, Target, check, chosen
from services.ocpp.soap.compression import NotUnpacked, unpacked
from services.ocpp.soap.envelope import CONTENT_TYPE, Header, Request
from services.ocpp.soap.line import SoapLine
from services.ocpp.soap.payload import Unspeakable
from services.ocpp.wire.faults import Fault
from services.ocpp.wire.frames import Call

_MOST_CONNECTIONS: Final = 500
_CONNECT_S: Final = 10.0
_SAID: Final = frozenset({200, 400, 500})
"""Statuses whose body is an envelope (SOAP 1.2 Part 2, 7.5)."""


class Calls:
    """Sends CALLs of ours to stations; each comes back to its line as an answer, or as the edge's time-out.

    `station` looks up the registry by key.
    """

    def __init__(
        self, edge: StationEdge, station: Callable[[str], Station | None], networks: tuple[Network, ...]
    ) -> None:
        self._edge = edge
        self._station = station
        self._networks = networks
        self._tasks: set[asyncio.Task[None]] = set()
        self._client = httpx.AsyncClient(
            # Neither proxies of the environment nor redirects: what was checked is what is used.
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(edge.settings.call_timeout_s, connect=_CONNECT_S),
            limits=httpx.Limits(max_connections=_MOST_CONNECTIONS, max_keepalive_connections=0),
        )

    def ask(self, line: SoapLine, call: Call) -> None:
        """Send a CALL of ours."""
        task = asyncio.get_running_loop().create_task(self._ask(line, call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Drop what is open."""
        for task in self._tasks:
            task.cancel()
        await self._client.aclose()

    async def _ask(self, line: SoapLine, call: Call) -> None:
        try:
            to, pinned, document = await self._prepared(line, call)
            line.note(False, document.encode())
            text = await asyncio.wait_for(
                self._post(to, pinned, document, call.action), self._edge.settings.call_timeout_s
            )
            line.note(True, text)
        except Forbidden as error:
            line.misplaced(str(error))
            line.failed(exchange.failed(call, str(error), Fault.SECURITY))
        except Unspeakable as error:
            line.failed(exchange.failed(call, str(error), Fault.NOT_SUPPORTED))
        except NotUnpacked as error:
            line.failed(exchange.failed(call, f"unusable answer: {error}", Fault.FORMAT))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, OSError) as error:
            line.failed(exchange.failed(call, f"cannot be reached: {error!r}"))
        except (httpx.HTTPError, TimeoutError):
            # It may have been heard: the edge ends the command when its time is up.
            return
        else:
            line.heard(exchange.answered(text, call, line.connection.protocol))

    async def _prepared(self, line: SoapLine, call: Call) -> tuple[Target, str, str]:
        """Where to, the IP address to use, and what to say."""
        request, station = line.request, self._station(line.key)
        if request is None or station is None or station.soap_address is None:
            raise Forbidden("no longer registered for SOAP")
        to = chosen(station.soap_address, request.sender, self._networks)
        pinned = check(to, await _addresses(to), self._networks)
        header = _header(station, request, call)
        document = exchange.request(call, line.connection.protocol, request.speech.addressing, header)
        return to, pinned, document

    async def _post(self, to: Target, pinned: str, document: str, action: str) -> bytes:
        most = self._edge.settings.max_frame_bytes
        headers = {
            "Host": to.authority,
            "Content-Type": f'{CONTENT_TYPE}; action="/{action}"',
            "Accept-Encoding": "identity",
        }
        url = to._replace(host=pinned).url
        async with self._client.stream(
            "POST", url, content=document.encode(), headers=headers, extensions={"sni_hostname": to.host}
        ) as response:
            if response.status_code not in _SAID:
                raise NotUnpacked(f"HTTP {response.status_code}")
            body = b""
            async for part in response.aiter_raw():
                body += part
                if len(body) > most:
                    raise NotUnpacked(f"more than {most} bytes")
            return unpacked(body, response.headers.get("Content-Encoding", ""), most)


def _header(station: Station, request: Request, call: Call) -> Header:
    """From is where the station itself sends to: the name by which it knows us."""
    return Header(
        action=f"/{call.action}",
        identity=station.station_id,
        message_id=f"urn:uuid:{call.message_id}",
        sender=request.to,
        to=request.sender or station.soap_address or "",
    )


async def _addresses(to: Target) -> list[str]:
    if to.literal:
        return [to.host]
    found = await asyncio.get_running_loop().getaddrinfo(to.host, to.port)
    return [str(entry[4][0]) for entry in found]
