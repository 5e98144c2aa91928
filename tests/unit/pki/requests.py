"""Certificate signing requests as stations make them, good ones and others, and the events of them."""

from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from services.domain.events.certificate import CertificateIssued, CertificateOrdered
from services.domain.events.station import CertificateSigningRequested
from services.pki.issue import Authority, authority

NOW = 1_790_000_000_000
TENANT, STATION = "wattlog", "CP001"
KEY = f"{TENANT}/{STATION}"


@cache
def key(kind: str = "P-256") -> Any:
    """A private key of a kind, the same each time."""
    match kind:
        case "P-256":
            return ec.generate_private_key(ec.SECP256R1())
        case "P-384":
            return ec.generate_private_key(ec.SECP384R1())
        case "P-192":
            return ec.generate_private_key(ec.SECP192R1())
        case "Ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "DSA":
            return dsa.generate_private_key(2048)
    return rsa.generate_private_key(65537, int(kind.removeprefix("RSA-")))


@cache
def csr(
    name: str | None = STATION,
    kind: str = "P-256",
    organisation: str | None = "Wattlog test",
    digest: str = "SHA256",
    **more: str,
) -> str:
    """A request in PEM; `more` are further attributes of the subject by their name in NameOID."""
    said = [(NameOID.COMMON_NAME, name), (NameOID.ORGANIZATION_NAME, organisation)]
    said += [(getattr(NameOID, oid), value) for oid, value in more.items()]
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in said if value is not None])
    used = None if kind == "Ed25519" else getattr(hashes, digest)()
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key(kind), used)
    return made.public_bytes(serialization.Encoding.PEM).decode()


def forged() -> str:
    """A good request, but for its signature."""
    der = bytearray(x509.load_pem_x509_csr(csr().encode()).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    return x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM).decode()


def requested(pem: str | None = None, **changes: Any) -> CertificateSigningRequested:
    values: dict[str, Any] = {
        "event_id": "request-1", "tenant": TENANT, "station_id": STATION, "protocol": "ocpp2.0.1",
        "csr": csr() if pem is None else pem, "certificate_type": "ChargingStationCertificate", "recorded_at": NOW,
    }  # fmt: skip
    return CertificateSigningRequested(**(values | changes))


def ordered(pem: str | None = None, **changes: Any) -> CertificateOrdered:
    values: dict[str, Any] = {
        "event_id": "ordered-1", "order_id": "order-1", "tenant": TENANT, "station_id": STATION,
        "protocol": "ocpp2.0.1", "csr": csr() if pem is None else pem,
        "certificate_type": "ChargingStationCertificate", "ordered_at": NOW,
    }  # fmt: skip
    return CertificateOrdered(**(values | changes))


def issued(order_id: str, **changes: Any) -> CertificateIssued:
    values: dict[str, Any] = {
        "event_id": "issued-1", "order_id": order_id, "tenant": TENANT, "station_id": STATION,
        "protocol": "ocpp2.0.1", "certificate_type": "ChargingStationCertificate", "serial_number": "4f1d0c",
        "subject": "CN=CP001", "issuer": "CN=CA", "not_before": NOW, "not_after": NOW + 86_400_000,
        "chain": ("leaf", "sub-ca"), "recorded_at": NOW + 100,
    }  # fmt: skip
    return CertificateIssued(**(values | changes))


def ca_of(pki: Any, v2g: bool = False) -> Authority:
    """A CA of a test PKI."""
    files = (pki.v2g_ca_file, pki.v2g_key_file) if v2g else (pki.ca_file, pki.key_file)
    return authority(files[0].read_bytes(), files[1].read_bytes())
