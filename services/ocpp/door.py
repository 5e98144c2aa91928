"""The door: admission with memory. Rate limits, refusals while we cannot work, and the security events of both."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Final, NamedTuple

from cryptography import x509

from services.domain.events.station import SecurityEventRaised, Station
from services.domain.ids import derived_id
from services.domain.units import Millis, datetime_of
from services.ocpp import admission
from services.ocpp.admission import PLAIN, Admission, Carrier, Refusal
from services.ocpp.revocation import REVOKED
from services.ocpp.settings import OcppSettings
from services.ocpp.throttle import Bucket, Buckets
from services.ocpp.tls import Certificate, of_header

_EVENTS_PER_S: Final = 50
"""Security events of refused connections; a flood of guesses must not become a flood of events."""

_HANDSHAKES: Final = {
    "CERTIFICATE_VERIFY_FAILED": "InvalidChargingStationCertificate",
    "NO_SHARED_CIPHER": "InvalidTLSCipherSuite",
    "UNSUPPORTED_PROTOCOL": "InvalidTLSVersion",
}
"""OpenSSL's reasons, and the security events that they are (OCPP 2.0.1, appendix 1)."""

_SECURE: Final = frozenset({"https", "wss"})
_MAX_TARGET: Final = 256
_NO_IDENTITY: Final = Refusal(401, "unauthorized\n", "no identity of a station", admission.UNAUTHORIZED)

_NO_OFFER: Final = Refusal(
    400, "offer a sub-protocol: ocpp2.1, ocpp2.0.1 or ocpp1.6\n", "no sub-protocol offered (OCPP-J 2.0.1, 3.1.2)"
)
"""3.2 asks for a completed handshake only where something was offered."""


class Knock(NamedTuple):
    """What an upgrade request says, and who sent it (`peer` is the socket's address)."""

    target: str
    peer: str
    authorization: str | None = None
    offers: Sequence[str] = ()
    version: str = "13"
    forwarded_for: Sequence[str] = ()
    forwarded_proto: str = ""
    forwarded_certificate: str = ""
    secure: bool = False
    """TLS ends here."""
    certificate: Certificate | None = None
    """Shown in that TLS, and verified."""


