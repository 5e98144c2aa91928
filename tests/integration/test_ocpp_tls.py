"""Security profiles 2 and 3 against a running edge: TLS, client certificates, and no way down."""

import asyncio
import ssl
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage, InvalidStatus

from services.domain.events.station import SecurityEventRaised, StationConnected
from services.ocpp.tls import server_context
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.embedded.pki import Issued, Pki
from services.runtime.settings import KafkaSettings
from tests.integration.ocpp_case import (
    PASSWORD,
    TENANT,
    V16,
    RunningEdge,
    call,
    registered,
    running,
    station,
    until,
)
from tests.unit.ocpp.crls import crl, serial_number

pytestmark = pytest.mark.integration

BOOT = {"chargePointVendor": "Test", "chargePointModel": "TLS"}


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "pki")


def secured(kafka: KafkaSettings) -> KafkaSettings:
    """The edge's topics, and stations BASIC, TLS and CERT of profiles 1 to 3."""
    registered(kafka)
    publish_sync(
        kafka,
        Codec(),
        [
            station("BASIC", security_profile=1),
            station("TLS", security_profile=2),
            station("CERT", security_profile=3, password_hash=None),
        ],
    )
    return kafka


def tls_of(pki: Pki) -> dict[str, Any]:
    return {
        "ocpp_tls_port": 0,
        "tls_certificate_file": str(pki.server_file),
        "client_ca_file": str(pki.ca_file),
    }


def client(pki: Pki, folder: Path, name: str = "", other: Pki | None = None, **issued: Any) -> ssl.SSLContext:
    """A station's TLS, with a certificate for `name`, by this CA or another."""
    context = ssl.create_default_context(cafile=str(pki.ca_file))
    if name:
        certificate = (other or pki).issue(name, **issued)
        (folder / "client.pem").write_bytes(certificate.certificate + certificate.key)
        context.load_cert_chain(folder / "client.pem")
    return context


def secure(edge: RunningEdge, name: str, context: ssl.SSLContext, password: str | None = None) -> connect:
    headers = {}
    if password is not None:
        headers["Authorization"] = "Basic " + b64encode(f"{name}:{password}".encode()).decode()
    return connect(
        f"wss://localhost:{edge.tls_port}/ocpp/{name}",
        subprotocols=[V16],  # type: ignore[list-item]
        additional_headers=headers,
        ssl=context,
        compression=None,
    )


class TestProfiles:
    def test_2_is_a_password_in_tls(self, own_kafka: KafkaSettings, tmp_path: Path, pki: Pki) -> None:
        async def go() -> None:
            async with running(secured(own_kafka), tmp_path, **tls_of(pki)) as edge:
                async with secure(edge, "TLS", client(pki, tmp_path), PASSWORD) as socket:
                    assert (await call(socket, "BootNotification", BOOT))[2]["status"] == "Accepted"
                    (told,) = await edge.wait_for(StationConnected, station_id="TLS")
                    assert told.security_profile == 2
                with pytest.raises(InvalidStatus, match="401"):
                    await secure(edge, "TLS", client(pki, tmp_path), "wrong-password-1234")

        asyncio.run(go())

    def test_3_is_a_certificate_in_its_name(self, own_kafka: KafkaSettings, tmp_path: Path, pki: Pki) -> None:
        async def go() -> None:
            async with running(secured(own_kafka), tmp_path, **tls_of(pki)) as edge:
                async with secure(edge, "CERT", client(pki, tmp_path, "CERT")) as socket:
                    assert (await call(socket, "BootNotification", BOOT))[2]["status"] == "Accepted"
                    (told,) = await edge.wait_for(StationConnected, station_id="CERT")
                    assert told.security_profile == 3
                with pytest.raises(InvalidStatus, match="401"):
                    await secure(edge, "CERT", client(pki, tmp_path, "OTHER"))
                with pytest.raises(InvalidStatus, match="401"):
                    await secure(edge, "CERT", client(pki, tmp_path), PASSWORD)
                events = await edge.wait_for(SecurityEventRaised, 2, "CERT")
                assert [event.type for event in events] == [
                    "InvalidChargingStationCertificate",
                    "SecurityProfileDowngrade",
                ]

        asyncio.run(go())

    def test_are_never_lowered(self, own_kafka: KafkaSettings, tmp_path: Path, pki: Pki) -> None:
        async def go() -> None:
            async with running(secured(own_kafka), tmp_path, **tls_of(pki)) as edge:
                with pytest.raises(InvalidStatus, match="401"):
                    await edge.connect("TLS")
                with pytest.raises(InvalidStatus, match="401"):
                    await edge.connect("CERT")
                async with edge.connect("BASIC") as socket:
                    assert (await call(socket, "Heartbeat", {}))[0] == 3

        asyncio.run(go())

    def test_once_raised_are_never_lowered(self, own_kafka: KafkaSettings, tmp_path: Path, pki: Pki) -> None:
        async def go() -> None:
            secured(own_kafka)
            raising = station("UP", security_profile=1, pending_security_profile=3)
            await asyncio.to_thread(publish_sync, own_kafka, Codec(), [raising])
            async with running(own_kafka, tmp_path, **tls_of(pki)) as edge:
                async with edge.connect("UP"):
                    pass
                async with secure(edge, "UP", client(pki, tmp_path, "UP")):
                    pass
                known = edge.edge.door._station
                await until(lambda: (entry := known(f"{TENANT}/UP")) is not None and entry.security_profile == 3)
                with pytest.raises(InvalidStatus, match="401"):
                    await edge.connect("UP")
                with pytest.raises(InvalidStatus, match="401"):
                    await secure(edge, "BASIC", client(pki, tmp_path, "BASIC"))

        asyncio.run(go())

    def test_need_the_organisation_if_one_is_set(self, own_kafka: KafkaSettings, tmp_path: Path, pki: Pki) -> None:
        async def go() -> None:
            settings = tls_of(pki) | {"station_organisation": "Right"}
            async with running(secured(own_kafka), tmp_path, **settings) as edge:
                with pytest.raises(InvalidStatus, match="401"):
                    await secure(edge, "CERT", client(pki, tmp_path, "CERT"))
                async with secure(edge, "CERT", client(pki, tmp_path, "CERT", organisation="Right")):
                    pass

        asyncio.run(go())


