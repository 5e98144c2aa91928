"""Token buckets."""

from hypothesis import given
from hypothesis import strategies as st

from services.ocpp.throttle import Bucket, Buckets

NOW = 1_000_000


class TestBucket:
    def test_gives_its_burst_at_once_and_then_its_rate(self) -> None:
        bucket = Bucket(per_s=2, burst=5, now_ms=NOW)
        assert [bucket.take(NOW) for _ in range(7)] == [True] * 5 + [False] * 2
        assert [bucket.take(NOW + 1000) for _ in range(3)] == [True, True, False]

    def test_gives_no_part_of_one(self) -> None:
        bucket = Bucket(per_s=1, burst=1, now_ms=NOW)
        assert bucket.take(NOW)
        assert not bucket.take(NOW + 999)
        assert bucket.take(NOW + 1000)

    def test_saves_up_no_more_than_its_burst(self) -> None:
        bucket = Bucket(per_s=1, burst=2, now_ms=NOW)
        assert sum(bucket.take(NOW + 10**9) for _ in range(10)) == 2

    def test_knows_empty_and_full(self) -> None:
        bucket = Bucket(per_s=1, burst=1, now_ms=NOW)
        assert (bucket.empty(NOW), bucket.full(NOW)) == (False, True)
        bucket.take(NOW)
        assert (bucket.empty(NOW), bucket.full(NOW)) == (True, False)
        assert bucket.full(NOW + 1000)

    def test_takes_nothing_away_when_the_clock_is_set_back(self) -> None:
        bucket = Bucket(per_s=1, burst=3, now_ms=NOW)
        bucket.take(NOW)
        assert bucket.take(NOW - 3_600_000)
        assert bucket.take(NOW - 3_600_000)
        assert not bucket.take(NOW - 3_600_000)

    @given(st.lists(st.integers(0, 5000), max_size=60), st.floats(0.1, 50), st.integers(1, 50))
    def test_never_gives_more_than_burst_and_rate(self, waits: list[int], per_s: float, burst: int) -> None:
        bucket, now = Bucket(per_s, burst, NOW), NOW
        given_out = 0
        for wait in waits:
            now += wait
            given_out += bucket.take(now)
        assert given_out <= burst + (now - NOW) / 1000 * per_s + 1e-6


class TestBuckets:
    def test_keep_keys_apart(self) -> None:
        buckets = Buckets(per_s=1, burst=1)
        assert buckets.take("a", NOW)
        assert not buckets.take("a", NOW)
        assert buckets.take("b", NOW)
        assert (buckets.empty("a", NOW), buckets.empty("c", NOW)) == (True, False)

    def test_forget_those_that_are_full_again(self) -> None:
        buckets = Buckets(per_s=1, burst=1)
        for number in range(3000):
            buckets.take(number, NOW + number * 2000)
        assert len(buckets) <= 1025

    def test_never_remember_more_than_they_may(self) -> None:
        buckets = Buckets(per_s=0.001, burst=1, most=50)
        for number in range(500):
            assert buckets.take(number, NOW)
        assert len(buckets) == 50
        assert buckets.empty(499, NOW)
        assert not buckets.empty(0, NOW)

    def test_grow_before_they_are_swept_again(self) -> None:
        buckets = Buckets(per_s=0.001, burst=1)
        for number in range(5000):
            buckets.take(number, NOW)
        assert len(buckets) == 5000
