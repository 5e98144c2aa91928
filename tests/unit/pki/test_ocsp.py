from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from services.domain.events.certificate import Certificate
from services.domain.events.common import CertificateStatus
from services.domain.units import datetime_of
from services.pki.issue import signed
from services.pki.ocsp import Answerer, answer
from services.runtime.embedded.pki import Pki
from tests.unit.pki.requests import NOW, ca_of, ordered

AT = datetime_of(NOW)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"), AT)


class Responder:
    """A CA, a certificate of it, and what is known of that."""

    def __init__(self, pki: Pki) -> None:
        self.ca = ca_of(pki)
        self.leaf = x509.load_pem_x509_certificate(signed(ordered(), self.ca, 30, "", "")[0].encode())
        self.answerer = Answerer(self.ca.certificate, self.ca.certificate, self.ca.key)
        self.known = Certificate(
            tenant="t", station_id="CP001", order_id="o", serial_number=f"{self.leaf.serial_number:x}",
            subject="CN=CP001", issuer=self.ca.certificate.subject.rfc4514_string(), not_before=NOW, not_after=NOW,
            status=CertificateStatus.INSTALLED, updated_at=NOW,
        )  # fmt: skip

    def request(self, algorithm: Any = None, nonce: bytes = b"") -> bytes:
        builder = ocsp.OCSPRequestBuilder().add_certificate(
            self.leaf, self.ca.certificate, algorithm or hashes.SHA256()
        )
        if nonce:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.build().public_bytes(Encoding.DER)

    def says(self, known: Certificate | None, der: bytes | None = None, **changes: Any) -> ocsp.OCSPResponse:
        by = self.answerer._replace(**changes)
        lookup = {known.serial_number: known}.get if known else lambda _number: None
        return ocsp.load_der_ocsp_response(answer(self.request() if der is None else der, [by], lookup, AT))


@pytest.fixture
def responder(pki: Pki) -> Responder:
    return Responder(pki)


class TestAnswers:
    @pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()])
    def test_say_what_is_good_and_are_signed(self, responder: Responder, algorithm: Any) -> None:
        said = responder.says(responder.known, responder.request(algorithm))
        assert said.certificate_status is ocsp.OCSPCertStatus.GOOD
        assert said.serial_number == responder.leaf.serial_number
        assert said.next_update_utc == AT + timedelta(hours=12)
        key = responder.ca.certificate.public_key()
        key.verify(said.signature, said.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))  # type: ignore[union-attr,call-arg]

    @pytest.mark.parametrize(
        ("reason", "expected"), [("superseded", x509.ReasonFlags.superseded), ("unspecified", None)]
    )
    def test_say_what_is_revoked_since_when_and_why(
        self, responder: Responder, reason: str, expected: Any
    ) -> None:
        revoked = replace(
            responder.known, status=CertificateStatus.REVOKED, revoked_at=NOW - 5000, revocation_reason=reason
        )
        said = responder.says(revoked)
        assert said.certificate_status is ocsp.OCSPCertStatus.REVOKED
        assert said.revocation_time_utc == AT - timedelta(seconds=5)
        assert said.revocation_reason == expected

    def test_say_that_others_are_not_known(self, responder: Responder) -> None:
        assert responder.says(None).certificate_status is ocsp.OCSPCertStatus.UNKNOWN
        elsewhere = replace(responder.known, issuer="CN=Somebody")
        assert responder.says(elsewhere).certificate_status is ocsp.OCSPCertStatus.UNKNOWN

    def test_know_some_that_are_always_good(self, responder: Responder) -> None:
        good = frozenset({responder.leaf.serial_number})
        assert responder.says(None, good=good).certificate_status is ocsp.OCSPCertStatus.GOOD

    def test_repeat_the_nonce(self, responder: Responder) -> None:
        said = responder.says(responder.known, responder.request(nonce=b"0123456789abcdef"))
        assert said.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"0123456789abcdef"

    def test_come_with_the_certificate_of_who_gives_them_for_the_ca(self, responder: Responder, pki: Pki) -> None:
        other = ca_of(pki, v2g=True)
        said = responder.says(responder.known, certificate=other.certificate, key=other.key)
        assert said.certificates == [other.certificate]
        assert responder.says(responder.known).certificates == []


class TestRefusals:
    def test_are_for_certificates_of_other_cas(self, responder: Responder, pki: Pki) -> None:
        other = ca_of(pki, v2g=True)
        said = responder.says(responder.known, issuer=other.certificate)
        assert said.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED

    @pytest.mark.parametrize("der", [b"", b"nonsense", b"\x30\x80" * 100, b"\x30\x00"])
    def test_are_for_what_is_no_request(self, responder: Responder, der: bytes) -> None:
        assert responder.says(None, der).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
