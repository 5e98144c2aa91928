"""What stations ask, what CAs answer, what stations say to that, in every order that Kafka may bring."""

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from services.domain.events.certificate import (
    Certificate,
    CertificateIssued,
    CertificateOrdered,
    CertificateRefused,
    CertificateRevoked,
)
from services.domain.events.common import CertificateStatus, CommandOutcome, ReportedVariable
from services.domain.events.station import CommandAnswered, CommandRequested, VariablesReported
from services.pki.fold import AGAIN_MS, Policy, Station, folding
from tests.unit.pki.requests import KEY, NOW, STATION, TENANT, csr, issued, requested

OWN = "ChargingStationCertificate"


class Folded:
    """States and all that was published."""

    def __init__(self, policy: Policy = Policy()) -> None:  # noqa: B008  frozen
        self.states: dict[str, Any] = {}
        self.events: list[Any] = []
        self._fold = folding(policy)

    def __call__(self, *events: Any) -> list[Any]:
        told: list[Any] = []
        for event in events:
            changes = self._fold(self.states.get, event)
            self.states |= changes.states
            told += changes.events
        self.events += told
        return told

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def order_of(folded: Folded) -> CertificateOrdered:
    found: CertificateOrdered = folded.of(CertificateOrdered)[-1]
    return found


def signed(folded: Folded, **changes: Any) -> CertificateIssued:
    """A station has asked, and the CA has signed."""
    folded(requested(**{k: v for k, v in changes.items() if k in ("protocol", "certificate_type", "request_id")}))
    event = issued(order_of(folded).order_id, **changes)
    folded(event)
    return event


def said(command_id: str, outcome: CommandOutcome = CommandOutcome.ACCEPTED) -> CommandAnswered:
    return CommandAnswered(
        event_id="answered", command_id=command_id, tenant=TENANT, station_id=STATION,
        operation="CertificateSigned",
        outcome=outcome, edge_id="e", epoch=1, recorded_at=NOW + 900,
    )  # fmt: skip


def revoked(serial_number: str = "4f1d0c") -> CertificateRevoked:
    return CertificateRevoked(
        event_id="revoked", tenant=TENANT, station_id=STATION, serial_number=serial_number, reason="superseded",
        revoked_by="me", recorded_at=NOW + 5000,
    )  # fmt: skip


def told_limit(value: str | None) -> VariablesReported:
    variable = ReportedVariable(
        component="SecurityCtrlr", variable="MaxCertificateChainSize", attribute="Actual", value=value
    )
    other = ReportedVariable(component="SecurityCtrlr", variable="OrganizationName", attribute="Actual", value="x")
    return VariablesReported(
        event_id="v", tenant=TENANT, station_id=STATION, protocol="ocpp2.0.1", variables=(other, variable),
        seq_no=0, last=True,        recorded_at=NOW,
    )  # fmt: skip


class TestRequests:
    def test_that_are_good_are_ordered_once(self) -> None:
        folded = Folded()
        folded(requested(), requested(), requested(recorded_at=NOW + 60_000))
        (order,) = folded.events
        assert isinstance(order, CertificateOrdered)
        assert (order.station_id, order.csr, order.ordered_at) == (STATION, requested().csr, NOW)

    def test_that_are_bad_are_refused_once_with_the_reason(self) -> None:
        folded = Folded()
        folded(requested(csr("CP002")), requested(csr("CP002"), recorded_at=NOW + 60_000))
        (refusal,) = folded.events
        assert isinstance(refusal, CertificateRefused)
        assert "common name" in refusal.reason
        assert folded(refusal) == []

    def test_are_limited_for_each_station(self) -> None:
        folded = Folded(Policy(per_hour=2))
        folded(*(requested(event_id=f"r{number}", recorded_at=NOW + number) for number in range(4)))
        assert len(folded.of(CertificateOrdered)) == 2
        assert {event.reason for event in folded.of(CertificateRefused)} == {"more than 2 new requests in an hour"}
        folded(requested(event_id="r3", recorded_at=NOW + 3_700_000))
        assert len(folded.of(CertificateOrdered)) == 3
        other = requested(csr("CP002"), station_id="CP002", recorded_at=NOW + 3)
        folded(other)
        assert len(folded.of(CertificateOrdered)) == 4

    def test_are_not_looked_at_where_nothing_is_signed(self) -> None:
        assert Folded(Policy(signs=False))(requested()) == []

    def test_must_name_our_organisation_where_that_is_wanted(self) -> None:
        (refusal,) = Folded(Policy(organisation="Somebody"))(requested())
        assert "organisation" in refusal.reason