class TestHandshake:
    @pytest.mark.parametrize("wrong", ["another CA", "expired"])
    def test_ends_with_a_certificate_that_is_not_valid(
        self, own_kafka: KafkaSettings, tmp_path: Path, pki: Pki, wrong: str
    ) -> None:
        async def go() -> None:
            other = Pki(tmp_path / "other") if wrong == "another CA" else None
            context = client(pki, tmp_path, "CERT", other, days=397 if other else -1)
            async with running(secured(own_kafka), tmp_path, **tls_of(pki)) as edge:
                # In TLS 1.3 a client learns of it only after its own part of the handshake.
                with pytest.raises((OSError, InvalidMessage)):
                    await secure(edge, "CERT", context)
                (raised,) = await edge.wait_for(SecurityEventRaised)
                assert (raised.type, raised.station_id) == ("InvalidChargingStationCertificate", "")
                async with secure(edge, "CERT", client(pki, tmp_path, "CERT")):
                    pass

        asyncio.run(go())

    def test_is_refused_below_tls_1_2(self, own_kafka: KafkaSettings, tmp_path: Path, pki: Pki) -> None:
        async def go() -> None:
            context = client(pki, tmp_path)
            context.minimum_version = ssl.TLSVersion.TLSv1_1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
            async with running(secured(own_kafka), tmp_path, **tls_of(pki)) as edge:
                with pytest.raises((ssl.SSLError, OSError)):
                    await secure(edge, "TLS", context, PASSWORD)
                (raised,) = await edge.wait_for(SecurityEventRaised)
                assert raised.type == "InvalidTLSVersion"

        asyncio.run(go())

    def test_is_not_disturbed_by_garbage(self, own_kafka: KafkaSettings, tmp_path: Path, pki: Pki) -> None:
        async def go() -> None:
            async with running(secured(own_kafka), tmp_path, **tls_of(pki)) as edge:
                for garbage in (b"GET /ocpp/TLS HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"A" * 70_000, b""):
                    reader, writer = await asyncio.open_connection("127.0.0.1", edge.tls_port)
                    writer.write(garbage)
                    writer.close()
                    del reader
                async with secure(edge, "TLS", client(pki, tmp_path), PASSWORD) as socket:
                    assert (await call(socket, "Heartbeat", {}))[0] == 3

        asyncio.run(go())


class TestRenewal:
    """Files change under a running edge."""

    def test_counts_for_new_connections_and_disturbs_no_old_one(
        self, own_kafka: KafkaSettings, tmp_path: Path, pki: Pki
    ) -> None:
        other, files = Pki(tmp_path / "other"), served(pki, tmp_path)
        certificate, authorities = Path(files["tls_certificate_file"]), Path(files["client_ca_file"])
        at_first = client(pki, tmp_path, "CERT")
        of_old_ca = client(other, tmp_path, "CERT", pki)

        async def go() -> None:
            async with running(secured(own_kafka), tmp_path, **files) as edge:
                async with secure(edge, "CERT", at_first) as old:
                    await call(old, "Heartbeat", {})
                    put(certificate, b"-----BEGIN CERTIFICATE-----\nbroken\n")
                    await until(lambda: edge.edge.broken_files() == 1)
                    async with secure(edge, "TLS", client(pki, tmp_path), PASSWORD):
                        pass
                    put(certificate, other.server_file.read_bytes())
                    put(authorities, other.ca_file.read_bytes())
                    await until(lambda: edge.edge.broken_files() == 0)
                    async with secure(edge, "TLS", client(other, tmp_path), PASSWORD) as socket:
                        assert (await call(socket, "Heartbeat", {}))[0] == 3
                    assert (await call(old, "Heartbeat", {}, "m2"))[0] == 3
                with pytest.raises(ssl.SSLCertVerificationError):
                    await secure(edge, "CERT", at_first)
                with pytest.raises((OSError, InvalidMessage)):
                    await secure(edge, "CERT", of_old_ca)
                async with secure(edge, "CERT", client(other, tmp_path, "CERT")):
                    pass

        asyncio.run(go())

    def test_turns_nobody_away_meanwhile(self, own_kafka: KafkaSettings, tmp_path: Path, pki: Pki) -> None:
        renewed, trusting = [pki.issue("localhost", server=True) for _ in range(20)], client(pki, tmp_path)
        names = [f"TLS{number}" for number in range(5)]
        registered(own_kafka, *names)

        async def go() -> None:
            async with running(own_kafka, tmp_path, **served(pki, tmp_path)) as edge:

                async def comes_and_goes(name: str) -> int:
                    async with secure(edge, name, trusting, PASSWORD) as socket:
                        return int((await call(socket, "Heartbeat", {}))[0])

                file = tmp_path / "renewed.pem"
                for issued in renewed:
                    file.write_bytes(issued.certificate + issued.key)
                    coming = [asyncio.create_task(comes_and_goes(name)) for name in names]
                    await asyncio.sleep(0)
                    await edge.listeners.secure(server_context(str(file), ""))
                    assert await asyncio.gather(*coming) == [3] * 5

        asyncio.run(go())


class TestListsOfRevokedCertificates:
    """Of a CA elsewhere, in a file that changes under a running edge."""

    def test_end_connections_and_open_none(self, own_kafka: KafkaSettings, tmp_path: Path, pki: Pki) -> None:
        list_file, leaf, now = tmp_path / "list.crl", pki.issue("CERT"), datetime.now(UTC)
        put(list_file, crl(pki, [], now - timedelta(minutes=5)))
        revoked, other = with_certificate(pki, tmp_path, leaf), client(pki, tmp_path, "CERT")
        forwarded = {
            "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https",
            "X-Client-Certificate": quote(leaf.certificate.decode()),
        }  # fmt: skip
        settings = tls_of(pki) | {"client_crl_files": str(list_file), "trusted_proxies": "127.0.0.1/32"}

        async def go() -> None:
            async with running(secured(own_kafka), tmp_path, **settings) as edge:
                async with secure(edge, "CERT", revoked) as first:
                    await call(first, "Heartbeat", {})
                    put(list_file, b"-----BEGIN X509 CRL-----\ncut off")
                    await until(lambda: edge.edge.broken_files() == 1)
                    assert (await call(first, "Heartbeat", {}, "m2"))[0] == 3
                    put(list_file, crl(pki, [serial_number(leaf.certificate)], now))
                    await first.wait_closed()
                    assert (first.close_code, first.close_reason) == (1008, "certificate is revoked")
                assert edge.edge.broken_files() == 0
                with pytest.raises(InvalidStatus, match="401"):
                    await secure(edge, "CERT", revoked)
                with pytest.raises(InvalidStatus, match="401"):
                    await connect(
                        f"ws://127.0.0.1:{edge.port}/ocpp/CERT", subprotocols=[V16], additional_headers=forwarded
                    )  # type: ignore[list-item]
                events = await edge.wait_for(SecurityEventRaised, 2, "CERT")
                assert {(event.type, event.detail) for event in events} == {
                    ("InvalidChargingStationCertificate", "the certificate is revoked")
                }
                async with secure(edge, "CERT", other) as second:
                    assert (await call(second, "Heartbeat", {}))[0] == 3

        asyncio.run(go())


def with_certificate(pki: Pki, folder: Path, issued: Issued) -> ssl.SSLContext:
    """A station's TLS, with this certificate."""
    context = ssl.create_default_context(cafile=str(pki.ca_file))
    (folder / "own.pem").write_bytes(issued.certificate + issued.key)
    context.load_cert_chain(folder / "own.pem")
    return context


def served(pki: Pki, folder: Path) -> dict[str, Any]:
    """`tls_of`, with copies of the files, to be changed."""
    certificate, authority = folder / "served.pem", folder / "served-ca.pem"
    certificate.write_bytes(pki.server_file.read_bytes())
    authority.write_bytes(pki.ca_file.read_bytes())
    return tls_of(pki) | {"tls_certificate_file": str(certificate), "client_ca_file": str(authority)}


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
