"""Who gets past the gate, and with how much."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from services.console.gate import Gate, replayed
from services.console.settings import ConsoleSettings
from services.console.wire.problems import MEDIA_TYPE, Problem
from tests.unit.console.facts import KEY, NOW, operator

SETTINGS = replace(ConsoleSettings(), console_max_body_bytes=10, console_strangers_per_minute=2)
BEARER = {"Authorization": f"Bearer {KEY}"}


async def told(scope: Scope, receive: Receive, send: Send) -> None:
    """Says who asked, and what."""
    if scope["path"] == "/broken":
        raise RuntimeError("a mistake")
    if scope["path"] == "/refused":
        raise Problem(409, "no")
    body = await Request(scope, receive).body()
    who = scope["operator"].operator_id if "operator" in scope else None
    await JSONResponse({"who": who, "body": body.decode()})(scope, receive, send)


def client(role: str = "operate") -> httpx.AsyncClient:
    gate = Gate(told, lambda: [operator(role=role)], SETTINGS, lambda: NOW)
    return httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://x")


class TestGate:
    async def test_lets_in_who_shows_a_key(self) -> None:
        async with client() as http:
            answer = await http.post("/", headers=BEARER, content=b"0123456789")
        assert answer.json() == {"who": "control-room", "body": "0123456789"}
        assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == (
            "no-store",
            "nosniff",
        )

    @pytest.mark.parametrize(
        "headers",
        [[], [("Authorization", "Bearer no")], [("Authorization", f"Basic {KEY}")], [*BEARER.items()] * 2],
    )
    async def test_tells_strangers_all_the_same(self, headers: list[tuple[str, str]]) -> None:
        async with client() as http:
            answer = await http.get("/broken", headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert "wattlog operator add" in answer.json()["detail"]

    async def test_makes_strangers_wait_but_nobody_with_a_key(self) -> None:
        async with client() as http:
            statuses = [(await http.get("/")).status_code for _ in range(3)]
            late = await http.get("/")
            assert (statuses, late.status_code) == ([401, 401, 429], 429)
            assert int(late.headers["retry-after"]) > 0
            assert (await http.get("/", headers=BEARER)).status_code == 200

    async def test_lets_readers_read(self) -> None:
        async with client("read") as http:
            assert (await http.get("/", headers=BEARER)).status_code == 200
            assert (await http.post("/", headers=BEARER)).status_code == 403

    @pytest.mark.parametrize("path", ["/uploads/x", "/firmware/x"])
    async def test_is_open_for_files_of_stations(self, path: str) -> None:
        async with client() as http:
            assert (await http.put(path, content=b"x" * 100)).json() == {"who": None, "body": "x" * 100}

    @pytest.mark.parametrize("path", ["/uploads", "/firmware", "/UPLOADS/x", "//uploads/x"])
    async def test_is_open_for_nothing_else(self, path: str) -> None:
        async with client() as http:
            assert (await http.get(f"http://x{path}")).status_code == 401

    async def test_takes_no_more_than_it_should(self) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b"12345"

        async with client() as http:
            for body in (b"x" * 11, chunks()):
                assert (await http.post("/", headers=BEARER, content=body)).status_code == 413
            odd = await http.post("/", headers=BEARER | {"Content-Length": "-1"}, content=b"")
            assert odd.status_code == 413

    async def test_answers_for_what_goes_wrong_behind_it(self) -> None:
        async with client() as http:
            assert (await http.get("/broken", headers=BEARER)).status_code == 500
            refused = await http.get("/refused", headers=BEARER)
            assert (refused.status_code, refused.json()["detail"]) == (409, "no")

    async def test_does_not_take_half_a_body_for_a_whole_one(self) -> None:
        messages: list[Any] = [
            {"type": "http.request", "body": b"ha", "more_body": True},
            {"type": "http.disconnect"},
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(name.lower().encode(), value.encode()) for name, value in BEARER.items()]
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
        await Gate(told, lambda: [operator()], SETTINGS, lambda: NOW)(scope, receive, send)
        assert sent[0]["status"] == 400


class TestReplay:
    async def test_gives_the_body_once_and_then_what_comes(self) -> None:
        async def receive() -> Any:
            return {"type": "http.disconnect"}

        again = replayed(b"body", receive)
        assert (await again())["body"] == b"body"
        assert (await again())["type"] == "http.disconnect"
