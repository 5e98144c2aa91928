from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from services.domain.units import datetime_of
from services.pki.csr import BadRequest
from services.pki.issue import Authority, BadAuthority, authority, handed_out, issued, signed
from services.runtime.embedded.pki import Pki
from tests.unit.pki.requests import NOW, ca_of, csr, key, ordered


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"), datetime_of(NOW))


@pytest.fixture(scope="module")
def ca(pki: Pki) -> Authority:
    return ca_of(pki)


def leaf(chain: list[str]) -> x509.Certificate:
    return x509.load_pem_x509_certificate(chain[0].encode())


class TestSigned:
    def test_is_the_same_certificate_each_time(self, ca: Authority) -> None:
        once = signed(ordered(), ca, 30, "", "")
        assert signed(ordered(), ca, 30, "", "") == once
        assert leaf(signed(ordered(order_id="order-2"), ca, 30, "", "")).serial_number != leaf(once).serial_number

    def test_names_the_station_and_is_issued_by_the_ca(self, ca: Authority) -> None:
        (only,) = signed(ordered(), ca, 30, "", "")
        found = leaf([only])
        found.verify_directly_issued_by(ca.certificate)
        assert "CN=CP001" in found.subject.rfc4514_string()
        assert found.not_valid_before_utc < datetime_of(NOW) < found.not_valid_after_utc
        assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        usages = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]

    def test_does_for_both_when_the_station_does_not_say(self, ca: Authority) -> None:
        found = leaf(signed(ordered(certificate_type=None), ca, 30, "", ""))
        with pytest.raises(x509.ExtensionNotFound):
            found.extensions.get_extension_for_class(x509.ExtendedKeyUsage)

    def test_of_v2g_comes_with_its_subordinate_ca_and_not_the_root(self, pki: Pki) -> None:
        ca = ca_of(pki, v2g=True)
        chain = signed(ordered(csr("SECC1"), certificate_type="V2GCertificate"), ca, 30, "", "")
        own, above = (x509.load_pem_x509_certificate(one.encode()) for one in chain)
        own.verify_directly_issued_by(above)
        above.verify_directly_issued_by(x509.load_pem_x509_certificate(pki.v2g_root_file.read_bytes()))

    def test_ends_no_later_than_its_ca(self, ca: Authority) -> None:
        assert (
            leaf(signed(ordered(), ca, 36_500, "", "")).not_valid_after_utc == ca.certificate.not_valid_after_utc
        )

    def test_says_where_its_status_is_told(self, ca: Authority) -> None:
        found = leaf(signed(ordered(csr(kind="RSA-2048")), ca, 30, "", "http://127.0.0.1:9070/ocsp"))
        access = found.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        assert [one.access_location.value for one in access] == ["http://127.0.0.1:9070/ocsp"]

    def test_checks_the_order_once_more(self, ca: Authority) -> None:
        with pytest.raises(BadRequest):
            signed(ordered(csr("CP002")), ca, 30, "", "")


class TestIssued:
    def test_tells_what_the_certificate_says(self, ca: Authority) -> None:
        order = ordered(request_id=7)
        chain = signed(order, ca, 30, "", "")
        event = issued(order, chain, NOW + 5)
        found = leaf(chain)
        assert event.serial_number == f"{found.serial_number:x}"
        assert (event.order_id, event.request_id, event.recorded_at) == ("order-1", 7, NOW + 5)
        assert event.not_after == found.not_valid_after_utc.timestamp() * 1000
        assert event.chain == tuple(chain)

    def test_does_not_believe_a_ca_that_certifies_another_key(self, ca: Authority) -> None:
        chain = signed(ordered(csr(kind="P-384")), ca, 30, "", "")
        with pytest.raises(ValueError, match="another key"):
            issued(ordered(), chain, NOW)


class TestAuthority:
    def test_is_a_ca_and_its_key(self, pki: Pki) -> None:
        with pytest.raises(BadAuthority):
            authority(pki.ca_file.read_bytes(), pki.v2g_key_file.read_bytes())
        station = pki.issue("CP1")
        with pytest.raises(BadAuthority):
            authority(station.certificate, station.key)

    @pytest.mark.parametrize(
        "text", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
    )
    def test_is_not_anything(self, pki: Pki, text: bytes) -> None:
        with pytest.raises(BadAuthority):
            authority(text, pki.key_file.read_bytes())
        with pytest.raises(BadAuthority):
            authority(pki.ca_file.read_bytes(), text)

    def test_may_have_an_rsa_key(self, tmp_path: Path) -> None:
        name = x509.Name.from_rfc4514_string("CN=RSA CA")
        private = key("RSA-2048")
        builder = x509.CertificateBuilder(name, name, private.public_key(), 1)
        builder = builder.not_valid_before(datetime_of(NOW)).not_valid_after(datetime_of(NOW + 10**11))
        builder = builder.add_extension(x509.BasicConstraints(True, 0), True)
        made = builder.sign(private, hashes.SHA256())
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        ca = authority(made.public_bytes(serialization.Encoding.PEM), pem)
        order = replace(ordered(), order_id="rsa")
        assert signed(order, ca, 30, "", "") == signed(order, ca, 30, "", "")


class TestHandedOut:
    def test_says_what_the_certificate_says(self, tmp_path: Path) -> None:
        made = Pki(tmp_path).issue("CP1").certificate
        leaf = x509.load_pem_x509_certificate(made)
        event = handed_out("wattlog", "CP1", made, 5)
        assert (event.serial_number, event.subject) == (f"{leaf.serial_number:x}", leaf.subject.rfc4514_string())
        assert (event.issuer, event.chain) == (leaf.issuer.rfc4514_string(), (made.decode(),))
        assert (event.not_after - event.not_before) // 86_400_000 >= 397
        assert event.handed_out
        assert handed_out("wattlog", "CP1", made, 9).event_id == event.event_id
