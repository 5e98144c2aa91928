"""Admission: identities, credentials, sub-protocols, addresses, and the decision about them."""

from base64 import b64encode
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.station import Station
from services.ocpp import passwords
from services.ocpp.admission import (
    PLAIN,
    Admission,
    Carrier,
    Credentials,
    Refusal,
    admit,
    admit_soap,
    client_address,
    credentials,
    identity,
    is_identity,
    settled,
    sub_protocol,
)
from services.ocpp.tls import Certificate
from tests.unit.ocpp.circumstances import TENANT, V16, V21, V201

PASSWORD = b"a-password-of-a-station"
STATION = Station(
    tenant=TENANT, station_id="CP1", password_hash=passwords.hashed(PASSWORD, bytes(16)), updated_at=1
)


def basic(user: str = "CP1", password: bytes = PASSWORD) -> str:
    return "Basic " + b64encode(user.encode() + b":" + password).decode()


def decide(
    authorization: str | None = None,
    station: Station | None = STATION,
    name: str = "CP1",
    allow: bool = False,
    carrier: Carrier = PLAIN,
) -> Admission | Refusal:
    return admit(name, authorization, ["ocpp1.6"], station, allow, carrier)


def refusal(decided: Admission | Refusal) -> Refusal:
    assert isinstance(decided, Refusal)
    return decided


class TestIdentity:
    @pytest.mark.parametrize(
        ("target", "name"),
        [
            ("/ocpp/CP1", "CP1"),
            ("/ocpp/CP1/", "CP1"),
            ("/ocpp//CP1", "CP1"),
            ("/ocpp/RDAM%20123", "RDAM 123"),
            ("/ocpp/DE*WAT*E0001", "DE*WAT*E0001"),
            ("/ocpp/%44E%2AWAT", "DE*WAT"),
            ("/ocpp/CP1?token=abc&x=/ocpp/CP2", "CP1"),
            ("/ocpp/" + "x" * 48, "x" * 48),
            ("/ocpp/cp1", "cp1"),
        ],
    )
    def test_is_in_the_path(self, target: str, name: str) -> None:
        assert identity(target) == name

    @pytest.mark.parametrize(
        "target",
        [
            "", "/", "/ocpp", "/ocpp/", "/ocpp/a/b", "/other/CP1", "/OCPP/CP1", "ocpp", "*", "//", "/ocpp?x=1",
            "/ocpp/..%2f", "/ocpp/%2e%2e%2fCP1", "/ocpp/a%2Fb", "/ocpp/a%00", "/ocpp/a%0d%0aX:y", "/ocpp/a%3Ab",
            "/ocpp/" + "x" * 49, "/ocpp/" + "x" * 4096, "/ocpp/%F0%9F%92%A9", "/ocpp/%E2%80%8FCP1", "/ocpp/%FF",
            "/ocpp/CP1%20", "/ocpp/%20CP1", "/ocpp/a%25b",
            "http://host/ocpp/CP1", "/ocpp/CP1\ufffd", "/ocpp/'OR'1",
            "/ocpp/<script>", "/ocpp/${jndi}",
        ],
    )  # fmt: skip
    def test_is_nothing_else(self, target: str) -> None:
        assert identity(target) is None

    @given(st.text())
    def test_of_any_target_is_none_or_could_be_registered(self, target: str) -> None:
        name = identity(target)
        assert name is None or is_identity(name)

    @given(st.text(max_size=60))
    def test_never_breaks_the_key_that_is_made_of_it(self, text: str) -> None:
        if is_identity(text):
            assert 0 < len(text) <= 48
            assert text.isascii()
            assert not set("/:\r\n\x00") & set(text)


