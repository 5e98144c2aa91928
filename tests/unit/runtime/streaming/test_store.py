from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.runtime.streaming.store import Position, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "states" / "0")


def at(offset: int) -> Position:
    return Position("topic", offset, 1_000)


class TestWrite:
    def test_keeps_keys_values_and_position(self, store: Store) -> None:
        store.write([(b"a", b"1"), (b"b", b"2")], at(7))
        assert store.get(b"a") == b"1"
        assert store.position == at(7)
        assert list(store.items()) == [(b"a", b"1"), (b"b", b"2")]

    def test_deletes_what_has_no_value(self, store: Store) -> None:
        store.write([(b"a", b"1"), (b"b", b"2")], at(1))
        store.write([(b"a", None), (b"never-there", None)], at(2))
        assert store.get(b"a") is None
        assert dict(store.items()) == {b"b": b"2"}

    def test_takes_the_last_of_two_values_of_a_key(self, store: Store) -> None:
        store.write([(b"a", b"1"), (b"a", None), (b"a", b"3")], at(1))
        assert dict(store.items()) == {b"a": b"3"}

    def test_moves_the_position_without_changes(self, store: Store) -> None:
        store.write((), at(5))
        assert store.position == at(5)

    def test_keeps_empty_keys_and_values(self, store: Store) -> None:
        store.write([(b"", b"")], at(1))
        assert list(store.items()) == [(b"", b"")]


class TestReopening:
    def test_finds_everything_again(self, tmp_path: Path) -> None:
        first = Store(tmp_path / "0")
        first.write([(b"a", b"1")], at(9))
        first.close()
        again = Store(tmp_path / "0")
        assert again.get(b"a") == b"1"
        assert again.position == at(9)

    def test_begins_with_nothing(self, store: Store) -> None:
        assert store.position is None
        assert list(store.items()) == []

    def test_refuses_a_second_opener(self, tmp_path: Path) -> None:
        first = Store(tmp_path / "0")
        with pytest.raises(Exception, match=r"[Ll]ock"):
            Store(tmp_path / "0")
        first.close()


class TestClear:
    def test_forgets_states_and_position(self, store: Store) -> None:
        store.write([(b"a", b"1")], at(9))
        store.clear()
        assert store.get(b"a") is None
        assert store.position is None

    def test_leaves_a_store_that_works(self, store: Store) -> None:
        store.clear()
        store.write([(b"a", b"1")], at(0))
        assert store.get(b"a") == b"1"


@settings(deadline=None, max_examples=40)
@given(
    writes=st.lists(
        st.dictionaries(st.text(max_size=3), st.none() | st.binary(max_size=5), max_size=5), max_size=6
    )
)
def test_holds_what_a_dictionary_would(
    tmp_path_factory: pytest.TempPathFactory, writes: list[dict[str, bytes | None]]
) -> None:
    store = Store(tmp_path_factory.mktemp("store") / "0")
    model: dict[bytes, bytes] = {}
    for number, write in enumerate(writes):
        store.write([(key.encode(), value) for key, value in write.items()], at(number))
        for key, value in write.items():
            if value is None:
                model.pop(key.encode(), None)
            else:
                model[key.encode()] = value
    assert dict(store.items()) == model
    store.close()
