from base64 import b64decode, b64encode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from services.domain.units import datetime_of
from services.pki.est import BadAnswer, certificates, chain, enrollment
from services.pki.issue import signed
from services.runtime.embedded.pki import Pki
from tests.unit.pki.requests import NOW, ca_of, csr, ordered


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"), datetime_of(NOW))


def body(*found: x509.Certificate) -> bytes:
    return b64encode(pkcs7.serialize_certificates(list(found), Encoding.DER))


class TestEnrollment:
    def test_is_the_request_in_base64(self) -> None:
        sent = x509.load_der_x509_csr(b64decode(enrollment(csr())))
        assert sent == x509.load_pem_x509_csr(csr().encode())


class TestAnswers:
    def test_hold_certificates(self, pki: Pki) -> None:
        root = x509.load_pem_x509_certificate(pki.ca_file.read_bytes())
        assert certificates(body(root)) == [root]

    @pytest.mark.parametrize(
        "answer",
        [
            b"", b"nonsense!", b"AAAA", b64encode(b"\x30\x80" * 50), b"\xff\xfe",
            b"MCMGCSqGSIb3DQEHAqAWMBQCAQExADALBgkqhkiG9w0BBwExAA==",
        ],
    )  # fmt: skip
    def test_may_be_anything(self, answer: bytes) -> None:
        with pytest.raises(BadAnswer):
            certificates(answer)


class TestChain:
    def test_goes_up_to_the_root_without_it(self, pki: Pki) -> None:
        ca = ca_of(pki, v2g=True)
        order = ordered(csr("SECC1"), certificate_type="V2GCertificate")
        leaf = x509.load_pem_x509_certificate(signed(order, ca, 30, "", "")[0].encode())
        above = x509.load_pem_x509_certificates(pki.v2g_ca_file.read_bytes())
        for known, length in ((above, 2), (above[::-1], 2), ([], 1), (above[1:], 1)):
            assert len(chain(leaf, known)) == length

    def test_ends_with_certificates_that_go_round_in_a_circle(self, pki: Pki) -> None:
        ca = x509.load_pem_x509_certificates(pki.v2g_ca_file.read_bytes())[0]
        assert len(chain(ca, [ca, ca])) == 1
