"""Partners are told what changed: real Kafka, real sockets, receivers that answer as they like."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.domain.events.cdr import CdrHeld
from services.domain.events.cdrhold import CdrHold
from services.domain.events.common import DeliveryOutcome
from services.domain.events.delivery import PartnerDeliveries
from services.domain.events.tariff import EnergyPriceAnnounced
from services.runtime.clock import now_ms
from services.runtime.settings import KafkaSettings
from tests.integration.ocpi_case import say
from tests.integration.push_case import (
    SECRET,
    Answer,
    Got,
    Receiver,
    attempts,
    issued,
    numbered,
    prepared,
    push_settings,
    pushing,
    receiver,
    records,
    told_at,
    until,
    waiting,
)
from tests.unit.ocpi.facts import (
    END,
    START,
    TENANT,
    connection,
    connector_status,
    detail,
    location,
    session,
    station,
    station_status,
    tariff,
    token,
)

pytestmark = pytest.mark.integration

OTHERS_UID = "0499"


@dataclass
class World:
    """A push process's Kafka and data, with a partner's receiver."""

    kafka: KafkaSettings
    data_dir: Path
    emsp: Receiver

    def say(self, *events: Any) -> None:
        say(self.kafka, *events)

    def sessions(self) -> list[Got]:
        return [one for one in self.emsp.of("PUT") if "/sessions/" in one.path]

    def tariff_prices(self) -> list[float]:
        """What a kWh costs in each tariff that was told, in their order."""
        told = [one.body["elements"] for one in self.emsp.of("PUT") if "/tariffs/" in one.path]
        parts = [part for elements in told for one in elements for part in one["price_components"]]
        return [part["price"] for part in parts if part["type"] == "ENERGY"]

    def outcomes(self, module: str) -> list[DeliveryOutcome]:
        return [one.outcome for one in attempts(self.kafka) if one.module == module]

    def waiting(self) -> set[str]:
        return waiting(self.kafka)

    def state(self, key: str = "wattlog/NL-TNM") -> PartnerDeliveries | None:
        states: dict[str, PartnerDeliveries] = dict(records(self.kafka, PartnerDeliveries.TOPIC))
        return states.get(key)


@pytest.fixture
def world(own_kafka: KafkaSettings, tmp_path: Path) -> Iterator[World]:
    prepared(own_kafka)
    with receiver() as emsp:
        say(own_kafka, told_at(emsp.url, tmp_path), token())
        yield World(own_kafka, tmp_path, emsp)


class TestWhatIsTold:
    def test_is_every_change_that_the_partner_may_see_in_its_version_and_nothing_else(self, world: World) -> None:
        def answer(got: Got) -> Answer:
            if got.method == "GET":
                return Answer(http=404, ocpi=2003)
            return Answer(http=201, headers={"Location": f"{world.emsp.url}/cdrs/77"})

        world.emsp.answer = answer
        hidden = detail(cdr_id="held")
        world.say(tariff(), location(), station(), station_status(), connection())
        world.say(token(token_uid=OTHERS_UID, contract_id="DE-XYZ-C12345678-X"))
        with pushing(push_settings(world.kafka, world.data_dir)):
            world.say(numbered(7, id_token=None), issued(7, contract_id="DE-XYZ-C12345678-X"))
            world.say(CdrHeld(event_id="h", tenant=TENANT, cdr_id="held", detail=hidden, reason="x", held_at=END))
            world.say(session(), issued())
            until(lambda: world.sessions() and world.emsp.of("POST"))
            world.say(station_status(connector_status(status="Occupied", at=START + 3_000_000)))
            until(lambda: [one for one in world.emsp.of("PATCH") if one.body["status"] == "CHARGING"])
            until(lambda: not world.waiting())
        told = {(one.method, one.path.removeprefix("/ocpi/")) for one in world.emsp.got if one.method != "GET"}
        assert told == {
            ("PUT", "tariffs/DE/WAT/AC-2026"),
            ("PUT", "locations/DE/WAT/LOC-1"),
            ("PATCH", "locations/DE/WAT/LOC-1/DE*WAT*E0001*1"),
            ("PUT", f"sessions/DE/WAT/{session().session_id}"),
            ("POST", "cdrs"),
        }
        self.is_signed_by_us(world.emsp.of("POST")[0])
        (told_cdr,) = [one for one in attempts(world.kafka) if one.module == "cdrs"]
        assert told_cdr.location_url == f"{world.emsp.url}/cdrs/77"
        assert (told_cdr.http_status, told_cdr.ocpi_status, told_cdr.attempt) == (201, 1000, 1)

    def is_signed_by_us(self, got: Got) -> None:
        shown = got.headers["authorization"].removeprefix("Token ")
        assert base64.b64decode(shown).decode() == SECRET
        routing = [got.headers[f"ocpi-{name}"] for name in ("from-party-id", "to-country-code", "to-party-id")]
        assert routing == ["WAT", "NL", "TNM"]
        assert got.headers["x-request-id"]
        assert got.headers["x-correlation-id"]

    @pytest.mark.parametrize("version", ["2.1.1", "2.3.0"])
    def test_is_what_the_partners_version_knows(
        self, own_kafka: KafkaSettings, tmp_path: Path, version: str
    ) -> None:
        prepared(own_kafka)
        with receiver() as emsp:
            known = told_at(emsp.url, tmp_path, version=version, plain_token_header=version == "2.1.1")
            say(own_kafka, known, token(), tariff(), location(), station())
            with pushing(push_settings(own_kafka, tmp_path)):
                say(own_kafka, session(), issued())
                until(lambda: emsp.of("POST") and [one for one in emsp.of("PUT") if "/sessions/" in one.path])
        (cdr,) = [one.body for one in emsp.of("POST")]
        (told,) = [one.body for one in emsp.of("PUT") if "/sessions/" in one.path][:1]
        assert ("cdr_token" in told, "auth_id" in told) == (version != "2.1.1", version == "2.1.1")
        assert ("cdr_location" in cdr, "location" in cdr) == (version != "2.1.1", version == "2.1.1")
        assert emsp.got[0].headers["authorization"].endswith(SECRET) is (version == "2.1.1")

    def test_is_recorded_with_the_hash_of_what_was_sent(self, world: World) -> None:
        bodies: list[bytes] = []
        take = world.emsp.take

        def noting(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
            bodies.append(body)
            return take(method, path, headers, body)

        world.emsp.take = noting  # type: ignore[method-assign]
        with pushing(push_settings(world.kafka, world.data_dir)):
            world.say(numbered(1))
            until(lambda: world.outcomes("sessions"))
        (event,) = attempts(world.kafka)
        assert event.payload_sha256 == hashlib.sha256(bodies[0]).hexdigest()
        assert event.request_id == world.emsp.got[0].headers["x-request-id"]
        assert json.loads(bodies[0])["id"] == event.object_id


class TestHeldRecord:
    def test_waits_until_it_may_be_delivered(self, world: World) -> None:
        of_issue = issued(7)
        hold = CdrHold(tenant=TENANT, cdr_id=of_issue.cdr_id, reason="EVIDENCE_FAILED", updated_at=END)
        world.say(hold, of_issue)
        with pushing(push_settings(world.kafka, world.data_dir)):
            until(lambda: of_issue.cdr_id in world.waiting())
            world.say(issued(8))
            until(lambda: [one.object_id for one in world.emsp.of("POST")] == [issued(8).cdr_id])
        with pushing(push_settings(world.kafka, world.data_dir)):
            world.say(issued(9))
            until(lambda: issued(9).cdr_id in {one.object_id for one in world.emsp.of("POST")})
            assert of_issue.cdr_id in world.waiting()
            world.say(replace(hold, reason=None))
            until(lambda: of_issue.cdr_id in {one.object_id for one in world.emsp.of("POST")})


class TestPrice:
    def test_that_was_announced_is_told_when_it_begins_and_when_it_has_ended(self, world: World) -> None:
        now = now_ms()
        price = EnergyPriceAnnounced(
            event_id="p1", tenant=TENANT, tariff_id=tariff().tariff_id, starts_at=now - 1_000, ends_at=now + 8_000,
            energy_price_per_kwh=Decimal("0.11"), recorded_at=now,
        )  # fmt: skip
        with pushing(push_settings(world.kafka, world.data_dir)):
            world.say(replace(tariff(), updated_at=now - 2_000))
            until(lambda: len(world.tariff_prices()) == 1)
            world.say(price)
            until(lambda: len(world.tariff_prices()) == 3)
        usual, announced, after = world.tariff_prices()
        assert (usual, announced) == (after, 0.11)


class TestOrder:
    def test_of_an_object_is_kept_and_superseded_versions_are_dropped(self, world: World) -> None:
        world.emsp.answer = lambda _: Answer(wait_s=0.05)
        with pushing(push_settings(world.kafka, world.data_dir)):
            world.say(*(numbered(number, version) for version in range(1, 41) for number in range(3)))
            until(
                lambda: (
                    len({one.path for one in world.sessions() if one.body["last_updated"].endswith(".040Z")}) == 3
                )
            )
            until(lambda: not world.waiting())
        for number in range(3):
            found = [
                one.body["last_updated"] for one in world.sessions() if numbered(number).session_id in one.path
            ]
            assert found == sorted(set(found))
            assert len(found) < 40

    def test_every_record_is_told(self, world: World) -> None:
        with pushing(push_settings(world.kafka, world.data_dir)):
            world.say(*(issued(number) for number in range(30)))
            until(lambda: len({one.object_id for one in world.emsp.of("POST")}) == 30)
            until(lambda: not world.waiting())
        assert len(world.emsp.of("POST")) == 30


class TestTrouble:
    def test_is_waited_out_and_everything_comes_in_the_end(self, world: World) -> None:
        world.emsp.answer = lambda _: Answer(http=500, ocpi=3000)
        world.say(location(), tariff())
        with pushing(push_settings(world.kafka, world.data_dir)):
            world.say(*(issued(number) for number in range(20)), numbered(1))
            state = until(
                lambda: (known := world.state()) and known.circuit != "CLOSED" and known.resync_due and known
            )
            assert state.last_error.startswith("HTTP 500, OCPI 3000")
            sent = len(world.emsp.got)
            world.emsp.answer = lambda got: Answer(http=404, ocpi=2003) if got.method == "GET" else Answer()
            until(lambda: len({one.object_id for one in world.emsp.of("POST")[sent:]}) or True)
            until(lambda: not world.waiting())
            until(lambda: (known := world.state()) and known.circuit == "CLOSED" and not known.resync_due)
        assert world.outcomes("cdrs").count(DeliveryOutcome.DELIVERED) == 20
        assert DeliveryOutcome.RETRY in {one.outcome for one in attempts(world.kafka)}

    def test_is_followed_by_comparing_what_they_have_with_what_we_have(self, world: World) -> None:
        places = [location(location_id=f"LOC-{number}") for number in range(1, 4)]
        world.say(*places)
        had: dict[str, str] = {}

        def answer(got: Got) -> Answer:
            if got.method == "PUT":
                had[got.path] = got.body["last_updated"]
            if got.method == "GET" and got.path in had:
                return Answer(data={"last_updated": had[got.path]})
            return Answer(http=404, ocpi=2003) if got.method == "GET" else Answer()

        world.emsp.answer = answer
        with pushing(push_settings(world.kafka, world.data_dir)):
            until(lambda: len(had) == 3 and not world.waiting() and (s := world.state()) and not s.resync_due)
            world.emsp.answer = lambda _: Answer(http=503, ocpi=None)
            world.say(numbered(1))
            until(lambda: (known := world.state()) and known.circuit == "OPEN")
            (lost, *_) = had
            del had[lost]
            compared = {lost, *had}
            before = len(world.emsp.got)
            world.emsp.answer = answer
            until(lambda: (known := world.state()) and known.circuit == "CLOSED" and not known.resync_due)
        after = world.emsp.got[before:]
        assert {one.path for one in after if one.method == "GET"} >= compared
        assert [one.path for one in after if one.method == "PUT" and "/locations/" in one.path] == [lost]
        assert DeliveryOutcome.ALREADY_THERE in world.outcomes("locations")

    def test_leaves_the_partner_alone_for_as_long_as_it_wants(self, world: World) -> None:
        def answer(got: Got) -> Answer:
            return Answer(http=429, ocpi=None, headers={"Retry-After": "2"}) if got.number == 1 else Answer()

        world.emsp.answer = answer
        with pushing(push_settings(world.kafka, world.data_dir, ocpi_push_parallel=1)):
            world.say(*(numbered(number) for number in range(5)))
            until(lambda: len(world.sessions()) == 6)
        first, second = world.sessions()[:2]
        assert second.at - first.at >= 2.0

    def test_with_one_partner_does_not_delay_another(self, world: World) -> None:
        never = Answer(wait_s=30.0)
        world.emsp.answer = lambda _: never
        with receiver() as good:
            world.say(told_at(good.url, world.data_dir, partner_id="DE-XYZ", country_code="DE", party_id="XYZ"))
            with pushing(push_settings(world.kafka, world.data_dir)):
                world.say(*(issued(number) for number in range(40)))
                until(lambda: world.emsp.under_way >= 6)
                world.say(*(issued(n, contract_id="DE-XYZ-C12345678-X") for n in range(100, 140)))
                until(lambda: len(good.of("POST")) == 40)
                assert DeliveryOutcome.DELIVERED not in {
                    one.outcome for one in attempts(world.kafka) if one.partner_id == "NL-TNM"
                }
                never.wait_s = 0.0

    def test_of_any_kind_loses_nothing(self, world: World) -> None:
        hostile = [
            Answer(raw=b"{" * 100_000),
            Answer(raw=b"\xff\x00" * 1000),
            Answer(http=302, headers={"Location": "http://169.254.169.254/"}, ocpi=None),
            Answer(raw=b"0" * 5_000_000),
            Answer(http=200, headers={"Retry-After": "-1"}, raw=b"<html>"),
        ]
        world.emsp.answer = lambda got: hostile[got.number - 1] if got.number <= len(hostile) else Answer()
        with pushing(push_settings(world.kafka, world.data_dir)):
            world.say(issued())
            until(lambda: DeliveryOutcome.DELIVERED in world.outcomes("cdrs"))
            until(lambda: not world.waiting())
        assert world.outcomes("cdrs") == [DeliveryOutcome.RETRY] * len(hostile) + [DeliveryOutcome.DELIVERED]
