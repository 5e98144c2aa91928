from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from services.domain.ids import MAX_TRANSACTION_ID_V16, NAMESPACE, derived_id, session_id, transaction_id_v16

causes = st.lists(st.one_of(st.none(), st.text(alphabet="ab/ ", max_size=3), st.integers(0, 3)), max_size=4)


class TestDerivedId:
    def test_is_the_same_for_the_same_causes(self) -> None:
        assert derived_id("session", "t", 1) == derived_id("session", "t", 1)

    def test_is_a_uuid_of_version_5(self) -> None:
        assert UUID(derived_id("x")).version == 5

    @given(st.text(max_size=60))
    def test_is_what_the_library_makes_of_the_same_name(self, text: str) -> None:
        assert derived_id("kind", text) == str(uuid5(NAMESPACE, f"kind\x1f{text}"))

    def test_tells_kinds_apart(self) -> None:
        assert derived_id("a", "b") != derived_id("b", "b")

    def test_tells_nothing_from_empty(self) -> None:
        assert derived_id("a", None) != derived_id("a", "")

    def test_stays_what_it_was_in_the_first_release(self) -> None:
        assert derived_id("session", "wattlog", "CP1", "1") == "9cb46896-73b9-57f2-ae45-8cf2a93e2035"

    @given(causes, causes)
    def test_differs_when_the_causes_differ(
        self, one: list[str | int | None], other: list[str | int | None]
    ) -> None:
        alike = [None if c is None else str(c) for c in one] == [None if c is None else str(c) for c in other]
        assert (derived_id("k", *one) == derived_id("k", *other)) == alike


class TestSessionId:
    def test_belongs_to_one_station(self) -> None:
        assert session_id("t", "CP1", "7") != session_id("t", "CP2", "7")

    def test_belongs_to_one_tenant(self) -> None:
        assert session_id("t", "CP1", "7") != session_id("u", "CP1", "7")

    def test_is_the_same_in_upper_and_lower_case(self) -> None:
        assert session_id("t", "CP1", "Ab-1") == session_id("t", "CP1", "aB-1")
        assert session_id("t", "CP1", "1") != session_id("t", "cp1", "1")


class TestTransactionIdV16:
    @given(st.binary(max_size=32), st.text(max_size=40))
    def test_is_a_positive_31_bit_number(self, secret: bytes, start_key: str) -> None:
        assert 1 <= transaction_id_v16(secret, start_key) <= MAX_TRANSACTION_ID_V16

    def test_is_the_same_from_every_process_that_has_the_secret(self) -> None:
        assert transaction_id_v16(b"s", "start") == transaction_id_v16(b"s", "start")

    def test_cannot_be_told_without_the_secret(self) -> None:
        assert transaction_id_v16(b"s", "start") != transaction_id_v16(b"t", "start")
