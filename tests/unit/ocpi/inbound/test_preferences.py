"""What drivers want is taken where it can be planned for."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from services.domain.units import rfc3339
from services.ocpi.inbound.preferences import body_of, event, result
from services.ocpi.inbound.refusal import Refusal
from tests.unit.ocpi.facts import START, session
from tests.unit.ocpi.wire.test_reading import JSON

RUNNING = session(ended_at=None, protocol="ocpp2.0.1")
LEAVES = START + 7_200_000
WISH: dict[str, Any] = {
    "profile_type": "GREEN",
    "departure_time": rfc3339(LEAVES),
    "energy_need": Decimal("20.5"),
    "discharge_allowed": True,
}


class TestPreferences:
    def test_are_accepted_and_told_to_the_planning(self) -> None:
        asked = body_of(WISH, "2.2.1")
        assert result(asked, RUNNING, START) == "ACCEPTED"
        made = event(asked, RUNNING, "NL-TNM", START)
        assert (made.profile_type, made.departure_at, made.energy_need_wh) == ("GREEN", LEAVES, 20_500)
        assert (made.key, made.evse_id, made.discharge_allowed) == ("wattlog/DE-WAT-0001", 1, True)

    def test_may_say_little(self) -> None:
        asked = body_of({"profile_type": "FAST"}, "2.3.0")
        assert result(asked, RUNNING, START) == "ACCEPTED"
        made = event(asked, RUNNING, "NL-TNM", START)
        assert (made.departure_at, made.energy_need_wh, made.discharge_allowed) == (None, None, False)

    @pytest.mark.parametrize(
        ("changes", "word"),
        [
            ({"profile_type": "LOUD"}, "PROFILE_TYPE_NOT_SUPPORTED"),
            ({"departure_time": rfc3339(START)}, "NOT_POSSIBLE"),
            ({"departure_time": "2099-01-01T00:00:00Z"}, "NOT_POSSIBLE"),
            ({"energy_need": -1}, "NOT_POSSIBLE"),
            ({"energy_need": 100_001}, "NOT_POSSIBLE"),
        ],
    )
    def test_that_cannot_be_are_told_so(self, changes: dict[str, Any], word: str) -> None:
        assert result(body_of(WISH | changes, "2.2.1"), RUNNING, START) == word
        assert result(body_of(WISH, "2.2.1"), session(ended_at=5, protocol="ocpp2.1"), START) == "NOT_POSSIBLE"

    @pytest.mark.parametrize("where", [None, session(), session(protocol="ocpp2.0.1", evse_id=None)])
    def test_for_what_takes_none_are_not_found(self, where: Any) -> None:
        with pytest.raises(Refusal) as caught:
            result(body_of(WISH, "2.2.1"), where, START)
        assert (caught.value.http_status, caught.value.status) == (404, 2001)

    @given(JSON)
    def test_survive_whatever_is_sent(self, sent: Any) -> None:
        for body in (sent, {"profile_type": "FAST", "energy_need": sent, "departure_time": sent}):
            try:
                asked = body_of(body, "2.3.0")
            except Refusal:
                continue
            result(asked, RUNNING, START)
