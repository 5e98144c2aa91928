"""What a provider says about its token (mod_tokens: AuthorizationInfo)."""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from services.domain.providers import parties
from services.ocpi.inbound.answers import told
from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.envelope import HUB_ERRORS, Status
from services.ocpi.wire.errands import Errand
from services.ocpi.wire.parties import Party
from services.ocpi.wire.versions import understand

ALLOWED: Final = "ALLOWED"
NOT_ALLOWED: Final = "NOT_ALLOWED"
UNKNOWN: Final = "UNKNOWN"
SILENT: Final = "SILENT"

_REFUSALS: Final = ("BLOCKED", "EXPIRED", "NO_CREDIT", NOT_ALLOWED)
"""The more certain first."""

_NOT_FOUND: Final = 404
_LONGEST_REFERENCE: Final = 36
_LONGEST_DETAIL: Final = 200


class Said(NamedTuple):
    """A provider's word. `token` is its object of 2.3.0, None when the answer has none that can be its."""

    partner_id: str
    outcome: str
    detail: str = ""
    reference: str | None = None
    info: str | None = None
    info_language: str | None = None
    owner: Party | None = None
    token: dict[str, Any] | None = None
    latency_ms: int = 0


def silent(errand: Errand, why: str) -> Said:
    """Of a provider without a usable answer."""
    return Said(errand.partner.partner_id, SILENT, why[:_LONGEST_DETAIL])


def said(errand: Errand, http_status: int, body: bytes, *, known: bool, evse_uids: Collection[str] = ()) -> Said:
    """What an answer means. A token that is not `known` here must come with it, as one of the provider's own.

    `evse_uids` are those that were asked for: if only others are allowed, these are not.
    """
    answer = told(body)
    if answer.status_code in HUB_ERRORS:
        return silent(errand, f"the hub says {answer.status_code} {answer.message}")
    if answer.status_code == Status.UNKNOWN_TOKEN or (http_status == _NOT_FOUND and not answer.succeeded):
        return Said(errand.partner.partner_id, UNKNOWN)
    if http_status // 100 != 2 or not answer.succeeded:
        return silent(errand, f"HTTP {http_status}, OCPI {answer.status_code} {answer.message}")
    info = understand(answer.data, "AuthorizationInfo", errand.partner.version, Scene()).value
    allowed = info.get("allowed")
    if allowed not in (ALLOWED, *_REFUSALS):
        return silent(errand, "the answer does not say whether it is allowed")
    owner, token = _token(errand, info.get("token"))
    if allowed == ALLOWED and not known and token is None:
        return silent(errand, "allowed, but the answer does not say whose token it is")
    if allowed == ALLOWED and not _here(info.get("location"), evse_uids):
        allowed = NOT_ALLOWED
    words = info.get("info") or {}
    reference = info.get("authorization_reference")
    return Said(
        errand.partner.partner_id,
        allowed,
        reference=reference[:_LONGEST_REFERENCE] if isinstance(reference, str) and reference else None,
        info=words.get("text"),
        info_language=words.get("language"),
        owner=owner,
        token=token,
    )


def _token(errand: Errand, token: Any) -> tuple[Party | None, dict[str, Any] | None]:
    """The token of an answer, if it is the one that was asked about and of a party that the partner speaks for."""
    if not isinstance(token, dict) or str(token.get("uid", "")).upper() != errand.uid.upper():
        return None, None
    owner = Party(str(token.get("country_code", "")).upper(), str(token.get("party_id", "")).upper())
    return (owner, token) if owner in parties(errand.partner) else (None, None)


def _here(location: Any, evse_uids: Collection[str]) -> bool:
    """mod_tokens: AuthorizationInfo.location has the EVSEs that the driver may use, if it has any."""
    allowed = location.get("evse_uids") if isinstance(location, dict) else None
    if not allowed or not evse_uids:
        return True
    return bool({uid.upper() for uid in allowed} & {uid.upper() for uid in evse_uids})


def together(replies: Collection[Said]) -> Said | None:
    """What all replies mean together; None: it depends on somebody who is silent.

    Whoever allows it keeps the token. A refusal is more certain than that nobody knows it.
    """
    by_outcome = {reply.outcome: reply for reply in replies}
    for outcome in (ALLOWED, *_REFUSALS):
        if outcome in by_outcome:
            return by_outcome[outcome]
    if by_outcome.keys() <= {UNKNOWN}:
        return Said("", UNKNOWN)
    return None
