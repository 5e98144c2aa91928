"""Partners come and go; neither token is ever kept in clear."""

import json
from dataclasses import replace

from services.domain.events.common import PartnerEndpoint, PartnerRole
from services.ocpi.inbound.authorization import identify, token_hash
from services.ocpi.outbound.registration import (
    Agreement,
    failed,
    invited,
    registered,
    suspended,
    unregistered,
    wants_plain_token,
)
from tests.unit.ocpi.facts import PARTNER_TOKEN, partner

NOW = 1_790_000_001_000
AGREED = Agreement(
    version="2.2.1",
    versions_url="https://emsp.example.com/ocpi/versions",
    endpoints=(PartnerEndpoint(module="cdrs", role="RECEIVER", url="https://emsp.example.com/cdrs"),),
    roles=(PartnerRole(country_code="NL", party_id="TNM", role="EMSP", name="The New Motion"),),
    token_hash=token_hash("c-token"),
    sealed_token="sealed",
    plain_token_header=False,
)


class TestRegistered:
    def test_replaces_the_token_and_says_how_it_went(self) -> None:
        after, event = registered(replace(partner(), registration="INVITED"), AGREED, "partner", ["odd"], NOW)
        assert identify([after], ("c-token",)) == (after, "c-token")
        assert identify([after], (PARTNER_TOKEN,)) is None
        assert (after.registration, after.version, after.registered_at) == ("REGISTERED", "2.2.1", NOW)
        assert (event.version, event.warnings, event.initiator) == ("2.2.1", ("odd",), "partner")
        assert "sealed" not in json.dumps(event.to_record())

    def test_has_the_same_event_however_often(self) -> None:
        first = registered(partner(), AGREED, "partner", [], NOW)[1]
        assert registered(partner(), AGREED, "partner", [], NOW)[1] == first


class TestEnded:
    def test_by_the_partner_leaves_no_token(self) -> None:
        before, _ = registered(partner(), AGREED, "partner", [], NOW)
        after, event = unregistered(before, NOW)
        assert (after.token_hash, after.sealed_token, after.endpoints, after.registration) == ("", "", (), "ENDED")
        assert identify([after], ("c-token",)) is None
        assert identify([replace(after, token_hash=token_hash("c-token"))], ("c-token",)) is None
        assert event.reason == "unregistered by the partner"

    def test_by_the_operator_can_be_undone(self) -> None:
        after, event = suspended(partner(), "cli", NOW)
        assert replace(after, enabled=True, updated_at=partner().updated_at) == partner()
        assert (event.source, event.ended_at) == ("cli", NOW)


class TestOthers:
    def test_invitations_say_what_the_token_is_for(self) -> None:
        assert invited(replace(partner(), registration="INVITED"), "cli").registration == "INVITED"

    def test_failures_keep_the_reason(self) -> None:
        event = failed(partner(), "2.2.1", 3001, "https://x: no answer", NOW)
        assert (event.ocpi_status, event.reason) == (3001, "https://x: no answer")

    def test_tokens_are_encoded_since_22(self) -> None:
        assert [wants_plain_token(version) for version in ("2.1.1", "2.2.1", "2.3.0")] == [True, False, False]
