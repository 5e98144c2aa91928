"""Stations that are not accepted: what they may say, what they may be asked (B01 to B03)."""

import pytest

from services.domain.events.common import RegistrationStatus
from services.ocpp.registration import Registration

ACCEPTED, PENDING, REJECTED = RegistrationStatus


def told(status: str) -> Registration:
    registration = Registration()
    registration.told(status)
    return registration


class TestStatus:
    @pytest.mark.parametrize("registered", RegistrationStatus)
    def test_is_the_registrys_until_the_station_boots(self, registered: RegistrationStatus) -> None:
        assert Registration().status(registered) is registered

    @pytest.mark.parametrize("registered", RegistrationStatus)
    def test_is_what_it_was_told_afterwards(self, registered: RegistrationStatus) -> None:
        assert told("Pending").status(registered) is PENDING

    def test_is_pending_only_when_told(self) -> None:
        assert not Registration().pending
        assert not told("Rejected").pending
        assert told("Pending").pending

    def test_is_accepted_only_when_told(self) -> None:
        assert not Registration().accepted
        assert not told("Pending").accepted
        assert told("Accepted").accepted


class TestMaySay:
    @pytest.mark.parametrize("registered", RegistrationStatus)
    def test_everybody_may_boot(self, registered: RegistrationStatus) -> None:
        assert Registration().may_say("BootNotification", registered)

    @pytest.mark.parametrize(("registered", "may"), [(ACCEPTED, True), (PENDING, False), (REJECTED, False)])
    def test_anything_else_when_accepted(self, registered: RegistrationStatus, may: bool) -> None:
        assert Registration().may_say("StatusNotification", registered) is may

    def test_not_before_it_has_booted_again_although_the_registry_accepts_it_now(self) -> None:
        assert not told("Pending").may_say("Heartbeat", ACCEPTED)

    @pytest.mark.parametrize(
        ("asked", "payload", "says"),
        [
            ("TriggerMessage", {"requestedMessage": "Heartbeat"}, "Heartbeat"),
            ("TriggerMessage", {"requestedMessage": "StatusNotification"}, "StatusNotification"),
            ("TriggerMessage", {"requestedMessage": "StatusNotification"}, "NotifyEvent"),
            ("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"}, "SignCertificate"),
            ("TriggerMessage", {"requestedMessage": "SignV2GCertificate"}, "SignCertificate"),
            ("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}, "SignCertificate"),
            ("GetBaseReport", {}, "NotifyReport"),
            ("GetReport", {}, "NotifyReport"),
        ],
    )
    def test_what_a_pending_station_was_asked_for(self, asked: str, payload: dict[str, str], says: str) -> None:
        registration = told("Pending")
        assert not registration.may_say(says, PENDING)
        registration.asks(asked, payload)
        assert registration.may_say(says, PENDING)
        assert not registration.may_say("TransactionEvent", PENDING)

    def test_nothing_follows_from_other_calls(self) -> None:
        registration = told("Pending")
        registration.asks("GetVariables", {"getVariableData": []})
        assert not registration.may_say("NotifyReport", PENDING)

    def test_what_it_was_asked_for_ends_with_its_next_boot(self) -> None:
        registration = told("Pending")
        registration.asks("TriggerMessage", {"requestedMessage": "Heartbeat"})
        registration.told("Rejected")
        assert not registration.may_say("Heartbeat", PENDING)


class TestMayBeAsked:
    @pytest.mark.parametrize(("status", "may"), [("Accepted", True), ("Pending", True), ("Rejected", False)])
    def test_unless_it_is_rejected(self, status: str, may: bool) -> None:
        assert told(status).may_be_asked(ACCEPTED) is may

    def test_as_the_registry_says_before_it_has_booted(self) -> None:
        assert not Registration().may_be_asked(REJECTED)
