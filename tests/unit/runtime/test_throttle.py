"""Strangers are slowed down, each address by itself."""

from services.runtime.throttle import _MOST_ADDRESSES, Throttle

NOW = 1_790_000_000_000


class TestCount:
    def test_lets_an_address_try_a_few_times(self) -> None:
        throttle = Throttle(3)
        assert [throttle.count("a", NOW) > 0 for _ in range(5)] == [False, False, False, True, True]

    def test_says_how_long_to_wait(self) -> None:
        throttle = Throttle(1)
        throttle.count("a", NOW)
        assert throttle.count("a", NOW + 20_500) == 40

    def test_forgets_after_a_minute(self) -> None:
        throttle = Throttle(1)
        throttle.count("a", NOW)
        assert throttle.count("a", NOW + 60_000) == 0

    def test_does_not_mix_addresses_up(self) -> None:
        throttle = Throttle(1)
        throttle.count("a", NOW)
        assert throttle.count("b", NOW) == 0

    def test_survives_a_clock_that_is_set_back(self) -> None:
        throttle = Throttle(1)
        throttle.count("a", NOW)
        assert throttle.count("a", NOW - 3_600_000) == 0

    def test_has_bounded_memory(self) -> None:
        throttle = Throttle(1)
        for number in range(_MOST_ADDRESSES + 100):
            throttle.count(str(number), NOW)
        assert len(throttle._seen) == _MOST_ADDRESSES
