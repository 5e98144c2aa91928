from dataclasses import replace
from typing import Any

import pytest

from services.domain.events.common import MeterKeySource, MeterKeyStatus, MeterKeyVersion
from services.evidence.meter_keys.versions import (
    MAX_CANDIDATES,
    approved,
    billing_stopped,
    candidate,
    entered,
    find,
    in_force,
    revoked,
    shown,
)

Versions = tuple[MeterKeyVersion, ...]


def key(name: str = "a", at: int = 100, **changes: Any) -> MeterKeyVersion:
    return replace(candidate(name, f"key {name}", "secp256r1", MeterKeySource.CONFIGURATION_KEY, at), **changes)


def vouched(versions: Versions, name: str, at: int = 100) -> Versions:
    return approved(approved(versions, name, "ann", at), name, "bob", at)


IN_USE = vouched((key(),), "a")


def statuses(versions: Versions) -> dict[str, str]:
    return {one.key_id: one.status.value for one in versions}


class TestShownKeys:
    def test_are_candidates(self) -> None:
        (one,) = shown((), key())
        assert (one.status, one.shown_at) == (MeterKeyStatus.CANDIDATE, 100)
        assert in_force((one,), 0, 10**15) == []

    def test_that_are_known_change_nothing_but_what_was_not_known(self) -> None:
        once = shown((), key())
        assert shown(once, key(at=500)) == once
        (one,) = shown(once, key(at=500, meter_serial="M1", format="OCMF"))
        assert (one.meter_serial, one.format, one.shown_at) == ("M1", "OCMF", 100)

    def test_that_an_operator_entered_before_are_noted(self) -> None:
        (one,) = shown(entered((), key()), key(at=700))
        assert (one.first_seen_at, one.shown_at) == (100, 700)

    def test_push_out_the_oldest_of_their_kind_only(self) -> None:
        versions = approved(shown(IN_USE, key("vouched for")), "vouched for", "ann", 1)
        versions = entered(versions, key("entered"))
        for number in range(MAX_CANDIDATES + 5):
            versions = shown(versions, key(f"n{number}"))
        assert len(versions) == MAX_CANDIDATES + 3
        assert find(versions, "n4") is None
        assert all(find(versions, name) for name in ("a", "vouched for", "entered", "n5"))


class TestEnteredKeys:
    def test_are_candidates_that_the_station_has_not_shown(self) -> None:
        (one,) = entered((), key())
        assert (one.status, one.shown_at) == (MeterKeyStatus.CANDIDATE, None)

    def test_complete_what_the_station_showed(self) -> None:
        (one,) = entered(shown((), key(meter_serial="M1")), key(at=300, valid_from=50, format="OCMF"))
        assert (one.meter_serial, one.valid_from, one.shown_at, one.first_seen_at) == ("M1", 50, 100, 100)

    def test_lose_approvals_when_something_else_is_said_of_them(self) -> None:
        once = approved(entered((), key()), "a", "ann", 1)
        assert entered(once, key())[0].approved_by == ("ann",)
        assert entered(once, key(calibration_expires_at=9))[0].approved_by == ()

    def test_say_nothing_new_of_a_key_in_force(self) -> None:
        assert entered(IN_USE, key(valid_from=3)) == IN_USE


class TestApproval:
    def test_takes_two_different_operators(self) -> None:
        once = approved((key(),), "a", "ann", 1)
        assert statuses(once) == {"a": "CANDIDATE"}
        assert approved(once, "a", "ann", 2) == once
        assert statuses(approved(once, "a", "bob", 3)) == {"a": "APPROVED"}

    def test_of_the_first_key_holds_since_ever(self) -> None:
        assert IN_USE[0].valid_from is None

    def test_of_another_key_supersedes_the_first_from_when_it_was_shown(self) -> None:
        versions = vouched(shown(IN_USE, key("b", 5_000)), "b", 9_000)
        assert statuses(versions) == {"a": "SUPERSEDED", "b": "APPROVED"}
        assert [one.key_id for one in in_force(versions, 0, 4_999)] == ["a"]
        assert [one.key_id for one in in_force(versions, 4_000, 6_000)] == ["b", "a"]
        assert [one.key_id for one in in_force(versions, 5_001, 6_000)] == ["b"]

    @pytest.mark.parametrize(("said", "expected"), [(None, 9_000), (7_000, 7_000)])
    def test_of_a_key_that_was_only_entered_holds_from_then_or_from_the_day_that_was_said(
        self, said: int | None, expected: int
    ) -> None:
        versions = vouched(entered(IN_USE, key("b", 5_000, valid_from=said)), "b", 9_000)
        assert [one.valid_from for one in versions] == [None, expected]
        assert versions[0].valid_to == expected

    def test_never_lets_a_superseded_key_hold_longer(self) -> None:
        versions = vouched((replace(IN_USE[0], valid_to=3_000), key("b", 5_000)), "b", 9_000)
        assert versions[0].valid_to == 3_000

    @pytest.mark.parametrize("versions", [(), IN_USE, revoked((key(),), "a", "ann", "lost")])
    def test_is_of_candidates_only(self, versions: Versions) -> None:
        assert approved(versions, "a", "cid", 1) == versions


class TestRevocation:
    def test_ends_all_proof_whenever_it_was(self) -> None:
        versions = revoked(IN_USE, "a", "ann", "copied")
        assert in_force(versions, 0, 10**15) == []
        assert (versions[0].revoked_by, versions[0].reason) == ("ann", "copied")

    def test_is_once_and_of_known_keys(self) -> None:
        once = revoked(IN_USE, "a", "ann", "copied")
        assert revoked(once, "a", "bob", "again") == once
        assert revoked(once, "b", "bob", "unknown") == once


class TestBilling:
    def test_goes_on_while_nothing_is_approved_or_nothing_changes(self) -> None:
        assert not billing_stopped(())
        assert not billing_stopped(shown((), key()))
        assert not billing_stopped(shown(IN_USE, key()))

    def test_stops_when_the_station_shows_another_key_until_somebody_decides(self) -> None:
        versions = shown(IN_USE, key("b"))
        assert billing_stopped(versions)
        assert billing_stopped(approved(versions, "b", "ann", 1))
        assert not billing_stopped(vouched(versions, "b"))
        assert not billing_stopped(revoked(versions, "b", "ann", "a typing error"))

    def test_goes_on_when_an_operator_enters_the_next_key_beforehand(self) -> None:
        versions = entered(IN_USE, key("b"))
        assert not billing_stopped(versions)
        assert billing_stopped(shown(versions, key("b", 900)))
