"""What a message's function is given beside the payload, and what it returns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

import orjson
from cryptography.x509 import Certificate

from services.domain.events.agreement import Agreement
from services.domain.events.authorization import AuthorizationAnswered, AuthorizationRequested
from services.domain.events.certificate import Certificate as StationCertificate
from services.domain.events.common import CertificateStatus, RegistrationStatus, TariffTerms
from services.domain.events.location import Location
from services.domain.events.reservation import Reservation
from services.domain.events.station import Station
from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.domain.events.token import Token
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.domain.providers import Providers
from services.domain.units import Millis, parse_rfc3339
from services.ocpp.wire.faults import Fault, Refused
from services.ocpp.wire.quirks import Choose, Quirks, chooser

_MAX_WARNINGS: Final = 20
_INT32: Final = 0x7FFF_FFFF
_PLAUSIBLE: Final = range(946_684_800_000, 4_102_444_800_000)
"""2000 to 2100: a clock outside was never set."""

_MAX_SHOWN: Final = 40


class EvCertificates(NamedTuple):
    """A contract certificate pool (Open Plug&Charge Protocol) that EVs' requests are passed on to."""

    url: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """What all connections of an edge have in common."""

    tenant: str
    edge_id: str
    token: Callable[[str], Token | None]
    """Looks up the whitelist by `services.domain.tokens.token_key`."""
    transaction_secret: bytes
    """Key of OCPP 1.6 transaction ids; the same on every pod."""
    station: Callable[[str], Station | None] = lambda _key: None
    """Looks up the registry by `{tenant}/{station_id}`."""
    tariff: Callable[[str], Tariff | None] = lambda _key: None
    """Looks up a tariff by `{tenant}/{tariff_id}`."""
    prices: Callable[[str], Iterable[EnergyPriceAnnounced]] = lambda _key: ()
    """What was announced for a tariff, by the same key."""
    agreement: Callable[[str, str | None, Millis], Agreement | None] = lambda *_: None
    """(tenant, contract id, start of a transaction): under which it is charged."""
    reservation: Callable[[str, str, int], Reservation | None] = lambda *_: None
    """(tenant, station id, number): the one that the station accepted last."""
    location: Callable[[str], Location | None] = lambda _key: None
    """Looks up a location by `{tenant}/{location_id}`."""
    heartbeat_interval_s: int = 300
    boot_retry_s: int = 60
    """When a station that was not accepted may introduce itself again."""
    data_transfer_vendors: frozenset[str] = frozenset()
    charging_elsewhere: Callable[[str, str, str, Millis], bool] = lambda *_: False
    """(token key, station key, transaction id, now): is it charging in another transaction, where that matters?"""
    master_pass_group: str = ""
    """Group of the tokens that end everybody's transactions and start none; "" for none (C16)."""
    quirks: Choose = chooser(())
    """Profiles that stations name, vendor, model and firmware: what is known to be wrong with them."""
    certificate: Callable[[str], StationCertificate | None] = lambda _key: None
    """Looks up a certificate that we have issued by `{tenant}/{serial number}`."""
    signs_certificates: bool = False
    """Somebody answers CertificateSigningRequested with a CertificateSigned."""
    ocsp_responders: tuple[str, ...] = ()
    """URLs that may be asked whether a certificate is still good, and all below them."""
    contract_cas: Callable[[], tuple[Certificate, ...]] = tuple
    """Roots (V2G, MO) that contract certificates come from, as they are now."""
    ev_certificates: EvCertificates | None = None
    providers: Providers = field(default_factory=Providers)
    """Whom to ask about tokens."""
    authorization_timeout_ms: Millis = 4_000
    """How long a provider is waited for."""
    whitelist_fresh_ms: Millis = 30 * 24 * 3600 * 1000
    """For how long a token that its provider lets us list (ALLOWED) is good without asking."""

    def revoked(self, serial_number: str) -> bool:
        """True for a certificate of ours that must not be relied on any more."""
        found = self.certificate(f"{self.tenant}/{serial_number}")
        return found is not None and found.status is CertificateStatus.REVOKED

    def registration(self, station_id: str) -> RegistrationStatus:
        """What the registry says that a station is told when it boots."""
        station = self.station(f"{self.tenant}/{station_id}")
        return RegistrationStatus.ACCEPTED if station is None else station.registration

    def quirks_of(self, station_id: str, vendor: str = "", model: str = "", firmware: str = "") -> Quirks | None:
        """What is known of a station by its registry entry, and by what it says of itself."""
        station = self.station(f"{self.tenant}/{station_id}")
        if station is None:
            return self.quirks((), vendor, model, firmware)
        return self.quirks(station.quirks, vendor or station.vendor or "", model or station.model or "", firmware)


