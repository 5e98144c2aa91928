"""Which tokens belong on a local authorization list, for all stations that are to have the same. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from services.domain.events.common import LocalListEntry
from services.domain.events.token import Token
from services.domain.local_list import MAX_ID_TOKEN_LENGTH, entry
from services.domain.tokens import may_be_listed
from services.domain.units import Millis

MAX_ID_TAG_LENGTH: Final = 20
"""Of OCPP 1.6."""

_DIGEST_BYTES: Final = 8
_LIST_DIGEST_BYTES: Final = 16
"""Stations whose lists have the same digest share one list: nobody may make two that have."""

Known = tuple[str, str]
"""A token as a station tells it from others: uid and IdTokenEnumType."""


class Selection(NamedTuple):
    """Stations of one selection are to have the same list; no groups: the tokens of all."""

    tenant: str
    groups: tuple[str, ...] = ()
    room: int = 1000
    longest: int = MAX_ID_TOKEN_LENGTH


class Told(NamedTuple):
    """What a station is told about a token (AuthorizationData), and what all stations that have it share."""

    entry: LocalListEntry
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list as it should be. `until` is when the first of its tokens expires."""

    entries: Mapping[Known, Told] = field(default_factory=dict)
    digest: str = ""
    left_out: int = 0
    until: Millis | None = None


def wanted(tokens: Iterable[Token], selection: Selection, now_ms: Millis) -> Wanted:
    """The tokens that may charge now. Where there is no room for all, those that were changed last are on it."""
    groups = frozenset(selection.groups)
    chosen = [
        token
        for token in tokens
        if token.tenant == selection.tenant
        and (not groups or token.group_id in groups)
        and len(token.token_uid) <= selection.longest
        and may_be_listed(token, now_ms)
    ]
    chosen.sort(key=lambda token: (-token.updated_at, token.token_uid))
    kept = chosen[: selection.room]
    entries: dict[Known, Told] = {}
    for token in kept:
        data = entry(token, now_ms)
        if selection.longest == MAX_ID_TAG_LENGTH and len(token.group_id or "") > MAX_ID_TAG_LENGTH:
            data["idTokenInfo"].pop("groupIdToken", None)
        kind = data["idToken"]["type"]
        listed = LocalListEntry(token_uid=token.token_uid, type=kind, digest=_digest(data))
        entries[(token.token_uid, kind)] = Told(listed, data)
    expiries = [token.expires_at for token in kept if token.expires_at is not None]
    return Wanted(
        entries,
        digest_of(told.entry for told in entries.values()),
        len(chosen) - len(kept),
        min(expiries, default=None),
    )


NOTHING: Final = Wanted()
"""The list of a station whose list is no longer kept."""


def digest_of(entries: Iterable[LocalListEntry]) -> str:
    """The same for the same entries in whatever order, and for no others; "" for none."""
    listed = sorted([(entry.token_uid, entry.type, entry.digest) for entry in entries])
    return _digest(listed, _LIST_DIGEST_BYTES) if listed else ""


def _digest(content: object, size: int = _DIGEST_BYTES) -> str:
    return blake2b(msgspec.json.encode(content), digest_size=size).hexdigest()
