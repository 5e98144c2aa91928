"""Stations show tokens, their provider is asked by OCPI: both edges, real Kafka, real sockets."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection

from services.domain.events.authorization import AuthorizationAnswered, AuthorizationDecided
from services.domain.events.token import TokenRegistered
from services.domain.events.transaction import TransactionStarted
from services.ocpi.directory import TOPICS as OCPI_TOPICS
from services.runtime.bus import publish_sync
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.tail import Tail
from services.runtime.topics import create_topics
from tests.integration import fake_provider
from tests.integration.fake_provider import KEY, FakeProvider, says
from tests.integration.ocpi_case import running_edge
from tests.integration.ocpp_case import TOPICS, V16, V201, answer, call, running, station, token, until

pytestmark = pytest.mark.integration

AT = "2026-09-21T14:13:20Z"
BOOT16 = {"chargePointVendor": "V", "chargePointModel": "M"}
OWNED = {"owner_country_code": "NL", "owner_party_id": "TNM"}


def listed(uid: str, whitelist: str, **changes: Any) -> Any:
    return token(uid, whitelist=whitelist, contract_id=f"NL-TNM-{uid}", **OWNED, **changes)


@pytest.fixture
def emsp() -> Iterator[FakeProvider]:
    with fake_provider.provider() as one:
        yield one


@pytest.fixture
def kafka(own_kafka: KafkaSettings, emsp: FakeProvider) -> KafkaSettings:
    """Two stations, a provider that is asked, and its tokens of all whitelist types, pushed long ago."""
    create_topics(own_kafka, sorted({*TOPICS, *OCPI_TOPICS}))
    tokens = [listed(f"{kind}-{n}", kind) for kind in ("NEVER", "ALLOWED", "ALLOWED_OFFLINE") for n in range(1, 4)]
    tokens.append(listed("ALWAYS-1", "ALWAYS"))
    places = [station(name, location_id="LOC-1") for name in ("CP1", "CP2")]
    publish_sync(own_kafka, Codec(), [emsp.as_partner(realtime=True), *tokens, *places])
    return own_kafka


@pytest.fixture
def ocpi(kafka: KafkaSettings) -> Iterator[None]:
    """The OCPI edge; it needs no ClickHouse for this."""
    nowhere = ClickHouseSettings(f"http://127.0.0.1:{free_ports(1)[0]}")
    with running_edge(kafka, nowhere, sealing_key=base64.b64encode(KEY).decode()):
        yield


async def authorized(socket: ClientConnection, uid: str) -> str:
    return str((await call(socket, "Authorize", {"idTag": uid}, f"a-{uid}"))[2]["idTagInfo"]["status"])


async def asked_about(socket: ClientConnection, emsp: FakeProvider) -> None:
    """Return when the OCPI edge takes questions: it shares them with others, which takes it a moment to join."""
    emsp.behaviours["PROBE"] = says("BLOCKED")
    while await authorized(socket, "PROBE") != "Blocked":
        await asyncio.sleep(0.1)
    del emsp.behaviours["PROBE"]


def decisions(edge: Any) -> dict[str, AuthorizationDecided]:
    return {event.token_uid: event for event in edge.of(AuthorizationDecided)}


@pytest.mark.usefixtures("ocpi")
class TestProvider:
    async def test_decides_about_tokens_that_want_it(
        self, kafka: KafkaSettings, emsp: FakeProvider, tmp_path: Path
    ) -> None:
        emsp.behaviours = {
            "NEVER-1": says("ALLOWED", authorization_reference="ref-1"),
            "NEVER-2": says("BLOCKED"),
            "ALLOWED-1": says("NO_CREDIT"),
            "04cafe": says("ALLOWED", authorization_reference="ref-2"),
        }
        learned: list[Any] = []
        tail = Tail(
            kafka, Codec(), ["token.events.v1", "authorization.answers.v1"], learned.extend, now_ms() - 1000
        )
        tail.start()
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            await call(socket, "BootNotification", BOOT16)
            await asked_about(socket, emsp)
            said = {uid: await authorized(socket, uid) for uid in (*emsp.behaviours, "NEVER-3", "ALWAYS-1")}
            assert said == {
                "NEVER-1": "Accepted", "NEVER-2": "Blocked", "ALLOWED-1": "Invalid", "04cafe": "Accepted",
                "NEVER-3": "Invalid", "ALWAYS-1": "Accepted",
            }  # fmt: skip
            assert "ALWAYS-1" not in emsp.asked
            path, headers, body = emsp.asked["NEVER-1"][0]
            assert path == "/tokens/NEVER-1/authorize?type=RFID"
            assert body == {"location_id": "LOC-1", "evse_uids": []} or body == {"location_id": "LOC-1"}
            assert (headers["ocpi-to-party-id"], headers["ocpi-from-party-id"]) == ("TNM", "WAT")
            assert headers["x-request-id"] != headers["x-correlation-id"]
            start = {"connectorId": 1, "idTag": "NEVER-1", "meterStart": 1, "timestamp": AT}
            told = await call(socket, "StartTransaction", start, "s1")
            assert told[2]["idTagInfo"]["status"] == "Accepted"
            assert len(emsp.asked["NEVER-1"]) == 1
            (started,) = await edge.wait_for(TransactionStarted)
            assert (started.id_token.authorization_method, started.id_token.authorization_reference) == (
                "AUTH_REQUEST", "ref-1",
            )  # fmt: skip
            await until(lambda: "04CAFE" in decisions(edge))
            found = decisions(edge)["04CAFE"]
            assert (found.partner_id, found.contract_id) == ("NL-TNM", "NL-TNM-C12345678-X")
            assert found.waited_ms is not None
            waits = [one.waited_ms for one in edge.of(AuthorizationDecided) if one.waited_ms is not None]
            print("waited ms", sorted(waits))
        await until(lambda: any(isinstance(event, TokenRegistered) for event in learned))
        kept = next(event for event in learned if isinstance(event, TokenRegistered))
        assert (kept.token_uid, kept.owner_party_id, kept.whitelist) == ("04CAFE", "TNM", "NEVER")
        print([r for e in learned if isinstance(e, AuthorizationAnswered) for r in e.replies])
        tail.stop()

    async def test_that_is_hostile_or_slow_holds_up_nothing_else(
        self, kafka: KafkaSettings, emsp: FakeProvider, tmp_path: Path
    ) -> None:
        emsp.behaviours = {
            "NEVER-1": fake_provider.redirect,
            "NEVER-2": fake_provider.wrong_json,
            "NEVER-3": fake_provider.wrong_shape,
            "ALLOWED-1": fake_provider.endless,
            "ALLOWED-2": fake_provider.drip,
            "ALLOWED_OFFLINE-1": fake_provider.never,
            "04CAFE": fake_provider.never,
        }
        async with (
            running(kafka, tmp_path, authorization_timeout_ms=1500) as edge,
            edge.connect("CP1", (V201,)) as socket,
            edge.connect("CP2", (V16,)) as other,
        ):
            await call(other, "BootNotification", BOOT16)
            await asked_about(other, emsp)
            for uid in emsp.behaviours:
                asked = {"idToken": {"idToken": uid, "type": "ISO14443"}}
                await socket.send(orjson.dumps([2, uid, "Authorize", asked]).decode())
            await socket.send(orjson.dumps([2, "beat", "Heartbeat", {}]).decode())
            first = [(await answer(socket))[1] for _ in range(1)]
            assert (await call(other, "Authorize", {"idTag": "ALWAYS-1"}))[2]["idTagInfo"]["status"] == "Accepted"
            rest = [await answer(socket) for _ in emsp.behaviours]
            said = {frame[1]: frame[2]["idTokenInfo"]["status"] for frame in rest if frame[1] != "beat"}
            assert "beat" in first or "beat" in [frame[1] for frame in rest]
            if "beat" not in first:
                last = await answer(socket) if len(said) < len(emsp.behaviours) else None
                said |= {last[1]: last[2]["idTokenInfo"]["status"]} if last else {}
            assert {uid: said.get(uid) for uid in emsp.behaviours if uid != first[0]} == {
                uid: "Accepted" if uid == "ALLOWED_OFFLINE-1" else "Invalid"
                for uid in emsp.behaviours
                if uid != first[0]
            }
            assert "YES" not in emsp.asked


class TestNobodyToAsk:
    async def test_refuses_no_more_than_it_must(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        """The OCPI edge does not run: that is our trouble, so that lists count where providers let them."""
        async with (
            running(kafka, tmp_path, authorization_timeout_ms=300) as edge,
            edge.connect("CP1", (V16,)) as socket,
        ):
            await call(socket, "BootNotification", BOOT16)
            uids = ("NEVER-1", "ALLOWED-1", "ALLOWED_OFFLINE-1", "ALWAYS-1", "UNKNOWN")
            said = [await authorized(socket, uid) for uid in uids]
            assert said == ["Invalid", "Accepted", "Accepted", "Accepted", "Invalid"]
            await until(lambda: len(decisions(edge)) == len(uids))
            assert decisions(edge)["ALLOWED-1"].reason == "valid; its provider could not be asked"
            start = {"connectorId": 1, "idTag": "UNKNOWN", "meterStart": 1, "timestamp": AT}
            told = await asyncio.wait_for(call(socket, "StartTransaction", start, "s1"), 30)
            assert told[2]["idTagInfo"]["status"] == "Invalid"
            await edge.wait_for(TransactionStarted)
