"""Tokens as providers push them (mod_tokens: Receiver Interface): what becomes of the whitelist.

The whitelist has one entry per uid, whoever's it is. A provider can neither see nor change an entry of another.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from services.domain.events.common import TokenStatus
from services.domain.events.token import Token, TokenBlocked, TokenRegistered
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.domain.providers import NEVER
from services.domain.tokens import normalise_uid
from services.domain.units import Millis, parse_rfc3339
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.envelope import Status, decoded, encoded
from services.ocpi.wire.model import V211, V230
from services.ocpi.wire.parties import Party, party_of
from services.ocpi.wire.versions import understand

NOT_VALID: Final = "its provider says that it is not valid"

_NEEDED: Final = ("uid", "type", "contract_id", "valid", "whitelist", "last_updated")
_UID: Final = re.compile(r"[!-~]{1,36}", re.ASCII)
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Pushed:
    """Which token of whom is meant, by the path, and in which version the body is."""

    tenant: str
    owner: Party
    uid: str
    version: str

    @property
    def known_as(self) -> str:
        return normalise_uid(self.uid)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be published, in this order; empty when it is older than what is known."""

    events: tuple[Event, ...]
    created: bool
    warnings: tuple[str, ...]


def checked_owner(partner: Party, country_code: str, party_id: str) -> Party:
    """The party of the path; Refusal when the partner does not speak for it."""
    owner = Party(country_code.upper(), party_id.upper())
    if owner != partner:
        raise Refusal(Status.INVALID_PARAMETERS, f"You do not speak for {country_code[:2]}*{party_id[:3]} here")
    return owner


def kept(token: Token | None, pushed: Pushed) -> dict[str, Any] | None:
    """The provider's own object of a token that it keeps here; None for all others, as if there were none."""
    if token is None or not token.object_json:
        return None
    if (token.owner_country_code, token.owner_party_id) != pushed.owner:
        return None
    found: dict[str, Any] = decoded(token.object_json.encode())
    return found


def put(body: Any, pushed: Pushed, known: Token | None, others: Container[Party], now_ms: Millis) -> Change:
    """A whole token; Refusal 2001 when it cannot be used, is of somebody else, or names another's contract."""
    reading = understand(body, "Token", pushed.version, Scene(owner=pushed.owner))
    missing = [name for name in _NEEDED if name not in reading.value]
    if missing:
        told = "; ".join(str(finding) for finding in reading.broken[:_SHOWN])
        raise Refusal(Status.INVALID_PARAMETERS, f"A token cannot be without {', '.join(missing)} ({told})")
    return _change(reading.value, pushed, known, others, tuple(map(str, reading.findings)), now_ms)


def patch(body: Any, pushed: Pushed, known: Token | None, others: Container[Party], now_ms: Millis) -> Change:
    """Some fields of a token that the provider keeps here; Refusal 2004 (HTTP 404) when it does not."""
    before = kept(known, pushed)
    if before is None:
        raise unknown()
    reading = understand(body, "Token", pushed.version, Scene(owner=pushed.owner, partial=True))
    if "last_updated" not in reading.value and pushed.version != V211:
        raise Refusal(Status.INVALID_PARAMETERS, "A PATCH has to say last_updated")
    merged = {name: value for name, value in (before | reading.value).items() if value is not None}
    missing = [name for name in _NEEDED if name not in merged]
    if missing:
        raise Refusal(Status.INVALID_PARAMETERS, f"A token cannot be without {', '.join(missing)}")
    return _change(merged, pushed, known, others, tuple(map(str, reading.findings)), now_ms)


def learned(
    token: Mapping[str, Any], tenant: str, owner: Party, others: Container[Party], now_ms: Millis
) -> Change:
    """A token that came as the answer to whether it may charge, in 2.3.0; Refusal as `put`.

    Its provider does not say when it changes, so that it is asked about each time, until it is pushed.
    """
    made = put(token, Pushed(tenant, owner, str(token.get("uid", "")), V230), None, others, now_ms)
    events = [
        replace(event, whitelist=NEVER) if isinstance(event, TokenRegistered) else event for event in made.events
    ]
    return Change(tuple(events), made.created, made.warnings)


def unknown() -> Refusal:
    return Refusal(Status.UNKNOWN_TOKEN, "You keep no such token here", 404)


def _change(
    token: Mapping[str, Any],
    pushed: Pushed,
    known: Token | None,
    others: Container[Party],
    warnings: tuple[str, ...],
    now_ms: Millis,
) -> Change:
    _check(token, pushed, known, others)
    before = kept(known, pushed)
    if before is not None and _time(before) > _time(token):
        return Change((), created=False, warnings=(*warnings, "/last_updated: older than what is known; ignored"))
    text = encoded(token).decode()
    causes = (pushed.tenant, pushed.known_as, now_ms, text)
    source = f"ocpi:{'-'.join(pushed.owner)}"
    registered = TokenRegistered(
        event_id=derived_id("TokenRegistered", *causes),
        tenant=pushed.tenant,
        token_uid=pushed.known_as,
        token_type=token["type"],
        contract_id=token["contract_id"],
        issuer=token.get("issuer", ""),
        group_id=token.get("group_id"),
        source=source,
        registered_at=now_ms,
        owner_country_code=pushed.owner.country_code,
        owner_party_id=pushed.owner.party_id,
        whitelist=token["whitelist"],
        object_json=text,
    )
    reason = _reason_to_block(token, known)
    if reason is None:
        return Change((registered,), created=before is None, warnings=warnings)
    blocked = TokenBlocked(
        event_id=derived_id("TokenBlocked", *causes, reason),
        tenant=pushed.tenant,
        token_uid=pushed.known_as,
        reason=reason,
        source=source,
        blocked_at=now_ms,
    )
    return Change((registered, blocked), created=before is None, warnings=warnings)


def _check(token: Mapping[str, Any], pushed: Pushed, known: Token | None, others: Container[Party]) -> None:
    if normalise_uid(str(token["uid"])) != pushed.known_as or not _UID.fullmatch(pushed.known_as):
        raise Refusal(
            Status.INVALID_PARAMETERS, "uid is not the one of the path, or no uid of up to 36 characters"
        )
    told = (str(token.get("country_code", "")).upper(), str(token.get("party_id", "")).upper())
    if told != pushed.owner:
        raise Refusal(Status.INVALID_PARAMETERS, "country_code and party_id are not those of the path")
    if party_of(token["contract_id"]) in others:
        raise Refusal(Status.INVALID_PARAMETERS, "contract_id is of another provider")
    if known is not None and _keeper(known) not in (None, pushed.owner):
        raise Refusal(Status.INVALID_PARAMETERS, "This uid is taken: two tokens cannot have the same one here")


def _keeper(known: Token) -> Party | None:
    """Whose an entry is; None when it is only blocked and nobody has registered it."""
    if known.owner_party_id:
        return Party(known.owner_country_code, known.owner_party_id)
    return party_of(known.contract_id) or (Party("", "") if known.contract_id else None)


def _reason_to_block(token: Mapping[str, Any], known: Token | None) -> str | None:
    """Why it may not charge: a block of the operator's stays, whatever its provider says."""
    if known is not None and known.status is TokenStatus.BLOCKED and known.blocked_reason != NOT_VALID:
        return known.blocked_reason or "blocked"
    return None if token["valid"] else NOT_VALID


def _time(token: Mapping[str, Any]) -> Millis:
    return parse_rfc3339(token["last_updated"])
