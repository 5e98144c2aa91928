"""What providers answer, and what it means."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import PartnerRole
from services.ocpi.inbound.authorization_info import ALLOWED, Said, said, together
from services.ocpi.wire.envelope import encoded
from services.ocpi.wire.errands import Errand
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import partner
from tests.unit.ocpi.wire.test_reading import JSON, TOKEN

ERRAND = Errand(partner(version="2.2.1"), "https://x.example.com", None, TOKEN["uid"].lower())


def body(data: Any, status: int = 1000) -> bytes:
    return json.dumps({"status_code": status, "data": data, "timestamp": "2026-11-21T10:00:00Z"}).encode()


def told(data: Any, status: int = 1000, http: int = 200, *, known: bool = False, **more: Any) -> Said:
    return said(more.pop("errand", ERRAND), http, body(data, status), known=known, **more)


def info(allowed: str = ALLOWED, **changes: Any) -> dict[str, Any]:
    return {"allowed": allowed, "token": TOKEN} | changes


class TestSaid:
    def test_is_all_that_is_needed_later(self) -> None:
        found = told(info(authorization_reference="r1", info={"language": "de", "text": "Hallo"}))
        assert (found.outcome, found.partner_id, found.reference) == ("ALLOWED", "NL-TNM", "r1")
        assert (found.info, found.info_language, found.owner) == ("Hallo", "de", Party("NL", "TNM"))
        assert found.token is not None
        assert found.token["contract_id"] == TOKEN["contract_id"]

    @pytest.mark.parametrize("allowed", ["BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"])
    def test_is_a_refusal_with_or_without_the_token(self, allowed: str) -> None:
        assert told({"allowed": allowed}).outcome == told(info(allowed)).outcome == allowed

    def test_is_that_it_knows_no_such_token(self) -> None:
        assert told(None, 2004).outcome == told(None, 2004, 404).outcome == "UNKNOWN"
        assert said(ERRAND, 404, b"not found", known=True).outcome == "UNKNOWN"

    @pytest.mark.parametrize(
        ("http", "answer"),
        [
            (500, body(info())), (307, b""), (401, body(None, 2000)), (200, body(info(), 2002)),
            (200, body(info(), 3000)), (200, body(None, 4001)), (404, body(None, 4003)), (200, body(None, 4002)),
            (200, b"<html>"), (200, body([])), (200, body({"allowed": "YES"})),
            (200, body({"allowed": ["ALLOWED"]})), (200, b"[" * 100_000), (204, b""),
        ],
    )  # fmt: skip
    def test_is_silence_when_it_cannot_be_used(self, http: int, answer: bytes) -> None:
        found = said(ERRAND, http, answer, known=True)
        assert (found.outcome, bool(found.detail)) == ("SILENT", True)

    @pytest.mark.parametrize(
        "token", [None, TOKEN | {"uid": "ANOTHER"}, TOKEN | {"party_id": "8AA"}, "text", [TOKEN]]
    )
    def test_allows_an_unknown_token_only_as_one_of_its_own(self, token: Any) -> None:
        assert told(info(token=token)).outcome == "SILENT"
        assert told(info(token=token), known=True).outcome == "ALLOWED"

    def test_allows_those_of_the_parties_behind_a_hub(self) -> None:
        roles = (PartnerRole(country_code="DE", party_id="8AA", role="EMSP"),)
        hub = ERRAND._replace(partner=partner(version="2.2.1", role="HUB", roles=roles))
        behind = TOKEN | {"country_code": "DE", "party_id": "8AA"}
        assert told(info(token=behind), errand=hub).owner == Party("DE", "8AA")

    def test_is_a_refusal_where_only_other_evses_are_allowed(self) -> None:
        here = {"location_id": "LOC-1", "evse_uids": ["e1"]}
        assert told(info(location=here), evse_uids=["E1"]).outcome == "ALLOWED"
        assert told(info(location=here), evse_uids=["E2"]).outcome == "NOT_ALLOWED"
        assert told(info(location={"location_id": "LOC-1"}), evse_uids=["E2"]).outcome == "ALLOWED"

    @given(JSON, st.sampled_from(["2.1.1", "2.2.1", "2.3.0"]), st.booleans())
    def test_never_fails(self, data: Any, version: str, known: bool) -> None:
        errand = ERRAND._replace(partner=partner(version=version))
        answer = encoded({"status_code": 1000, "data": data} if known else data)
        assert said(errand, 200, answer, known=known).partner_id == "NL-TNM"


def replies(*outcomes: str) -> list[Said]:
    return [Said(f"P{n}", outcome) for n, outcome in enumerate(outcomes)]


class TestTogether:
    @pytest.mark.parametrize(
        ("outcomes", "meant"),
        [
            (["UNKNOWN", "ALLOWED"], "ALLOWED"), (["BLOCKED", "ALLOWED"], "ALLOWED"),
            (["UNKNOWN", "NO_CREDIT", "SILENT"], "NO_CREDIT"), (["NOT_ALLOWED", "BLOCKED"], "BLOCKED"),
            (["UNKNOWN", "UNKNOWN"], "UNKNOWN"), ([], "UNKNOWN"),
        ],
    )  # fmt: skip
    def test_is_the_most_certain_word(self, outcomes: list[str], meant: str) -> None:
        found = together(replies(*outcomes))
        assert found is not None
        assert found.outcome == meant

    @pytest.mark.parametrize("outcomes", [["SILENT"], ["UNKNOWN", "SILENT"], ["BUSY"]])
    def test_is_none_while_it_depends_on_whom_is_silent(self, outcomes: list[str]) -> None:
        assert together(replies(*outcomes)) is None
