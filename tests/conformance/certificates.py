"""A station's side of getting a certificate: a key and a request of its own, and what it does with the answer."""

from pathlib import Path
from ssl import SSLContext

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.runtime.embedded.pki import Pki
from tests.conformance.tls_client import context


class Keys:
    """A new key pair of a station, as A02 has it make one."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())

    def csr(self, name: str | None, **more: str) -> str:
        """A request for it; `more` are attributes of the subject by their name in NameOID."""
        said = {"ORGANIZATION_NAME": "Wattlog test", **({"COMMON_NAME": name} if name else {}), **more}
        subject = x509.Name([x509.NameAttribute(getattr(NameOID, oid), value) for oid, value in said.items()])
        made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self.private, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM).decode()

    def certified(self, chain: str) -> list[x509.Certificate]:
        """The chain, whose first is for this key."""
        found = x509.load_pem_x509_certificates(chain.encode())
        assert found[0].public_key() == self.private.public_key()
        assert found[0].serial_number > 0
        return found

    def context(self, pki: Pki, chain: str, folder: Path) -> SSLContext:
        """TLS with this key and its certificate."""
        file = folder / "own.pem"
        key = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(chain.encode() + key)
        made = context(pki, folder)
        made.load_cert_chain(file)
        return made
