"""Providers are asked at once; the first that allows is told, and nobody is waited for who need not be."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from services.domain.events.authorization import AuthorizationAnswered
from services.domain.events.common import PartnerEndpoint
from services.domain.events.partner import Partner
from services.domain.events.token import Token, TokenRegistered
from services.domain.providers import Providers
from services.ocpi.authorizer import Authorizer
from services.ocpi.directory import Directory
from services.ocpi.inbound.clients import Standing
from services.ocpi.peer import Peer
from services.ocpi.wire.parties import Party
from services.runtime.egress import Answer, Refused, Unreachable
from services.runtime.sealing import Seal
from tests.unit.ocpi.facts import partner, station, token
from tests.unit.ocpi.outbound.test_authorize import REQUEST
from tests.unit.ocpi.wire.test_reading import TOKEN

SEAL = Seal(b"k" * 32)
NOW = 1_000
ASKED = replace(REQUEST, requested_at=NOW, deadline_at=NOW + 60_000)


def askable(name: str = "NL-TNM", **changes: Any) -> Partner:
    country, party = name.split("-")
    served = PartnerEndpoint(module="tokens", role="SENDER", url=f"https://{party}.example.com/tokens")
    values: dict[str, Any] = {
        "partner_id": name, "country_code": country, "party_id": party, "version": "2.2.1", "realtime": True,
        "endpoints": (served,), "sealed_token": SEAL.seal("secret", f"ocpi/wattlog/{name}"),
    }  # fmt: skip
    return partner(**(values | changes))


def info(allowed: str, **changes: Any) -> Answer:
    data = {"allowed": allowed, "token": TOKEN, "authorization_reference": "r1"} | changes
    return Answer(200, {}, json.dumps({"status_code": 1000, "data": data}).encode())


NOBODY = Answer(404, {}, b'{"status_code": 2004}')


class Partners:
    """In place of the network: answers by host; an exception is raised, a float is waited for."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Mapping[str, str], bytes]] = []
        self.open = 0

    async def send(
        self, method: str, url: str, access: Any, body: bytes, headers: Mapping[str, str], **_: Any
    ) -> Answer:
        assert (method, access.token) == ("POST", "secret")
        self.asked.append((url, headers, body))
        answer = self.answers[url.split("/")[2].split(".")[0]]
        self.open += 1
        try:
            while answer is None:
                await asyncio.sleep(3600)
        finally:
            self.open -= 1
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Answer)
        return answer


class Known:
    """In place of the directory."""

    def __init__(self, partners: list[Partner], tokens: Mapping[str, Token]) -> None:
        self.providers = Providers()
        for one in partners:
            self.providers.changed(one.key, one)
        self._partners, self._tokens = partners, tokens
        self.stands: dict[str, Standing] = {}

    def partners(self) -> list[Partner]:
        return self._partners

    def token(self, _tenant: str, uid: str) -> Token | None:
        return self._tokens.get(uid)

    def standing(self, partner: Partner) -> Standing:
        return self.stands.get(partner.partner_id, Standing.HERE)

    def station(self, _tenant: str, _station_id: str) -> Any:
        return station()


class Case:
    """An authorizer, and what it has told Kafka."""

    def __init__(self, network: Partners, *partners: Partner, known: Token | None = None) -> None:
        self.told: list[Any] = []
        self.now = NOW
        self.known = Known(list(partners), {known.token_uid: known} if known else {})
        self.authorizer = Authorizer(
            cast(Peer, network), SEAL, cast(Directory, self.known), Party("DE", "WAT"),
            self.publish, lambda: self.now, lambda: 0.9,
        )  # fmt: skip

    async def publish(self, *events: Any) -> None:
        self.told.extend(events)

    async def answer(self) -> AuthorizationAnswered:
        self.told.clear()
        self.authorizer.take([ASKED])
        await until(lambda: any(isinstance(event, AuthorizationAnswered) for event in self.told))
        (found,) = [event for event in self.told if isinstance(event, AuthorizationAnswered)]
        return cast(AuthorizationAnswered, found)


async def until(done: Callable[[], bool]) -> None:
    while not done():
        await asyncio.sleep(0)


OWN = token(owner_country_code="NL", owner_party_id="TNM", whitelist="NEVER")


