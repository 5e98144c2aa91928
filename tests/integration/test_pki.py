"""The pki process on real Kafka: with a CA that is asked by EST over real HTTP, and through a restart."""

import asyncio
import threading
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from prometheus_client import REGISTRY

from services.domain.events.certificate import (
    Certificate,
    CertificateIssued,
    CertificateRefused,
    CertificateRevoked,
)
from services.domain.events.common import CertificateStatus
from services.domain.events.station import CommandRequested
from services.ocpp.wire.ocsp import is_issued, request, standing, subject_of
from services.pki.issue import handed_out, signed
from services.runtime.bus import publish_sync
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.embedded.pki import PKI_FOLDER, Pki
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.tail import Tail
from services.runtime.topics import create_topics
from tests.integration.ocpp_case import until
from tests.integration.pki_case import pki_process
from tests.unit.pki.requests import STATION, TENANT, ca_of, csr, ordered, requested

pytestmark = pytest.mark.integration

TOPICS = [
    "station.events.v1", "station.commands.v1", "station.results.v1", "certificate.events.v1",
    "certificate.state.v1",
]  # fmt: skip


class Est:
    """A CA that is asked by EST. `status` is what it says, if not what was asked for."""

    def __init__(self, pki: Pki) -> None:
        self.status, self.asked, self.pki = 200, 0, pki
        est = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                est.asked += 1
                der = b64decode(self.rfile.read(int(self.headers["Content-Length"])))
                pem = x509.load_der_x509_csr(der).public_bytes(Encoding.PEM).decode()
                chain = signed(ordered(pem), ca_of(est.pki), 30, "", "")
                self.say([x509.load_pem_x509_certificate(chain[0].encode())])

            def do_GET(self) -> None:
                self.say(x509.load_pem_x509_certificates(est.pki.ca_file.read_bytes()))

            def say(self, certificates: list[x509.Certificate]) -> None:
                self.send_response(est.status)
                self.end_headers()
                self.wfile.write(b64encode(pkcs7.serialize_certificates(certificates, Encoding.DER)))

            def log_message(self, *_: Any) -> None:
                """Not worth a line."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/.well-known/est"


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "pki")


@pytest.fixture
def est(pki: Pki) -> Iterator[Est]:
    made = Est(pki)
    yield made
    made.server.shutdown()


@asynccontextmanager
async def listening(kafka: KafkaSettings, name: str) -> AsyncIterator[tuple[KafkaSettings, list[Any]]]:
    own, told = replace(kafka, topic_prefix=f"pki-{name}."), list[Any]()
    create_topics(own, TOPICS)
    tail = Tail(own, Codec(), TOPICS, told.extend)
    tail.start()
    yield own, told
    tail.stop()


def asks(kafka: KafkaSettings, *events: Any) -> None:
    publish_sync(kafka, Codec(), events)


def of(told: list[Any], kind: type[Any]) -> list[Any]:
    return [event for event in told if isinstance(event, kind)]


async def test_a_ca_elsewhere_signs_when_it_is_there_again(kafka: KafkaSettings, est: Est, tmp_path: Path) -> None:
    est.status = 503
    async with (
        listening(kafka, "est") as (own, told),
        pki_process(own, est.pki, tmp_path / "state", station_ca_file="", station_ca_est_url=est.url),
    ):
        asks(own, requested(recorded_at=now_ms()))
        await until(lambda: est.asked > 0)
        assert of(told, CertificateIssued) == []
        est.status = 200
        await until(lambda: len(of(told, CommandRequested)) == 1)
        chain = orjson.loads(of(told, CommandRequested)[0].payload_json)["certificateChain"]
        leaf = x509.load_pem_x509_certificate(chain.encode())
        leaf.verify_directly_issued_by(ca_of(est.pki).certificate)


async def test_a_ca_elsewhere_may_refuse(kafka: KafkaSettings, est: Est, tmp_path: Path) -> None:
    est.status = 403
    async with (
        listening(kafka, "refused") as (own, told),
        pki_process(own, est.pki, tmp_path / "state", station_ca_file="", station_ca_est_url=est.url),
    ):
        asks(own, requested(recorded_at=now_ms()), requested(csr("CP002"), event_id="bad", recorded_at=now_ms()))
        await until(lambda: len(of(told, CertificateRefused)) == 2)
        reasons = {event.reason[:17] for event in of(told, CertificateRefused)}
        assert reasons == {"the CA refuses wi", "the common name i"}
        assert of(told, CommandRequested) == []


async def test_a_station_is_told_once_across_a_restart(kafka: KafkaSettings, pki: Pki, tmp_path: Path) -> None:
    async with listening(kafka, "restart") as (own, told):
        asked = requested(recorded_at=now_ms())
        async with pki_process(own, pki, tmp_path / "state"):
            asks(own, asked)
            await until(lambda: len(of(told, CommandRequested)) == 1)
        async with pki_process(own, pki, tmp_path / "state"):
            asks(own, asked, requested(csr(kind="P-384"), event_id="second", recorded_at=now_ms()))
            await until(lambda: len(of(told, CommandRequested)) == 2)
            issued = of(told, CertificateIssued)
            assert len({event.order_id for event in issued}) == len(issued) == 2
            await _revoked(own, told, issued[0])


async def _revoked(kafka: KafkaSettings, told: list[Any], issued: CertificateIssued) -> None:
    event = CertificateRevoked(
        event_id="revoked", tenant=issued.tenant, station_id=issued.station_id, serial_number=issued.serial_number,
        reason="superseded", revoked_by="test", recorded_at=now_ms(),
    )  # fmt: skip
    await asyncio.to_thread(asks, kafka, event)
    await until(lambda: revoked_in(told)[-1:] == [issued.serial_number])


def revoked_in(told: list[Any]) -> list[str]:
    return [one.serial_number for one in of(told, Certificate) if one.status is CertificateStatus.REVOKED]


async def test_it_signs_with_the_ca_that_is_in_the_file_now(
    kafka: KafkaSettings, pki: Pki, tmp_path: Path
) -> None:
    other, ca, key = Pki(tmp_path / "other"), tmp_path / "ca.pem", tmp_path / "ca.key"

    def put(made: Pki) -> None:
        ca.write_bytes(made.ca_file.read_bytes())
        key.write_bytes(made.key_file.read_bytes())

    def signer() -> x509.Certificate:
        leaf = x509.load_pem_x509_certificate(of(told, CertificateIssued)[-1].chain[0].encode())
        found = (ca_of(one).certificate for one in (pki, other))
        return next(one for one in found if is_issued(leaf, one))

    put(pki)
    files = {"station_ca_file": str(ca), "station_ca_key_file": str(key)}
    async with listening(kafka, "reread") as (own, told), pki_process(own, pki, tmp_path / "state", **files):
        asks(own, requested(recorded_at=now_ms()))
        await until(lambda: len(of(told, CertificateIssued)) == 1)
        assert signer() == ca_of(pki).certificate
        ca.write_bytes(other.ca_file.read_bytes())
        await until(lambda: broken_files() == 1)
        asks(own, requested(csr(kind="P-384"), event_id="second", recorded_at=now_ms()))
        await until(lambda: len(of(told, CertificateIssued)) == 2)
        assert signer() == ca_of(pki).certificate
        put(other)
        await until(lambda: broken_files() == 0)
        asks(own, requested(csr(kind="RSA-2048"), event_id="third", recorded_at=now_ms()))
        await until(lambda: len(of(told, CertificateIssued)) == 3)
        assert signer() == ca_of(other).certificate


def broken_files() -> float | None:
    return REGISTRY.get_sample_value("pki_broken_files")


async def test_it_says_whether_our_certificates_are_good(kafka: KafkaSettings, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    state = tmp_path / "state"
    made = Pki(state / PKI_FOLDER)
    own = {"station_ca_file": "", "v2g_ca_file": "", "ocsp_port": port}
    async with listening(kafka, "ocsp") as (kafka_of_test, told), pki_process(kafka_of_test, made, state, **own):
        asks(kafka_of_test, requested(recorded_at=now_ms()))
        await until(lambda: bool(of(told, Certificate)))
        leaf = x509.load_pem_x509_certificate(of(told, CertificateIssued)[0].chain[0].encode())
        station_ca = x509.load_pem_x509_certificate(made.ca_file.read_bytes())
        sub_ca, root = x509.load_pem_x509_certificates(made.v2g_ca_file.read_bytes())
        assert await _standing(port, leaf, station_ca, station_ca) == "good"
        assert await _standing(port, sub_ca, root, root) == "good"
        await _revoked(kafka_of_test, told, of(told, CertificateIssued)[0])
        await _until_standing(port, leaf, station_ca, "revoked")
        async with httpx.AsyncClient() as client:
            about = subject_of(sub_ca, root)
            url = f"http://127.0.0.1:{port}/ocsp/" + quote(b64encode(request(about)).decode(), safe="")
            assert standing((await client.get(url)).content, about, [root], datetime.now(UTC)) == "good"
            handed = made.issue("CP001").certificate
            asks(kafka_of_test, handed_out(TENANT, STATION, handed, now_ms()))
            by_hand = x509.load_pem_x509_certificate(handed)
            await _until_standing(port, by_hand, station_ca, "good")
            await _revoked(kafka_of_test, told, of(told, CertificateIssued)[-1])
            await _until_standing(port, by_hand, station_ca, "revoked")
            for odd in ("", "/ocsp/%%%"):
                assert (await client.get(f"http://127.0.0.1:{port}{odd}")).status_code == 400
            assert (await client.post(f"http://127.0.0.1:{port}/ocsp", content=b"x" * 5000)).status_code == 400
            assert (await client.put(f"http://127.0.0.1:{port}/ocsp", content=b"x")).status_code == 400


async def _standing(port: int, certificate: x509.Certificate, issuer: x509.Certificate, root: Any) -> str:
    about = subject_of(certificate, issuer)
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"http://127.0.0.1:{port}/ocsp", content=request(about))
    return standing(answer.content, about, [root], datetime.now(UTC)).value


async def _until_standing(port: int, leaf: x509.Certificate, issuer: x509.Certificate, wanted: str) -> None:
    for _ in range(500):
        if await _standing(port, leaf, issuer, issuer) == wanted:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(wanted)