class TestCredentials:
    def test_are_user_and_password(self) -> None:
        assert credentials(basic()) == Credentials("CP1", PASSWORD)

    @pytest.mark.parametrize("scheme", ["Basic ", "basic ", "BASIC ", "Basic   "])
    def test_of_basic_in_any_spelling(self, scheme: str) -> None:
        assert credentials(scheme + b64encode(b"a:b").decode()) == Credentials("a", b"b")

    @pytest.mark.parametrize(
        "password", [b"", b"with:colon::", b"\x00\x01\xff\xfe" * 5, "pässwörd".encode("latin-1")]
    )
    def test_take_any_bytes_for_a_password(self, password: bytes) -> None:
        assert credentials(basic("CP1", password)) == Credentials("CP1", password)

    @pytest.mark.parametrize(
        "header",
        [
            None, "", "Basic", "Basic ", "Bearer abc", "Basic ????", "Basic " + b64encode(b"nocolon").decode(),
            "Basic QQ", "Basic =", "Basic " + "A" * 8192, basic("x" * 600),
            "Basic " + b64encode(b"\xff:x").decode(),
            "Basic Q1A6\u00e9", "Digest username=x", "Basic \x00",
        ],
    )  # fmt: skip
    def test_are_none_of_anything_else(self, header: str | None) -> None:
        assert credentials(header) is None

    @given(st.text())
    def test_never_fail(self, header: str) -> None:
        assert credentials("Basic " + header) is None or True


class TestSubProtocol:
    @pytest.mark.parametrize(
        ("offers", "chosen"),
        [
            (["ocpp1.6"], V16),
            (["ocpp2.0.1"], V201),
            (["ocpp1.6, ocpp2.0.1"], V201),
            (["ocpp2.0.1,ocpp1.6"], V201),
            (["ocpp1.6", "ocpp2.0.1"], V201),
            (["ocpp2.1, ocpp2.0.1, ocpp1.6"], V21),
            (["ocpp1.6, ocpp1.6"], V16),
            (["ocpp1.5"], None),
            (["OCPP1.6"], None),
            (["ocpp1.60"], None),
            ([""], None),
            ([], None),
            ([",,,"], None),
        ],
    )
    def test_is_the_newest_that_both_speak(self, offers: list[str], chosen: str | None) -> None:
        assert sub_protocol(offers) == chosen


