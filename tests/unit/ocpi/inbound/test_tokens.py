"""Providers keep their own tokens in the whitelist, and nobody else's."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from services.domain.events.common import TokenStatus
from services.domain.events.token import Token, TokenBlocked, TokenRegistered
from services.domain.folding import Event
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.inbound.tokens import NOT_VALID, Change, Pushed, checked_owner, kept, learned, patch, put
from services.ocpi.outbound.whitelisting import as_whitelisted
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.parties import Party
from services.whitelist.fold import Entry, fold
from tests.unit.ocpi.wire.test_reading import JSON, TOKEN

NOW = 1_790_000_000_000
TNM = Party("NL", "TNM")
OTHERS = {Party("DE", "8AA")}
PUSHED = Pushed("wattlog", TNM, TOKEN["uid"], "2.3.0")


def whitelist(*events: Event) -> Token:
    """What the whitelist makes of it."""
    states: dict[str, Entry] = {}
    told: list[Any] = []
    for event in events:
        assert isinstance(event, TokenRegistered | TokenBlocked)
        changes = fold(states.get, event)
        states.update(changes.states)
        told += changes.events
    entry = told[-1]
    assert isinstance(entry, Token)
    return entry


def pushed(known: Token | None = None, now: int = NOW, **changes: Any) -> Change:
    return put(TOKEN | changes, PUSHED, known, OTHERS, now)


def refused(known: Token | None = None, path: Pushed = PUSHED, **changes: Any) -> Refusal:
    body = {name: item for name, item in (TOKEN | changes).items() if item is not None}
    with pytest.raises(Refusal) as caught:
        put(body, path, known, OTHERS, NOW)
    return caught.value


class TestLearned:
    def test_is_asked_about_each_time_whatever_its_provider_lets_us_list(self) -> None:
        entry = whitelist(*learned(TOKEN, "wattlog", TNM, OTHERS, NOW).events)
        assert (entry.whitelist, entry.owner_party_id, entry.status) == ("NEVER", "TNM", TokenStatus.VALID)

    def test_is_refused_with_the_contract_of_another(self) -> None:
        with pytest.raises(Refusal):
            learned(TOKEN | {"contract_id": "DE-8AA-C1"}, "wattlog", TNM, OTHERS, NOW)


class TestPut:
    def test_lets_a_token_charge(self) -> None:
        made = pushed()
        entry = whitelist(*made.events)
        assert (entry.status, entry.token_uid, entry.contract_id) == (
            TokenStatus.VALID,
            "04A1B2C3D4E5F6",
            TOKEN["contract_id"],
        )
        assert (entry.owner_country_code, entry.owner_party_id, entry.whitelist) == ("NL", "TNM", "ALWAYS")
        assert (made.created, made.warnings) == (True, ())

    def test_keeps_the_object_as_it_was_sent(self) -> None:
        whole = TOKEN | {"visual_number": "NL-1", "language": "nl", "nl_tnm_colour": [1.5]}
        entry = whitelist(*put(whole, PUSHED, None, OTHERS, NOW).events)
        assert str(kept(entry, PUSHED)) == str(whole).replace("1.5", "Decimal('1.5')")

    def test_blocks_what_its_provider_calls_invalid(self) -> None:
        entry = whitelist(*pushed(valid=False).events)
        assert (entry.status, entry.blocked_reason) == (TokenStatus.BLOCKED, NOT_VALID)
        again = pushed(entry, NOW + 1)
        assert whitelist(*pushed(valid=False).events, *again.events).status is TokenStatus.VALID
        assert not again.created

    def test_does_not_undo_a_block_of_the_operator(self) -> None:
        first = pushed().events
        stolen = TokenBlocked(
            event_id="b",
            tenant="wattlog",
            token_uid="04A1B2C3D4E5F6",
            reason="stolen",
            source="cli",
            blocked_at=NOW + 1,
        )
        after = pushed(whitelist(*first, stolen), NOW + 2).events
        entry = whitelist(*first, stolen, *after)
        assert (entry.status, entry.blocked_reason) == (TokenStatus.BLOCKED, "stolen")

    def test_ignores_what_is_older_than_what_is_known(self) -> None:
        known = whitelist(*pushed().events)
        made = pushed(known, NOW + 1, last_updated="2020-01-01T00:00:00Z")
        assert made.events == ()
        assert "older" in made.warnings[0]

    def test_has_the_same_events_for_the_same_cause(self) -> None:
        assert pushed() == pushed()

    def test_is_known_by_its_auth_id_in_211(self) -> None:
        old = {
            name: item for name, item in TOKEN.items() if name not in ("country_code", "party_id", "contract_id")
        }
        made = put(old | {"auth_id": TOKEN["contract_id"]}, replace(PUSHED, version="2.1.1"), None, OTHERS, NOW)
        assert whitelist(*made.events).contract_id == TOKEN["contract_id"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"uid": None}, {"uid": "OTHER"}, {"contract_id": None}, {"valid": "perhaps"}, {"whitelist": None},
            {"last_updated": "yesterday"}, {"type": None}, {"party_id": "ABC"}, {"country_code": "DE"},
            {"contract_id": "DE-8AA-C12345678"},
        ],
    )  # fmt: skip
    def test_refuses_what_cannot_be_used_or_is_anothers(self, changes: dict[str, Any]) -> None:
        assert (refused(**changes).status, refused(**changes).http_status) == (Status.INVALID_PARAMETERS, 200)

    def test_refuses_a_uid_that_another_keeps(self) -> None:
        known = whitelist(*pushed().events)
        for taken in (
            replace(known, owner_party_id="ABC"),
            replace(known, owner_party_id="", contract_id="DE-8AA-C1234567"),
            replace(known, owner_party_id="", contract_id="x"),
        ):
            assert "taken" in refused(taken).message

    def test_takes_over_an_entry_that_is_its_own_or_nobodys(self) -> None:
        known = whitelist(*pushed().events)
        assert pushed(replace(known, owner_party_id="", object_json="")).created
        assert pushed(replace(known, owner_party_id="", contract_id="", object_json="")).created

    @pytest.mark.parametrize("uid", ["x" * 37, "a b", "ä"])
    def test_refuses_uids_that_no_station_could_send(self, uid: str) -> None:
        assert refused(path=replace(PUSHED, uid=uid), uid=uid).status == Status.INVALID_PARAMETERS

    @given(JSON)
    def test_survives_whatever_is_sent(self, body: Any) -> None:
        with pytest.raises(Refusal):
            put(body, PUSHED, None, OTHERS, NOW)


class TestPatch:
    def known(self) -> Token:
        return whitelist(*pushed(visual_number="NL-1").events)

    def test_changes_what_it_names(self) -> None:
        change = {"valid": False, "visual_number": None, "last_updated": "2026-11-21T11:00:00Z"}
        made = patch(change, PUSHED, self.known(), OTHERS, NOW + 1)
        entry = whitelist(*made.events)
        after = kept(entry, PUSHED)
        assert after == TOKEN | {"valid": False, "last_updated": "2026-11-21T11:00:00Z"}
        assert entry.blocked_reason == NOT_VALID

    @pytest.mark.parametrize("known", [None, "foreign", "not by OCPI"])
    def test_finds_only_tokens_that_the_provider_keeps(self, known: str | None) -> None:
        entries = {
            "foreign": replace(self.known(), owner_party_id="ABC"),
            "not by OCPI": replace(self.known(), object_json=""),
        }
        with pytest.raises(Refusal) as caught:
            patch({"valid": True}, PUSHED, entries.get(known or ""), OTHERS, NOW)
        assert (caught.value.status, caught.value.http_status) == (Status.UNKNOWN_TOKEN, 404)

    @pytest.mark.parametrize("change", [{"valid": True}, {"valid": None, "last_updated": "2026-11-21T11:00:00Z"}])
    def test_is_refused_without_what_is_needed(self, change: dict[str, Any]) -> None:
        with pytest.raises(Refusal) as caught:
            patch(change, PUSHED, self.known(), OTHERS, NOW)
        assert caught.value.status == Status.INVALID_PARAMETERS

    def test_of_211_need_not_say_when(self) -> None:
        made = patch({"valid": False}, replace(PUSHED, version="2.1.1"), self.known(), OTHERS, NOW + 1)
        assert len(made.events) == 2

    @given(JSON)
    def test_survives_whatever_is_sent(self, body: Any) -> None:
        with pytest.raises(Refusal):
            patch(body, PUSHED, self.known(), OTHERS, NOW)


class TestCheckedOwner:
    def test_is_the_partner_however_it_is_written(self) -> None:
        assert checked_owner(TNM, "nl", "tnm") == TNM

    def test_is_nobody_else(self) -> None:
        with pytest.raises(Refusal):
            checked_owner(TNM, "DE", "8AA")


class TestAsWhitelisted:
    @pytest.mark.parametrize("changes", [{}, {"valid": False}])
    def test_is_what_the_whitelist_will_say(self, changes: dict[str, Any]) -> None:
        registered, *blocked = pushed(**changes).events
        assert isinstance(registered, TokenRegistered)
        its_block = blocked[0] if blocked else None
        assert its_block is None or isinstance(its_block, TokenBlocked)
        assert as_whitelisted(registered, its_block) == whitelist(registered, *blocked)
