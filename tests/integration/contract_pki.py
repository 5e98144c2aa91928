"""Those whom the edge asks about contracts: an OCSP responder and a certificate pool on real sockets."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from services.ocpp.wire.ocsp import subject_of

DAY = timedelta(days=1)
EXI_RESPONSE = "gJgCAAAAAA+u"


class Authority:
    """A CA of contract certificates."""

    def __init__(self, name: str, above: "Authority | None" = None, ocsp_url: str = "") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.above = above or self
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.ocsp_url = ocsp_url
        self.certificate = self.above.certified(self.name, self.key, ca=True)

    def certified(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        ca: bool = False,
        begin: datetime | None = None,
        end: datetime | None = None,
        ocsp_url: str | None = None,
    ) -> x509.Certificate:
        """A certificate of this CA."""
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self.name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(begin or now - DAY).not_valid_after(end or now + 30 * DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True)
        url = self.ocsp_url if ocsp_url is None else ocsp_url
        if url:
            where = x509.UniformResourceIdentifier(url)
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def contract(self, emaid: str, **more: Any) -> x509.Certificate:
        """A contract certificate."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, emaid)])
        return self.certified(name, ec.generate_private_key(ec.SECP256R1()), **more)


def hash_data(certificate: x509.Certificate, issuer: x509.Certificate, url: str) -> dict[str, Any]:
    """OCSPRequestDataType of a certificate."""
    about = subject_of(certificate, issuer)
    return {
        "hashAlgorithm": "SHA256", "issuerNameHash": about.name_hash.hex(), "issuerKeyHash": about.key_hash.hex(),
        "serialNumber": f"{about.serial_number:x}", "responderURL": url,
    }  # fmt: skip


def pem(*certificates: x509.Certificate) -> str:
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in certificates)


class Operator:
    """A mobility operator's CAs, what its OCSP responder and its pool answer, and what they were asked."""

    def __init__(self, url: str = "http://127.0.0.1:9", at: datetime | None = None) -> None:
        self.url = url
        self.at = at
        """When its responder answers; now if it is not given."""
        self.ocsp_url = f"{url}/ocsp"
        self.root = Authority("MO root", ocsp_url=self.ocsp_url)
        self.sub_ca = Authority("MO sub-CA", self.root, self.ocsp_url)
        self.asked: list[int] = []
        """Serial numbers."""
        self.requests: list[dict[str, Any]] = []
        self.revoked: set[int] = set()

    def answer(self, body: bytes) -> bytes:
        """An OCSP response, signed by the CA that issued what is asked about."""
        asked = ocsp.load_der_ocsp_request(body)
        self.asked.append(asked.serial_number)
        for ca in (self.root, self.sub_ca):
            if subject_of(ca.certificate, ca.certificate).key_hash == asked.issuer_key_hash:
                return self._signed(asked, ca)
        return ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED).public_bytes(
            serialization.Encoding.DER
        )

    def pooled(self, body: bytes) -> bytes:
        """What a contract certificate pool answers a CPO."""
        self.requests.append(orjson.loads(body))
        found = {"messageDef": {"certificateInstallationRes": EXI_RESPONSE, "emaid": "DEABCC00000001"}}
        return orjson.dumps({"CCPResponse": {"emaidContent": [found]}})

    def _signed(self, asked: ocsp.OCSPRequest, ca: Authority) -> bytes:
        now, revoked = self.at or datetime.now(UTC), asked.serial_number in self.revoked
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            asked.issuer_name_hash,
            asked.issuer_key_hash,
            asked.serial_number,
            asked.hash_algorithm,
            ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            now,
            now + DAY,
            now - DAY if revoked else None,
            x509.ReasonFlags.superseded if revoked else None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, ca.certificate)
        builder = builder.certificates([ca.certificate])
        return builder.sign(ca.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


class World(Operator):
    """Such an operator on a real socket."""

    def __init__(self) -> None:
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = world.answer(body) if self.path.startswith("/ocsp") else world.pooled(body)
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Not worth a line."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        super().__init__(f"http://127.0.0.1:{self.server.server_port}")


@contextmanager
def contract_world(folder: Path) -> Iterator[tuple[World, dict[str, Any]]]:
    """Such a world, and the edge's settings that let it ask there."""
    world = World()
    roots = folder / "mo-root.pem"
    roots.write_text(pem(world.root.certificate))
    settings = {
        "contract_ca_file": str(roots), "ocsp_responders": world.ocsp_url, "contract_pool_url": world.url,
        "contract_pool_token": "a-bearer-token",
    }  # fmt: skip
    yield world, settings
    world.server.shutdown()
