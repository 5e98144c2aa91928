"""Which of two states of a partner counts that were made from the same one: Kafka's order decides."""

from collections import deque
from typing import Final

from services.domain.events.partner import Partner

_KEPT: Final = 32
"""States of a partner: those of the milliseconds that an exchange takes to be durable."""


class Succession:
    """The last states of each partner in the order of partner.state. One thread tells, any may look."""

    def __init__(self) -> None:
        self._states: dict[str, deque[Partner]] = {}

    def take(self, key: str, state: Partner | None) -> None:
        """A partner's next state; None: it is gone."""
        if state is None:
            self._states.pop(key, None)
        else:
            self._states.setdefault(key, deque(maxlen=_KEPT)).append(state)

    def winner(self, base: str, own: Partner) -> Partner | None:
        """The first state after the last one with the token (its hash) that `own` was made from.

        It is `own`, or what somebody else has made of the same state meanwhile; None: `own` has not come yet.
        """
        states = list(self._states.get(own.key, ()))
        while states and states[-1] != own:
            states.pop()
        if not states:
            return None
        place = len(states) - 1
        while place and states[place - 1].token_hash != base:
            place -= 1
        return states[place] if place else own