class TestCertificates:
    def test_are_told_to_the_station_from_the_record(self) -> None:
        folded = Folded()
        event = signed(folded)
        certificate, command = folded.events[1:]
        assert isinstance(certificate, Certificate)
        assert (certificate.serial_number, certificate.status) == ("4f1d0c", CertificateStatus.ISSUED)
        assert isinstance(command, CommandRequested)
        assert command.operation == "CertificateSigned"
        assert json.loads(command.payload_json) == {"certificateChain": "leafsub-ca", "certificateType": OWN}
        assert command.deadline_at - command.requested_at == 3_600_000
        assert folded(event) == []

    def test_are_told_without_type_when_none_was_said(self) -> None:
        folded = Folded()
        signed(folded, certificate_type=None, protocol="ocpp1.6", request_id=5)
        assert json.loads(folded.of(CommandRequested)[0].payload_json) == {"certificateChain": "leafsub-ca"}

    def test_are_told_with_the_number_of_the_request_in_the_version_that_has_it(self) -> None:
        folded = Folded()
        signed(folded, protocol="ocpp2.1", request_id=5)
        assert json.loads(folded.of(CommandRequested)[0].payload_json)["requestId"] == 5

    def test_of_the_same_order_count_once_whoever_signs(self) -> None:
        folded = Folded()
        event = signed(folded)
        assert folded(replace(event, event_id="issued-2", serial_number="ffff")) == []
        assert [one.serial_number for one in folded.of(Certificate)] == ["4f1d0c"]

    def test_that_come_before_their_order_is_known_are_not_lost(self) -> None:
        asked = Folded()
        asked(requested())
        folded = Folded()
        folded(issued(order_of(asked).order_id))
        assert len(folded.of(CommandRequested)) == 1
        assert folded(requested()) == []

    def test_are_told_again_to_a_station_that_asks_again(self) -> None:
        folded = Folded()
        signed(folded)
        assert folded(requested(recorded_at=NOW + AGAIN_MS)) == []
        again = requested(recorded_at=NOW + 100 + AGAIN_MS)
        (command,) = folded(again)
        first = folded.of(CommandRequested)[0]
        assert command.payload_json == first.payload_json
        assert command.command_id != first.command_id
        assert folded(again) == []

    def test_come_alone_where_the_station_takes_only_short_chains(self) -> None:
        folded = Folded()
        folded(told_limit("8"))
        signed(folded)
        assert json.loads(folded.of(CommandRequested)[0].payload_json)["certificateChain"] == "leaf"

    @pytest.mark.parametrize("value", [None, "", "0", "-5", "many", "9" * 400, "١٢", "1e3"])
    def test_are_not_bounded_by_nonsense(self, value: str | None) -> None:
        assert Folded()(told_limit(value)) == []
        folded = Folded()
        folded(told_limit(value))
        assert folded.states.get(KEY, Station()).max_chain == 10_000

    def test_are_not_told_when_the_order_was_refused(self) -> None:
        folded = Folded()
        folded(requested())
        order = order_of(folded)
        refusal = CertificateRefused(
            event_id="no", order_id=order.order_id, tenant=TENANT, station_id=STATION, reason="no", recorded_at=NOW
        )
        folded(refusal)
        assert folded(issued(order.order_id), requested(recorded_at=NOW + 60_000)) == []

    def test_are_not_untold_by_a_late_refusal(self) -> None:
        folded = Folded()
        event = signed(folded)
        refusal = CertificateRefused(
            event_id="no", order_id=event.order_id, tenant=TENANT, station_id=STATION, reason="no", recorded_at=NOW
        )
        assert folded(refusal, replace(refusal, order_id="unknown")) == []
        assert len(folded(requested(recorded_at=NOW + 60_000))) == 1


