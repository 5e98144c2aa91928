"""Partners find the endpoints."""

from services.ocpi.outbound.configuration import credentials, routing_headers, version_details, versions
from services.ocpi.wire.parties import Party

URL = "https://roaming.example.com"
OPERATOR = Party("DE", "WAT")


class TestVersions:
    def test_lead_to_their_details(self) -> None:
        assert versions(URL) == [{"version": "2.2.1", "url": f"{URL}/ocpi/2.2.1"}]


class TestVersionDetails:
    def test_name_only_what_is_served(self) -> None:
        details = version_details(URL, "2.2.1")
        assert details["version"] == "2.2.1"
        assert {(e["identifier"], e["role"], e["url"]) for e in details["endpoints"]} == {
            ("credentials", "SENDER", f"{URL}/ocpi/2.2.1/credentials"),
            ("sessions", "SENDER", f"{URL}/ocpi/2.2.1/sessions"),
            ("cdrs", "SENDER", f"{URL}/ocpi/2.2.1/cdrs"),
        }


class TestCredentials:
    def test_give_back_the_token_that_was_shown(self) -> None:
        told = credentials(URL, OPERATOR, "Wattlog", "a-token")
        assert (told["token"], told["url"]) == ("a-token", f"{URL}/ocpi/versions")
        assert told["roles"] == [
            {"role": "CPO", "business_details": {"name": "Wattlog"}, "party_id": "WAT", "country_code": "DE"}
        ]


class TestRoutingHeaders:
    def test_go_from_us_to_who_asked(self) -> None:
        assert routing_headers(OPERATOR, Party("NL", "TNM")) == {
            "OCPI-from-country-code": "DE",
            "OCPI-from-party-id": "WAT",
            "OCPI-to-country-code": "NL",
            "OCPI-to-party-id": "TNM",
        }
