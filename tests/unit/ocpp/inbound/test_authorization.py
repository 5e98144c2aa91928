"""Block C: decisions about tokens on 2.0.1's terms."""

import pytest

from services.domain.events.authorization import AuthorizationDecided
from services.ocpp.inbound.authorization import authorize
from tests.unit.ocpp.circumstances import NOW, STATION, TENANT, V201, context, fits


def asked(uid: str, kind: str = "ISO14443") -> dict[str, object]:
    return {"idToken": {"idToken": uid, "type": kind}}


class TestAuthorize:
    @pytest.mark.parametrize(
        ("uid", "status", "reason"),
        [
            ("VALID1", "Accepted", "valid"),
            ("valid1", "Accepted", "valid"),
            ("BLOCKED1", "Blocked", "stolen"),
            ("EXPIRED1", "Expired", "expired"),
            ("NOBODY", "Invalid", "not in the whitelist"),
            ("", "Invalid", "not in the whitelist"),
        ],
    )
    def test_answers_and_records_the_decision(self, uid: str, status: str, reason: str) -> None:
        reply = authorize(asked(uid), context())
        (event,) = reply.events
        assert isinstance(event, AuthorizationDecided)
        assert reply.payload["idTokenInfo"]["status"] == event.status == status
        assert (event.reason, event.token_uid, event.token_type) == (reason, uid.upper(), "ISO14443")
        assert (event.tenant, event.station_id, event.occasion, event.decided_at) == (
            TENANT,
            STATION,
            "Authorize",
            NOW,
        )
        assert fits(V201, "Authorize", reply)

    def test_is_answered_from_memory(self) -> None:
        assert not authorize(asked("VALID1"), context()).durable

    def test_says_which_whitelist_entry_it_was(self) -> None:
        (event,) = authorize(asked("VALID1"), context()).events
        assert isinstance(event, AuthorizationDecided)
        assert (event.contract_id, event.token_updated_at) == ("NL-TNM-VALID1", NOW - 1000)

    def test_gives_group_and_expiry_to_remember(self) -> None:
        info = authorize(asked("GROUPED1"), context()).payload["idTokenInfo"]
        assert info == {
            "status": "Accepted",
            "groupIdToken": {"idToken": "FLEET", "type": "Central"},
            "cacheExpiryDateTime": "2026-09-21T15:13:20.000Z",
        }

    def test_accepts_a_master_pass_and_lets_the_station_see_that_it_is_one(self) -> None:
        info = authorize(asked("MASTER1"), context()).payload["idTokenInfo"]
        assert info == {"status": "Accepted", "groupIdToken": {"idToken": "MASTERS", "type": "Central"}}

    def test_leaves_out_a_group_that_no_station_could_hold(self) -> None:
        reply = authorize(asked("LONGGROUP"), context())
        assert reply.payload["idTokenInfo"] == {"status": "Accepted"}

    def test_accepts_where_the_station_asks_for_none(self) -> None:
        reply = authorize(asked("", "NoAuthorization"), context())
        assert reply.payload == {"idTokenInfo": {"status": "Accepted"}}

    def test_counts_two_questions_as_two_decisions(self) -> None:
        first, second = (authorize(asked("VALID1"), context(message_id=m)).events[0] for m in "ab")
        assert first.event_id != second.event_id  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        "uid",
        [
            "'; DROP TABLE tokens",
            "${jndi:ldap://x}",
            "{{7*7}}",
            "<script>",
            "=cmd|' /C calc'!A0",
            "\x1b[31m",
            "\x00",
            "é" * 36,
        ],
    )
    def test_carries_hostile_tokens_as_what_they_are(self, uid: str) -> None:
        (event,) = authorize(asked(uid), context()).events
        assert isinstance(event, AuthorizationDecided)
        assert event.token_uid == uid.strip().upper()
        assert event.status == "Invalid"
