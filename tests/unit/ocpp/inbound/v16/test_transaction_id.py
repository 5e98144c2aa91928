"""Transaction ids as stations give them back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpp.inbound.v16.transaction_id import transaction_id
from services.ocpp.wire.faults import Fault, Refused


class TestTransactionId:
    @given(st.integers(-(2**63) + 1, 2**63 - 1))
    def test_is_the_number_as_text(self, number: int) -> None:
        assert transaction_id({"transactionId": number}) == str(number)

    def test_is_none_when_there_is_none(self) -> None:
        assert transaction_id({}) is None

    @pytest.mark.parametrize("number", [2**63, -(2**63), 2**64 - 1, 1e19, -1e19])
    def test_refuses_more_than_64_bits(self, number: float) -> None:
        with pytest.raises(Refused) as caught:
            transaction_id({"transactionId": number})
        assert caught.value.fault is Fault.PROPERTY
