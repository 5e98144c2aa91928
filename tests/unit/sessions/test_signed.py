from hashlib import sha256
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import MeterValue, SignedMeterValue
from services.sessions.signed import MAX_KEPT, MAX_RECORD_BYTES, carries_any, merged
from services.sessions.state import SignedValues

BEGIN, BETWEEN, END = "Transaction.Begin", "Sample.Periodic", "Transaction.End"


def record(data: bytes, context: str = BETWEEN, **more: str) -> SignedMeterValue:
    return SignedMeterValue(signed_data=data, sha256=sha256(data).hexdigest(), context=context, **more)


def value(at: int, *records: SignedMeterValue) -> MeterValue:
    return MeterValue(sampled_at=at, signed_meter_values=records)


def data_of(found: SignedValues) -> list[bytes]:
    return [signed.value.signed_data for signed in found.values]


class TestMerged:
    def test_keeps_every_byte(self) -> None:
        data = bytes(range(256)) * 3 + 'OCMF|{"ü": 1}|…\r\n'.encode()
        found = merged(SignedValues(), [value(1, record(data))])
        assert found.values[0].value == record(data)
        assert sha256(found.values[0].value.signed_data).hexdigest() == found.values[0].value.sha256

    def test_puts_them_in_the_order_of_their_samples_begin_first_and_end_last(self) -> None:
        told = [value(5, record(b"e", END), record(b"m"), record(b"b", BEGIN)), value(1, record(b"first"))]
        assert data_of(merged(SignedValues(), told)) == [b"first", b"b", b"m", b"e"]

    def test_is_the_same_object_for_records_that_were_there(self) -> None:
        told = [value(1, record(b"b", BEGIN)), value(2, record(b"e", END))]
        found = merged(SignedValues(), told)
        assert merged(found, told) is found
        assert merged(found, []) is found

    def test_keeps_one_of_a_record_that_is_told_twice(self) -> None:
        told = [value(9, record(b"x")), value(5, record(b"x", END)), value(3, record(b"x"))]
        found = merged(SignedValues(), told)
        assert [(s.at, s.value.context) for s in found.values] == [(5, END)]
        assert merged(SignedValues(), told[::-1]) == found

    def test_keeps_the_first_and_the_last_of_very_many(self) -> None:
        told = [value(n, record(b"%d" % n)) for n in range(100)]
        told += [value(0, record(b"begin", BEGIN)), value(100, record(b"end", END))]
        found = merged(SignedValues(), told)
        middle = [b"%d" % n for n in (*range(10), *range(90, 100))]
        assert data_of(found) == [b"begin", *middle, b"end"]
        assert found.left_out

    def test_says_nothing_of_left_out_while_all_are_kept(self) -> None:
        found = merged(SignedValues(), [value(n, record(b"%d" % n)) for n in range(MAX_KEPT)])
        assert len(found.values) == MAX_KEPT
        assert not found.left_out

    @pytest.mark.parametrize(
        "huge",
        [record(b"x" * (MAX_RECORD_BYTES + 1)), record(b"x", public_key="ü" * MAX_RECORD_BYTES)],
        ids=["data", "key"],
    )
    def test_leaves_out_a_record_that_no_message_could_hold(self, huge: SignedMeterValue) -> None:
        found = merged(SignedValues(), [value(1, huge)])
        assert found == SignedValues((), left_out=True)
        assert merged(found, [value(1, huge)]) is found

    @given(
        st.lists(
            st.tuples(st.integers(0, 50), st.integers(0, 60), st.sampled_from([BEGIN, BETWEEN, END])),
            max_size=70,
            unique_by=lambda told: told[1],
        ),
        st.randoms(use_true_random=False),
    )
    def test_does_not_depend_on_order_or_repetition(self, told: list[tuple[int, int, str]], rng: Random) -> None:
        values = [value(at, record(b"%d" % n, context)) for at, n, context in told]
        wanted = merged(SignedValues(), values)
        shuffled = values * 2
        rng.shuffle(shuffled)
        found = SignedValues()
        for one in shuffled:
            found = merged(found, [one])
        assert found == wanted


class TestCarriesAny:
    def test_says_whether_there_is_a_record(self) -> None:
        assert not carries_any([])
        assert not carries_any([value(1)])
        assert carries_any([value(1), value(2, record(b"x"))])
