"""A provider pushes its tokens to a running edge, and the whitelist lets them charge: real Kafka and processes."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from services.domain.events.token import Token
from services.domain.tokens import decide
from services.ocpi.directory import TOPICS
from services.ocpi.inbound.authorization import token_hash
from services.ocpi.settings import OcpiSettings
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.process import Process
from services.runtime.settings import KafkaSettings
from services.runtime.streaming.run import run_processor
from services.runtime.topics import create_topics
from services.runtime.view import View
from services.whitelist.app import PROCESSOR
from tests.integration.ocpi_case import client_of, running_edge, say
from tests.unit.ocpi.facts import partner
from tests.unit.ocpi.wire.test_reading import TOKEN

pytestmark = pytest.mark.integration

PATH = "/ocpi/2.3.0/tokens/NL/TNM"
OTHER = "a-token-of-another-provider"


@dataclass(frozen=True)
class Case:
    """A running edge, and the whitelist as the station edges see it."""

    settings: OcpiSettings
    whitelist: View[Token]

    def decision(self, uid: str, wanted: str) -> str:
        """What a station would be told, as soon as it is what is wanted, or at last."""
        for _ in range(1000):
            entry = self.whitelist.get(f"wattlog/{uid}")
            said = decide(entry, 1_790_000_000_000).status
            if said == wanted:
                return said
            time.sleep(0.02)
        return said


@contextmanager
def folding(kafka: KafkaSettings, data_dir: Path) -> Iterator[None]:
    """The whitelist processor on an event loop of its own."""
    loop = asyncio.new_event_loop()
    host = Process("whitelist")

    async def main() -> None:
        await run_processor(PROCESSOR, kafka, Codec(), data_dir, host, path="librdkafka")

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), name="whitelist")
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(host.stopping.set)
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def case(kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    own = replace(kafka, topic_prefix="ocpi-tokens.")
    create_topics(own, TOPICS)
    say(
        own,
        partner(),
        partner(partner_id="DE-8AA", country_code="DE", party_id="8AA", token_hash=token_hash(OTHER)),
    )
    view: View[Token] = View(own, Codec(), Token.TOPIC)
    view.start()
    nowhere = ClickHouseSettings(f"http://127.0.0.1:{free_ports(1)[0]}")
    with folding(own, tmp_path_factory.mktemp("whitelist")), running_edge(own, nowhere) as chosen:
        yield Case(chosen, view)
    view.stop()


@pytest.fixture
def client(case: Case) -> Iterator[httpx.Client]:
    with client_of(case.settings) as asking:
        yield asking


def status_of(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["status_code"]


class TestTokens:
    def test_come_change_and_go(self, case: Case, client: httpx.Client) -> None:
        whole = TOKEN | {"uid": "AA01"}
        assert status_of(client.put(f"{PATH}/AA01", json=whole)) == (201, 1000)
        assert client.get(f"{PATH}/AA01").json()["data"] == whole
        assert case.decision("AA01", "Accepted") == "Accepted"
        invalid = {"valid": False, "last_updated": "2026-11-21T11:00:00Z"}
        assert status_of(client.patch(f"{PATH}/aa01", json=invalid)) == (200, 1000)
        assert client.get(f"{PATH}/AA01").json()["data"] == whole | invalid
        assert case.decision("AA01", "Blocked") == "Blocked"
        assert status_of(client.put(f"{PATH}/AA01", json=whole | {"last_updated": "2026-11-21T12:00:00Z"})) == (
            200,
            1000,
        )
        assert case.decision("AA01", "Accepted") == "Accepted"

    def test_are_told_in_the_version_that_asks(self, client: httpx.Client) -> None:
        client.put(f"{PATH}/AA02", json=TOKEN | {"uid": "AA02", "type": "EMAID"})
        told = [client.get(f"/ocpi/{version}/tokens/NL/TNM/AA02").json()["data"] for version in ("2.1.1", "2.2.1")]
        assert (told[0]["auth_id"], told[0]["type"]) == (TOKEN["contract_id"], "OTHER")
        assert told[1]["contract_id"] == TOKEN["contract_id"]

    def test_may_be_pushed_in_211(self, client: httpx.Client) -> None:
        flat = {
            name: item for name, item in TOKEN.items() if name not in ("country_code", "party_id", "contract_id")
        }
        old = flat | {"uid": "AA03", "auth_id": TOKEN["contract_id"]}
        assert status_of(client.put("/ocpi/2.1.1/tokens/NL/TNM/AA03", json=old)) == (201, 1000)
        assert client.get("/ocpi/2.1.1/tokens/NL/TNM/AA03").json()["data"] == old

    def test_of_others_can_neither_be_seen_nor_changed(self, case: Case, client: httpx.Client) -> None:
        client.put(f"{PATH}/AA04", json=TOKEN | {"uid": "AA04"})
        with client_of(case.settings, OTHER) as stranger:
            theirs = TOKEN | {
                "uid": "AA04",
                "country_code": "DE",
                "party_id": "8AA",
                "contract_id": "DE-8AA-C1234567",
            }
            assert status_of(stranger.get(f"{PATH}/AA04"))[1] == 2001
            assert status_of(stranger.get("/ocpi/2.3.0/tokens/DE/8AA/AA04")) == (404, 2004)
            assert status_of(stranger.put(f"{PATH}/AA04", json=TOKEN | {"uid": "AA04", "valid": False})) == (
                200,
                2001,
            )
            assert status_of(stranger.put("/ocpi/2.3.0/tokens/DE/8AA/AA04", json=theirs)) == (200, 2001)
            assert status_of(stranger.patch("/ocpi/2.3.0/tokens/DE/8AA/AA04", json={"valid": False})) == (
                404,
                2004,
            )
        assert client.get(f"{PATH}/AA04").json()["data"]["valid"] is True

    @pytest.mark.parametrize("kind", ["APP_USER", "nonsense"])
    def test_of_another_type_are_not_there(self, client: httpx.Client, kind: str) -> None:
        client.put(f"{PATH}/AA05", json=TOKEN | {"uid": "AA05"})
        assert status_of(client.get(f"{PATH}/AA05", params={"type": kind})) == (404, 2004)
        assert status_of(client.get(f"{PATH}/AA05", params={"type": "RFID"})) == (200, 1000)

    @pytest.mark.parametrize(
        ("body", "wanted"),
        [(b"{", (400, 2001)), (b"[]", (200, 2001)), (b"{}", (200, 2001)), (b" " * 2**21, (413, 2000))],
    )
    def test_that_make_no_sense_are_refused(
        self, client: httpx.Client, body: bytes, wanted: tuple[int, int]
    ) -> None:
        assert status_of(client.put(f"{PATH}/AA06", content=body)) == wanted

    def test_pushed_by_many_at_once_end_as_the_last(self, case: Case) -> None:
        async def race() -> list[int]:
            headers = {"Authorization": client_of(case.settings).headers["Authorization"]}
            async with httpx.AsyncClient(
                base_url=case.settings.public_url, headers=headers, trust_env=False
            ) as asking:
                bodies = [TOKEN | {"uid": "AA07", "visual_number": str(number)} for number in range(20)]
                answers = await asyncio.gather(*[asking.put(f"{PATH}/AA07", json=body) for body in bodies])
            return [answer.status_code for answer in answers]

        codes = asyncio.run(race())
        assert sorted(codes) == [200] * 19 + [201]
        assert case.decision("AA07", "Accepted") == "Accepted"
