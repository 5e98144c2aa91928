"""Which tokens are charging, for operators who let each be used in one place at a time (ConcurrentTx)."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.tokens import ACCEPTED, token_key
from services.domain.units import Millis

HORIZON_MS: Final[Millis] = 24 * 3600 * 1000
"""A transaction that nobody has ended for so long no longer keeps its token from charging."""


class _Transaction(NamedTuple):
    station: str
    transaction_id: str


class TokensInUse:
    """The open transactions of all stations by token, as `transaction.events` tells them; in memory only.

    Events may come twice. One station's events come in their order; its next start at a connector ends what was
    open there, so that a lost end does not keep a driver from charging.
    """

    def __init__(self) -> None:
        self._open: dict[str, dict[_Transaction, Millis]] = {}
        self._token_of: dict[_Transaction, str] = {}
        self._at_connector: dict[tuple[str, int, int | None], _Transaction] = {}

    def __len__(self) -> int:
        return len(self._token_of)

    def take(self, events: Iterable[Any]) -> None:
        """Records of `transaction.events`, as they come."""
        for event in events:
            if isinstance(event, TransactionEnded):
                self._close(_Transaction(event.key, event.transaction_id))
            elif isinstance(event, TransactionStarted | TransactionUpdated) and event.transaction_id is not None:
                self._note(event, _Transaction(event.key, event.transaction_id))

    def elsewhere(self, token: str, station: str, transaction_id: str, now_ms: Millis) -> bool:
        """Whether a token (its key) is charging in another transaction than this one."""
        this = _Transaction(station, transaction_id)
        found = self._open.get(token, {})
        return any(other != this and now_ms - since < HORIZON_MS for other, since in found.items())

    def _note(self, event: TransactionStarted | TransactionUpdated, transaction: _Transaction) -> None:
        if isinstance(event, TransactionStarted):
            self._take_connector(event, transaction)
        if event.id_token is not None and event.authorization_status == ACCEPTED:
            token = token_key(event.tenant, event.id_token.value)
            if self._token_of.setdefault(transaction, token) == token:
                self._open.setdefault(token, {}).setdefault(transaction, event.recorded_at)

    def _take_connector(self, event: TransactionStarted, transaction: _Transaction) -> None:
        if event.evse_id is None:
            return
        place = (event.key, event.evse_id, event.connector_id)
        former = self._at_connector.get(place)
        if former is not None and former != transaction:
            self._close(former)
        self._at_connector[place] = transaction

    def _close(self, transaction: _Transaction) -> None:
        token = self._token_of.pop(transaction, None)
        if token is None:
            return
        del self._open[token][transaction]
        if not self._open[token]:
            del self._open[token]
