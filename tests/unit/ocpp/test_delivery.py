"""Durable before reply: releases, give-ups, retries, and knowing that Kafka is silent."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.station import StationBooted
from services.domain.folding import Event
from services.ocpp import delivery as module
from services.ocpp.connection import Step
from services.ocpp.delivery import Delivery
from tests.unit.ocpp.circumstances import NOW, STATION, TENANT, V16

HOLD_MS = 20_000
Done = Callable[[Exception | None], None]


def event(name: str) -> StationBooted:
    return StationBooted(
        event_id=name,
        tenant=TENANT,
        station_id=STATION,
        protocol=V16,
        vendor="V",
        model="M",
        registration_status="Accepted",
        recorded_at=NOW,
    )


def step(*names: str) -> Step:
    return Step("BootNotification", "ok", b"reply", tuple(map(event, names)), True, "m1", 1)


class Asker:
    def __init__(self) -> None:
        self.released: list[tuple[Step, int]] = []
        self.given_up = 0

    def release(self, released: Step, waited_ms: int) -> None:
        self.released.append((released, waited_ms))

    def give_up(self) -> None:
        self.given_up += 1


class Kafka:
    """A broker that answers when it is told to."""

    def __init__(self) -> None:
        self.now = NOW
        self.waiting: list[tuple[Event, Done]] = []
        self.unwritable: set[str] = set()
        self.delivery = Delivery(self.send, lambda: self.now, HOLD_MS)

    def send(self, sent: Event, done: Done) -> None:
        if sent.event_id in self.unwritable:  # type: ignore[attr-defined]
            raise ValueError("cannot be encoded")
        self.waiting.append((sent, done))

    def answer(self, error: Exception | None = None, count: int = 1_000_000) -> None:
        now, self.waiting = self.waiting[:count], self.waiting[count:]
        for _, done in now:
            done(error)

    def sent(self) -> list[str]:
        return [sent.event_id for sent, _ in self.waiting]  # type: ignore[attr-defined]


class TestHold:
    def test_releases_when_all_events_are_durable(self) -> None:
        kafka, asker = Kafka(), Asker()
        held = step("a", "b")
        kafka.delivery.hold(held, asker, kafka.now)
        kafka.now += 7
        kafka.answer(count=1)
        assert asker.released == []
        assert kafka.delivery.held == 1
        kafka.answer()
        assert asker.released == [(held, 7)]
        assert (kafka.delivery.held, kafka.delivery.outstanding) == (0, 0)

    def test_hands_over_in_order(self) -> None:
        kafka = Kafka()
        kafka.delivery.hold(step("a", "b"), Asker(), NOW)
        kafka.delivery.publish(event("c"))
        assert kafka.sent() == ["a", "b", "c"]

    def test_gives_up_when_time_is_up_and_never_releases_after(self) -> None:
        kafka, asker = Kafka(), Asker()
        kafka.delivery.hold(step("a"), asker, NOW)
        kafka.delivery.sweep(NOW + HOLD_MS - 1)
        assert asker.given_up == 0
        kafka.delivery.sweep(NOW + HOLD_MS)
        assert asker.given_up == 1
        kafka.answer()
        kafka.delivery.sweep(NOW + 2 * HOLD_MS)
        assert (asker.released, asker.given_up) == ([], 1)

    def test_gives_up_only_those_whose_time_it_is(self) -> None:
        kafka, first, second = Kafka(), Asker(), Asker()
        kafka.delivery.hold(step("a"), first, NOW)
        kafka.delivery.hold(step("b"), second, NOW + 1000)
        kafka.delivery.sweep(NOW + HOLD_MS)
        assert (first.given_up, second.given_up) == (1, 0)

    def test_tries_again_what_failed(self) -> None:
        kafka, asker = Kafka(), Asker()
        kafka.delivery.hold(step("a", "b"), asker, NOW)
        kafka.answer(OSError("queue full"), 1)
        kafka.answer()
        assert (kafka.sent(), asker.released) == ([], [])
        kafka.delivery.sweep(NOW + 1000)
        assert kafka.sent() == ["a", "b"]
        kafka.answer()
        assert len(asker.released) == 1

    def test_does_not_try_again_what_was_given_up(self) -> None:
        kafka, asker = Kafka(), Asker()
        kafka.delivery.hold(step("a"), asker, NOW)
        kafka.answer(OSError())
        kafka.delivery.sweep(NOW + HOLD_MS)
        kafka.delivery.sweep(NOW + HOLD_MS + 1000)
        assert (kafka.sent(), asker.given_up, kafka.delivery.outstanding) == ([], 1, 0)

    def test_drops_what_fails_after_it_was_given_up(self) -> None:
        kafka, asker = Kafka(), Asker()
        kafka.delivery.hold(step("a"), asker, NOW)
        kafka.delivery.sweep(NOW + HOLD_MS)
        kafka.answer(OSError())
        assert kafka.delivery.outstanding == 0

    @pytest.mark.parametrize(("names", "unwritable"), [(("a",), "a"), (("a", "b"), "a"), (("a", "b"), "b")])
    def test_passes_a_defect_on_and_forgets_the_rest(self, names: tuple[str, ...], unwritable: str) -> None:
        kafka, asker = Kafka(), Asker()
        kafka.unwritable = {unwritable}
        with pytest.raises(ValueError, match="cannot be encoded"):
            kafka.delivery.hold(step(*names), asker, NOW)
        kafka.answer()
        kafka.delivery.sweep(NOW + HOLD_MS)
        assert (asker.released, asker.given_up, kafka.delivery.outstanding, kafka.delivery.held) == ([], 0, 0, 0)


class TestPublish:
    def test_needs_nobody_to_wait(self) -> None:
        kafka = Kafka()
        kafka.delivery.publish(event("a"), event("b"))
        kafka.answer()
        assert kafka.delivery.outstanding == 0

    def test_tries_again_for_as_long_as_it_takes(self) -> None:
        kafka = Kafka()
        kafka.delivery.publish(event("a"))
        for second in range(600):
            kafka.answer(OSError())
            kafka.delivery.sweep(NOW + second * 1000)
            assert kafka.sent() == ["a"]
        kafka.answer()
        assert (kafka.delivery.outstanding, kafka.delivery.lost) == (0, 0)

    def test_gives_up_when_too_much_waits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MAX_RETRIED", 3)
        kafka = Kafka()
        for number in range(5):
            kafka.delivery.publish(event(str(number)))
        kafka.answer(OSError())
        assert kafka.delivery.lost == 2
        kafka.delivery.sweep(NOW)
        assert kafka.sent() == ["0", "1", "2"]


class TestDown:
    def test_is_known_after_silence(self) -> None:
        kafka = Kafka()
        kafka.delivery.publish(event("a"))
        assert not kafka.delivery.down(NOW + HOLD_MS)
        assert kafka.delivery.down(NOW + HOLD_MS + 1)
        assert kafka.delivery.silent_ms(NOW + 5) == 5

    def test_is_not_the_silence_of_a_process_that_stood_still(self) -> None:
        kafka = Kafka()
        kafka.delivery.publish(event("a"))
        kafka.delivery.sweep(NOW)
        woken = NOW + 10 * HOLD_MS
        kafka.delivery.sweep(woken)
        assert not kafka.delivery.down(woken)
        for second in range(1, HOLD_MS // 1000):
            kafka.delivery.sweep(woken + second * 1000)
        assert kafka.delivery.down(woken + HOLD_MS)

    def test_ends_with_the_next_confirmation(self) -> None:
        kafka = Kafka()
        kafka.delivery.publish(event("a"))
        kafka.delivery.publish(event("b"))
        kafka.now = NOW + 60_000
        kafka.answer(count=1)
        assert not kafka.delivery.down(kafka.now)
        assert kafka.delivery.silent_ms(kafka.now + 3) == 3
        kafka.answer()
        assert kafka.delivery.silent_ms(kafka.now + 3) == 0

    def test_lasts_while_attempts_fail(self) -> None:
        kafka = Kafka()
        kafka.delivery.publish(event("a"))
        for second in range(1, 60):
            kafka.now = NOW + second * 1000
            kafka.answer(OSError())
            kafka.delivery.sweep(kafka.now)
        assert kafka.delivery.down(kafka.now)

    def test_is_not_known_when_nothing_is_tried(self) -> None:
        kafka, asker = Kafka(), Asker()
        kafka.delivery.hold(step("a"), asker, NOW)
        kafka.answer(OSError())
        kafka.delivery.sweep(NOW + HOLD_MS)
        assert not kafka.delivery.down(NOW + 10 * HOLD_MS)

    def test_is_not_the_fault_of_a_defect(self) -> None:
        kafka = Kafka()
        kafka.unwritable = {"a"}
        with pytest.raises(ValueError, match="encoded"):
            kafka.delivery.publish(event("a"))
        kafka.delivery.sweep(NOW)
        assert not kafka.delivery.down(NOW + 10 * HOLD_MS)


class TestAnything:
    @given(st.lists(st.sampled_from(["hold", "publish", "ack", "fail", "sweep", "wait"]), max_size=60))
    def test_ends_in_exactly_one_answer_per_asker(self, actions: list[str]) -> None:
        kafka, askers = Kafka(), list[Asker]()
        for action in actions:
            match action:
                case "hold":
                    askers.append(Asker())
                    kafka.delivery.hold(step("a", "b"), askers[-1], kafka.now)
                case "publish":
                    kafka.delivery.publish(event("c"))
                case "ack":
                    kafka.answer(count=1)
                case "fail":
                    kafka.answer(OSError(), 1)
                case "sweep":
                    kafka.delivery.sweep(kafka.now)
                case "wait":
                    kafka.now += HOLD_MS // 3
            assert all(len(asker.released) + asker.given_up <= 1 for asker in askers)
        kafka.now += HOLD_MS
        for _ in range(3):
            kafka.answer()
            kafka.delivery.sweep(kafka.now)
        assert all(len(asker.released) + asker.given_up == 1 for asker in askers)
        assert (kafka.delivery.held, kafka.delivery.outstanding) == (0, 0)