class TestClientAddress:
    proxies = (ip_network("10.0.0.0/8"), ip_network("::1/128"))

    @pytest.mark.parametrize(
        ("peer", "forwarded", "address"),
        [
            ("198.51.100.4", [], "198.51.100.4"),
            ("198.51.100.4", ["203.0.113.9"], "198.51.100.4"),
            ("10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
            ("10.1.2.3", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            ("10.1.2.3", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
            ("10.1.2.3", [], "10.1.2.3"),
            ("10.1.2.3", ["nonsense"], "10.1.2.3"),
            ("10.1.2.3", [""], "10.1.2.3"),
            ("::1", ["2001:db8::1"], "2001:db8::1"),
            ("not an address", ["203.0.113.9"], "not an address"),
            ("", ["203.0.113.9"], ""),
        ],
    )
    def test_believes_trusted_proxies_alone(self, peer: str, forwarded: list[str], address: str) -> None:
        assert client_address(peer, forwarded, self.proxies) == address

    def test_is_the_peer_where_nobody_is_trusted(self) -> None:
        assert client_address("10.1.2.3", ["203.0.113.9"], ()) == "10.1.2.3"


class TestAdmit:
    def test_lets_a_registered_station_with_its_password_in(self) -> None:
        assert decide(basic()) == Admission(STATION, V16, 1)

    def test_completes_without_a_common_protocol(self) -> None:
        assert admit("CP1", basic(), ["ocpp1.5"], STATION, False) == Admission(STATION, None, 1)

    @pytest.mark.parametrize(
        ("authorization", "station", "name", "detail"),
        [
            (None, STATION, "CP1", "no usable Basic authentication"),
            ("Bearer x", STATION, "CP1", "no usable Basic authentication"),
            (basic(password=b"wrong"), STATION, "CP1", "wrong password"),
            (basic(password=b""), STATION, "CP1", "wrong password"),
            (basic("CP2"), STATION, "CP1", "user is not the station of the URL"),
            (basic("cp1"), STATION, "CP1", "user is not the station of the URL"),
            (basic(), None, "CP1", "unknown station"),
            (None, None, "CP1", "unknown station"),
            (basic(), replace(STATION, enabled=False), "CP1", "station is disabled"),
            (basic(), replace(STATION, password_hash=None), "CP1", "wrong password"),
            (basic(), replace(STATION, security_profile=0, password_hash=None), "CP1", "wrong password"),
        ],
    )
    def test_refuses_everybody_else_alike(
        self, authorization: str | None, station: Station | None, name: str, detail: str
    ) -> None:
        refused = refusal(decide(authorization, station, name))
        assert (refused.status, refused.body) == (401, "unauthorized\n")
        assert refused.headers == {"WWW-Authenticate": 'Basic realm="ocpp"'}
        assert (refused.detail, refused.security_event) == (detail, "AuthenticationFailed")

    @pytest.mark.parametrize("profile", [2, 3])
    def test_never_lets_a_station_for_tls_in_without(self, profile: int) -> None:
        refused = refusal(decide(basic(), replace(STATION, security_profile=profile)))
        assert (refused.status, refused.security_event) == (401, "SecurityProfileDowngrade")

    def test_lets_it_in_where_tls_ended_in_front_of_us(self) -> None:
        station = replace(STATION, security_profile=2)
        assert decide(basic(), station, carrier=Carrier(True)) == Admission(station, V16, 2)
        assert refusal(decide(basic(), replace(STATION, security_profile=3), carrier=Carrier(True))).status == 401

    def test_lets_a_station_raise_its_own_security(self) -> None:
        assert decide(basic(), STATION, carrier=Carrier(True)) == Admission(STATION, V16, 2)

    def test_needs_no_password_only_if_station_and_setting_say_so(self) -> None:
        open_station = replace(STATION, security_profile=0, password_hash=None)
        assert decide(None, open_station, allow=True) == Admission(open_station, V16, 0)
        assert refusal(decide(None, STATION, allow=True)).status == 401
        assert refusal(decide(None, None, allow=True)).status == 401
        assert refusal(decide(None, replace(open_station, enabled=False), allow=True)).status == 401
        assert refusal(decide(None, open_station)).status == 401


class TestCertificates:
    PROFILE_3 = replace(STATION, security_profile=3)

    def shown(self, *names: str, organisation: str = "") -> Carrier:
        return Carrier(True, Certificate(names, ("WAT",)), organisation)

    def test_stand_in_for_the_password(self) -> None:
        shown = self.shown("CP1")
        expected = Admission(self.PROFILE_3, V16, 3, certificate=shown.certificate)
        assert decide(None, self.PROFILE_3, carrier=shown) == expected

    def test_are_remembered_once_the_station_has_come_with_a_new_one(self) -> None:
        shown = Carrier(True, Certificate(("CP1",), ("WAT",), "a1b"))
        entry = replace(self.PROFILE_3, certificate_serial_number="a1b")
        of_it = shown.certificate
        assert decide(None, self.PROFILE_3, carrier=shown) == Admission(self.PROFILE_3, V16, 3, entry, of_it)
        assert decide(None, entry, carrier=shown) == Admission(entry, V16, 3, None, of_it)

    def test_let_nobody_in_once_they_are_revoked(self) -> None:
        shown = Carrier(True, Certificate(("CP1",), ("WAT",), "a1b"), mistrust="is revoked")
        refused = refusal(decide(None, self.PROFILE_3, carrier=shown))
        assert (refused.status, refused.security_event) == (401, "InvalidChargingStationCertificate")
        assert refused.detail == "the certificate is revoked"
        assert refusal(decide(basic(), STATION, carrier=shown)).status == 401

    def test_must_be_the_stations_own(self) -> None:
        refused = refusal(decide(basic(), self.PROFILE_3, carrier=self.shown("CP2", "cp1")))
        assert (refused.status, refused.security_event) == (401, "InvalidChargingStationCertificate")

    def test_must_name_the_organisation_if_one_is_set(self) -> None:
        assert decide(None, self.PROFILE_3, carrier=self.shown("CP1", organisation="WAT")).security_profile == 3  # type: ignore[union-attr]
        assert refusal(decide(None, self.PROFILE_3, carrier=self.shown("CP1", organisation="X"))).status == 401

    def test_do_not_make_a_wrong_password_right(self) -> None:
        assert refusal(decide(basic(password=b"wrong"), STATION, carrier=self.shown("CP1"))).status == 401

    def test_raise_a_station_above_what_it_is_registered_for(self) -> None:
        shown = self.shown("CP1")
        expected = Admission(STATION, V16, 3, certificate=shown.certificate)
        assert decide(basic(), STATION, carrier=shown) == expected


class TestAdmitSoap:
    SOAP = replace(STATION, soap_address="http://10.0.0.1/")
    OPEN = replace(SOAP, security_profile=0, password_hash=None)

    def test_lets_in_who_is_registered_for_it_with_its_password(self) -> None:
        assert admit_soap("CP1", basic(), self.SOAP, False) == Admission(self.SOAP, None, 1)

    def test_asks_who_has_a_password_for_it_even_in_development(self) -> None:
        known = replace(self.SOAP, security_profile=0)
        assert refusal(admit_soap("CP1", None, known, True)).status == 401
        assert isinstance(admit_soap("CP1", basic(), known, True), Admission)
        assert isinstance(admit_soap("CP1", basic(), known, False), Admission)

    def test_lets_in_who_has_none_only_in_development(self) -> None:
        assert admit_soap("CP1", None, self.OPEN, True) == Admission(self.OPEN, None, 0)
        assert refusal(admit_soap("CP1", None, self.OPEN, False)).status == 401
        assert refusal(admit_soap("CP1", basic(), self.OPEN, False)).status == 401

    def test_answers_everybody_else_alike(self) -> None:
        tls = replace(self.SOAP, security_profile=2)
        refused = [
            refusal(admit_soap("CP1", said, station, False))
            for said, station in [
                (basic(), None),
                (basic(), STATION),
                (basic(password=b"x" * 20), self.SOAP),
                (basic("CP2"), self.SOAP),
                (None, self.SOAP),
                (basic(), replace(self.SOAP, enabled=False)),
                (basic(), tls),
            ]
        ]
        assert len({(one.status, one.body, tuple(one.headers.items())) for one in refused}) == 1
        assert isinstance(admit_soap("CP1", basic(), tls, False, Carrier(True)), Admission)


class TestSettled:
    NEW = b"the-next-password-of-it"

    def entry(self, **changes: Any) -> Station:
        return replace(STATION, pending_password_hash=passwords.hashed(self.NEW, bytes(16)), **changes)

    def test_is_nothing_while_the_old_password_is_used(self) -> None:
        decided = admit("CP1", basic(), ["ocpp1.6"], self.entry(), False)
        assert isinstance(decided, Admission)
        assert decided.settled is None

    def test_is_the_new_password_once_it_is_used(self) -> None:
        decided = admit("CP1", basic(password=self.NEW), ["ocpp1.6"], self.entry(), False)
        assert isinstance(decided, Admission)
        assert decided.settled is not None
        assert decided.settled.pending_password_hash is None
        refusal(admit("CP1", basic(), ["ocpp1.6"], decided.settled, False))
        assert admit("CP1", basic(password=self.NEW), ["ocpp1.6"], decided.settled, False) == Admission(
            decided.settled, V16, 1
        )

    def test_raises_a_profile_and_never_lowers_it(self) -> None:
        entry = replace(STATION, pending_security_profile=2)
        raised = settled(entry, 2)
        assert raised is not None
        assert (raised.security_profile, raised.pending_security_profile) == (2, None)
        refusal(admit("CP1", basic(), ["ocpp1.6"], raised, False))
        assert settled(entry, 1) is None
        assert settled(replace(STATION, security_profile=2, pending_security_profile=1), 2) is None
