"""Credentials are taken from whom they were expected, and from nobody else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from services.ocpi.inbound.answers import told
from services.ocpi.inbound.handshake import details_url, endpoints, listed, newest_common, offer
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import Status
from tests.unit.ocpi.facts import partner
from tests.unit.ocpi.wire.test_reading import JSON

ROLE = {"role": "EMSP", "party_id": "TNM", "country_code": "NL", "business_details": {"name": "The New Motion"}}
CREDENTIALS: dict[str, Any] = {
    "token": "b-token",
    "url": "https://emsp.example.com/ocpi/versions",
    "roles": [ROLE],
}
ENDPOINT = {
    "identifier": "credentials",
    "role": "SENDER",
    "url": "https://emsp.example.com/ocpi/2.2.1/credentials",
}


def refusal(body: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        offer(body, "2.2.1", partner())
    return caught.value


class TestOffer:
    def test_says_how_the_partner_is_reached_and_whom_it_stands_for(self) -> None:
        taken = offer(CREDENTIALS, "2.2.1", partner())
        assert (taken.token, taken.url, taken.warnings) == ("b-token", CREDENTIALS["url"], ())
        (role,) = taken.roles
        assert (role.country_code, role.party_id, role.role, role.name) == ("NL", "TNM", "EMSP", "The New Motion")

    def test_of_211_is_of_one_party(self) -> None:
        flat = {name: item for name, item in ROLE.items() if name != "role"}
        taken = offer({"token": "t", "url": CREDENTIALS["url"]} | flat, "2.1.1", replace(partner(), role="EMSP"))
        assert [(role.party_id, role.role) for role in taken.roles] == [("TNM", "EMSP")]

    def test_of_a_hub_may_name_it_apart_from_those_behind_it(self) -> None:
        hub = replace(partner(), partner_id="NL-HUB", party_id="HUB", role="HUB")
        taken = offer(CREDENTIALS | {"hub_party_id": "nlhub"}, "2.3.0", hub)
        assert [role.party_id for role in taken.roles] == ["TNM"]
        with pytest.raises(Refusal):
            offer(CREDENTIALS | {"hub_party_id": "NLHUB"}, "2.3.0", replace(hub, role="EMSP"))

    def test_of_a_hub_is_refused_in_a_version_without_routing(self) -> None:
        hub = replace(partner(), role="HUB")
        with pytest.raises(Refusal) as refused:
            offer({"token": "t", "url": CREDENTIALS["url"]} | ROLE, "2.1.1", hub)
        assert refused.value.status == Status.UNSUPPORTED_VERSION

    def test_may_name_other_parties_beside(self) -> None:
        other = ROLE | {"party_id": "abc", "country_code": "de", "business_details": None}
        taken = offer(CREDENTIALS | {"roles": [other, ROLE]}, "2.2.1", partner())
        assert [role.party_id for role in taken.roles] == ["ABC", "TNM"]
        assert taken.warnings == ("/roles/0/business_details: missing",)

    @pytest.mark.parametrize(
        "changes",
        [
            {"token": None}, {"token": ""}, {"token": "x" * 65}, {"token": "a b"}, {"token": "ä"},
            {"url": None}, {"url": []}, {"roles": []}, {"roles": None}, {"roles": "TNM"},
            {"roles": [ROLE | {"party_id": "ABC"}]},
        ],
    )  # fmt: skip
    def test_is_refused_when_it_cannot_be_used(self, changes: dict[str, Any]) -> None:
        answer = refusal({name: item for name, item in (CREDENTIALS | changes).items() if item is not None})
        assert (answer.status, answer.http_status) == (Status.INVALID_PARAMETERS, 200)

    @given(JSON)
    def test_survives_whatever_is_sent(self, body: Any) -> None:
        assert refusal(body).status == Status.INVALID_PARAMETERS


class TestVersions:
    def test_are_those_that_are_understood(self) -> None:
        data = [
            {"version": "2.2.1", "url": "https://x/2.2.1"},
            {"version": "9"},
            5,
            {"version": "4", "url": "https://x"},
        ]
        assert listed(data) == {"2.2.1": "https://x/2.2.1", "4": "https://x"}
        assert listed("2.2.1") == listed(None) == {}

    @pytest.mark.parametrize(
        ("theirs", "common"), [({"2.0", "2.1.1", "2.2.1"}, "2.2.1"), ({"2.3.0", "3.0"}, "2.3.0"), ({"2.2"}, None)]
    )
    def test_have_a_newest_that_both_speak(self, theirs: set[str], common: str | None) -> None:
        assert newest_common(dict.fromkeys(theirs, "https://x")) == common

    def test_lead_to_the_details(self) -> None:
        assert details_url([{"version": "2.2.1", "url": "https://x"}], "2.2.1") == "https://x"
        with pytest.raises(Refusal) as caught:
            details_url([], "2.2.1")
        assert caught.value.status == Status.UNSUPPORTED_VERSION


class TestEndpoints:
    def test_may_be_of_modules_that_nobody_knows(self) -> None:
        theirs = [ENDPOINT, {"identifier": "nl_tnm_parking", "role": "SENDER", "url": "https://x"}]
        found = endpoints({"version": "2.2.1", "endpoints": theirs}, "2.2.1")
        assert [endpoint.module for endpoint in found] == ["credentials", "nl_tnm_parking"]

    def test_of_211_have_no_role(self) -> None:
        bare = {"identifier": "credentials", "url": "https://x"}
        (found,) = endpoints({"version": "2.1.1", "endpoints": [bare]}, "2.1.1")
        assert found.role == ""

    @pytest.mark.parametrize(
        "data", [None, {}, {"endpoints": []}, {"endpoints": [{"identifier": "cdrs", "url": "https://x"}]}]
    )
    def test_need_credentials_among_them(self, data: Any) -> None:
        with pytest.raises(Refusal) as caught:
            endpoints(data, "2.2.1")
        assert caught.value.status == Status.NO_ENDPOINTS


class TestTold:
    def test_takes_the_data_out_of_the_envelope(self) -> None:
        answer = told(b'{"status_code": 1000, "status_message": "ok", "data": [1.10], "timestamp": "x"}')
        assert (answer.succeeded, answer.message, str(answer.data[0])) == (True, "ok", "1.10")

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"<html>", b"[]", b'"x"', b'{"status_code": "1000"}', b'{"status_code": true}', b"{}", b"\xff",
            b"[" * 10**5, b'{"status_code": 2001}', b'{"status_code": 1e400}',
        ],
    )  # fmt: skip
    def test_is_no_success_otherwise(self, body: bytes) -> None:
        assert not told(body).succeeded
