"""Nobody gets past the gate without a token that is known, and every answer carries what it must."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from services.domain.events.common import PartnerQuirks
from services.domain.events.partner import Partner
from services.ocpi.gate import Gate
from services.ocpi.inbound.routing import Known
from services.ocpi.wire.parties import Party
from services.runtime.throttle import Throttle
from tests.unit.ocpi.facts import PARTNER_TOKEN, as_base64, partner

NOW = 1_790_000_000_000
KNOWN = {"Authorization": f"Token {as_base64(PARTNER_TOKEN)}"}

US = Party("DE", "WAT")
DIRECT = Known(lambda hub, party: None, lambda tenant, party: True, US)


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """Says what it was asked for and by whom; /fails goes wrong before the answer has begun, /breaks after."""
    if scope["path"] == "/fails":
        raise RuntimeError("a secret reason")
    known = scope.get("partner")
    if scope["path"] == "/enums":
        await StreamingResponse(iter([b'{"status": "AVAIL', b'ABLE", "id": "CHARGING"}']))(scope, receive, send)
        return
    if scope["path"] == "/query":
        await PlainTextResponse(scope["query_string"])(scope, receive, send)
        return
    answer: Response = PlainTextResponse(f"{scope['path']} {known.partner_id if known else '-'}")
    await answer(scope, receive, send)
    if scope["path"] == "/breaks":
        raise RuntimeError("too late")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    gate = Gate(inner, lambda: [partner()], Throttle(5), lambda: NOW, DIRECT, lambda: "made")
    transport = httpx.ASGITransport(gate, client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://ocpi") as asking:
        yield asking


class TestAdmission:
    async def test_lets_a_known_token_in(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/ocpi/versions", headers=KNOWN)).text == "/ocpi/versions NL-TNM"

    @pytest.mark.parametrize(
        "path", ["/", "/ocpi", "/ocpi/versions", "/ocpi/2.2.1/cdrs", "/docs", "/openapi.json"]
    )
    async def test_tells_strangers_nothing_about_any_path(self, client: httpx.AsyncClient, path: str) -> None:
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["status_code"]) == (401, 2000)
        assert answer.headers["WWW-Authenticate"] == "Token"

    async def test_answers_all_bad_tokens_alike(self, client: httpx.AsyncClient) -> None:
        bad = ["Token unknown", f"Token {as_base64('unknown')}", "Token ====", "Bearer x"]
        answers = [await client.get("/ocpi/versions", headers={"Authorization": value}) for value in bad]
        assert len({(answer.status_code, answer.content) for answer in answers}) == 1

    async def test_refuses_two_tokens_at_once(self, client: httpx.AsyncClient) -> None:
        twice = [("Authorization", KNOWN["Authorization"])] * 2
        assert (await client.get("/ocpi/versions", headers=twice)).status_code == 401

    async def test_reads_paths_with_and_without_a_slash_at_the_end(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/ocpi/2.2.1/cdrs/", headers=KNOWN)).text.startswith("/ocpi/2.2.1/cdrs ")

    async def test_slows_an_address_down_that_tries_too_often(self, client: httpx.AsyncClient) -> None:
        answers = [await client.get("/ocpi/versions") for _ in range(7)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
        assert answers[-1].headers["Retry-After"] == "60"
        assert answers[-1].json()["status_code"] == 2000

    async def test_lets_a_known_token_in_from_such_an_address(self, client: httpx.AsyncClient) -> None:
        for _ in range(7):
            await client.get("/ocpi/versions")
        assert (await client.get("/ocpi/versions", headers=KNOWN)).status_code == 200

    async def test_lets_strangers_ask_for_signed_records_but_not_often(self, client: httpx.AsyncClient) -> None:
        answers = [await client.get("/signed-data/wattlog/cdr/proof") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]


HUB = partner(partner_id="NL-HUB", party_id="HUB", role="HUB")
TNM = partner(hub="NL-HUB", token_hash="")


@asynccontextmanager
async def through(known: Partner) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose token is that of a partner, behind which is NL-TNM."""
    behind = {Party("NL", "TNM"): TNM}
    routing = Known(lambda _, party: behind.get(party), lambda _, party: party == US, US)
    gate = Gate(inner, lambda: [known, TNM], Throttle(5), lambda: NOW, routing, lambda: "made")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://ocpi") as asking:
        yield asking


class TestHubs:
    async def test_speak_for_the_party_that_they_name_and_are_answered_for_it(self) -> None:
        told = {"OCPI-from-country-code": "NL", "OCPI-from-party-id": "TNM"}
        async with through(HUB) as hub:
            answer = await hub.get("/ocpi/2.2.1/cdrs", headers=KNOWN | told)
            own = await hub.get("/ocpi/2.2.1/cdrs", headers=KNOWN)
        assert answer.text.endswith("NL-TNM")
        assert (answer.headers["OCPI-to-party-id"], answer.headers["OCPI-from-party-id"]) == ("TNM", "WAT")
        assert own.text.endswith("NL-HUB")

    async def test_are_told_whom_they_may_not_speak_for(self) -> None:
        told = {"OCPI-from-country-code": "FR", "OCPI-from-party-id": "ABC", "X-Request-ID": "r"}
        async with through(HUB) as hub:
            answer = await hub.get("/ocpi/2.2.1/cdrs", headers=KNOWN | told)
        assert (answer.status_code, answer.json()["status_code"]) == (200, 2001)
        assert answer.headers["X-Request-ID"] == "r"


class TestQuirks:
    async def test_are_read_and_written_for_who_has_them(self) -> None:
        quirks = PartnerQuirks(date_to="INCLUSIVE", message_ids="ALWAYS")
        async with through(partner(quirks=quirks)) as odd:
            answer = await odd.get("/query?date_to=2026-11-21T10:00:00Z", headers=KNOWN | {"X-Request-ID": "r"})
        assert "10:00:00.001Z" in answer.text
        assert (answer.headers["X-Request-ID"], answer.headers["X-Correlation-ID"]) == ("r", "made")

    async def test_write_enums_in_lower_case_with_a_length_that_is_right(self) -> None:
        async with through(partner(quirks=PartnerQuirks(enum_case="LOWER"))) as odd:
            answer = await odd.get("/enums", headers=KNOWN)
        assert answer.content == b'{"status":"available","id":"CHARGING"}'
        assert answer.headers["Content-Length"] == str(len(answer.content))


class TestAnswers:
    async def test_echo_the_message_ids(self, client: httpx.AsyncClient) -> None:
        ids = {"X-Request-ID": "a-1", "X-Correlation-ID": "b-2"}
        for headers in (ids, ids | KNOWN):
            answer = await client.get("/ocpi/versions", headers=headers)
            assert {name: answer.headers[name] for name in ids} == ids

    @pytest.mark.parametrize("value", ["", "x" * 257, "ä".encode(), b"\x7f"])
    async def test_do_not_echo_what_is_no_id(self, client: httpx.AsyncClient, value: Any) -> None:
        answer = await client.get("/ocpi/versions", headers=[("X-Request-ID", value)])
        assert "X-Request-ID" not in answer.headers

    async def test_are_not_kept_by_caches(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/ocpi/versions")).headers["Cache-Control"] == "no-store"

    async def test_tell_of_our_failures_in_the_envelope_only(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/fails", headers=KNOWN)
        assert (answer.status_code, answer.json()["status_code"]) == (200, 3000)
        assert "secret" not in answer.text

    async def test_are_not_begun_twice(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/breaks", headers=KNOWN)).text == "/breaks NL-TNM"
