import pytest

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
