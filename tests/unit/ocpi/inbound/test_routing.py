"""Who asks through a hub, and whom the answer goes to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.partner import Partner
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.inbound.routing import Known, Routed, route
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import partner

US = Party("DE", "WAT")
HUB = partner(partner_id="NL-HUB", party_id="HUB", role="HUB")
TNM = partner(hub="NL-HUB")
XYZ = partner(partner_id="DE-XYZ", country_code="DE", party_id="XYZ", hub="NL-HUB")
LET_IN = {Party("NL", "TNM"): TNM, Party("DE", "XYZ"): XYZ}
KNOWN = Known(lambda hub, party: LET_IN.get(party), lambda tenant, party: party in (US, Party("DE", "ALP")), US)
CDRS = "/ocpi/2.2.1/cdrs"


def headers(sender: str = "", receiver: str = "") -> dict[str, str]:
    told = {}
    for side, party in (("from", sender), ("to", receiver)):
        if party:
            told |= {f"ocpi-{side}-country-code": party[:2], f"ocpi-{side}-party-id": party[2:]}
    return told


def routed(
    sender: str = "", receiver: str = "", path: str = CDRS, method: str = "GET", hub: Partner = HUB
) -> Routed:
    return route(hub, method, path, headers(sender, receiver), KNOWN)


class TestWhoAsks:
    @pytest.mark.parametrize(("sender", "who"), [("NLTNM", TNM), ("nltnm", TNM), ("DEXYZ", XYZ), ("NLHUB", HUB)])
    def test_is_who_is_named(self, sender: str, who: Partner) -> None:
        assert routed(sender).partner is who

    def test_is_the_hub_without_a_name(self) -> None:
        assert routed().partner is HUB

    def test_is_never_somebody_who_has_not_been_let_in(self) -> None:
        with pytest.raises(Refusal, match="FR\\*ABC has not been let in here behind NL-HUB"):
            routed("FRABC")

    def test_is_the_partner_itself_when_it_is_no_hub_whatever_it_says(self) -> None:
        direct = partner()
        assert route(direct, "GET", CDRS, headers("DEXYZ", "FRABC"), KNOWN) == Routed(direct, {})

    @pytest.mark.parametrize(
        "path",
        [
            "/ocpi/versions", "/ocpi/2.2.1", "/ocpi/2.2.1/credentials", "/ocpi/2.3.0/hubclientinfo/NL/TNM",
            "/ocpi/2.1.1/cdrs", "/signed-data/x/y/z",
        ],
    )  # fmt: skip
    def test_is_the_hub_where_nothing_is_routed(self, path: str) -> None:
        assert routed("NLTNM", "FRABC", path) == Routed(HUB, {})

    @pytest.mark.parametrize("half", [{"ocpi-from-party-id": "TNM"}, {"ocpi-from-country-code": "NL"}])
    def test_is_not_guessed(self, half: dict[str, str]) -> None:
        with pytest.raises(Refusal, match="OCPI-from"):
            route(HUB, "GET", CDRS, half, KNOWN)


class TestBroadcast:
    @pytest.mark.parametrize("sender", ["NLHUB", ""])
    @pytest.mark.parametrize(
        "path",
        [
            "/ocpi/2.2.1/tokens/NL/TNM/04A1", "/ocpi/2.3.0/emsp/locations/nl/tnm/LOC-1/E1/1",
            "/ocpi/2.2.1/emsp/tariffs/NL/TNM/1", "/ocpi/2.2.1/emsp/sessions/NL/TNM/1",
        ],
    )  # fmt: skip
    def test_is_of_the_party_whose_object_it_is(self, sender: str, path: str) -> None:
        assert routed(sender, path=path, method="PUT").partner is TNM

    def test_is_answered_to_the_hub(self) -> None:
        told = routed("NLHUB", "DEWAT", "/ocpi/2.2.1/tokens/NL/TNM/04A1", "PUT").headers
        assert (told["OCPI-to-country-code"], told["OCPI-to-party-id"]) == ("NL", "HUB")

    def test_of_somebody_who_has_not_been_let_in_is_refused(self) -> None:
        with pytest.raises(Refusal, match="FR\\*ABC"):
            routed("NLHUB", path="/ocpi/2.2.1/tokens/FR/ABC/04A1", method="PUT")

    def test_does_not_exist_for_reading(self) -> None:
        assert routed("NLHUB", path="/ocpi/2.2.1/tokens/NL/TNM/04A1", method="GET").partner is HUB

    def test_does_not_speak_for_one_party_in_the_name_of_another(self) -> None:
        assert routed("DEXYZ", path="/ocpi/2.2.1/tokens/NL/TNM/04A1", method="PUT").partner is XYZ

    def test_of_the_hubs_own_objects_is_the_hubs(self) -> None:
        assert routed("NLHUB", path="/ocpi/2.2.1/tokens/NL/HUB/04A1", method="PUT").partner is HUB

    def test_is_not_mistaken_for_preferences_or_members(self) -> None:
        assert routed(path="/ocpi/2.2.1/sessions/NL/charging_preferences", method="PUT").partner is HUB


class TestAnswers:
    def test_mirror_the_request(self) -> None:
        assert routed("NLTNM", "DEALP").headers == {
            "OCPI-from-country-code": "DE",
            "OCPI-from-party-id": "ALP",
            "OCPI-to-country-code": "NL",
            "OCPI-to-party-id": "TNM",
        }

    def test_are_from_us_when_the_hub_found_out_itself_whom_it_is_for(self) -> None:
        assert routed("NLTNM").headers["OCPI-from-party-id"] == "WAT"

    def test_are_not_given_in_the_name_of_somebody_else(self) -> None:
        with pytest.raises(Refusal, match="OCPI-to: FR\\*ABC is not here"):
            routed("NLTNM", "FRABC")


class TestHostileHeaders:
    @given(st.dictionaries(st.sampled_from([*headers("NLTNM", "DEWAT")]), st.text(max_size=20)), st.text())
    def test_are_refused_or_name_somebody_who_was_let_in(self, told: dict[str, Any], rest: str) -> None:
        try:
            found = route(HUB, "PUT", f"/ocpi/2.2.1/tokens/{rest}", told, KNOWN)
        except Refusal:
            return
        assert found.partner in (HUB, TNM, XYZ)