class TestAnswers:
    @pytest.mark.parametrize(
        ("outcome", "status"),
        [
            (CommandOutcome.ACCEPTED, CertificateStatus.INSTALLED),
            (CommandOutcome.REJECTED, CertificateStatus.REJECTED),
        ],
    )
    def test_say_what_has_become_of_the_certificate(self, outcome: Any, status: Any) -> None:
        folded = Folded()
        signed(folded)
        answer = said(folded.of(CommandRequested)[0].command_id, outcome)
        (certificate,) = folded(answer)
        assert (certificate.status, certificate.updated_at) == (status, NOW + 900)
        assert folded(answer) == []

    def test_that_are_none_change_nothing(self) -> None:
        folded = Folded()
        assert folded(said("unknown")) == []
        signed(folded)
        command_id = folded.of(CommandRequested)[0].command_id
        assert folded(said("unknown"), said(command_id, CommandOutcome.EXPIRED)) == []


class TestRevocation:
    def test_is_final(self) -> None:
        folded = Folded()
        signed(folded)
        (certificate,) = folded(revoked())
        assert (certificate.status, certificate.revocation_reason) == (CertificateStatus.REVOKED, "superseded")
        assert certificate.revoked_at == NOW + 5000
        assert folded(revoked(), said(folded.of(CommandRequested)[0].command_id)) == []

    def test_is_of_any_certificate_however_many_the_station_had_since(self) -> None:
        folded = Folded()
        for number in range(50):
            folded(issued(f"order {number}", serial_number=f"{number:x}", event_id=f"{number}"))
        (certificate,) = folded(revoked("0"))
        assert (certificate.serial_number, certificate.status) == ("0", CertificateStatus.REVOKED)
        assert len(folded.states[KEY].orders) == 8

    def test_stays_where_the_issue_is_told_again(self) -> None:
        folded = Folded()
        for number in range(10):
            folded(issued(f"order {number}", serial_number=f"{number:x}", event_id=f"{number}"))
        folded(revoked("0"))
        assert folded(issued("order 0", serial_number="0", event_id="0")) == []

    def test_is_of_certificates_that_are_on_record_with_their_station(self) -> None:
        at_first = Folded()
        signed(at_first)
        alone = at_first.states.pop(f"{KEY}/4f1d0c")
        before = Folded()
        before.states[KEY] = structs.replace(at_first.states[KEY], certificates=alone.certificates)
        (installed,) = before(said(at_first.of(CommandRequested)[0].command_id))
        assert installed.status is CertificateStatus.INSTALLED
        (certificate,) = before(revoked())
        assert (certificate.status, before(revoked())) == (CertificateStatus.REVOKED, [])

    def test_of_what_is_not_known_changes_nothing(self) -> None:
        assert Folded()(revoked("ffff")) == []


class TestHandedOut:
    def test_is_on_record_and_told_to_nobody(self) -> None:
        folded, event = Folded(), issued("by hand", handed_out=True)
        (certificate,) = folded(event)
        assert (certificate.serial_number, certificate.status) == ("4f1d0c", CertificateStatus.ISSUED)
        assert KEY not in folded.states
        assert folded(event) == []

    def test_can_be_revoked(self) -> None:
        folded = Folded()
        folded(issued("by hand", handed_out=True))
        (certificate,) = folded(revoked())
        assert certificate.status is CertificateStatus.REVOKED
        assert folded(issued("by hand", handed_out=True)) == []


def test_other_events_are_passed_over() -> None:
    answered = replace(said("x"), operation="Reset")
    assert Folded()(answered, "nonsense") == []
