"""What goes out is as each partner wants it."""

import pytest

from services.domain.events.common import PartnerQuirks
from services.ocpi.outbound.quirks import asked, cased, message_ids, shows_plainly

URL = "https://emsp.example.com/tokens/DE/WAT/1"
HEADERS = {"OCPI-to-party-id": "TNM", "OCPI-from-party-id": "WAT", "authorization": "Token x"}
BODY = b'{"status":"AVAILABLE","price":0.10}'
NONE = PartnerQuirks()
CAME = {"X-Request-ID": "r", "X-Correlation-ID": ""}


class TestRequests:
    def test_are_as_the_specification_wants_unless_a_partner_is_different(self) -> None:
        assert asked(NONE, URL, HEADERS, BODY) == (URL, HEADERS, BODY)
        assert asked(NONE, URL, HEADERS, None).body is None

    @pytest.mark.parametrize(
        ("url", "slashed"),
        [
            (URL, f"{URL}/"),
            (f"{URL}/", f"{URL}/"),
            (f"{URL}?type=RFID", f"{URL}/?type=RFID"),
            (f"{URL}/?a=b?c", f"{URL}/?a=b?c"),
        ],
    )
    def test_end_in_a_slash(self, url: str, slashed: str) -> None:
        assert asked(PartnerQuirks(trailing_slash="SLASH"), url, HEADERS, None).url == slashed

    def test_leave_it_to_the_hub_whom_they_are_for(self) -> None:
        told = asked(PartnerQuirks(receiver_headers="OMIT"), URL, HEADERS, None).headers
        assert told == {"OCPI-from-party-id": "WAT", "authorization": "Token x"}

    def test_have_enums_in_lower_case_and_numbers_as_they_were(self) -> None:
        told = asked(PartnerQuirks(enum_case="LOWER"), URL, HEADERS, BODY)
        assert told.body == b'{"status":"available","price":0.10}'


class TestBodies:
    @pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
    def test_that_are_no_json_stay(self, body: bytes) -> None:
        assert cased(PartnerQuirks(enum_case="LOWER"), body) == body


class TestTokens:
    @pytest.mark.parametrize(
        ("quirk", "found_out", "plainly"),
        [("AUTO", True, True), ("AUTO", False, False), ("PLAIN", False, True), ("BASE64", True, False)],
    )
    def test_are_shown_as_was_found_out_or_said(self, quirk: str, found_out: bool, plainly: bool) -> None:
        assert shows_plainly(PartnerQuirks(token_header=quirk), found_out) is plainly


class TestMessageIds:
    @pytest.mark.parametrize(
        ("quirk", "told"),
        [
            ("ECHO", {"X-Request-ID": "r"}),
            ("ALWAYS", {"X-Request-ID": "r", "X-Correlation-ID": "new"}),
            ("NONE", {}),
        ],
    )
    def test_are_those_that_the_partner_wants(self, quirk: str, told: dict[str, str]) -> None:
        assert message_ids(PartnerQuirks(message_ids=quirk), CAME, lambda: "new") == told
