"""Tokens are found however partners write them, and nothing else is."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.ocpi.inbound.authorization import identify, presented_tokens, token_hash
from tests.unit.ocpi.facts import PARTNER_TOKEN, partner

ENCODED = base64.b64encode(PARTNER_TOKEN.encode()).decode()
TOKENS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)


def found(header: str) -> bool:
    return identify([partner()], presented_tokens(header)) is not None


class TestPresentedTokens:
    @pytest.mark.parametrize(
        "header",
        [
            f"Token {ENCODED}",
            f"Token {ENCODED.rstrip('=')}",
            f"token {ENCODED}",
            f"Token   {ENCODED} ",
            f"Token {PARTNER_TOKEN}",
            "Token " + base64.b64encode(PARTNER_TOKEN.encode() + b"\n").decode(),
            "Token " + base64.b64encode(PARTNER_TOKEN.encode() + b"\r\n").decode(),
        ],
    )
    def test_include_what_the_partner_meant(self, header: str) -> None:
        assert PARTNER_TOKEN in presented_tokens(header)

    def test_decode_the_example_of_the_specification(self) -> None:
        assert "example-token" in presented_tokens("Token ZXhhbXBsZS10b2tlbgo=")

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Token",
            "Token ",
            f"Bearer {ENCODED}",
            f"Basic {ENCODED}",
            ENCODED,
            f"Token {ENCODED} {ENCODED}",
            "Token " + "A" * 10_000,
            "Token " + base64.b64encode(b"\x00" * 30).decode(),
            "Token " + base64.b64encode("zäh".encode()).decode() + "ä",
            "Token \x00",
            "Token " + "x" * 65,
        ],
    )
    def test_are_none_for_anything_else(self, header: str) -> None:
        assert not found(header)

    def test_do_not_include_what_was_encoded_twice(self) -> None:
        assert not found("Token " + base64.b64encode(ENCODED.encode()).decode())

    @given(TOKENS)
    def test_include_every_token_in_both_forms(self, token: str) -> None:
        encoded = base64.b64encode(token.encode()).decode()
        assert token in presented_tokens(f"Token {encoded}")
        assert token in presented_tokens(f"Token {token}")

    @given(st.text(max_size=400))
    @example("Token ====")
    @example("Token \udcff")
    def test_never_fail(self, header: str) -> None:
        for token in presented_tokens(header):
            assert 0 < len(token) <= 64


class TestTokenHash:
    def test_is_sha256_in_hex(self) -> None:
        assert token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


class TestIdentify:
    def test_finds_the_holder_and_the_token_that_counted(self) -> None:
        others = [partner(partner_id=f"DE-{n:03}", token_hash=token_hash(f"other {n}")) for n in range(5)]
        known = identify([*others[:3], partner(), *others[3:]], ("wrong", PARTNER_TOKEN))
        assert known == (partner(), PARTNER_TOKEN)

    def test_finds_nobody_without_tokens(self) -> None:
        assert identify([partner()], ()) is None

    def test_finds_nobody_for_an_unknown_token(self) -> None:
        assert identify([partner()], ("unknown",)) is None

    def test_does_not_let_a_suspended_partner_in(self) -> None:
        assert identify([partner(enabled=False)], (PARTNER_TOKEN,)) is None

    def test_does_not_take_a_hash_for_a_token(self) -> None:
        assert identify([partner()], (partner().token_hash,)) is None
