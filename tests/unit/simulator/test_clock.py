import pytest

from services.simulator.clock import VirtualClock


class TestVirtualClock:
    def test_stands_still_until_it_is_started(self) -> None:
        clock = VirtualClock(1_000, speed=10)
        assert clock.now(5.0) == clock.now(500.0) == 1_000

    def test_runs_as_many_times_faster_as_it_is_told(self) -> None:
        clock = VirtualClock(1_000, speed=10)
        clock.start(100.0)
        assert clock.now(101.5) == 1_000 + 15_000

    def test_says_how_long_to_wait_on_the_wall(self) -> None:
        clock = VirtualClock(1_000, speed=10)
        clock.start(100.0)
        assert clock.seconds_until(1_000 + 20_000, 100.0) == pytest.approx(2.0)

    def test_never_waits_for_the_past(self) -> None:
        clock = VirtualClock(1_000)
        clock.start(100.0)
        assert clock.seconds_until(0, 100.0) == 0.0

    @pytest.mark.parametrize("speed", [0, -1, float("nan")])
    def test_does_not_run_backwards_or_stand(self, speed: float) -> None:
        with pytest.raises(ValueError, match="more than 0"):
            VirtualClock(0, speed)
