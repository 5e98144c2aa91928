"""The HTTP side: what comes in pieces, too late, cut off, or meets a defect of ours."""

import asyncio
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest

from services.ocpp.soap import endpoint
from services.ocpp.soap.endpoint import Endpoint
from services.ocpp.soap.envelope import answer
from services.ocpp.soap.faults import Refusal, Subcode
from services.ocpp.soap.line import SoapLine
from tests.unit.ocpp.soap.wire import IDENTITY, USUAL, written
from tests.unit.ocpp.test_door import HASH, PASSWORD
from tests.unit.ocpp.test_edge import KEY, Around

BASIC = (b"Authorization", b"Basic " + b64encode(b"CP1:" + PASSWORD))


class Client:
    """Asks an endpoint, and what it was answered."""

    def __init__(self) -> None:
        self.around = Around()
        entry = self.around.stations[KEY]
        self.around.stations[KEY] = replace(entry, soap_address="http://10.0.0.1/", password_hash=HASH)
        self.endpoint = Endpoint(self.around.edge, lambda line, call: None)

    async def ask(
        self, *messages: Any, path: str = "/ocpp", method: str = "POST"
    ) -> tuple[int, bytes, dict[str, str]]:
        waiting = list(messages)
        sent: list[Any] = []

        async def receive() -> Any:
            if not waiting:
                await asyncio.Event().wait()
            return waiting.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": [BASIC], "client": ("198.51.100.4", 5)}
        await self.endpoint(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], sent[1]["body"], headers


def part(body: bytes, more: bool = False) -> Any:
    return {"type": "http.request", "body": body, "more_body": more}


class TestMessageLog:
    async def test_has_what_was_asked_and_answered_of_who_was_let_in(self) -> None:
        client = Client()
        noted: list[tuple[str, str, bool, bytes]] = []
        client.around.edge.frames.note = lambda *frame: noted.append(frame)  # type: ignore[method-assign]
        await client.ask(part(written(IDENTITY.replace("CP1", "CP9"))))
        await client.ask(part(b"<nothing"))
        assert noted == []
        _, told, _ = await client.ask(part(written(USUAL)))
        _, refused, _ = await client.ask(part(written(IDENTITY, "<nonsenseRequest/>")))
        assert [frame[:3] for frame in noted] == [("CP1", "ocpp1.6s", way) for way in (True, False, True, False)]
        assert [frame[3] for frame in noted[:2]] == [written(USUAL), told]
        assert noted[3][3] == refused


class TestEndpoint:
    async def test_answers_a_request_that_comes_in_pieces(self) -> None:
        text = written(USUAL)
        client = Client()
        status, body, headers = await client.ask(part(text[:50], True), part(text[50:]))
        assert (status, headers["Content-Length"]) == (200, str(len(body)))
        line = client.around.edge.sockets[KEY]
        assert isinstance(line, SoapLine)
        assert line.request is not None
        assert line.request.sender == "http://198.51.100.7:8080/cp"

    async def test_remembers_where_the_station_said_last_that_it_listens(self) -> None:
        client = Client()
        await client.ask(part(written(USUAL)))
        line = client.around.edge.sockets[KEY]
        await client.ask(part(written(USUAL.replace(":8080", ":8081"))))
        assert isinstance(line, SoapLine)
        assert client.around.edge.sockets[KEY] is line
        assert line.request is not None
        assert line.request.sender == "http://198.51.100.7:8081/cp"

    async def test_does_not_take_half_a_request_for_a_whole_one(self) -> None:
        status, _, headers = await Client().ask(part(written(USUAL), True), {"type": "http.disconnect"})
        assert (status, headers["Connection"]) == (413, "close")

    async def test_does_not_wait_for_the_rest_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(endpoint, "_BODY_S", 0.01)
        status, _, _ = await Client().ask(part(b"<a>", True))
        assert status == 413

    async def test_reads_no_more_than_a_message_may_have(self) -> None:
        status, _, _ = await Client().ask(*[part(b" " * 60_000, True)] * 3)
        assert status == 413

    async def test_turns_everybody_away_while_kafka_is_down(self) -> None:
        client = Client()
        client.around.edge.draining = True
        status, body, headers = await client.ask(part(written(USUAL)))
        assert status == 503
        assert int(headers["Retry-After"]) >= 30
        refusal = answer(body)
        assert isinstance(refusal, Refusal)
        assert refusal.subcode is Subcode.INTERNAL

    async def test_lets_a_defect_cost_one_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        client = Client()

        def defect(*_: Any) -> Any:
            raise RuntimeError("a defect")

        with monkeypatch.context() as patched:
            patched.setattr(endpoint.exchange, "call", defect)
            status, body, _ = await client.ask(part(written(USUAL)))
        refusal = answer(body)
        assert isinstance(refusal, Refusal)
        assert (status, refusal.reason) == (500, "internal error")
        assert (await client.ask(part(written(USUAL))))[0] == 200

    @pytest.mark.parametrize(
        ("path", "status"),
        [("/ocpp/", 200), ("/ocpp/CP1", 200), ("/ocpp/CP1/", 200), ("/ocpp/CP2", 400), ("/ocpp/%43P1", 200),
         ("/ocppx", 404), ("/", 404), ("", 404)],
    )  # fmt: skip
    async def test_knows_its_path(self, path: str, status: int) -> None:
        assert (await Client().ask(part(written(USUAL)), path=path))[0] == status

    async def test_counts_what_it_refuses(self) -> None:
        client = Client()
        await client.ask(part(b"<a/>"))
        await client.ask(part(written(IDENTITY.replace("CP1", "CP9"))))
        assert client.around.edge.metrics.refusals == {"soap ProtocolError": 1, "401": 1}
