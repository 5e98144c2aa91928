"""The protocol surface."""

import pytest

from services.ocpp.routes import INBOUND, WITHOUT_WARNINGS, routes
from services.ocpp.wire.faults import V16, V21, V201


class TestRoutes:
    @pytest.mark.parametrize("protocol", [V16, V21, V201])
    def test_have_a_schema_and_a_function_for_each_action(self, protocol: str) -> None:
        assert routes(protocol).keys() == INBOUND[protocol].keys()
        for action, route in routes(protocol).items():
            assert (route.action, route.inbound) == (action, INBOUND[protocol][action])
            assert not route.schema.is_valid([])

    def test_prefer_the_newest_version(self) -> None:
        assert list(INBOUND) == [V21, V201, V16]

    def test_carry_the_session_in_both_versions(self) -> None:
        assert {"BootNotification", "Authorize", "StartTransaction", "StopTransaction"} <= INBOUND[V16].keys()
        assert {"BootNotification", "Authorize", "TransactionEvent", "MeterValues"} <= INBOUND[V201].keys()

    def test_know_which_events_cannot_carry_warnings(self) -> None:
        assert INBOUND[V16].keys() & INBOUND[V201].keys() >= WITHOUT_WARNINGS
