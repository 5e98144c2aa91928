"""Exchanges of sandbox partners are kept without secrets, and can be done again."""

import shlex
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.partner import PartnerExchange
from services.ocpi.outbound.exchanges import (
    MASK,
    MOST_CHARACTERS,
    again,
    body,
    curl,
    headers,
    ocpi_status,
    why_not_again,
)

EXCHANGE = PartnerExchange(
    event_id="e", tenant="wattlog", exchange_id="1c7a6c592c", partner_id="NL-SBX", method="POST",
    target="/ocpi/2.2.1/commands/STOP_SESSION?a=b", duration_ms=3, received_at=1, http_status=200, cut=False,
    request_headers_json='{"authorization":"***","host":"x","x-request-id":"it\'s","content-type":"application/json"}',
    request_body='{"session_id":"s\'1"}', response_headers_json="{}", response_body='{"status_code":1000}',
)  # fmt: skip


class TestMasks:
    def test_hide_tokens_that_authorize(self) -> None:
        found = headers([(b"Authorization", b"Token abc"), (b"X-A", b"1"), (b"x-a", b"2"), (b"Cookie", b"c")])
        assert found == {"authorization": MASK, "x-a": "1, 2", "cookie": MASK}

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            (b'{"token": "secret", "url": "u"}', '{"token": "***", "url": "u"}'),
            (b'{"token":"se\\"cret"}', '{"token":"***"}'),
            (b'{"Token" : "secret', '{"Token" : "***'),
            (b'{"token":{"uid":"04A1"}}', '{"token":{"uid":"04A1"}}'),
            (b"\xff", "\ufffd"),
        ],
    )
    def test_hide_credentials_in_bodies(self, sent: bytes, kept: str) -> None:
        assert body(sent) == (kept, False)

    @given(st.binary(max_size=200), st.text("abc\\\"'", max_size=20))
    def test_never_let_a_token_through(self, noise: bytes, tail: str) -> None:
        secret = b'"token":"s3cr3t-s3cr3t' + tail.encode()
        assert "s3cr3t" not in body(noise.replace(b'"', b"") + secret)[0]

    def test_cut_what_is_too_long(self) -> None:
        assert body(b"x" * (MOST_CHARACTERS + 1)) == ("x" * MOST_CHARACTERS, True)


class TestAgain:
    def test_leaves_out_what_belongs_to_the_connection(self) -> None:
        assert again(EXCHANGE) == {"x-request-id": "it's", "content-type": "application/json"}

    def test_is_a_command_that_a_shell_understands(self) -> None:
        words = shlex.split(curl(EXCHANGE, "https://roaming.example.com"))
        assert words[:4] == ["curl", "-i", "-X", "POST"]
        assert words[4] == "https://roaming.example.com/ocpi/2.2.1/commands/STOP_SESSION?a=b"
        assert "x-request-id: it's" in words
        assert words[-2:] == ["--data-binary", '{"session_id":"s\'1"}']
        assert "--data-binary" not in curl(replace(EXCHANGE, request_body=""), "https://x")

    @pytest.mark.parametrize(
        ("changes", "why"),
        [({}, ""), ({"cut": True}, "too long"), ({"request_body": '{"token":"***"}'}, "secrets")],
    )
    def test_is_not_possible_when_something_is_missing(self, changes: dict[str, Any], why: str) -> None:
        told = why_not_again(replace(EXCHANGE, **changes))
        assert why in told
        assert bool(told) == bool(why)


def test_the_ocpi_status_is_that_of_the_answer() -> None:
    assert ocpi_status(EXCHANGE) == "1000"
    assert [ocpi_status(replace(EXCHANGE, response_body=text)) for text in ("", "[]", "{}")] == ["", "", ""]
