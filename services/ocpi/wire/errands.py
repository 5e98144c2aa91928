"""A question to a partner."""

from typing import Any, NamedTuple

from services.domain.events.partner import Partner


class Errand(NamedTuple):
    """Whom to ask about which token, where, and with what; `body` is None where there is nothing to say."""

    partner: Partner
    url: str
    body: dict[str, Any] | None
    uid: str
