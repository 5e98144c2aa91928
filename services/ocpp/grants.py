"""What providers have allowed at a station, so that the start that follows need not ask again."""

from collections.abc import Iterable, Mapping
from typing import Final

from services.domain.events.authorization import AuthorizationDecided
from services.domain.folding import Event
from services.domain.tokens import ACCEPTED
from services.ocpp.inbound.asking import AUTH_REQUEST, GRANTED_MS
from services.ocpp.inbound.reply import Granted

_MOST: Final = 100


class Grants:
    """Of one connection; lost with it, and asked for again."""

    __slots__ = ("_by_token",)

    def __init__(self) -> None:
        self._by_token: dict[str, Granted] = {}

    def by_token(self) -> Mapping[str, Granted]:
        """By the token's key."""
        return self._by_token

    def learn(self, events: Iterable[Event]) -> None:
        """Note what was decided. A start uses a grant up: the reference is one session's."""
        for event in events:
            if not isinstance(event, AuthorizationDecided):
                continue
            if event.authorization_method == AUTH_REQUEST and event.status == ACCEPTED:
                self._note(event)
            elif event.waited_ms is not None:
                self._by_token.pop(event.key, None)

    def _note(self, event: AuthorizationDecided) -> None:
        known = self._by_token.pop(event.key, None)
        at = event.decided_at if known is None or event.waited_ms is not None else known.at
        used_for = event.transaction_id or ""
        self._by_token[event.key] = Granted(at, event.partner_id, event.authorization_reference, used_for)
        oldest = next(iter(self._by_token))
        if len(self._by_token) > _MOST or event.decided_at - self._by_token[oldest].at > GRANTED_MS:
            del self._by_token[oldest]
