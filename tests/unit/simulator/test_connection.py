import json
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.simulator.connection import (
    Answered,
    Asked,
    Connection,
    Failed,
    Ignored,
    Message,
    Part,
    encode,
    error,
    result,
)


def connection(**options: Any) -> Connection:
    numbers = count(1)
    return Connection(lambda: f"m{next(numbers)}", answer_within_ms=1000, retry_ms=100, **options)


def message(action: str = "Heartbeat", part: Part | None = None, payload: dict[str, Any] | None = None) -> Message:
    return Message(action, lambda: payload or {}, None, part)


def opened() -> Connection:
    up = connection()
    up.opened(None)
    return up


def send(of: Connection, now_ms: int = 0) -> tuple[str, str]:
    """(message id, action) of the next frame."""
    due = of.next_frame(now_ms)
    assert due is not None
    kind, message_id, action, _payload = json.loads(due[0])
    assert kind == 2
    return message_id, action


class TestEncode:
    def test_writes_decimals_as_exact_numbers(self) -> None:
        assert encode([2, "1", "A", {"v": Decimal("12345678.90")}]) == '[2,"1","A",{"v":12345678.90}]'

    def test_refuses_what_has_no_place_in_a_frame(self) -> None:
        with pytest.raises(TypeError):
            encode([object()])

    def test_knows_answers_and_refusals(self) -> None:
        assert result("7", {"status": "Accepted"}) == '[3,"7",{"status":"Accepted"}]'
        assert error("7", "NotSupported", "no") == '[4,"7","NotSupported","no",{}]'


class TestNextFrame:
    def test_is_nothing_without_a_connection(self) -> None:
        down = connection()
        down.enqueue(message("StartTransaction", Part.START))
        assert down.next_frame(0) is None
        assert down.queued == 1

    def test_keeps_one_call_open_at_a_time(self) -> None:
        up = opened()
        up.enqueue(message("A"))
        up.enqueue(message("B"))
        message_id, _ = send(up)
        assert up.next_frame(10) is None
        up.received(result(message_id, {}), 10)
        assert send(up, 10)[1] == "B"

    def test_lets_nothing_but_the_boot_out_until_the_backend_accepts(self) -> None:
        up = connection()
        up.enqueue(message("StopTransaction", Part.STOP))
        up.opened(message("BootNotification"))
        message_id, action = send(up)
        assert action == "BootNotification"
        assert isinstance(up.received(result(message_id, {"status": "Pending"}), 5), Answered)
        assert up.next_frame(5) is None
        up.boot_again(message("BootNotification"), 50)
        assert up.wake_at() == 50
        assert up.next_frame(49) is None
        message_id, action = send(up, 50)
        up.received(result(message_id, {}), 51)
        up.registered = True
        assert send(up, 51)[1] == "StopTransaction"

    def test_skips_what_has_nothing_to_say_any_more(self) -> None:
        up = opened()
        up.enqueue(Message("MeterValues", lambda: None, None, Part.UPDATE))
        up.enqueue(message("B"))
        assert send(up)[1] == "B"

    def test_asks_for_the_payload_at_each_attempt(self) -> None:
        up, seen = opened(), count(1)
        up.enqueue(Message("MeterValues", lambda: {"n": next(seen)}, None, Part.UPDATE))
        assert '"n":1' in (up.next_frame(0) or ("", None))[0]
        up.closed()
        up.opened(None)
        assert '"n":2' in (up.next_frame(0) or ("", None))[0]

    def test_puts_what_is_urgent_first(self) -> None:
        up = opened()
        up.enqueue(message("A"))
        up.enqueue_first(message("B"))
        assert send(up)[1] == "B"


class TestRetry:
    def test_repeats_an_unanswered_transaction_message_with_a_new_id_and_in_its_place(self) -> None:
        up = opened()
        up.enqueue(message("StartTransaction", Part.START))
        up.enqueue(message("StopTransaction", Part.STOP))
        first, _ = send(up, 0)
        assert up.wake_at() == 1000
        assert up.next_frame(1000) is None
        assert up.wake_at() == 1100
        second, action = send(up, 1100)
        assert action == "StartTransaction"
        assert first != second

    def test_waits_longer_after_each_attempt_but_never_gives_up(self) -> None:
        up = opened()
        up.enqueue(message("StopTransaction", Part.STOP))
        now, waits = 0, []
        for _ in range(400):
            message_id, _ = send(up, now)
            up.received(error(message_id, "InternalError", "no"), now)
            wake_at = up.wake_at()
            assert wake_at is not None
            waits.append(wake_at - now)
            now = wake_at
        assert waits == sorted(waits)
        assert waits[0] == 100
        assert waits[-1] == 30_000

    def test_forgets_other_messages_that_are_refused_or_not_answered(self) -> None:
        up = opened()
        up.enqueue(message("Heartbeat"))
        message_id, _ = send(up, 0)
        assert isinstance(up.received(error(message_id, "InternalError", "no"), 0), Failed)
        assert up.idle
        up.enqueue(message("Heartbeat"))
        up.enqueue(message("B"))
        send(up, 0)
        assert send(up, 1000)[1] == "B"

    def test_repeats_the_boot_until_it_is_answered(self) -> None:
        up = connection()
        up.opened(message("BootNotification"))
        send(up, 0)
        assert up.next_frame(1000) is None
        assert send(up, 1100)[1] == "BootNotification"

    def test_ignores_the_answer_to_an_attempt_that_was_given_up(self) -> None:
        up = opened()
        up.enqueue(message("StopTransaction", Part.STOP))
        first, _ = send(up, 0)
        up.next_frame(1000)
        assert isinstance(up.received(result(first, {}), 1001), Ignored)
        assert not up.idle


