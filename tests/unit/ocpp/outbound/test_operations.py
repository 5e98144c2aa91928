"""The table of operations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpp.outbound.command import NotPossible, request
from services.ocpp.outbound.operations import CONVERTED_V16, OPERATIONS
from services.ocpp.wire.schemas import actions
from tests.unit.ocpp.circumstances import V16, V21, V201
from tests.unit.ocpp.outbound.v16.telling import asked

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class TestOperations:
    @pytest.mark.parametrize("protocol", [V16, V201, V21])
    def test_have_a_schema_for_request_and_answer(self, protocol: str) -> None:
        assert OPERATIONS[protocol] <= actions(protocol)

    def test_are_converted_from_what_2_0_1_has(self) -> None:
        assert CONVERTED_V16.keys() <= OPERATIONS[V201]

    @pytest.mark.parametrize("protocol", [V16, V201, V21])
    @given(operation=st.sampled_from(sorted(set().union(*OPERATIONS.values()))), payload=JSON)
    def test_take_any_json_without_a_defect(self, protocol: str, operation: str, payload: object) -> None:
        try:
            action, said = request(asked(operation, payload), protocol)
        except NotPossible:
            return
        assert action in OPERATIONS[protocol]
        assert isinstance(said, dict)
