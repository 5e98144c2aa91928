from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.runtime.embedded.pki import ORGANISATION, Pki

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def parsed(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


class TestPki:
    def test_is_made_once(self, tmp_path: Path) -> None:
        first = Pki(tmp_path, NOW).ca_file.read_bytes()
        assert Pki(tmp_path, NOW).ca_file.read_bytes() == first

    def test_has_somebody_who_answers_for_the_root(self, tmp_path: Path) -> None:
        pki = Pki(tmp_path, NOW)
        by, root = (parsed(file.read_bytes()) for file in (pki.v2g_ocsp_file, pki.v2g_root_file))
        by.verify_directly_issued_by(root)
        usage = by.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.OCSP_SIGNING]

    def test_keeps_keys_from_others(self, tmp_path: Path) -> None:
        pki = Pki(tmp_path / "deep" / "pki", NOW)
        assert {path.stat().st_mode & 0o777 for path in pki.ca_file.parent.iterdir()} == {0o600}

    def test_issues_certificates_for_stations(self, tmp_path: Path) -> None:
        pki = Pki(tmp_path, NOW)
        certificate = parsed(pki.issue("CP1").certificate)
        certificate.verify_directly_issued_by(parsed(pki.ca_file.read_bytes()))
        subject = certificate.subject
        assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "CP1"
        assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == ORGANISATION
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
        assert certificate.not_valid_after_utc == NOW + timedelta(days=397)

    def test_has_a_certificate_for_our_own_server(self, tmp_path: Path) -> None:
        certificate = parsed(Pki(tmp_path, NOW).server_file.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ["localhost"]
        assert b"PRIVATE KEY" in Pki(tmp_path, NOW).server_file.read_bytes()
