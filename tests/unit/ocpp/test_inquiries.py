"""Messages whose reply others decide: the machine, the edge, and asking."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.ocpp.connection import Connection
from services.ocpp.delivery import Delivery
from services.ocpp.edge import StationEdge
from services.ocpp.inbound.reply import Question
from services.ocpp.inquiries import Inquiries, nobody
from services.ocpp.settings import OcppSettings
from services.runtime.egress import Egress
from tests.integration.contract_pki import EXI_RESPONSE, Operator, World, hash_data
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION, V201
from tests.unit.ocpp.test_edge import QUIET, Socket
from tests.unit.ocpp.test_token_inquiries import REQUEST

MO = Operator()
ASKING = replace(EDGE, ocsp_responders=(MO.ocsp_url,))
STATUS = {"ocspRequestData": hash_data(MO.sub_ca.certificate, MO.root.certificate, MO.ocsp_url)}
CALL = orjson.dumps([2, "m1", "GetCertificateStatus", STATUS])


class TestConnection:
    def test_waits_for_others_then_for_kafka(self) -> None:
        machine = Connection(ASKING, STATION, V201, 7)
        step = machine.receive(CALL, NOW)
        assert (step.reply, step.events, machine.pending) == (None, (), 1)
        assert step.inquiry is not None
        assert machine.receive(CALL, NOW).outcome == "repeated"
        done = step.inquiry.then([MO.answer(step.inquiry.questions[0].body)], NOW + 1)
        assert done.durable
        assert machine.pending == 1
        machine.settle(done)
        assert machine.pending == 0
        assert machine.receive(CALL, NOW).reply == done.reply

    def test_answers_at_once_what_need_not_be_durable(self) -> None:
        machine = Connection(ASKING, STATION, V201, 7)
        data = STATUS["ocspRequestData"]
        payload = {"idToken": {"idToken": "VALID1", "type": "eMAID"}, "iso15118CertificateHashData": [data]}
        step = machine.receive(orjson.dumps([2, "m1", "Authorize", payload]), NOW)
        assert step.inquiry is not None
        done = step.inquiry.then([None], NOW)
        assert (done.durable, machine.pending) == (False, 0)
        assert orjson.loads(done.reply or b"")[2]["certificateStatus"] == "CertChainError"


async def no_provider(_request: Any) -> None:
    """Nobody keeps tokens here."""


class Asked:
    """An edge with one station, whose inquiries are answered when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []
        delivery = Delivery(lambda _event, done: done(None), lambda: NOW, 20_000)
        settings = OcppSettings()
        self.edge = StationEdge(
            settings, ASKING, delivery, lambda _key: None, lambda: NOW, QUIET,
            inquire=lambda questions, then: self.waiting.append((questions, then)),
        )  # fmt: skip
        self.edge.begin()
        self.socket = Socket(self.edge)
        self.socket.connection = Connection(ASKING, "CP1", V201, 1)
        self.edge.connected(self.socket)

    def says(self, data: bytes) -> None:
        self.edge.received(self.socket, data)

    def answer(self, *answers: bytes | None) -> None:
        questions, then = self.waiting.pop(0)
        assert len(questions) == len(answers)
        then(answers)


class TestEdge:
    def test_answers_when_the_others_have(self) -> None:
        asked = Asked()
        asked.says(CALL)
        asked.says(orjson.dumps([2, "m2", "Heartbeat", {}]))
        assert [frame[1] for frame in asked.socket.sent] == ["m2"]
        asked.answer(None)
        assert asked.socket.pauses == [-1]
        assert asked.socket.sent[-1][1] == "m1"
        assert asked.socket.sent[-1][2]["status"] == "Failed"

    def test_says_nothing_to_a_station_that_is_gone(self) -> None:
        asked = Asked()
        asked.says(CALL)
        asked.edge.disconnected(asked.socket, "lost")
        asked.answer(None)
        assert asked.socket.sent == []

    def test_survives_a_defect_and_the_station_asks_again(self) -> None:
        asked = Asked()
        asked.says(CALL)
        asked.waiting.pop()[1](())
        assert asked.socket.sent == []
        asked.says(CALL)
        asked.answer(None)
        assert asked.socket.sent[-1][2]["status"] == "Failed"


class TestAsking:
    async def test_brings_answers_in_the_order_of_the_questions(self) -> None:
        world, inquiries = World(), Inquiries(5, Egress(), no_provider)
        pool = Question(f"{world.url}/v1/ccp/signedContractData", b"{}", "application/json")
        away = Question("http://127.0.0.1:9/", b"", "x")
        short = pool._replace(most_bytes=10)
        missing = pool._replace(url="http://[broken")
        inside = pool._replace(url="http://169.254.169.254/latest/meta-data")
        told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        inquiries.ask((away, pool, short, missing, inside), told.set_result)
        first, second, third, fourth, fifth = await told
        assert (first, third, fourth, fifth) == (None,) * 4
        assert EXI_RESPONSE.encode() in second
        await inquiries.close()
        world.server.shutdown()

    async def test_takes_no_more_than_it_can_carry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("services.ocpp.inquiries._MOST_AT_ONCE", 0)
        inquiries = Inquiries(5, Egress(), no_provider)
        told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        inquiries.ask((Question("http://127.0.0.1:9/", b"", "x"), REQUEST), told.set_result)
        assert await told == [None, None]
        await inquiries.close()

    def test_is_answered_by_nobody_where_there_is_nobody(self) -> None:
        told = list[Any]()
        nobody((Question("http://x/", b"", "x"),), told.append)
        assert told == [[None]]
