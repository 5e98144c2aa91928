from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.simulator.connection import Connection, Ignored
from services.simulator.faults import GARBAGE, BadFaults, Faults, garbage


class TestParse:
    def test_reads_names_and_chances(self) -> None:
        assert Faults.parse("drop=0.01, duplicate=0.02,offline_s=10") == Faults(0.01, 0.02, offline_s=10)

    @pytest.mark.parametrize("text", ["", " ", ","])
    def test_reads_nothing_as_no_faults(self, text: str) -> None:
        assert Faults.parse(text) == Faults()

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("flood=1", "there is no fault 'flood': choose from drop, duplicate"),
            ("drop", "needs a number, for example drop=0.01"),
            ("drop=often", "needs a number"),
            ("drop=2", "out of range"),
            ("drop=-1", "out of range"),
            ("drop=nan", "out of range"),
            ("offline_s=inf", "out of range"),
        ],
    )
    def test_says_what_is_wrong_and_what_there_is(self, text: str, why: str) -> None:
        with pytest.raises(BadFaults, match=why):
            Faults.parse(text)

    @given(st.text(max_size=30))
    def test_survives_any_text(self, text: str) -> None:
        try:
            faults = Faults.parse(text)
        except BadFaults:
            return
        assert 0 <= faults.drop <= 1


class TestStrikes:
    def test_never_when_there_is_no_chance(self) -> None:
        rng = Random(1)
        before = rng.getstate()
        assert not Faults().strikes(0.0, rng)
        assert rng.getstate() == before

    def test_always_when_it_is_certain(self) -> None:
        assert Faults().strikes(1.0, Random(1))

    def test_follows_from_the_seed(self) -> None:
        one, other = ([Faults().strikes(0.5, rng) for _ in range(50)] for rng in (Random(7), Random(7)))
        assert one == other


class TestGarbage:
    def test_is_taken_from_the_list(self) -> None:
        assert {garbage(Random(seed)) for seed in range(200)} == set(GARBAGE)

    @pytest.mark.parametrize("text", [g for g in GARBAGE if '"surplus"' not in g and "NoSuch" not in g])
    def test_means_nothing_to_our_own_end_either(self, text: str) -> None:
        assert isinstance(Connection(lambda: "1").received(text, 0), Ignored)
