"""Certificates of stations: what they say, and whose word is taken for it."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from services.ocpp.settings import OcppSettings
from services.ocpp.tls import Certificate, authorities, of_handshake, of_header
from services.runtime.embedded.pki import ORGANISATION, Pki
from services.runtime.settings import BadSetting

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"), NOW)


def header(pki: Pki, name: str = "CP1", **issued: int) -> str:
    return quote(pki.issue(name, **issued).certificate.decode())  # type: ignore[arg-type]


class TestOfHandshake:
    def test_reads_common_names_dns_names_and_organisations(self) -> None:
        said = {
            "subject": ((("organizationName", "WAT"),), (("commonName", "CP1"),)),
            "subjectAltName": (("DNS", "cp1.example.com"), ("URI", "urn:x")),
            "serialNumber": "0A1B",
        }
        assert of_handshake(said) == Certificate(("CP1", "cp1.example.com"), ("WAT",), "a1b")

    def test_reads_the_issuer_where_it_can_be_read(self, pki: Pki) -> None:
        leaf = x509.load_pem_x509_certificate(pki.issue("CP1").certificate).public_bytes(Encoding.DER)
        said = {"subject": ((("commonName", "CP1"),),), "serialNumber": "01"}
        issuers = [shown.issuer for der in (leaf, b"\x30junk", None) if (shown := of_handshake(said, der))]
        assert issuers == [f"CN=Wattlog station CA,O={ORGANISATION}", "", ""]

    @pytest.mark.parametrize("nothing", [None, {}])
    def test_is_nothing_without_a_certificate(self, nothing: dict[str, object] | None) -> None:
        assert of_handshake(nothing) is None


class TestOfHeader:
    def test_takes_what_one_of_the_authorities_issued(self, pki: Pki) -> None:
        known = authorities(str(pki.ca_file))
        text = header(pki)
        serial_number = x509.load_pem_x509_certificate(unquote_to_bytes(text)).serial_number
        issuer = known[0].subject.rfc4514_string()
        expected = Certificate(("CP1",), (ORGANISATION,), f"{serial_number:x}", issuer)
        assert of_header(text, known, NOW) == expected
        envoy = f'By=spiffe://x;Cert="junk",Hash=ab;Cert="{text}";Subject="CN=CP2"'
        assert of_header(envoy, known, NOW) == expected

    def test_takes_no_certificate_for_servers(self, pki: Pki) -> None:
        known = authorities(str(pki.ca_file))
        assert of_header(header(pki, "localhost", server=True), known, NOW) is None

    def test_takes_nothing_that_another_station_has_issued(self, pki: Pki, tmp_path: Path) -> None:
        station = x509.load_pem_x509_certificate(pki.issue("CP2").certificate)
        known = (*authorities(str(pki.ca_file)), station)
        assert of_header(header(Pki(tmp_path, NOW)), known, NOW) is None
        assert of_header(header(pki), (station,), NOW) is None

    def test_takes_nothing_from_others(self, pki: Pki, tmp_path: Path) -> None:
        other = Pki(tmp_path, NOW)
        assert of_header(header(other), authorities(str(pki.ca_file)), NOW) is None
        assert of_header(header(pki), (), NOW) is None

    @pytest.mark.parametrize("moment", [NOW - timedelta(days=2), NOW + timedelta(days=400)])
    def test_takes_nothing_out_of_its_time(self, pki: Pki, moment: datetime) -> None:
        assert of_header(header(pki), authorities(str(pki.ca_file)), moment) is None

    @pytest.mark.parametrize(
        "text", ["", "%", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "A" * 20_000]
    )
    def test_takes_no_garbage(self, pki: Pki, text: str) -> None:
        assert of_header(text, authorities(str(pki.ca_file)), NOW) is None

    def test_takes_no_certificate_of_a_version_that_does_not_exist(self, pki: Pki) -> None:
        issued = x509.load_pem_x509_certificate(pki.issue("CP1").certificate)
        der = issued.public_bytes(Encoding.DER).replace(b"\x02\x01\x02", b"\x02\x01\x3e", 1)
        text = f"-----BEGIN CERTIFICATE-----\n{b64encode(der).decode()}\n-----END CERTIFICATE-----\n"
        assert of_header(quote(text), authorities(str(pki.ca_file)), NOW) is None
        assert of_handshake({"serialNumber": "1"}, der) == Certificate((), (), "1")

    def test_knows_that_an_authority_is_no_station_of_its_own(self, pki: Pki) -> None:
        own = quote(pki.ca_file.read_text())
        found = of_header(own, authorities(str(pki.ca_file)), NOW)
        assert found is None or "CP1" not in found.names


class TestSettings:
    def test_speak_no_tls_without_a_certificate(self) -> None:
        settings = OcppSettings()
        assert settings.tls(print) is None
        assert settings.authorities() == ()

    def test_say_what_file_is_wrong(self, tmp_path: Path, pki: Pki) -> None:
        (tmp_path / "bad.pem").write_text("nothing")
        for wrong in (tmp_path / "none.pem", tmp_path / "bad.pem"):
            with pytest.raises(BadSetting, match="WATTLOG_TLS_CERTIFICATE_FILE"):
                OcppSettings(tls_certificate_file=str(wrong)).tls(print)
            with pytest.raises(BadSetting, match="WATTLOG_CLIENT_CA_FILE"):
                OcppSettings(client_ca_file=str(wrong)).authorities()

    def test_read_all_authorities(self, tmp_path: Path, pki: Pki) -> None:
        other = Pki(tmp_path, NOW)
        both = tmp_path / "both.pem"
        both.write_bytes(pki.ca_file.read_bytes() + other.ca_file.read_bytes())
        found = OcppSettings(client_ca_file=str(both)).authorities()
        assert len(found) == 2
        assert all(isinstance(authority, x509.Certificate) for authority in found)
