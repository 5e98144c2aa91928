"""Our tokens as CPOs are told of them, and whether they may charge."""

import pytest

from services.domain.events.common import TokenStatus
from services.domain.tokens import decide
from services.ocpi.outbound.issued_tokens import allowed, authorization_info, issued
from services.ocpi.outbound.told import told
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import CONTRACT, START, UID, token

OURS = Party("NL", "TNM")


class TestIssued:
    @pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
    def test_is_what_every_version_can_tell(self, version: str) -> None:
        warnings: list[str] = []
        assert told(issued(token(), OURS, START), "Token", version, warnings)
        assert warnings == []

    def test_is_valid_as_long_as_it_may_charge(self) -> None:
        assert issued(token(expires_at=START + 1), OURS, START)["valid"]
        assert not issued(token(expires_at=START), OURS, START)["valid"]
        assert not issued(token(status=TokenStatus.BLOCKED), OURS, START)["valid"]

    def test_says_who_issued_it_even_when_nobody_said(self) -> None:
        whole = issued(token(issuer="", group_id="G1", whitelist="NEVER"), OURS, START)
        assert (whole["issuer"], whole["group_id"], whole["whitelist"]) == ("NL*TNM", "G1", "NEVER")
        assert (whole["uid"], whole["contract_id"]) == (UID, CONTRACT)


class TestAuthorizationInfo:
    def test_names_the_authorization_and_the_place(self) -> None:
        decision, place = decide(token(), START), {"location_id": "L1"}
        info = authorization_info(issued(token(), OURS, START), decision, "r1", place)
        assert (info["allowed"], info["authorization_reference"], info["location"]) == ("ALLOWED", "r1", place)
        assert "location" not in authorization_info({}, decision, "r1", None)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"status": TokenStatus.BLOCKED, "blocked_reason": "lost"}, "BLOCKED"),
            ({"expires_at": START}, "EXPIRED"),
            ({"status": TokenStatus.UNKNOWN}, "NOT_ALLOWED"),
        ],
    )
    def test_says_why_not(self, changes: dict[str, object], said: str) -> None:
        decision = decide(token(**changes), START)
        info = authorization_info({}, decision, "r1", {"location_id": "L1"})
        assert (info["allowed"], allowed(decision)) == (said, said)
        assert "authorization_reference" not in info
        assert decision.reason in info["info"]["text"]
