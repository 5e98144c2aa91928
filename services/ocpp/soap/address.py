"""Where requests to a station may go: nobody makes this edge send a request to where it likes."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

Network = IPv4Network | IPv6Network
_PORTS: Final = {"http": 80, "https": 443}
_MAX_LENGTH: Final = 512


class Forbidden(Exception):
    """An address that nothing is sent to, and why."""


class Target(NamedTuple):
    """Where to send a request."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """`host:port`, the latter only where it says something."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """As text."""
        return f"{self.scheme}://{self.authority}{self.path}"


def target(url: str) -> Target:
    """What a URL means, in one spelling; Forbidden unless it is plain http or https."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise Forbidden(f"{url[:80]!r} is no URL: {error}") from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in _PORTS or not host or len(url) > _MAX_LENGTH or not _is_plain(parts):
        raise Forbidden(f"{url[:80]!r} is no http or https URL of a station")
    query = f"?{parts.query}" if parts.query else ""
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], (parts.path or "/") + query)


def chosen(registered: str, announced: str, networks: Sequence[Network]) -> Target:
    """The address to use: the registered one, or what the station announced inside a network that is allowed.

    Forbidden when it announced anything else. A station that announces nothing is reached where it is registered.
    """
    home = target(registered)
    if not announced:
        return home
    there = target(announced)
    if there == home:
        return home
    address = _literal(there.host)
    if address is not None and any(address in network for network in networks):
        return there
    raise Forbidden(f"the station announces {there.url}, which is not what it is registered with")


def check(host: str, addresses: Iterable[str], networks: Sequence[Network]) -> str:
    """The first of a host's IP addresses, once all of them are such as a station may have.

    An address that is written out was registered by the operator, or lies in an allowed network. What a name means
    is somebody else's to say: it must be public, or lie in an allowed network.
    """
    first, literal = "", _literal(host) is not None
    for text in addresses:
        address = ip_address(text.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        allowed = any(address in network for network in networks)
        if _is_nowhere(address) or not (literal or allowed or address.is_global):
            raise Forbidden(f"{host} is at {address}, where no station is looked for")
        first = first or str(address)
    if not first:
        raise Forbidden(f"{host} has no address")
    return first


def _is_plain(parts: SplitResult) -> bool:
    return parts.username is None and parts.password is None and not parts.fragment and parts.netloc.isascii()


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_nowhere(address: IPv4Address | IPv6Address) -> bool:
    """Link-local has the cloud's metadata service; the rest are no hosts."""
    return address.is_link_local or address.is_multicast or address.is_unspecified
