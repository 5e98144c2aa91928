"""Partners find the endpoints, in the version that they speak."""

import pytest

from services.ocpi.outbound.configuration import (
    MODULES,
    VERSIONS,
    Own,
    credentials,
    openly,
    routing_headers,
    version_details,
    versions,
)
from services.ocpi.wire.parties import Party

URL = "https://roaming.example.com"
OPERATOR = Party("DE", "WAT")
OWN = Own(URL, OPERATOR, "Wattlog")


class TestVersions:
    def test_lead_to_their_details(self) -> None:
        assert versions(OWN) == [
            {"version": version, "url": f"{URL}/ocpi/{version}"} for version in ("2.1.1", "2.2.1", "2.3.0")
        ]


class TestVersionDetails:
    @pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
    def test_name_what_is_served_and_in_which_role(self, version: str) -> None:
        details = version_details(OWN, version)
        assert details["version"] == version
        told = {(e["identifier"], e["role"], e["url"]) for e in details["endpoints"]}
        assert told == {(module, role, f"{URL}/ocpi/{version}/{module}") for module, role in MODULES[version]}
        assert ("credentials", "SENDER", f"{URL}/ocpi/{version}/credentials") in told

    def test_of_211_know_no_roles(self) -> None:
        told = version_details(OWN, "2.1.1")["endpoints"]
        assert {frozenset(endpoint) for endpoint in told} == {frozenset({"identifier", "url"})}


BOTH = Own(URL, OPERATOR, "Wattlog", roles=("CPO", "EMSP"))


def sides(own: Own, version: str, *roles: str) -> set[tuple[str, bool]]:
    """Modules, and whether they are a provider's."""
    told = version_details(own, version, roles)["endpoints"]
    return {(one["identifier"], "/emsp/" in one["url"]) for one in told if one["identifier"] != "credentials"}


class TestSides:
    @pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
    def test_are_those_for_the_partner(self, version: str) -> None:
        assert {provider for _, provider in sides(BOTH, version, "EMSP")} == {False}
        assert {provider for _, provider in sides(BOTH, version, "CPO")} == {True}
        assert {provider for _, provider in sides(BOTH, version, "HUB")} == {True, False}

    def test_are_those_that_we_have(self) -> None:
        provider = Own(URL, OPERATOR, "Wattlog", roles=("EMSP",))
        assert {one for _, one in sides(provider, "2.2.1", "EMSP")} == {True}
        assert {one for _, one in sides(OWN, "2.2.1", "CPO")} == {False}

    def test_are_named_in_credentials(self) -> None:
        assert [role["role"] for role in credentials(BOTH, "2.2.1", "t")["roles"]] == ["CPO", "EMSP"]


class TestCredentials:
    def test_give_the_token_and_say_who_we_are(self) -> None:
        told = credentials(OWN, "2.2.1", "a-token")
        assert (told["token"], told["url"]) == ("a-token", f"{URL}/ocpi/versions")
        assert told["roles"] == [
            {"role": "CPO", "business_details": {"name": "Wattlog"}, "party_id": "WAT", "country_code": "DE"}
        ]

    def test_of_211_are_of_one_party(self) -> None:
        assert credentials(OWN, "2.1.1", "a-token") == {
            "token": "a-token",
            "url": f"{URL}/ocpi/versions",
            "business_details": {"name": "Wattlog"},
            "party_id": "WAT",
            "country_code": "DE",
        }


class TestRoutingHeaders:
    @pytest.mark.parametrize("version", [version for version in VERSIONS if version != "2.1.1"])
    def test_go_from_us_to_who_asked(self, version: str) -> None:
        assert routing_headers(OPERATOR, Party("NL", "TNM"), version) == {
            "OCPI-from-country-code": "DE",
            "OCPI-from-party-id": "WAT",
            "OCPI-to-country-code": "NL",
            "OCPI-to-party-id": "TNM",
        }

    def test_are_not_in_211(self) -> None:
        assert routing_headers(OPERATOR, Party("NL", "TNM"), "2.1.1") == {}

    def test_leave_out_the_receiver_where_a_hub_is_to_find_out(self) -> None:
        told = routing_headers(Party("DE", "WAT"), Party("NL", "HUB"), "2.2.1")
        assert openly(told) == {"OCPI-from-country-code": "DE", "OCPI-from-party-id": "WAT"}


class TestHubClientInfo:
    @pytest.mark.parametrize("version", ["2.3.0", "2.2.1"])
    def test_is_received_from_hubs_alone(self, version: str) -> None:
        told = {"identifier": "hubclientinfo", "role": "RECEIVER", "url": f"{URL}/ocpi/{version}/hubclientinfo"}
        assert told in version_details(OWN, version, ["HUB"])["endpoints"]
        assert told not in version_details(OWN, version, ["EMSP"])["endpoints"]

    def test_is_not_in_211(self) -> None:
        modules = [one["identifier"] for one in version_details(OWN, "2.1.1", ["HUB"])["endpoints"]]
        assert "hubclientinfo" not in modules
