"""Requests to partners that differ from the specification, and answers to them, as each of them wants it.

The one place where this is done for what goes out; `inbound/quirks.py` is the one for what comes in.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgspec

from services.domain.events.common import PartnerQuirks
from services.ocpi.wire import quirks as known
from services.ocpi.wire.envelope import decoded, encoded

_RECEIVER: Final = "ocpi-to-"


class Asked(NamedTuple):
    """A request as it is sent."""

    url: str
    headers: dict[str, str]
    body: bytes | None


def shows_plainly(quirks: PartnerQuirks, found_out: bool) -> bool:
    """Whether our token goes without Base64."""
    return {known.PLAIN: True, known.BASE64: False}.get(quirks.token_header, found_out)


def asked(quirks: PartnerQuirks, url: str, headers: Mapping[str, str], body: bytes | None) -> Asked:
    """A request as the partner wants it."""
    omit = quirks.receiver_headers == known.OMIT
    told = {name: value for name, value in headers.items() if not (omit and name.lower().startswith(_RECEIVER))}
    slash = quirks.trailing_slash == known.SLASH
    return Asked(_slashed(url) if slash else url, told, body and cased(quirks, body))


def cased(quirks: PartnerQuirks, body: bytes) -> bytes:
    """JSON with enums as the partner writes them; what is no JSON stays as it is."""
    if quirks.enum_case != known.LOWER:
        return body
    try:
        return encoded(known.lowered(decoded(body)))
    except msgspec.DecodeError:
        return body


def message_ids(quirks: PartnerQuirks, came: Mapping[str, str], new_id: Callable[[], str]) -> dict[str, str]:
    """The ids of an answer by name; `came` are those of the request, "" where there was none."""
    if quirks.message_ids == known.NONE:
        return {}
    if quirks.message_ids == known.ALWAYS:
        return {name: value or new_id() for name, value in came.items()}
    return {name: value for name, value in came.items() if value}


def _slashed(url: str) -> str:
    path, mark, query = url.partition("?")
    return f"{path.rstrip('/')}/{mark}{query}"