class TestClosed:
    def test_keeps_transaction_messages_in_order_and_drops_the_rest(self) -> None:
        up = opened()
        for action, part in (("A", Part.START), ("H", None), ("B", Part.UPDATE), ("C", Part.STOP)):
            up.enqueue(message(action, part))
        send(up)
        up.closed()
        assert not up.up
        up.enqueue(message("StatusNotification"))
        up.enqueue(message("D", Part.START))
        up.opened(None)
        actions = []
        while not up.idle:
            message_id, action = send(up)
            actions.append(action)
            up.received(result(message_id, {}), 0)
        assert actions == ["A", "B", "C", "D"]

    def test_keeps_what_was_still_to_be_sent(self) -> None:
        up = opened()
        up.enqueue(message("A", Part.START))
        up.closed()
        up.opened(None)
        assert send(up)[1] == "A"

    def test_drops_an_open_call_that_is_about_no_transaction(self) -> None:
        up = opened()
        up.enqueue(message("Authorize"))
        send(up)
        up.closed()
        assert up.idle

    @given(st.lists(st.sampled_from(["answer", "fail", "cut", "wait"]), max_size=60))
    def test_delivers_everything_in_order_whatever_happens(self, happenings: list[str]) -> None:
        up, now, delivered = opened(), 0, []
        for number in range(5):
            up.enqueue(message(str(number), Part.UPDATE))
        for happening in [*happenings, *["answer"] * 40]:
            due = up.next_frame(now)
            if due is None:
                now = max(now, up.wake_at() or now)
                continue
            message_id, action = json.loads(due[0])[1:3]
            match happening:
                case "answer":
                    up.received(result(message_id, {}), now)
                    delivered.append(action)
                case "fail":
                    up.received(error(message_id, "InternalError", ""), now)
                case "cut":
                    up.closed()
                    up.opened(None)
                case "wait":
                    now += 1000
        assert delivered == ["0", "1", "2", "3", "4"]
        assert up.idle


class TestReceived:
    def test_recognises_a_call_of_the_backend_while_its_own_is_open(self) -> None:
        up = opened()
        up.enqueue(message("A"))
        message_id, _ = send(up)
        asked = up.received('[2,"s1","Reset",{"type":"Soft"}]', 0)
        assert asked == Asked("s1", "Reset", {"type": "Soft"})
        assert isinstance(up.received(result(message_id, {}), 0), Answered)

    def test_takes_an_error_without_description(self) -> None:
        up = opened()
        up.enqueue(message("A"))
        message_id, _ = send(up)
        failed = up.received(json.dumps([4, message_id, "GenericError"]), 0)
        assert isinstance(failed, Failed)
        assert (failed.code, failed.description) == ("GenericError", "")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "[]",
            "null",
            "[2]",
            '[2,1,"A",{}]',
            '[2,"1","A",[]]',
            '[3,"m1",[]]',
            '[3,"other",{}]',
            "[4]",
            b"\xff",
        ],
    )
    def test_ignores_what_means_nothing(self, text: str | bytes) -> None:
        up = opened()
        up.enqueue(message("A"))
        send(up)
        assert isinstance(up.received(text, 0), Ignored)
        assert not up.idle

    @given(st.one_of(st.text(max_size=60), st.binary(max_size=60)))
    def test_survives_anything(self, text: str | bytes) -> None:
        opened().received(text, 0)


class TestWakeAt:
    def test_is_never_when_there_is_nothing_to_wait_for(self) -> None:
        assert opened().wake_at() is None

    def test_is_the_deadline_of_the_open_call(self) -> None:
        up = opened()
        up.enqueue(message("A"))
        send(up, 500)
        assert up.wake_at() == 1500
