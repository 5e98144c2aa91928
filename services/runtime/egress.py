"""The one client for requests to addresses that others have given us: callbacks, partners' endpoints, stations.

Such an address may be meant to make us ask our own network (server-side request forgery) or to keep us busy. So:
names are resolved here and the very address that was checked is connected to; private, loopback, link-local and
other addresses that are not of the public internet are refused, and so is plain HTTP, unless the caller says that
this partner may, or has a rule of its own; redirects are answers, not orders; proxies of the environment are not
used; time and size are limited; TLS certificates are verified.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import httpcore

LONGEST_URL: Final = 2_048
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of an answer; the caller may want less."""
TIMEOUT_S: Final = 15.0
"""Of a whole exchange, from looking up the name to the last byte of the answer."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_CONNECTIONS: Final = 500
_CONNECT_S: Final = 10.0
_IDLE_S: Final = 30.0
_TRIED: Final = 3
"""How many of a name's addresses are tried."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


Rule = Callable[[str, Sequence[str]], Sequence[str]]
"""(host, its IP addresses): those that may be connected to. May refuse by raising; `Refused`, or what it likes."""


class Refused(Exception):
    """The address may not be asked; nothing has been sent."""


class Unreachable(Exception):
    """No answer, or none that could be taken: it may have been done or not."""


class NotConnected(Unreachable):
    """Nobody there: nothing has been sent."""


class TooLong(Unreachable):
    """An answer with more bytes than the caller takes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Resolver(Protocol):
    """Finds the addresses of a name; OSError when there are none."""

    async def __call__(self, host: str, port: int) -> list[str]: ...


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, also by what it embeds."""
    inner: ipaddress.IPv4Address | None = None
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast


def only_public(host: str, addresses: Sequence[str]) -> Sequence[str]:
    """The rule for whoever has no other: addresses of the public internet."""
    allowed = [text for text in addresses if is_public(ipaddress.ip_address(text))]
    if not allowed:
        raise Refused(f"{host} has no public address")
    return allowed


def also_private(host: str, addresses: Sequence[str]) -> Sequence[str]:
    """The rule for whom we trust with our own network: all but what is no host, or the metadata service."""
    allowed = [text for text in addresses if not _is_nowhere(ipaddress.ip_address(text))]
    if not allowed:
        raise Refused(f"{host} has no address that is a host's")
    return allowed


def _is_nowhere(address: Address) -> bool:
    inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = inner or address
    return address.is_link_local or address.is_multicast or address.is_unspecified


def checked_url(url: str, *, allow_private: bool) -> str:
    """The URL when it may be asked at all; Refused says why not."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise Refused("this is no URL")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused("this is no URL") from error
    if parts.scheme.lower() not in ("https", "http") or not parts.hostname or port == 0:
        raise Refused("only http and https URLs with a host are asked")
    if parts.username is not None or parts.password is not None:
        raise Refused("a URL must not carry a user or a password")
    if parts.scheme.lower() == "http" and not allow_private:
        raise Refused("plain HTTP is not allowed here: use https")
    return url


class Egress:
    """Requests to others, each checked. One per process; `close` it."""

    def __init__(self, resolve: Resolver | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._resolve = resolve or _look_up
        self._tls = tls or ssl.create_default_context()
        self._pools: dict[Rule, httpcore.AsyncConnectionPool] = {}

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        allow_private: bool = False,
        rule: Rule | None = None,
        timeout_s: float = TIMEOUT_S,
        most_bytes: int = MOST_BYTES,
    ) -> Answer:
        """Ask, and give the answer whatever its status; Refused or Unreachable otherwise.

        A `rule` takes the place of `allow_private`; it is asked when a connection is made, and has to be the same
        object each time. Header names in lower case.
        """
        checked_url(url, allow_private=allow_private or rule is not None)
        own = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "wattlog"}
        pairs = [(name.encode(), value.encode()) for name, value in (own | dict(headers or {})).items()]
        pool = self._pool(rule or (also_private if allow_private else only_public))
        patience = {"timeout": {"connect": _CONNECT_S, "pool": _CONNECT_S}}
        try:
            async with (
                asyncio.timeout(timeout_s),
                pool.stream(method, url, headers=pairs, content=body, extensions=patience) as response,
            ):
                told = {
                    name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
                }
                return Answer(response.status, told, await _read(response.stream, most_bytes))
        except TimeoutError as error:
            raise Unreachable(f"no answer within {timeout_s:g} s") from error
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
            raise NotConnected(f"{type(error).__name__}: {error}") from error
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        except httpcore.UnsupportedProtocol as error:
            raise Refused(str(error)) from error

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()

    def _pool(self, rule: Rule) -> httpcore.AsyncConnectionPool:
        """Connections that one rule allows are never lent to whom another one may not."""
        if rule not in self._pools:
            self._pools[rule] = httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                max_connections=_CONNECTIONS,
                keepalive_expiry=_IDLE_S,
                network_backend=_Guarded(self._resolve, rule),
            )
        return self._pools[rule]


async def _read(stream: Any, most_bytes: int) -> bytes:
    assert isinstance(stream, AsyncIterable)
    read = bytearray()
    async for part in stream:
        read += part
        if len(read) > most_bytes:
            raise TooLong(f"the answer has more than {most_bytes} bytes")
    return bytes(read)


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked, and to nothing else: a name is never looked up twice."""

    def __init__(self, resolve: Resolver, rule: Rule) -> None:
        self._resolve = resolve
        self._rule = rule
        self._tcp = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await self._resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(repr(error)) from error
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._rule(host, found)[:_TRIED]:
            try:
                return await self._tcp.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failed = error
        raise failed

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise Refused("a socket file is no address of a partner")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system finds them; a zone (`fe80::1%eth0`) never leaves this machine."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
