"""Decisions about tokens."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import TokenStatus
from services.domain.events.token import Token
from services.domain.tokens import ACCEPTED, BLOCKED, EXPIRED, INVALID, Decision, decide, normalise_uid, token_key

NOW = 1_790_000_000_000
TOKEN = Token(
    tenant="wattlog",
    token_uid="04A1",
    token_type="RFID",
    contract_id="NL-TNM-C1",
    issuer="TNM",
    status=TokenStatus.VALID,
    updated_at=NOW - 1,
)


class TestDecide:
    def test_accepts_a_valid_token(self) -> None:
        assert decide(TOKEN, NOW) == Decision(ACCEPTED, "valid")
        assert decide(TOKEN, NOW).accepted

    def test_calls_an_unknown_token_invalid(self) -> None:
        assert decide(None, NOW) == Decision(INVALID, "not in the whitelist")
        assert not decide(None, NOW).accepted

    @pytest.mark.parametrize(("reason", "said"), [("stolen", "stolen"), (None, "blocked"), ("", "blocked")])
    def test_blocks_with_the_reason_that_was_given(self, reason: str | None, said: str) -> None:
        token = replace(TOKEN, status=TokenStatus.BLOCKED, blocked_reason=reason)
        assert decide(token, NOW) == Decision(BLOCKED, said)

    def test_says_blocked_rather_than_expired(self) -> None:
        assert decide(replace(TOKEN, status=TokenStatus.BLOCKED, expires_at=NOW - 1), NOW).status == BLOCKED

    @pytest.mark.parametrize(
        ("expires_at", "status"), [(NOW - 1, EXPIRED), (NOW, EXPIRED), (NOW + 1, ACCEPTED), (0, EXPIRED)]
    )
    def test_lets_a_token_expire_at_its_moment(self, expires_at: int, status: str) -> None:
        assert decide(replace(TOKEN, expires_at=expires_at), NOW).status == status

    def test_refuses_a_status_of_a_later_version(self) -> None:
        assert decide(replace(TOKEN, status=TokenStatus.UNKNOWN), NOW).status == INVALID

    @given(st.sampled_from(TokenStatus), st.none() | st.integers(0, 2 * NOW), st.integers(0, 2 * NOW))
    def test_accepts_nothing_but_valid_and_unexpired(
        self, status: TokenStatus, expires_at: int | None, now: int
    ) -> None:
        decision = decide(replace(TOKEN, status=status, expires_at=expires_at), now)
        assert decision.accepted == (status is TokenStatus.VALID and (expires_at is None or now < expires_at))


class TestNormaliseUid:
    @pytest.mark.parametrize("uid", ["04a1b2", "04A1B2", " 04a1B2 ", "04A1b2\n"])
    def test_makes_one_of_all_spellings(self, uid: str) -> None:
        assert normalise_uid(uid) == "04A1B2"

    @given(st.text())
    def test_is_stable(self, uid: str) -> None:
        once = normalise_uid(uid)
        assert normalise_uid(once) == once


class TestTokenKey:
    def test_is_the_key_that_the_whitelist_has(self) -> None:
        assert token_key("wattlog", "04a1") == TOKEN.key
