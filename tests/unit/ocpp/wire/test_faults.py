"""Error codes per OCPP version."""

import pytest

from services.ocpp.wire.faults import UNREADABLE_ID, V16, V201, Fault, Refused, code

CODES_V16 = {
    "NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError", "FormationViolation",
    "PropertyConstraintViolation", "OccurenceConstraintViolation", "TypeConstraintViolation", "GenericError",
}  # fmt: skip
"""OCPP-J 1.6, table 7, with its misspellings."""


class TestCode:
    @pytest.mark.parametrize("fault", Fault)
    def test_is_one_of_those_that_1_6_has(self, fault: Fault) -> None:
        assert code(V16, fault) in CODES_V16

    @pytest.mark.parametrize("fault", Fault)
    def test_is_the_name_of_the_fault_in_2_0_1(self, fault: Fault) -> None:
        assert code(V201, fault) == fault.value

    @pytest.mark.parametrize(
        ("fault", "v16", "v201"),
        [
            (Fault.FORMAT, "FormationViolation", "FormatViolation"),
            (Fault.RPC_FRAMEWORK, "FormationViolation", "RpcFrameworkError"),
            (Fault.OCCURRENCE, "OccurenceConstraintViolation", "OccurrenceConstraintViolation"),
            (Fault.MESSAGE_TYPE, "GenericError", "MessageTypeNotSupported"),
            (Fault.TYPE, "TypeConstraintViolation", "TypeConstraintViolation"),
        ],
    )
    def test_differs_where_the_versions_do(self, fault: Fault, v16: str, v201: str) -> None:
        assert (code(V16, fault), code(V201, fault)) == (v16, v201)


class TestRefused:
    def test_carries_fault_and_description(self) -> None:
        error = Refused(Fault.PROPERTY, "too large")
        assert (error.fault, error.description, str(error)) == (Fault.PROPERTY, "too large", "too large")


class TestUnreadableId:
    def test_is_what_the_specification_says(self) -> None:
        assert UNREADABLE_ID == "-1"
