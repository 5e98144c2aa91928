"""Parameters are cut into pieces that ClickHouse takes, and into nothing less."""

from hypothesis import given
from hypothesis import strategies as st

from services.ocpi.store import _LONGEST_PARAMETER, _parts, key_of
from tests.unit.ocpi.facts import END, cdr, session


class TestParts:
    def test_are_one_for_few_texts(self) -> None:
        assert _parts(["a", "b"]) == [["a", "b"]]

    def test_are_none_for_none(self) -> None:
        assert _parts([]) == []

    @given(st.lists(st.sampled_from(["04A1B2C3D4E5F6", "x" * 255, "ä" * 100, ""]), max_size=2_000))
    def test_lose_nothing_and_are_short_enough(self, texts: list[str]) -> None:
        parts = _parts(texts)
        assert [text for part in parts for text in part] == texts
        assert all(sum(len(text.encode()) + 3 for text in part) <= _LONGEST_PARAMETER for part in parts)

    def test_take_a_text_that_is_longer_than_that(self) -> None:
        assert _parts(["a", "x" * 100_000, "b"]) == [["a"], ["x" * 100_000], ["b"]]


class TestKeyOf:
    def test_is_time_and_id(self) -> None:
        assert key_of(session(session_id="s", updated_at=1)) == (1, "s")
        assert key_of(cdr()) == (END + 100, cdr().cdr_id)
