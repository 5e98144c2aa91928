"""What an answer to a push means: taken, to be tried again, or refused for good; pure."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from services.domain.events.common import DeliveryOutcome as Outcome
from services.domain.units import Millis, millis_of, parse_rfc3339
from services.ocpi.inbound.answers import Told
from services.ocpi.wire.envelope import HUB_ERRORS, Status

LONGEST_MESSAGE: Final = 300
LONGEST_RETRY_AFTER_MS: Final = 86_400_000
"""Nobody can ask to be left alone for longer than a day."""

_LATER: Final = frozenset({408, 425, 429})
_TOO_MANY: Final = 429
_WAIT_WITH: Final = frozenset({_TOO_MANY, 503})
_CREDENTIALS: Final = frozenset({401, 403})
_OUR_FAULT: Final = range(2000, 3000)


class Reply(NamedTuple):
    """What came back."""

    http_status: int
    headers: Mapping[str, str]
    told: Told
    empty: bool
    """Without a body."""


class Verdict(NamedTuple):
    """How an attempt ended. `retry_after_ms`: the partner wants to be left alone for so long."""

    outcome: Outcome
    message: str
    answered: bool = True
    """False: it may have been done or not."""
    retry_after_ms: Millis | None = None
    limited: bool = False
    """It is not out of order, but had too much to do."""


def verdict(reply: Reply, now_ms: Millis) -> Verdict:
    """Of an answer. HTTP speaks of the transport, the OCPI status of the object (status_codes)."""
    http, ocpi = reply.http_status, reply.told.status_code
    said = f"HTTP {http}" + (f", OCPI {ocpi}" if ocpi else "") + f" {reply.told.message}".rstrip()
    message = "".join(char if char.isprintable() else " " for char in said)[:LONGEST_MESSAGE]
    if ocpi in HUB_ERRORS:
        return _of_hub(ocpi, message)
    if http // 100 == 2:
        return Verdict(_taken(reply), message)
    if http == 409:
        return Verdict(Outcome.ALREADY_THERE, message)
    if http in _LATER or http // 100 != 4:
        waiting = retry_after_ms(reply.headers.get("retry-after", ""), now_ms) if http in _WAIT_WITH else None
        return Verdict(Outcome.RETRY, message, retry_after_ms=waiting, limited=http == _TOO_MANY)
    return Verdict(Outcome.RETRY if http in _CREDENTIALS else Outcome.REFUSED, message)


def _of_hub(ocpi: int, message: str) -> Verdict:
    """What a hub could not pass on: who is not known there never will be, whoever did not answer may have it."""
    if ocpi == Status.UNKNOWN_RECEIVER:
        return Verdict(Outcome.REFUSED, message)
    return Verdict(Outcome.RETRY, message, answered=ocpi != Status.FORWARDING_TIMEOUT)


def unanswered(reason: str) -> Verdict:
    """Nothing came back, or nothing that could be read."""
    return Verdict(Outcome.RETRY, reason[:LONGEST_MESSAGE], answered=False)


def _taken(reply: Reply) -> Outcome:
    """A 2xx: what is in the envelope counts. Some send none with 201 or 204; a page of some proxy is no answer."""
    if reply.told.succeeded or reply.empty:
        return Outcome.DELIVERED
    return Outcome.REFUSED if reply.told.status_code in _OUR_FAULT else Outcome.RETRY


def retry_after_ms(header: str, now_ms: Millis) -> Millis | None:
    """RFC 9110, 10.2.3: seconds, or a date; None for anything else. At most a day."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]) * 1000, LONGEST_RETRY_AFTER_MS)
    try:
        wanted = millis_of(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wanted - now_ms, 0), LONGEST_RETRY_AFTER_MS)


def has_it(told: Told, last_updated_ms: Millis) -> bool:
    """Whether a partner that was asked for an object has it as it is now, or newer."""
    theirs = told.data.get("last_updated") if isinstance(told.data, dict) else None
    if not told.succeeded or not isinstance(theirs, str):
        return False
    try:
        return parse_rfc3339(theirs) >= last_updated_ms
    except (ValueError, OverflowError):
        return False