class TestAuthorizer:
    async def test_asks_who_keeps_the_token_and_nobody_else(self) -> None:
        network = Partners(TNM=info("ALLOWED"))
        answer = await Case(network, askable(), askable("DE-8AA"), known=OWN).answer()
        assert (answer.outcome, answer.partner_id, answer.authorization_reference) == ("ALLOWED", "NL-TNM", "r1")
        ((url, headers, body),) = network.asked
        assert url.startswith("https://TNM.example.com/tokens/")
        assert (headers["OCPI-to-party-id"], headers["OCPI-from-party-id"]) == ("TNM", "WAT")
        assert json.loads(body)["location_id"] == "LOC-1"

    async def test_asks_all_about_a_token_that_nobody_knows_and_does_not_wait_for_the_rest(self) -> None:
        network = Partners(TNM=info("ALLOWED"), **{"8AA": None, "ABC": NOBODY})
        case = Case(network, askable(), askable("DE-8AA"), askable("DE-ABC"), askable("DE-XYZ", realtime=False))
        answer = await case.answer()
        assert (answer.outcome, answer.contract_id) == ("ALLOWED", TOKEN["contract_id"])
        assert len(network.asked) == 3
        assert network.open == 0

    async def test_keeps_a_token_that_came_with_the_answer(self) -> None:
        case = Case(Partners(TNM=info("ALLOWED")), askable())
        await case.answer()
        registered = case.told[0]
        assert isinstance(registered, TokenRegistered)
        assert (registered.owner_party_id, registered.whitelist) == ("TNM", "NEVER")

    async def test_keeps_no_token_with_the_contract_of_another(self) -> None:
        stolen = TOKEN | {"contract_id": "DE-8AA-C1"}
        case = Case(Partners(TNM=info("ALLOWED", token=stolen), **{"8AA": NOBODY}), askable(), askable("DE-8AA"))
        assert (await case.answer()).outcome == "ALLOWED"
        assert len(case.told) == 1

    @pytest.mark.parametrize("error", [Unreachable("slow"), Refused("private")])
    async def test_says_who_was_silent_and_why(self, error: Exception) -> None:
        answer = await Case(Partners(TNM=error), askable(), known=OWN).answer()
        assert (answer.outcome, answer.partner_id) == ("SILENT", "")
        assert [(one.partner_id, one.outcome, one.detail) for one in answer.replies] == [
            ("NL-TNM", "SILENT", str(error))
        ]

    async def test_is_silent_for_a_partner_whose_token_cannot_be_unsealed(self) -> None:
        other = Seal(b"x" * 32).seal("secret", "ocpi/wattlog/NL-TNM")
        answer = await Case(Partners(), askable(sealed_token=other), known=OWN).answer()
        assert answer.outcome == "SILENT"

    async def test_does_not_ask_who_is_away_from_its_hub(self) -> None:
        case = Case(Partners(TNM=info("ALLOWED")), askable(), known=OWN)
        case.known.stands["NL-TNM"] = Standing.AWAY
        answer = await case.answer()
        assert (answer.outcome, answer.replies[0].detail) == ("SILENT", "its hub says that it is offline")

    async def test_leaves_it_to_a_hub_whose_a_token_is_that_nobody_knows(self) -> None:
        network = Partners(TNM=NOBODY)
        await Case(network, askable(role="HUB")).answer()
        ((_, headers, _),) = network.asked
        assert headers == {"OCPI-from-country-code": "DE", "OCPI-from-party-id": "WAT"}

    async def test_knows_nobody_to_ask(self) -> None:
        assert (await Case(Partners()).answer()).outcome == "UNKNOWN"
        assert (await Case(Partners(), known=OWN).answer()).outcome == "UNKNOWN"

    async def test_lets_no_partner_take_all_the_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("services.ocpi.authorizer._MOST_OPEN_AT_ONE", 1)
        network = Partners(TNM=None)
        case = Case(network, askable(), known=OWN)
        case.authorizer.take([ASKED])
        await until(lambda: network.open == 1)
        answer = await case.answer()
        assert [one.outcome for one in answer.replies] == ["BUSY"]
        await case.authorizer.close()
        assert network.open == 0

    async def test_leaves_what_is_too_late_or_too_much(self, monkeypatch: pytest.MonkeyPatch) -> None:
        network = Partners(TNM=None)
        case = Case(network, askable(), known=OWN)
        case.authorizer.take([replace(ASKED, deadline_at=NOW), TOKEN])
        monkeypatch.setattr("services.ocpi.authorizer._MOST_OPEN", 0)
        case.authorizer.take([ASKED])
        await asyncio.sleep(0)
        assert network.asked == []

    async def test_survives_a_defect(self) -> None:
        case = Case(Partners(TNM=ValueError("defect")), askable(), known=OWN)
        case.authorizer.take([ASKED])
        await case.authorizer.close()
        assert case.told == []


class TestSilence:
    async def test_of_a_partner_keeps_nobody_waiting_after_three_times(self) -> None:
        network = Partners(TNM=Unreachable("no answer within 4 s"))
        case = Case(network, askable(), known=OWN)
        for _ in range(5):
            answer = await case.answer()
            assert answer.outcome == "SILENT"
        assert len(network.asked) == 3
        assert answer.replies[0].detail == "it has not answered 3 times in a row"

    async def test_ends_when_one_request_is_answered(self) -> None:
        network = Partners(TNM=Unreachable("no answer within 4 s"))
        case = Case(network, askable(), known=OWN)
        for _ in range(4):
            await case.answer()
        case.now = NOW + 5_000
        await case.answer()
        assert len(network.asked) == 4
        await case.answer()
        assert len(network.asked) == 4
        network.answers["TNM"] = info("ALLOWED")
        case.now = NOW + 30_000
        assert (await case.answer()).outcome == "ALLOWED"
        assert (await case.answer()).outcome == "ALLOWED"
        assert len(network.asked) == 6

    async def test_is_tried_by_one_driver_at_a_time(self) -> None:
        network = Partners(TNM=Unreachable("no answer within 4 s"))
        case = Case(network, askable(), known=OWN)
        for _ in range(3):
            await case.answer()
        case.now = NOW + 5_000
        network.answers["TNM"] = None
        case.authorizer.take([ASKED])
        await until(lambda: network.open == 1)
        assert (await case.answer()).outcome == "SILENT"
        assert network.open == 1
        await case.authorizer.close()

    async def test_is_not_what_a_partner_says_that_has_trouble(self) -> None:
        network = Partners(TNM=Answer(500, {}, b""))
        case = Case(network, askable(), known=OWN)
        for _ in range(6):
            assert (await case.answer()).outcome == "SILENT"
        assert len(network.asked) == 6

    async def test_is_not_that_of_another_partner(self) -> None:
        network = Partners(TNM=Unreachable("no answer within 4 s"), ABC=NOBODY)
        case = Case(network, askable(), askable("DE-ABC"))
        for _ in range(5):
            await case.answer()
        asked = [url.split("/")[2].split(".")[0] for url, _, _ in network.asked]
        assert (asked.count("TNM"), asked.count("ABC")) == (3, 5)
