"""Who may open a connection: an upgrade request in, an admission or a refusal out. Closed by default."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from services.domain.events.station import Station
from services.ocpp import passwords
from services.ocpp.routes import INBOUND
from services.ocpp.tls import Certificate

PATH: Final = "ocpp"
MAX_IDENTITY_LENGTH: Final = 48
"""OCPP-J 2.0.1, 3.1.1."""

_IDENTITY: Final = re.compile(r"[A-Za-z0-9*_=+|@.\-]([A-Za-z0-9*_=+|@.\- ]{0,46}[A-Za-z0-9*_=+|@.\-])?", re.ASCII)
"""identifierString without the colon that Basic authentication separates by; spaces inside, as 3.1.1 shows."""

_MAX_AUTHORIZATION_LENGTH: Final = 512
_BASIC: Final = "basic "


class Refusal(NamedTuple):
    """An HTTP answer. `security_event`, if any, is the type of the event that it raises; `detail` explains it."""

    status: int
    body: str
    detail: str
    headers: Mapping[str, str] = {}
    security_event: str | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """The station that was recognised, and the sub-protocol to speak (None: none in common)."""

    station: Station
    protocol: str | None
    security_profile: int
    settled: Station | None = None
    """Its registry entry from now on, where it has just shown that it has what it was told to use."""
    certificate: Certificate | None = None
    """That it has shown."""


CERTIFIED: Final = 3
"""The security profile of client certificates."""


class Carrier(NamedTuple):
    """What a connection comes in: TLS (`secure`), ended here or in front of us, and the certificate shown in it.

    `organisation` is the one that stations' certificates must name; "" for any. `mistrust` says why nobody is let
    in by the certificate, "" for no reason.
    """

    secure: bool = False
    certificate: Certificate | None = None
    organisation: str = ""
    mistrust: str = ""


PLAIN: Final = Carrier()


class Credentials(NamedTuple):
    """User and password of Basic authentication; the password is bytes, since OCPP 1.6 allows any."""

    user: str
    password: bytes


def is_identity(text: str) -> bool:
    """True if a station may be called this."""
    return _IDENTITY.fullmatch(text) is not None


def identity(target: str) -> str | None:
    """The station of `/ocpp/<station>`, percent-decoded; None for any other request target.

    Empty path segments are forgiven: `ws://host/ocpp/` plus `/CP1` is a common way to configure it. The query is
    ignored.
    """
    segments = [segment for segment in target.split("?", 1)[0].split("/") if segment]
    if len(segments) != 2 or segments[0] != PATH:
        return None
    try:
        name = unquote_to_bytes(segments[1]).decode()
    except UnicodeDecodeError:
        return None
    return name if is_identity(name) else None


def credentials(authorization: str | None) -> Credentials | None:
    """What an Authorization header says; None if it is not usable Basic authentication (RFC 7617)."""
    if authorization is None or len(authorization) > _MAX_AUTHORIZATION_LENGTH:
        return None
    if authorization[: len(_BASIC)].lower() != _BASIC:
        return None
    try:
        decoded = b64decode(authorization[len(_BASIC) :].strip(), validate=True)
        user, colon, password = decoded.partition(b":")
        return Credentials(user.decode(), password) if colon else None
    except (NotBase64, ValueError):
        return None


def sub_protocol(offers: Sequence[str]) -> str | None:
    """The newest sub-protocol of those offered that we speak, whatever their order."""
    offered = {name.strip() for offer in offers for name in offer.split(",")}
    return next((protocol for protocol in INBOUND if protocol in offered), None)


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """The address to count against: the peer's, or what a trusted proxy says was its peer.

    The header of anybody else is ignored, since anybody can write it.
    """
    try:
        if not trusted or not any(ip_address(peer) in network for network in trusted):
            return peer
        hops = [hop.strip() for line in forwarded_for for hop in line.split(",")]
        return str(ip_address(hops[-1])) if hops else peer
    except ValueError:
        return peer


UNAUTHORIZED: Final = {"WWW-Authenticate": 'Basic realm="ocpp"'}


def admit(
    name: str,
    authorization: str | None,
    offers: Sequence[str],
    station: Station | None,
    allow_unauthenticated: bool,
    carrier: Carrier = PLAIN,
) -> Admission | Refusal:
    """Decide about a station that calls itself `name` and (if so) is registered as `station`.

    Unknown station, wrong password, disabled and unprotected look alike from outside and cost the same work;
    `detail` is for our own log and event. A station is never let in with a lower security profile than it is
    registered for; a certificate counts instead of a password (profile 3).
    """
    said = credentials(authorization)
    password, user = (said.password, said.user) if said else (b"", "")
    proven = _has_password(station, password) and user == name
    if station is None:
        return _unauthorized("unknown station")
    if not station.enabled:
        return _unauthorized("station is disabled")
    offered_profile = CERTIFIED if carrier.certificate is not None else 2 if carrier.secure else 1
    if offered_profile == CERTIFIED and not _certified(name, carrier):
        said_of_it = carrier.mistrust or "is not this station's"
        return _unauthorized(f"the certificate {said_of_it}", "InvalidChargingStationCertificate")
    if station.security_profile > offered_profile:
        return _unauthorized(
            f"security profile {station.security_profile} on a connection of profile {offered_profile}",
            "SecurityProfileDowngrade",
        )
    if station.security_profile == 0 and allow_unauthenticated:
        return Admission(station, sub_protocol(offers), 0)
    by_certificate = offered_profile == CERTIFIED and said is None and _may_certify(station)
    if not (proven or by_certificate):
        return _unauthorized(_unproven(said, name))
    used = carrier.certificate.serial_number if by_certificate and carrier.certificate else None
    entry = settled(station, offered_profile, password, used)
    return Admission(station, sub_protocol(offers), offered_profile, entry, carrier.certificate)


def settled(
    station: Station, profile: int, password: bytes = b"", serial_number: str | None = None
) -> Station | None:
    """The entry once the station has used a new profile (A05), password (A01) or certificate (A02); None: no news.

    A profile is only ever raised: the old, weaker way in is closed from now on.
    """
    entry, pending = station, station.pending_security_profile
    if pending is not None and station.security_profile < pending <= profile:
        entry = replace(entry, security_profile=pending, pending_security_profile=None)
    if station.pending_password_hash and passwords.matches(password, station.pending_password_hash):
        entry = replace(entry, password_hash=station.pending_password_hash, pending_password_hash=None)
    if serial_number and serial_number != station.certificate_serial_number:
        entry = replace(entry, certificate_serial_number=serial_number)
    return None if entry is station else entry


def _has_password(station: Station | None, password: bytes) -> bool:
    """The one kept, or the one that it is being told to use (A01); always the same work."""
    kept = passwords.matches(password, station.password_hash if station else None)
    pending = passwords.matches(password, station.pending_password_hash if station else None)
    return kept or pending


def _may_certify(station: Station) -> bool:
    """A certificate replaces the password of who is registered for it, or is being raised to it (A05)."""
    return CERTIFIED in (station.security_profile, station.pending_security_profile)


def admit_soap(
    name: str,
    authorization: str | None,
    station: Station | None,
    allow_unauthenticated: bool,
    carrier: Carrier = PLAIN,
) -> Admission | Refusal:
    """`admit` for a request by SOAP: only who is registered for it, and with the password of who has one."""
    decided = admit(name, authorization, (), station, allow_unauthenticated, carrier)
    if isinstance(decided, Refusal):
        return decided
    if decided.station.soap_address is None:
        return _unauthorized("not registered for SOAP")
    kept = decided.station.password_hash
    if decided.security_profile == 0 and kept is not None:
        return admit(name, authorization, (), decided.station, False, carrier)
    return decided


def _certified(name: str, carrier: Carrier) -> bool:
    """A00.FR.404 to 407: the common name is the station's, and the organisation ours if we insist on one."""
    certificate = carrier.certificate
    return (
        certificate is not None
        and not carrier.mistrust
        and name in certificate.names
        and (not carrier.organisation or carrier.organisation in certificate.organisations)
    )


def _unproven(said: Credentials | None, name: str) -> str:
    if said is None:
        return "no usable Basic authentication"
    return "wrong password" if said.user == name else "user is not the station of the URL"


def _unauthorized(detail: str, security_event: str = "AuthenticationFailed") -> Refusal:
    return Refusal(401, "unauthorized\n", detail, UNAUTHORIZED, security_event)
