"""Each command is answered once, at the URL of its partner, whatever happens to the process in between."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from services.domain.events.common import CommandOutcome
from services.domain.events.partner import Partner, PartnerCommandSettled
from services.domain.events.station import ReportReceived
from services.ocpi.command_desk import CommandDesk, Outside
from services.ocpi.inbound.charging_profiles import profile_id
from services.ocpi.inbound.clients import Standing
from services.ocpi.peer import Unusable
from services.ocpi.profile_watch import evse_of, follow, sender_url
from services.ocpi.push.circuit import Patience
from services.ocpi.wire.kinds import SET_PROFILE, UPDATE_PROFILE
from services.ocpi.wire.parties import Party
from services.runtime.bus import NotDurable
from services.runtime.sealing import Seal
from tests.unit.ocpi.facts import START, answered, partner, taken
from tests.unit.ocpi.inbound.test_charging_profiles import V201_ANSWER

SEAL = Seal(b"k" * 32)
KNOWN = partner(sealed_token=SEAL.seal("theirs", f"ocpi/{partner().key}"))


class Scene:
    """A desk with a partner that takes note of what it is told, and a log in place of Kafka."""

    def __init__(self, edge_id: str = "edge-1", known: Partner | None = KNOWN) -> None:
        self.headers: dict[str, str] = {}
        self.told: list[tuple[str, str, Any]] = []
        self.log: list[Any] = []
        self.away = self.refuses = False
        self.troubles = 0
        self.asked = 0
        self.standing = Standing.HERE
        self.now = START
        outside = Outside(
            Party("DE", "WAT"),
            self._publish,
            lambda _: known,
            lambda *_: [],
            lambda: self.now,
            lambda _: self.standing,
            patience=Patience(first_ms=1, most_ms=2),
        )
        self.desk = CommandDesk(self, SEAL, edge_id, outside)  # type: ignore[arg-type]

    async def ask(self, method: str, url: str, _access: Any, body: Any, headers: dict[str, str]) -> None:
        """In place of the peer."""
        self.headers = headers
        self.asked += 1
        if self.refuses:
            raise Unusable("it gave no usable answer", "HTTP 404")
        if self.asked <= self.troubles:
            raise Unusable("it gave no usable answer", "HTTP 500", passing=True)
        self.told.append((method, url, body))

    async def _publish(self, *events: Any) -> None:
        if self.away:
            raise NotDurable("away")
        self.log.extend(events)

    @property
    def settled(self) -> list[PartnerCommandSettled]:
        return [event for event in self.log if isinstance(event, PartnerCommandSettled)]


def played(story: Callable[[Scene], Coroutine[Any, Any, None]], scene: Scene | None = None) -> Scene:
    on = scene or Scene()

    async def play() -> None:
        await story(on)
        await asyncio.sleep(0)
        await on.desk.close()

    asyncio.run(play())
    return on


URL = taken().response_url


class TestDesk:
    def test_names_the_party_that_asked_and_keeps_its_correlation_id(self) -> None:
        async def story(scene: Scene) -> None:
            scene.desk.resume()
            await scene.desk.expect(replace(taken(), correlation_id="because"))
            scene.desk.take([answered()])

        headers = played(story).headers
        assert headers["x-correlation-id"] == "because"
        assert (headers["OCPI-to-country-code"], headers["OCPI-to-party-id"]) == ("NL", "TNM")
        assert headers["OCPI-from-party-id"] == "WAT"

    def test_tells_the_partner_once(self) -> None:
        async def story(scene: Scene) -> None:
            scene.desk.resume()
            await scene.desk.expect(taken())
            scene.desk.take([taken(), answered(), answered()])

        scene = played(story)
        assert scene.told == [("POST", URL, {"result": "ACCEPTED"})]
        assert [(one.result, one.delivered) for one in scene.settled] == [("ACCEPTED", True)]

    def test_goes_on_with_what_an_earlier_process_has_left(self) -> None:
        async def story(scene: Scene) -> None:
            scene.desk.take([answered(), taken()])
            assert scene.told == []
            scene.desk.resume()

        assert played(story).told == [("POST", URL, {"result": "ACCEPTED"})]

    def test_tells_nothing_that_was_told(self) -> None:
        settled = played(_once).settled

        async def story(scene: Scene) -> None:
            scene.desk.take([taken(), answered(), *settled])
            scene.desk.resume()

        assert played(story).told == []

    def test_gives_up_when_nobody_answers(self) -> None:
        async def story(scene: Scene) -> None:
            scene.now = START + 40_000
            scene.desk.take([taken()])
            scene.desk.resume()
            await asyncio.sleep(0.05)

        assert played(story).told == [("POST", URL, {"result": "TIMEOUT"})]

    def test_takes_over_what_is_overdue_of_others_and_nothing_else(self) -> None:
        async def story(scene: Scene) -> None:
            scene.desk.resume()
            scene.desk.take([taken(), answered()])
            assert scene.desk.waits_for("command-1")
            await asyncio.sleep(0.05)

        assert played(story, Scene("edge-2")).told == []
        late = Scene("edge-2")
        late.now = START + 90_000
        assert played(story, late).told == [("POST", URL, {"result": "ACCEPTED"})]

    def test_waits_for_nothing_that_is_not_durable(self) -> None:
        async def story(scene: Scene) -> None:
            scene.desk.resume()
            scene.away = True
            with pytest.raises(NotDurable):
                await scene.desk.expect(taken())
            assert not scene.desk.waits_for("command-1")
            scene.desk.take([answered()])

        assert played(story).told == []

    def test_forgets_what_was_not_asked_after_all(self) -> None:
        async def story(scene: Scene) -> None:
            await scene.desk.expect(taken())
            scene.desk.forget("command-1")
            scene.desk.resume()
            scene.desk.take([answered()])

        assert played(story).told == []

    def test_settles_what_cannot_be_delivered(self) -> None:
        for scene in (Scene(known=None), Scene(known=partner(enabled=False)), Scene(known=partner())):
            (settled,) = played(_once, scene).settled
            assert (settled.delivered, bool(settled.detail)) == (False, True)
        refusing = Scene()
        refusing.refuses = True
        assert "HTTP 404" in played(_once, refusing).settled[0].detail
        assert refusing.asked == 1

    def test_tries_again_while_its_partner_is_in_trouble(self) -> None:
        scene = Scene()
        scene.troubles = 3
        played(_patiently, scene)
        assert scene.asked == 4
        assert scene.told == [("POST", URL, {"result": "ACCEPTED"})]
        assert [one.delivered for one in scene.settled] == [True]

    def test_asks_nobody_whom_its_hub_is_not_connected_to(self) -> None:
        scene = Scene()
        scene.standing = Standing.AWAY

        async def story(on: Scene) -> None:
            await _once(on)
            await asyncio.sleep(0.02)
            assert (on.asked, on.settled) == (0, [])
            on.standing = Standing.HERE
            await _until(lambda: bool(on.settled))

        assert played(story, scene).told == [("POST", URL, {"result": "ACCEPTED"})]

    def test_gives_up_before_another_process_takes_it_over(self) -> None:
        scene = Scene()
        scene.troubles = 1_000

        async def story(on: Scene) -> None:
            await _once(on)
            await _until(lambda: on.asked > 1)
            on.now = START + 50_000
            await _until(lambda: bool(on.settled))

        (settled,) = played(story, scene).settled
        assert (settled.delivered, settled.detail) == (False, "HTTP 500")

    def test_leaves_to_the_next_process_what_could_not_be_told_yet(self) -> None:
        scene = Scene()
        scene.troubles = 1_000

        async def story(on: Scene) -> None:
            await _once(on)
            await _until(lambda: on.asked > 1)

        assert played(story, scene).settled == []

    def test_survives_a_kafka_that_is_away(self) -> None:
        async def story(scene: Scene) -> None:
            scene.desk.resume()
            await scene.desk.expect(taken())
            scene.away = True
            scene.desk.take([answered()])

        assert played(story).settled == []

    def test_puts_a_profile_that_has_changed_and_tells_no_url_that_is_none(self) -> None:
        changed = taken(command=UPDATE_PROFILE)

        async def story(scene: Scene) -> None:
            scene.desk.resume()
            for number, (asked, answer) in enumerate(
                [
                    (changed, answered(answer_json=_json(V201_ANSWER))),
                    (changed, answered(CommandOutcome.FAILED)),
                    (taken(response_url=""), answered()),
                ]
            ):
                await scene.desk.expect(_as(asked, number))
                scene.desk.take([_as(answer, number)])

        scene = played(story)
        ((method, url, body),) = scene.told
        assert (method, url, body["charging_profile"]["charging_rate_unit"]) == ("PUT", URL, "A")
        assert len(scene.settled) == 3


class TestWatchedProfiles:
    def test_are_those_that_a_station_has_accepted(self) -> None:
        asked = taken(command=SET_PROFILE, session_id="s1")
        (made,) = follow(lambda _: None, lambda: START)(asked, answered())
        assert (made.key, made.active) == ("wattlog/s1", True)
        assert follow(lambda _: made, lambda: START + 1)(asked, answered()) == []
        for command, answer in (
            (asked, answered(CommandOutcome.REJECTED)),
            (asked, None),
            (taken(), answered()),
            (taken(command=SET_PROFILE), answered()),
        ):
            assert follow(lambda _: None, lambda: START)(command, answer) == []

    def test_are_told_where_the_partner_wants(self) -> None:
        assert sender_url(()) == ""
        assert profile_id("a") != profile_id("b")

    @pytest.mark.parametrize(
        ("payload", "evse_id"),
        [
            ('{"evseId": 2}', 2),
            ('{"evseId": 0}', None),
            ("{}", None),
            ("[]", None),
            ("{", None),
            ('{"evseId":"1"}', None),
        ],
    )
    def test_are_of_the_evse_that_the_limit_is_of(self, payload: str, evse_id: int | None) -> None:
        said = ReportReceived(
            event_id="e", tenant="t", station_id="s", protocol="ocpp2.0.1", operation="NotifyChargingLimit",
            payload_json=payload, recorded_at=1,
        )  # fmt: skip
        assert evse_of(said) == evse_id


async def _once(scene: Scene) -> None:
    scene.desk.resume()
    await scene.desk.expect(taken())
    scene.desk.take([answered()])


async def _patiently(scene: Scene) -> None:
    await _once(scene)
    await _until(lambda: bool(scene.settled))


async def _until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.001)


def _as(event: Any, number: int) -> Any:
    return replace(event, command_id=f"command-{number}")


def _json(value: Any) -> str:
    return json.dumps(value)
