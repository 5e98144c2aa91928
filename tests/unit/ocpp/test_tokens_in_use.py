"""Tokens that are charging: told by transaction events, forgotten when they end."""

from typing import Any

import pytest

from services.domain.events.common import IdToken
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.ocpp.tokens_in_use import HORIZON_MS, TokensInUse
from tests.unit.ocpp.circumstances import NOW, TENANT, V201

TOKEN, HERE, THERE = f"{TENANT}/VALID1", f"{TENANT}/CP1", f"{TENANT}/CP2"


def fields(transaction_id: str, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "event_id": "e",
        "tenant": TENANT,
        "station_id": "CP1",
        "protocol": V201,
        "transaction_id": transaction_id,
        "recorded_at": NOW,
        "id_token": IdToken(value="valid1", type="ISO14443"),
        "evse_id": 1,
        "connector_id": 1,
    }
    return values | changes


def started(transaction_id: str, status: str | None = "Accepted", **changes: Any) -> TransactionStarted:
    values = fields(transaction_id, authorization_status=status, start_key="k", started_at=NOW)
    return TransactionStarted(**(values | changes))


def updated(transaction_id: str | None, status: str | None = "Accepted", **changes: Any) -> TransactionUpdated:
    values = fields("", authorization_status=status, occurred_at=NOW) | {"transaction_id": transaction_id}
    return TransactionUpdated(**(values | changes))


def ended(transaction_id: str, **changes: Any) -> TransactionEnded:
    return TransactionEnded(**fields(transaction_id, ended_at=NOW, **changes))


def after(*events: Any) -> TokensInUse:
    in_use = TokensInUse()
    in_use.take(events)
    return in_use


class TestElsewhere:
    def test_is_false_of_a_token_that_nobody_uses(self) -> None:
        assert not TokensInUse().elsewhere(TOKEN, HERE, "t1", NOW)

    @pytest.mark.parametrize(("station", "transaction"), [(HERE, "t2"), (THERE, "t1"), (THERE, "t2")])
    def test_is_true_of_any_other_transaction(self, station: str, transaction: str) -> None:
        assert after(started("t1")).elsewhere(TOKEN, station, transaction, NOW)

    def test_is_false_of_the_same_transaction_whose_message_comes_again(self) -> None:
        assert not after(started("t1"), started("t1")).elsewhere(TOKEN, HERE, "t1", NOW)

    def test_is_true_once_a_transaction_that_began_with_the_plug_is_authorized(self) -> None:
        plugged = started("t1", None, id_token=None)
        assert not after(plugged).elsewhere(TOKEN, THERE, "t2", NOW)
        assert after(plugged, updated("t1")).elsewhere(TOKEN, THERE, "t2", NOW)

    @pytest.mark.parametrize("status", ["Invalid", "ConcurrentTx", None])
    def test_is_false_of_a_token_that_was_not_accepted_there(self, status: str | None) -> None:
        assert not after(started("t1", status), updated("t1", status)).elsewhere(TOKEN, THERE, "t2", NOW)

    def test_is_false_after_the_end(self) -> None:
        in_use = after(started("t1"), ended("t1"), ended("t1"))
        assert not in_use.elsewhere(TOKEN, THERE, "t2", NOW)
        assert len(in_use) == 0

    def test_is_true_while_one_of_several_goes_on(self) -> None:
        in_use = after(started("t1"), started("t2", evse_id=2), ended("t1"))
        assert in_use.elsewhere(TOKEN, THERE, "t3", NOW)

    def test_is_false_when_the_end_was_lost_and_the_connector_is_used_again(self) -> None:
        other = IdToken(value="VALID2", type="ISO14443")
        assert not after(started("t1"), started("t2", id_token=other)).elsewhere(TOKEN, THERE, "t3", NOW)

    def test_is_true_when_another_connector_is_used(self) -> None:
        other = IdToken(value="VALID2", type="ISO14443")
        begun = [started("t1"), started("t2", id_token=other, connector_id=2), started("t3", evse_id=None)]
        assert after(*begun).elsewhere(TOKEN, THERE, "t4", NOW)

    def test_is_false_after_a_day(self) -> None:
        in_use = after(started("t1"))
        assert in_use.elsewhere(TOKEN, THERE, "t2", NOW + HORIZON_MS - 1)
        assert not in_use.elsewhere(TOKEN, THERE, "t2", NOW + HORIZON_MS)


class TestTake:
    def test_passes_over_readings_of_no_transaction(self) -> None:
        assert len(after(updated(None))) == 0

    def test_keeps_the_token_that_was_accepted_first(self) -> None:
        other = IdToken(value="GROUPED2", type="ISO14443")
        in_use = after(started("t1"), updated("t1", id_token=other))
        assert not in_use.elsewhere(f"{TENANT}/GROUPED2", THERE, "t2", NOW)
        assert in_use.elsewhere(TOKEN, THERE, "t2", NOW)
