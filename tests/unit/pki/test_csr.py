import warnings
from base64 import b64encode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from services.pki.csr import BadRequest, is_name, wanted
from tests.unit.pki.requests import STATION, csr, forged

OWN, V2G = "ChargingStationCertificate", "V2GCertificate"


class TestGoodRequests:
    @pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA-2048"])
    @pytest.mark.parametrize("certificate_type", [None, OWN])
    def test_name_the_station_and_bring_a_strong_key(self, kind: str, certificate_type: str | None) -> None:
        found = wanted(csr(kind=kind), STATION, certificate_type)
        assert not found.for_v2g
        assert found.csr.is_signature_valid

    @pytest.mark.parametrize("name", ["NL*ABC*SECC1", None])
    def test_for_what_evs_see_may_name_something_else(self, name: str | None) -> None:
        pem = csr(name, COUNTRY_NAME="NL", ORGANIZATIONAL_UNIT_NAME="Charging", DOMAIN_COMPONENT="CPO")
        assert wanted(pem, STATION, V2G).for_v2g
        assert wanted(pem, STATION, "V2G20Certificate").for_v2g

    def test_name_our_organisation_where_that_is_wanted(self) -> None:
        assert wanted(csr(), STATION, OWN, "Wattlog test")


class TestBadRequests:
    @pytest.mark.parametrize("name", ["CP002", "cp001", "localhost", None])
    def test_name_somebody_else(self, name: str | None) -> None:
        with pytest.raises(BadRequest, match="common name"):
            wanted(csr(name), STATION, OWN)

    @pytest.mark.parametrize("name", ["10.0.0.1", "https://evil.example", "::1", "[fe80::1]"])
    def test_for_evs_name_an_address(self, name: str) -> None:
        with pytest.raises(BadRequest, match="address"):
            wanted(csr(name), STATION, V2G)

    @pytest.mark.parametrize("kind", ["P-192", "RSA-1024", "Ed25519", "DSA"])
    def test_bring_a_key_that_is_weak_or_unknown(self, kind: str) -> None:
        with pytest.raises(BadRequest, match="key"):
            wanted(csr(kind=kind), STATION, OWN)

    @pytest.mark.parametrize("digest", ["SHA224", "SHA3_256"])
    def test_are_signed_with_an_unusual_digest(self, digest: str) -> None:
        with pytest.raises(BadRequest, match="SHA-256"):
            wanted(csr(digest=digest), STATION, OWN)

    def test_are_not_signed_by_who_asks(self) -> None:
        with pytest.raises(BadRequest, match="not signed with the key"):
            wanted(forged(), STATION, OWN)

    @pytest.mark.parametrize("organisation", ["Somebody", None])
    def test_name_another_organisation(self, organisation: str | None) -> None:
        with pytest.raises(BadRequest, match="organisation"):
            wanted(csr(organisation=organisation), STATION, OWN, "Wattlog test")

    def test_are_for_certificates_that_are_not_issued(self) -> None:
        with pytest.raises(BadRequest, match="SomethingElse"):
            wanted(csr(), STATION, "SomethingElse")

    def test_say_strange_things_of_the_subject(self) -> None:
        with pytest.raises(BadRequest, match="subject"):
            wanted(csr(EMAIL_ADDRESS="a@b.example"), STATION, OWN)
        with pytest.raises(BadRequest, match="subject"):
            wanted(csr(STREET_ADDRESS="x" * 100), STATION, OWN)

    @pytest.mark.parametrize(
        "pem",
        [
            "", "\x00", "x" * 60_000,
            "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", csr()[:200], csr().replace("M", "N"),
        ],
    )  # fmt: skip
    def test_are_no_requests_at_all(self, pem: str) -> None:
        with pytest.raises(BadRequest):
            wanted(pem, STATION, OWN)


@pytest.mark.parametrize(
    ("text", "good"), [("CP1", True), ("DE*ABC*E1", True), ("a:b", False), ("a/b", False), ("", False)]
)
def test_stations_are_called_what_ocpp_allows(text: str, good: bool) -> None:
    assert is_name(text) is good


class TestChangedRequests:
    DER = x509.load_pem_x509_csr(csr().encode()).public_bytes(Encoding.DER)

    def test_of_a_version_that_does_not_exist_are_refused(self) -> None:
        changed = self.DER.replace(b"\x02\x01\x00", b"\x02\x01\x3e", 1)
        with pytest.raises(BadRequest, match="not a certificate signing request"):
            wanted(as_pem(changed), STATION, OWN)

    @given(st.lists(st.tuples(st.integers(0, len(DER) - 1), st.integers(0, 255)), min_size=1, max_size=4))
    def test_are_refused_and_fail_in_no_other_way(self, changes: list[tuple[int, int]]) -> None:
        changed = bytearray(self.DER)
        for at, value in changes:
            changed[at] = value
        if changed != self.DER:
            with warnings.catch_warnings(action="ignore"), pytest.raises(BadRequest):
                wanted(as_pem(bytes(changed)), STATION, OWN)


def as_pem(der: bytes) -> str:
    lines = b64encode(der).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{lines}\n-----END CERTIFICATE REQUEST-----\n"
