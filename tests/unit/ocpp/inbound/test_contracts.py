from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.domain.events.authorization import AuthorizationDecided
from services.domain.tokens import Decision
from services.domain.units import Millis
from services.ocpp.inbound.authorization import authorize
from services.ocpp.inbound.contracts import Verdict, combined
from services.ocpp.inbound.reply import Context, Edge, Reply
from tests.integration.contract_pki import DAY, Authority, Operator, hash_data, pem
from tests.unit.ocpp.circumstances import EDGE, V201, context, fits, token

EMAID = "DE-ABC-C00000001"
NOW = datetime.now(UTC)
MO = Operator(at=NOW)
NOW_MS: Millis = int(NOW.timestamp() * 1000)
CONTRACT = token("DE-ABC-C00000001", updated_at=1)


def edge(**changes: Any) -> Edge:
    known = {
        "ocsp_responders": (MO.ocsp_url,),
        "contract_cas": lambda: (MO.root.certificate,),
        "token": lambda _key: CONTRACT,
    }
    return replace(EDGE, **({"token": lambda _key: CONTRACT} | known | changes))


def circumstances(**changes: Any) -> Context:
    found = context()
    found.edge, found.now_ms = edge(**changes), NOW_MS
    return found


def decided(
    payload: dict[str, Any], answer: Any = MO.answer, **changes: Any
) -> tuple[str, str, AuthorizationDecided]:
    """certificateStatus, status of the token, and the event; `answer` is the responder."""
    message = {"idToken": {"idToken": EMAID, "type": "eMAID"}} | payload
    reply = authorize(message, circumstances(**changes))
    if reply.inquiry is not None:
        answers = [answer(question.body) for question in reply.inquiry.questions]
        reply = reply.inquiry.then(answers, NOW_MS + 5)
    assert fits(V201, "Authorize", Reply(reply.payload))
    (event,) = reply.events
    assert isinstance(event, AuthorizationDecided)
    return reply.payload["certificateStatus"], reply.payload["idTokenInfo"]["status"], event


def leaf(**more: Any) -> Any:
    return MO.sub_ca.contract(EMAID, **more)


def shown(*certificates: Any) -> dict[str, Any]:
    return {"certificate": pem(*(certificates or (leaf(), MO.sub_ca.certificate)))}


def hashed(certificate: Any, url: str = MO.ocsp_url) -> dict[str, Any]:
    data = hash_data(certificate, MO.sub_ca.certificate, url)
    return {"iso15118CertificateHashData": [data]}


class TestContracts:
    @pytest.mark.parametrize("payload", [shown(), hashed(leaf()), shown() | hashed(leaf())])
    def test_that_are_good_charge(self, payload: dict[str, Any]) -> None:
        status, info, event = decided(payload)
        assert (status, info, event.status, event.decided_at) == ("Accepted", "Accepted", "Accepted", NOW_MS + 5)

    @pytest.mark.parametrize("name", ["DEABCC000000018", "deabcc00000001"])
    def test_are_recognised_however_the_emaid_is_written(self, name: str) -> None:
        assert decided(shown(MO.sub_ca.contract(name), MO.sub_ca.certificate))[0] == "Accepted"

    @pytest.mark.parametrize("name", ["DEABCC00000002", "DEABCC00000001XX", "", "DEABCC"])
    def test_of_others_do_not(self, name: str) -> None:
        certificate = MO.sub_ca.contract(name or "x")
        assert decided(shown(certificate, MO.sub_ca.certificate))[:2] == ("CertChainError", "Invalid")

    def test_that_are_cancelled_do_not(self) -> None:
        status, info, event = decided(shown(), token=lambda _key: None)
        assert (status, info) == ("ContractCancelled", "Invalid")
        assert event.reason == "not in the whitelist"

    @pytest.mark.parametrize("payload", [shown, hashed])
    def test_that_are_revoked_do_not(self, payload: Any) -> None:
        certificate = leaf()
        MO.revoked.add(certificate.serial_number)
        message = shown(certificate, MO.sub_ca.certificate) if payload is shown else hashed(certificate)
        status, info, event = decided(message)
        assert (status, info) == ("CertificateRevoked", "Invalid")
        assert "revoked" in event.reason

    def test_that_have_expired_do_not(self) -> None:
        old = leaf(begin=NOW - 9 * DAY, end=NOW - timedelta(seconds=2))
        assert decided(shown(old, MO.sub_ca.certificate))[:2] == ("CertificateExpired", "Expired")

    def test_that_are_not_valid_yet_do_not(self) -> None:
        young = leaf(begin=NOW + DAY, end=NOW + 2 * DAY)
        assert decided(shown(young, MO.sub_ca.certificate))[:2] == ("CertChainError", "Invalid")

    @pytest.mark.parametrize(
        "payload",
        [
            shown(leaf()),
            shown(leaf(), MO.root.certificate),
            shown(leaf(), Authority("MO sub-CA").certificate),
            shown(leaf(), *[MO.sub_ca.certificate] * 5),
            shown(leaf(ocsp_url=""), MO.sub_ca.certificate),
            shown(leaf(ocsp_url="http://169.254.169.254/"), MO.sub_ca.certificate),
            {"certificate": ""},
            {"certificate": "\x00"},
            {"certificate": pem(leaf())[:300]},
            hashed(leaf(), "http://169.254.169.254/latest"),
            hashed(leaf(), f"{MO.ocsp_url}/../other"),
            hashed(leaf(), f"{MO.ocsp_url}.evil.example/"),
            {
                "iso15118CertificateHashData": [
                    hashed(leaf())["iso15118CertificateHashData"][0] | {"serialNumber": "z"}
                ]
            },
        ],
    )
    def test_that_cannot_be_verified_do_not_and_nobody_is_asked(self, payload: dict[str, Any]) -> None:
        def nobody(_body: bytes) -> bytes:
            raise AssertionError("asked")

        assert decided(payload, nobody)[:2] == ("CertChainError", "Invalid")

    @pytest.mark.parametrize("answer", [None, b"", b"<html>"])
    def test_whose_responder_says_nothing_of_use_do_not(self, answer: bytes | None) -> None:
        assert decided(shown(), lambda _body: answer)[:2] == ("CertChainError", "Invalid")

    def test_are_not_trusted_where_no_root_is(self) -> None:
        assert decided(shown(), contract_cas=tuple)[0] == "CertChainError"
        assert decided(hashed(leaf()), contract_cas=tuple)[0] == "CertChainError"

    def test_may_come_with_their_root(self) -> None:
        assert decided(shown(leaf(), MO.sub_ca.certificate, MO.root.certificate))[0] == "Accepted"


class TestDecisions:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("Accepted", "Accepted"), ("ConcurrentTx", "Accepted"), ("NotAtThisLocation", "Accepted"),
            ("Blocked", "ContractCancelled"), ("Expired", "ContractCancelled"), ("Invalid", "ContractCancelled"),
            ("Unknown", "ContractCancelled"),
        ],
    )  # fmt: skip
    def test_about_the_token_stand_when_the_certificate_is_good(self, status: str, expected: str) -> None:
        found = Decision(status, "why")
        assert combined(Verdict("Accepted", ""), found) == (expected, found)

    def test_without_a_certificate_are_the_whitelists(self) -> None:
        reply = authorize(
            {"idToken": {"idToken": EMAID, "type": "eMAID"}, "iso15118CertificateHashData": []}, circumstances()
        )
        assert "certificateStatus" not in reply.payload
        assert reply.inquiry is None