class Door:
    """Decides about every upgrade request. `station` looks up the registry by key, `raise_event` publishes.

    `revoked` knows certificates by their serial number; `last_address` tells from where a station is connected
    now: nobody can lock it out from elsewhere.
    """

    def __init__(
        self,
        settings: OcppSettings,
        station: Callable[[str], Station | None],
        raise_event: Callable[[SecurityEventRaised], None],
        last_address: Callable[[str], str | None],
        now_ms: Millis,
        revoked: Callable[[str], bool] = lambda _serial_number: False,
    ) -> None:
        self._revoked = revoked
        self._settings = settings
        self._tenant = settings.common.tenant
        self._trusted: tuple[IPv4Network | IPv6Network, ...] = settings.proxies()
        self.authorities = settings.authorities()
        """CAs of the certificates that proxies forward."""
        self.lists = settings.revocation_lists(now_ms)
        """What CAs elsewhere have revoked."""
        self._station = station
        self._raise_event = raise_event
        self._last_address = last_address
        per_minute = settings.failures_per_minute
        self._connects = Bucket(settings.connects_per_s, 2 * settings.connects_per_s, now_ms)
        self._failures_of_address = Buckets(per_minute / 60, per_minute)
        self._failures_of_station = Buckets(per_minute / 60, per_minute)
        self._events = Bucket(_EVENTS_PER_S, 4 * _EVENTS_PER_S, now_ms)
        self._raised = 0

    def address(self, knock: Knock) -> str:
        """Where it really comes from."""
        return admission.client_address(knock.peer, knock.forwarded_for, self._trusted)

    def answer(self, knock: Knock, open_for_work: bool, now_ms: Millis) -> Admission | Refusal:
        """Let in or refuse. What is refused before the password is looked at is refused alike for everybody."""
        name = admission.identity(knock.target[:_MAX_TARGET])
        if not self._connects.take(now_ms):
            return self._later(429, "too many connections\n", "more connections than this process takes", name)
        if name is None:
            return Refusal(404, "connect to /ocpp/<station>\n", "not the path of a station")
        if not open_for_work:
            return self._later(503, "not ready, come back later\n", "Kafka cannot be reached", name)
        if knock.version != "13":
            return Refusal(426, "upgrade required\n", "WebSocket version", {"Sec-WebSocket-Version": "13"})
        address, key = self.address(knock), f"{self._tenant}/{name}"
        if self._exhausted(address, key, now_ms):
            return self._later(429, "too many attempts\n", "too many failed attempts", name)
        decided = admission.admit(
            name,
            knock.authorization,
            knock.offers,
            self._station(key),
            self._settings.allow_unauthenticated,
            self._carrier(knock, address, now_ms),
        )
        if isinstance(decided, Refusal):
            self._failed(decided, name, address, now_ms)
        elif not knock.offers:
            return _NO_OFFER
        return decided

    def answer_soap(self, name: str, knock: Knock, now_ms: Millis) -> Admission | Refusal:
        """The same for a station that calls itself `name` in a request by SOAP; each is decided anew."""
        address, key = self.address(knock), f"{self._tenant}/{name}"
        if self._exhausted(address, key, now_ms):
            return self._later(429, "too many attempts\n", "too many failed attempts", name)
        decided: Admission | Refusal = _NO_IDENTITY
        if admission.is_identity(name):
            decided = admission.admit_soap(
                name,
                knock.authorization,
                self._station(key),
                self._settings.allow_unauthenticated,
                self._carrier(knock, address, now_ms),
            )
        if isinstance(decided, Refusal):
            self._failed(decided, name, address, now_ms)
        return decided

    def later(self, status: int, detail: str, name: str | None = None) -> Refusal:
        """Come back: 503 while we cannot work, 429 when it is too much."""
        return self._later(status, "come back later\n", detail, name)

    def _exhausted(self, address: str, key: str, now_ms: Millis) -> bool:
        if self._failures_of_address.empty(address, now_ms):
            return True
        return self._failures_of_station.empty(key, now_ms) and self._last_address(key) != address

    def _carrier(self, knock: Knock, address: str, now_ms: Millis) -> Carrier:
        """What it came in; a trusted proxy, and nobody else, may say that it took TLS off."""
        organisation = self._settings.station_organisation
        if knock.secure:
            return Carrier(True, knock.certificate, organisation, self.mistrust(knock.certificate))
        believed = address != knock.peer
        if not believed or knock.forwarded_proto.strip().lower() not in _SECURE:
            return PLAIN
        certificate = of_header(knock.forwarded_certificate, self.authorities, datetime_of(now_ms))
        return Carrier(True, certificate, organisation, self.mistrust(certificate))

    def mistrust(self, certificate: Certificate | None) -> str:
        """Why nobody is let in, or stays, by a certificate; "" for no reason."""
        if certificate is None:
            return ""
        return REVOKED if self._revoked(certificate.serial_number) else self.lists.mistrust(certificate)

    def trust(self, authorities: tuple[x509.Certificate, ...]) -> None:
        """From now on these are the CAs of stations."""
        self.authorities, self.lists = authorities, self.lists.trusting(authorities)

    def _failed(self, refusal: Refusal, name: str, address: str, now_ms: Millis) -> None:
        self._failures_of_address.take(address, now_ms)
        self._failures_of_station.take(f"{self._tenant}/{name}", now_ms)
        if refusal.security_event is not None:
            self._tell(refusal.security_event, refusal.detail, name, address, now_ms)

    def handshake_failed(self, reason: str, now_ms: Millis) -> None:
        """TLS ended before anybody said who they are; of what means something to us there is an event."""
        kind = _HANDSHAKES.get(reason)
        if kind is not None:
            self._tell(kind, f"TLS: {reason}", "", None, now_ms)

    def _tell(self, kind: str, detail: str, name: str, address: str | None, now_ms: Millis) -> None:
        if not self._events.take(now_ms):
            return
        self._raised += 1
        self._raise_event(
            SecurityEventRaised(
                event_id=derived_id("SecurityEventRaised", self._tenant, name, kind, now_ms, self._raised),
                tenant=self._tenant,
                station_id=name,
                type=kind,
                detail=detail,
                remote_address=address,
                recorded_at=now_ms,
            )
        )

    def _later(self, status: int, body: str, detail: str, name: str | None) -> Refusal:
        """Stations that are turned away together must not come back together: the wait depends on the name."""
        least = max(1, self._settings.retry_after_s)
        wait_s = least + sum((name or "").encode()) % least
        return Refusal(status, body, detail, {"Retry-After": str(wait_s)})
