from collections.abc import Callable

from services.ocpp.turnstile import Turnstile


class Clock:
    """Turns that are due are taken when the test says so."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def __call__(self, turn: Callable[[], None]) -> None:
        self.due.append(turn)

    def turn(self) -> None:
        due, self.due = self.due, []
        for turn in due:
            turn()


def turnstile(per_turn: int) -> tuple[Turnstile[int], Clock, list[int]]:
    admitted: list[int] = []
    clock = Clock()
    return Turnstile(per_turn, admitted.append, clock), clock, admitted


class TestTurnstile:
    def test_lets_few_straight_through(self) -> None:
        gate, clock, admitted = turnstile(3)
        assert [gate.passes(n) for n in range(3)] == [True] * 3
        assert (admitted, len(gate), len(clock.due)) == ([], 0, 1)

    def test_has_the_others_stand_in_line_and_admits_some_each_turn(self) -> None:
        gate, clock, admitted = turnstile(2)
        assert [gate.passes(n) for n in range(7)] == [True] * 2 + [False] * 5
        clock.turn()
        assert (admitted, len(gate)) == ([2, 3], 3)
        clock.turn()
        clock.turn()
        assert (admitted, len(gate)) == ([2, 3, 4, 5, 6], 0)

    def test_lets_nobody_overtake(self) -> None:
        gate, clock, admitted = turnstile(1)
        assert [gate.passes(n) for n in range(3)] == [True, False, False]
        clock.turn()
        assert not gate.passes(3)
        for _ in range(3):
            clock.turn()
        assert admitted == [1, 2, 3]

    def test_rests_when_nobody_comes_and_starts_again(self) -> None:
        gate, clock, _ = turnstile(1)
        assert gate.passes(1)
        clock.turn()
        assert clock.due == []
        assert gate.passes(2)
        assert len(clock.due) == 1

    def test_always_lets_somebody_through(self) -> None:
        gate, clock, admitted = turnstile(0)
        assert [gate.passes(n) for n in range(2)] == [True, False]
        clock.turn()
        assert admitted == [1]

    def test_can_be_emptied_at_once(self) -> None:
        gate, clock, admitted = turnstile(1)
        assert [gate.passes(n) for n in range(3)] == [True, False, False]
        gate.flush()
        assert (admitted, len(gate)) == ([1, 2], 0)
        clock.turn()
        assert admitted == [1, 2]
