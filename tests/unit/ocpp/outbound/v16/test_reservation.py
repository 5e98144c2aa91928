"""ReserveNow and CancelReservation of OCPP 1.6."""

from typing import Any

import pytest

from tests.unit.ocpp.outbound.v16.telling import refused, told

UNTIL = "2026-09-21T15:13:20Z"
RESERVE: dict[str, Any] = {"id": 17, "expiryDateTime": UNTIL, "idToken": {"idToken": "04A1", "type": "ISO14443"}}
TOLD = {"reservationId": 17, "expiryDate": UNTIL, "idTag": "04A1"}


class TestReserveNow:
    @pytest.mark.parametrize(("evse", "connector_id"), [({}, 0), ({"evseId": 2}, 2)])
    def test_is_of_a_connector_or_any(self, evse: dict[str, Any], connector_id: int) -> None:
        assert told("ReserveNow", RESERVE | evse) == ("ReserveNow", TOLD | {"connectorId": connector_id})

    def test_may_be_for_a_group(self) -> None:
        group = {"groupIdToken": {"idToken": "FLEET", "type": "Central"}}
        expected = TOLD | {"connectorId": 0, "parentIdTag": "FLEET"}
        assert told("ReserveNow", RESERVE | group) == ("ReserveNow", expected)

    def test_takes_the_words_of_1_6(self) -> None:
        native = TOLD | {"connectorId": 1}
        assert told("ReserveNow", native) == ("ReserveNow", native)

    def test_cannot_ask_for_a_type_of_connector(self) -> None:
        said = "OCPP 1.6 cannot reserve a type of connector"
        assert refused("ReserveNow", RESERVE | {"connectorType": "cCCS2"}) == said

    @pytest.mark.parametrize("name", ["idToken", "groupIdToken"])
    def test_needs_tokens_that_fit(self, name: str) -> None:
        long = {"idToken": "x" * 21, "type": "Central"}
        assert "21 characters" in refused("ReserveNow", RESERVE | {name: long})


class TestCancelReservation:
    def test_is_said_in_the_same_words(self) -> None:
        assert told("CancelReservation", {"reservationId": 17}) == ("CancelReservation", {"reservationId": 17})
