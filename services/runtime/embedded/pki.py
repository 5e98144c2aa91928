"""A test PKI for the embedded stack: CAs for stations and V2G, certificates for stations and our own server."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ORGANISATION: Final = "Wattlog test"
PKI_FOLDER: Final = "pki"
"""In the data directory."""

_CA_DAYS, _LEAF_DAYS = 3650, 397
_SKEW: Final = timedelta(days=1)


class Issued(NamedTuple):
    """A certificate and its key, as PEM."""

    certificate: bytes
    key: bytes


class Pki:
    """The PKI of a folder, made when it is not there yet."""

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self.ca_file = folder / "station-ca.pem"
        self.server_file = folder / "server.pem"
        """Certificate and key."""
        self.key_file = folder / "station-ca.key"
        self.v2g_root_file = folder / "v2g-root.pem"
        self.v2g_ca_file = folder / "v2g-ca.pem"
        """The subordinate CA, then the root."""
        self.v2g_key_file = folder / "v2g-ca.key"
        self.v2g_ocsp_file = folder / "v2g-ocsp.pem"
        """Certificate and key of whom the root lets answer for it."""
        self._now = now or datetime.now(UTC)
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            if not self.server_file.exists():
                self._make()
            if not self.v2g_ocsp_file.exists():
                self._make_v2g()

    def issue(
        self, name: str, *, server: bool = False, days: int = _LEAF_DAYS, organisation: str = ORGANISATION
    ) -> Issued:
        """A certificate of the CA, with a new P-256 key, for a station or for our own server."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = _builder(_name(name, organisation), self._authority().subject, self._now, days)
        builder = builder.public_key(key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if server:
            names = [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return Issued(_pem(builder.sign(self._authority_key(), hashes.SHA256())), _key_pem(key))

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name("Wattlog station CA", ORGANISATION)
        _write(self.key_file, _key_pem(key))
        _write(self.ca_file, _pem(self._certify(subject, key.public_key(), subject, key, 0)))
        own = self.issue("localhost", server=True)
        _write(self.server_file, own.certificate + own.key)

    def _make_v2g(self) -> None:
        """A root, whose key is thrown away, and a subordinate CA (ISO 15118-2, annex E: CPO sub-CA)."""
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root_name, name = (_name(said, ORGANISATION) for said in ("Wattlog V2G root", "Wattlog CPO sub-CA"))
        root = _pem(self._certify(root_name, root_key.public_key(), root_name, root_key, 1))
        _write(self.v2g_key_file, _key_pem(key))
        _write(self.v2g_root_file, root)
        _write(self.v2g_ca_file, _pem(self._certify(name, key.public_key(), root_name, root_key, 0)) + root)
        _write(self.v2g_ocsp_file, self._answering(root_name, root_key))

    def _answering(self, issuer: x509.Name, issuer_key: ec.EllipticCurvePrivateKey) -> bytes:
        """Certificate and key of whom a CA lets answer by OCSP (RFC 6960, 4.2.2.2)."""
        key, usage = ec.generate_private_key(ec.SECP256R1()), ExtendedKeyUsageOID.OCSP_SIGNING
        name = _name("Wattlog V2G OCSP", ORGANISATION)
        builder = _builder(name, issuer, self._now, _CA_DAYS).public_key(key.public_key())
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
        return _pem(builder.sign(issuer_key, hashes.SHA256())) + _key_pem(key)

    def _certify(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        issuer: x509.Name,
        issuer_key: ec.EllipticCurvePrivateKey,
        path_length: int,
    ) -> x509.Certificate:
        """A CA's certificate."""
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        builder = _builder(name, issuer, self._now, _CA_DAYS).public_key(key)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        builder = builder.add_extension(usage, critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    def _authority(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.ca_file.read_bytes())

    def _authority_key(self) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key(self.key_file.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Several processes may find that there is no PKI yet: one of them makes it."""
    lock = folder / ".lock"
    with open(os.open(lock, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _name(name: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _builder(subject: x509.Name, issuer: x509.Name, now: datetime, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=days))
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