class Point(NamedTuple):
    """The energy register at one moment, in station time."""

    at: Millis
    wh: Decimal


class Begun(NamedTuple):
    """When a transaction began, under which terms, and with what on the energy register if that was told.

    `course`: the first reading of each quarter hour, and the first of the highest register. `holder`: it is known
    who charges, and so whose agreement counts. `reservation_id`: the station's number of the one that it used, the
    lowest if it says several; `reserved_from`: since when that counts.
    """

    at: Millis
    register_wh: Decimal | None
    terms: TariffTerms | None = None
    course: tuple[Point, ...] = ()
    holder: bool = False
    reservation_id: int | None = None
    reserved_from: Millis | None = None


class Granted(NamedTuple):
    """A provider's word for a token, and for which transaction it has been used."""

    at: Millis
    partner_id: str
    reference: str | None
    used_for: str = ""


@dataclass(slots=True)
class Context:
    """One message's circumstances. `warnings` collects what was tolerated in it."""

    edge: Edge
    station_id: str
    protocol: str
    epoch: int
    message_id: str
    now_ms: Millis
    warnings: list[str] = field(default_factory=list)
    offered: Mapping[int, dict[str, Any]] | None = None
    """ChargingProfileType by EVSE: what the station has accepted for the transactions that it has."""
    begun: Mapping[str, Begun] = field(default_factory=dict)
    """The transactions that began on this connection, by their id."""
    granted: Mapping[str, Granted] = field(default_factory=dict)
    """What providers have allowed on this connection, by the token's key."""

    @property
    def tenant(self) -> str:
        return self.edge.tenant

    def warn(self, warning: str) -> None:
        """Note what was tolerated; a message that needs very many notes gets no more of them."""
        if len(self.warnings) < _MAX_WARNINGS:
            self.warnings.append(warning)

    def event_id(self, name: str, *content: str | int | None) -> str:
        """The id of an event of this station with this content: the same for each retry of the message."""
        return derived_id(name, self.edge.tenant, self.station_id, *content)

    def time(self, payload: Mapping[str, Any], name: str = "timestamp") -> Millis:
        """The station's time in a field; the time of receipt, with a warning, when it cannot be used."""
        text = payload[name]
        try:
            millis = parse_rfc3339(text)
        except (ValueError, OverflowError):
            self.warn(f"{name} {text[:_MAX_SHOWN]!r} is not a date-time: the time of receipt is used")
            return self.now_ms
        if millis not in _PLAUSIBLE:
            self.warn(f"{name} {text[:_MAX_SHOWN]!r} is not in 2000 to 2100: the time of receipt is used")
            return self.now_ms
        return millis

    def whole(self, payload: Mapping[str, Any], name: str) -> int | None:
        """An optional whole number of 32 bits; None, with a warning, when it is larger."""
        value = payload.get(name)
        if value is None:
            return None
        if not -_INT32 <= value <= _INT32:
            self.warn(f"{name} {value} is out of range: left out")
            return None
        return int(value)


class Question(NamedTuple):
    """Something to POST to somebody who is not a station, at an address that the operator has allowed."""

    url: str
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()
    most_bytes: int = 65_536


Ask = Question | AuthorizationRequested
"""What can be asked: an address, or the providers of tokens by way of Kafka."""

Answer = bytes | AuthorizationAnswered | None
"""None: there was none."""


class Inquiry(NamedTuple):
    """Questions whose answers decide the reply."""

    questions: tuple[Ask, ...]
    then: "Callable[[Sequence[Answer], Millis], Reply]"


class Reply(NamedTuple):
    """The answer, the events that it stands on, and whether it must wait until Kafka has them.

    With an inquiry it is that which decides, and the rest means nothing yet.
    """

    payload: dict[str, Any]
    events: tuple[Event, ...] = ()
    durable: bool = False
    inquiry: Inquiry | None = None


Inbound = Callable[[dict[str, Any], Context], Reply]
"""Raises Refused when a payload that fits the schema still cannot be accepted."""


def canonical(value: Any) -> str:
    """One text for one JSON value, for ids derived from content; Refused when it is nested too deeply."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:
        raise Refused(Fault.FORMAT, "payload is nested too deeply") from None
