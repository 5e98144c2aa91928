"""ChangeAvailability of OCPP 1.6."""

from typing import Any

import pytest

from tests.unit.ocpp.outbound.v16.telling import refused, told


class TestChangeAvailability:
    @pytest.mark.parametrize(
        ("evse", "connector_id"), [({}, 0), ({"evse": {"id": 2}}, 2), ({"evse": {"id": 2, "connectorId": 1}}, 2)]
    )
    def test_is_of_a_connector_or_the_station(self, evse: dict[str, Any], connector_id: int) -> None:
        assert told("ChangeAvailability", {"operationalStatus": "Inoperative", **evse}) == (
            "ChangeAvailability",
            {"connectorId": connector_id, "type": "Inoperative"},
        )

    def test_takes_the_words_of_1_6(self) -> None:
        payload = {"connectorId": 0, "type": "Operative"}
        assert told("ChangeAvailability", payload) == ("ChangeAvailability", payload)

    @pytest.mark.parametrize("payload", [{}, {"operationalStatus": "Broken"}, {"connectorId": 1}, None, [], "x"])
    def test_refuses_what_neither_version_says(self, payload: Any) -> None:
        assert "does not fit ChangeAvailability of ocpp2.0.1" in refused("ChangeAvailability", payload)
