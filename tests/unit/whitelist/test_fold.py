from itertools import permutations
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import TokenStatus
from services.domain.events.token import Token, TokenBlocked, TokenRegistered
from services.whitelist.fold import Entry, fold
from tests.scenarios.story import Run


def registered(at: int, uid: str = "AA", **more: Any) -> TokenRegistered:
    fields = {"token_type": "RFID", "contract_id": f"C{at}", "issuer": "WAT", "source": "cli"} | more
    return TokenRegistered(event_id=f"r{at}", tenant="t", token_uid=uid, registered_at=at, **fields)


def blocked(at: int, uid: str = "AA", reason: str = "lost") -> TokenBlocked:
    return TokenBlocked(event_id=f"b{at}", tenant="t", token_uid=uid, reason=reason, source="cli", blocked_at=at)


def after(*events: TokenRegistered | TokenBlocked) -> Run:
    run = Run(fold, Entry)
    run.take(*events)
    return run


def token_of(run: Run, key: str = "t/AA") -> Token:
    found = run.latest(Token)[key]
    assert isinstance(found, Token)
    return found


class TestFold:
    def test_registers_a_token_with_its_terms(self) -> None:
        run = after(registered(5, token_type="APP_USER", group_id="G", expires_at=99))
        assert run.events == [
            Token(
                tenant="t",
                token_uid="AA",
                token_type="APP_USER",
                contract_id="C5",
                issuer="WAT",
                group_id="G",
                status=TokenStatus.VALID,
                expires_at=99,
                updated_at=5,
            )
        ]

    def test_blocks_a_token_and_keeps_its_terms(self) -> None:
        found = token_of(after(registered(5), blocked(6)))
        assert (found.status, found.blocked_reason, found.contract_id) == (TokenStatus.BLOCKED, "lost", "C5")
        assert found.updated_at == 6

    def test_remembers_the_block_of_a_token_that_nobody_knows(self) -> None:
        found = token_of(after(blocked(6)))
        assert (found.status, found.contract_id, found.token_type) == (TokenStatus.BLOCKED, "", "OTHER")
        assert (found.issuer, found.group_id, found.expires_at, found.updated_at) == ("", None, None, 6)

    def test_lets_a_later_registration_end_a_block(self) -> None:
        found = token_of(after(registered(5), blocked(6), registered(7)))
        assert (found.status, found.blocked_reason, found.contract_id) == (TokenStatus.VALID, None, "C7")

    @pytest.mark.parametrize("at", [4, 6])
    def test_keeps_a_block_against_an_earlier_registration_but_learns_its_terms(self, at: int) -> None:
        found = token_of(after(blocked(6), registered(at)))
        assert (found.status, found.contract_id, found.updated_at) == (TokenStatus.BLOCKED, f"C{at}", 6)

    def test_changes_nothing_for_what_is_older_than_what_is_known(self) -> None:
        run = after(registered(5), blocked(6))
        assert run.take(registered(4), registered(5), blocked(5), blocked(6, reason="other")) == []

    def test_takes_new_terms(self) -> None:
        assert token_of(after(registered(5), registered(6))).contract_id == "C6"

    def test_keeps_tokens_and_tenants_apart(self) -> None:
        run = after(registered(5), blocked(6, "BB"))
        assert token_of(run).status is TokenStatus.VALID
        assert token_of(run, "t/BB").status is TokenStatus.BLOCKED
        assert sorted(run.states) == ["t/AA", "t/BB"]

    def test_keeps_states_that_come_back_from_the_store(self) -> None:
        entry = Entry(registered(5), blocked(6))
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(entry), type=Entry) == entry

    def test_comes_to_the_same_in_every_order(self) -> None:
        events = [registered(5), blocked(6), registered(7), blocked(9), registered(8)]
        found = {token_of(after(*order)) for order in permutations(events)}
        assert len(found) == 1
        assert found.pop().status is TokenStatus.BLOCKED

    @given(
        st.lists(st.tuples(st.booleans(), st.integers(-5, 20)), min_size=1, unique=True),
        st.randoms(use_true_random=False),
    )
    def test_comes_to_the_same_whatever_is_repeated(self, told: list[tuple[bool, int]], rng: Random) -> None:
        events = [registered(at) if is_registration else blocked(at) for is_registration, at in told]
        mixed = events * 2
        rng.shuffle(mixed)
        assert token_of(after(*mixed)) == token_of(after(*events))
        last_block = max((at for is_registration, at in told if not is_registration), default=None)
        last_registration = max((at for is_registration, at in told if is_registration), default=None)
        valid = last_registration is not None and (last_block is None or last_registration > last_block)
        assert (token_of(after(*mixed)).status is TokenStatus.VALID) == valid
