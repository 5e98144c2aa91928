"""The door: who is turned away before anybody looks at a password, and what is told about it."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from services.domain.events.station import SecurityEventRaised, Station
from services.domain.units import datetime_of
from services.ocpp import passwords
from services.ocpp.admission import Admission, Refusal
from services.ocpp.door import Door, Knock
from services.ocpp.settings import OcppSettings
from services.runtime.embedded.pki import Pki
from tests.unit.ocpp.circumstances import NOW, TENANT, V201
from tests.unit.ocpp.crls import crl, serial_number

PASSWORD = b"a-password-of-a-station"
HASH = passwords.hashed(PASSWORD, bytes(16))
STATIONS = {
    f"{TENANT}/{name}": Station(
        tenant=TENANT, station_id=name, password_hash=HASH, security_profile=profile, updated_at=1
    )
    for name, profile in (("CP1", 1), ("CP2", 1), ("TLS", 2))
}
STATIONS[f"{TENANT}/SOAP"] = Station(
    tenant=TENANT, station_id="SOAP", password_hash=HASH, soap_address="http://10.0.0.1/", updated_at=1
)


class At:
    """A door with everything around it written down."""

    def __init__(self, connected: dict[str, str] | None = None, **settings: Any) -> None:
        self.events: list[SecurityEventRaised] = []
        where: Callable[[str], str | None] = (connected or {}).get
        self.door = Door(
            OcppSettings(**settings), STATIONS.get, self.events.append, where, NOW, {"bad"}.__contains__
        )

    def knock(
        self,
        name: str = "CP1",
        password: bytes = PASSWORD,
        peer: str = "198.51.100.4",
        now: int = NOW,
        **more: Any,
    ) -> Admission | Refusal:
        authorization = "Basic " + b64encode(f"{name}:".encode() + password).decode()
        knock = Knock(f"/ocpp/{name}", peer, authorization, **({"offers": ["ocpp2.0.1"]} | more))
        return self.door.answer(knock, True, now)

    def status(self, *arguments: Any, **named: Any) -> int:
        decided = self.knock(*arguments, **named)
        return decided.status if isinstance(decided, Refusal) else 101


class TestAnswer:
    def test_lets_a_station_in(self) -> None:
        assert At().knock() == Admission(STATIONS[f"{TENANT}/CP1"], V201, 1)

    @pytest.mark.parametrize("target", ["/", "/ocpp", "/ocpp/a:b", "/metrics", "/ocpp/" + "x" * 5000])
    def test_knows_no_other_path(self, target: str) -> None:
        refused = At().door.answer(Knock(target, "198.51.100.4"), True, NOW)
        assert isinstance(refused, Refusal)
        assert refused.status == 404

    @pytest.mark.parametrize("version", ["8", "", "14", "x"])
    def test_speaks_one_version_of_websocket(self, version: str) -> None:
        refused = At().knock(version=version)
        assert isinstance(refused, Refusal)
        assert (refused.status, refused.headers) == (426, {"Sec-WebSocket-Version": "13"})

    def test_refuses_who_names_no_sub_protocol_but_only_when_it_is_known_who(self) -> None:
        at = At()
        assert at.status(offers=()) == 400
        assert at.status(offers=(), password=b"wrong") == 401
        assert at.status(offers=["soap"]) == 101

    def test_sends_everybody_away_while_there_is_no_kafka(self) -> None:
        at = At(retry_after_s=30)
        for name in ("CP1", "UNKNOWN"):
            refused = at.door.answer(Knock(f"/ocpp/{name}", "198.51.100.4"), False, NOW)
            assert isinstance(refused, Refusal)
            assert refused.status == 503
            assert 30 <= int(refused.headers["Retry-After"]) < 60
        assert at.events == []

    def test_does_not_let_all_come_back_at_once(self) -> None:
        at = At(retry_after_s=30)
        refused = [at.door.answer(Knock(f"/ocpp/CP{n:03}", "::1"), False, NOW) for n in range(100)]
        assert len({r.headers["Retry-After"] for r in refused if isinstance(r, Refusal)}) > 10

    def test_waits_at_least_a_second(self) -> None:
        refused = At(retry_after_s=0).door.answer(Knock("/ocpp/CP1", "::1"), False, NOW)
        assert isinstance(refused, Refusal)
        assert refused.headers["Retry-After"] == "1"


class TestFailures:
    def test_are_security_events(self) -> None:
        at = At()
        at.knock("CP1", b"wrong")
        at.knock("NOBODY")
        at.knock("TLS")
        assert [(e.station_id, e.type, e.detail, e.remote_address) for e in at.events] == [
            ("CP1", "AuthenticationFailed", "wrong password", "198.51.100.4"),
            ("NOBODY", "AuthenticationFailed", "unknown station", "198.51.100.4"),
            ("TLS", "SecurityProfileDowngrade", "security profile 2 on a connection of profile 1", "198.51.100.4"),
        ]
        assert len({event.event_id for event in at.events}) == 3

    def test_of_an_address_are_limited(self) -> None:
        at = At(failures_per_minute=5)
        assert [at.status(f"X{n}") for n in range(7)] == [401] * 5 + [429] * 2
        assert at.status("CP1") == 429
        assert at.status("CP1", peer="198.51.100.5") == 101
        assert at.status("X", now=NOW + 12_000) == 401

    def test_of_a_station_are_limited_wherever_they_come_from(self) -> None:
        at = At(failures_per_minute=5)
        assert [at.status("CP1", b"guess", f"203.0.113.{n}") for n in range(7)] == [401] * 5 + [429] * 2
        assert at.status("CP2", peer="203.0.113.200") == 101

    def test_do_not_lock_out_a_station_that_is_connected(self) -> None:
        at = At(connected={f"{TENANT}/CP1": "198.51.100.4"}, failures_per_minute=5)
        for n in range(20):
            at.status("CP1", b"guess", f"203.0.113.{n}")
        assert at.status("CP1", peer="203.0.113.99") == 429
        assert at.status("CP1", peer="198.51.100.4") == 101

    def test_are_answered_alike_for_known_and_unknown(self) -> None:
        known, unknown = At(failures_per_minute=3), At(failures_per_minute=3)
        first = [known.knock("CP1", b"guess") for _ in range(5)]
        second = [unknown.knock("ZZ1", b"guess") for _ in range(5)]
        shown = [
            [(r.status, r.body, sorted(r.headers)) for r in tries if isinstance(r, Refusal)]
            for tries in (first, second)
        ]
        assert shown[0] == shown[1]

    def test_become_events_only_so_often(self) -> None:
        at = At(connects_per_s=100_000)
        for n in range(5000):
            at.status("X", peer=f"10.{n // 250}.{n % 250}.1")
        assert len(at.events) == 30
        for n in range(5000):
            at.status(f"X{n}", peer=f"10.{n // 250}.{n % 250}.1")
        assert len(at.events) == 200

    def test_do_not_count_what_succeeded(self) -> None:
        at = At(failures_per_minute=3)
        assert {at.status() for _ in range(50)} == {101}


class TestSoap:
    def answer(self, at: At, name: str, password: bytes = PASSWORD, peer: str = "198.51.100.4") -> int:
        authorization = "Basic " + b64encode(f"{name}:".encode() + password).decode()
        decided = at.door.answer_soap(name, Knock("/ocpp", peer, authorization), NOW)
        return decided.status if isinstance(decided, Refusal) else 200

    def test_lets_in_who_is_registered_for_it(self) -> None:
        at = At()
        assert [self.answer(at, name) for name in ("SOAP", "CP1", "NOBODY", "a:b", "")] == [
            200,
            401,
            401,
            401,
            401,
        ]
        assert [event.station_id for event in at.events] == ["CP1", "NOBODY"]

    def test_counts_failures_with_those_of_websockets(self) -> None:
        at = At(failures_per_minute=2)
        assert [self.answer(at, "SOAP", b"wrong") for _ in range(3)] == [401, 401, 429]
        assert at.status("CP1") == 429
        assert self.answer(at, "SOAP", peer="203.0.113.1") == 429

    def test_tells_everybody_when_to_come_back(self) -> None:
        later = At().door.later(503, "Kafka is away", "CP1")
        assert later.status == 503
        assert int(later.headers["Retry-After"]) >= 30


class TestConnects:
    def test_are_limited_for_all_together(self) -> None:
        at = At(connects_per_s=10)
        answers = [at.status(peer=f"10.0.0.{n}") for n in range(25)]
        assert answers == [101] * 20 + [429] * 5
        assert at.status(now=NOW + 1000) == 101


FORWARDED: dict[str, Any] = {"forwarded_for": ["203.0.113.9"], "forwarded_proto": "https"}


class TestProxies:
    def test_tell_the_address_to_count_against(self) -> None:
        at = At(trusted_proxies="10.0.0.0/8, ::1/128", failures_per_minute=2)
        assert [at.status("X", peer="10.0.0.1", **FORWARDED) for _ in range(3)] == [401, 401, 429]
        assert at.status("CP1", peer="10.0.0.1", forwarded_for=["203.0.113.10"]) == 101
        assert at.door.address(Knock("/", "10.0.0.1", forwarded_for=["203.0.113.9"])) == "203.0.113.9"

    def test_tell_that_they_took_tls_off(self) -> None:
        at = At(trusted_proxies="10.0.0.0/8")
        assert at.status("TLS", peer="10.0.0.1", **FORWARDED) == 101
        assert at.status("TLS", peer="10.0.0.1", forwarded_for=["203.0.113.9"], forwarded_proto="http") == 401

    def test_are_not_anybody(self) -> None:
        at = At(trusted_proxies="10.0.0.0/8")
        assert at.status("TLS", peer="198.51.100.4", **FORWARDED) == 401
        assert at.events[-1].remote_address == "198.51.100.4"


class TestCertificates:
    def test_that_proxies_forward_are_looked_up_in_the_lists(self, tmp_path: Path) -> None:
        pki, list_file = Pki(tmp_path / "pki", datetime_of(NOW)), tmp_path / "list.crl"
        good, bad = (pki.issue("CP1").certificate for _ in range(2))
        list_file.write_bytes(crl(pki, [serial_number(bad)], datetime_of(NOW)))
        files = {"client_ca_file": str(pki.ca_file), "client_crl_files": str(list_file)}
        at = At(trusted_proxies="10.0.0.0/8", **files)
        said = [at.status(peer="10.0.0.1", forwarded_certificate=quote(one), **FORWARDED) for one in (good, bad)]
        assert said == [101, 401]
        assert [(event.type, event.detail) for event in at.events] == [
            ("InvalidChargingStationCertificate", "the certificate is revoked")
        ]


class TestHandshakes:
    @pytest.mark.parametrize(
        ("reason", "events"),
        [
            ("CERTIFICATE_VERIFY_FAILED", ["InvalidChargingStationCertificate"]),
            ("UNSUPPORTED_PROTOCOL", ["InvalidTLSVersion"]),
            ("NO_SHARED_CIPHER", ["InvalidTLSCipherSuite"]),
            ("HTTP_REQUEST", []),
        ],
    )
    def test_that_fail_are_told_where_they_mean_something(self, reason: str, events: list[str]) -> None:
        at = At()
        at.door.handshake_failed(reason, NOW)
        assert [(event.type, event.station_id) for event in at.events] == [(kind, "") for kind in events]
