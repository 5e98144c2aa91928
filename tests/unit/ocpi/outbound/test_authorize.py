"""What a provider is asked about its token."""

from dataclasses import replace
from typing import Any

import pytest

from services.domain.events.authorization import AuthorizationRequested
from services.domain.events.common import Evse, IdToken, PartnerEndpoint
from services.domain.events.partner import Partner
from services.ocpi.outbound.authorize import errand
from services.ocpi.outbound.tokens import auth_method, authorization_reference
from services.ocpi.wire.reading import read
from tests.unit.ocpi.facts import UID, partner, station, token

REQUEST = AuthorizationRequested(
    event_id="r1", tenant="wattlog", token_uid=UID, uid=UID.lower(), token_type="ISO14443",
    station_id="DE-WAT-0001", evse_id=1, connector_id=1, occasion="Authorize", requested_at=1, deadline_at=2,
)  # fmt: skip


def asked(version: str = "2.2.1", url: str = "https://emsp.example.com/tokens", **changes: Any) -> Partner:
    served = (PartnerEndpoint(module="tokens", role="SENDER", url=url),)
    return partner(version=version, endpoints=served, sealed_token="x", **changes)


class TestErrand:
    @pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
    def test_names_token_and_evse_in_the_version_of_the_partner(self, version: str) -> None:
        made = errand(asked(version), REQUEST, None, station())
        assert made.url == f"https://emsp.example.com/tokens/{UID.lower()}/authorize?type=RFID"
        assert made.body == {"location_id": "LOC-1", "evse_uids": ["DE*WAT*E0001*1"]}
        assert read(made.body, "LocationReferences", version).broken == ()

    def test_has_the_uid_as_its_provider_writes_it(self) -> None:
        kept = token(object_json='{"uid": "04a1B2c3d4e5f6"}', token_type="APP_USER")
        made = errand(asked(url="https://emsp.example.com/tokens/"), REQUEST, kept, None)
        assert made.url == "https://emsp.example.com/tokens/04a1B2c3d4e5f6/authorize?type=APP_USER"
        assert made.body is None

    def test_does_not_let_a_uid_be_a_path(self) -> None:
        made = errand(asked(), replace(REQUEST, uid="../x?y=1#&"), None, None)
        assert made.url == "https://emsp.example.com/tokens/..%2Fx%3Fy%3D1%23%26/authorize?type=RFID"

    @pytest.mark.parametrize(
        ("version", "kind", "told"),
        [("2.3.0", "eMAID", "EMAID"), ("2.2.1", "eMAID", "OTHER"), ("2.1.1", "Central", "OTHER")],
    )
    def test_tells_the_type_that_the_version_has(self, version: str, kind: str, told: str) -> None:
        made = errand(asked(version), replace(REQUEST, token_type=kind), None, None)
        assert made.url.endswith(f"?type={told}")

    def test_means_all_evses_of_the_station_where_nobody_knows_yet(self) -> None:
        both = station(evses=(Evse(evse_id=1, evse_uid="E1"), Evse(evse_id=2, evse_uid="")))
        made = errand(asked(), replace(REQUEST, evse_id=None), None, both)
        assert made.body == {"location_id": "LOC-1", "evse_uids": ["E1", "DE-WAT-0001-2"]}
        assert errand(asked(), REQUEST, None, station(location_id=None)).body is None


class TestRecord:
    def test_says_how_it_was_allowed(self) -> None:
        asked_about = IdToken(value="U", authorization_method="AUTH_REQUEST", authorization_reference="r1")
        assert (auth_method(asked_about), authorization_reference(asked_about, [])) == ("AUTH_REQUEST", "r1")
        assert (auth_method(None), authorization_reference(None, [])) == ("WHITELIST", None)
        assert auth_method(IdToken(value="U")) == "WHITELIST"

    def test_leaves_out_a_reference_that_is_too_long(self) -> None:
        warnings: list[str] = []
        long = IdToken(value="U", authorization_reference="r" * 37)
        assert authorization_reference(long, warnings) is None
        assert warnings == ["authorization_reference: too long, left out"]
