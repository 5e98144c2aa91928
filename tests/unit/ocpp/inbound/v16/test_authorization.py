"""Authorize of OCPP 1.6."""

import pytest

from services.domain.events.authorization import AuthorizationDecided
from services.domain.tokens import Decision
from services.ocpp.inbound.authorization import Authorization
from services.ocpp.inbound.v16.authorization import authorize, id_tag_info
from tests.unit.ocpp.circumstances import V16, context, fits


class TestAuthorize:
    @pytest.mark.parametrize(
        ("id_tag", "status"),
        [("valid1", "Accepted"), ("BLOCKED1", "Blocked"), ("EXPIRED1", "Expired"), ("NOBODY", "Invalid")],
    )
    def test_answers_and_records_the_decision(self, id_tag: str, status: str) -> None:
        reply = authorize({"idTag": id_tag}, context(V16))
        (event,) = reply.events
        assert isinstance(event, AuthorizationDecided)
        assert reply.payload["idTagInfo"]["status"] == event.status == status
        assert event.token_type == "Unknown"
        assert not reply.durable
        assert fits(V16, "Authorize", reply)


class TestIdTagInfo:
    def test_gives_parent_and_expiry(self) -> None:
        reply = authorize({"idTag": "GROUPED1"}, context(V16))
        assert reply.payload["idTagInfo"] == {
            "status": "Accepted",
            "parentIdTag": "FLEET",
            "expiryDate": "2026-09-21T15:13:20.000Z",
        }

    def test_leaves_out_a_parent_that_1_6_could_not_hold(self) -> None:
        assert authorize({"idTag": "LONGGROUP"}, context(V16)).payload["idTagInfo"] == {"status": "Accepted"}

    @pytest.mark.parametrize("status", ["NoCredit", "NotAtThisTime", "Unknown"])
    def test_says_invalid_for_what_1_6_does_not_know(self, status: str) -> None:
        (event,) = authorize({"idTag": "x"}, context(V16)).events
        assert isinstance(event, AuthorizationDecided)
        assert id_tag_info(Authorization(Decision(status, ""), None, event)) == {"status": "Invalid"}
