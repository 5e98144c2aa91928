"""Partners as they come and go: what is kept of them, and the event that says so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.domain.events.common import PartnerEndpoint, PartnerRole
from services.domain.events.partner import (
    Partner,
    PartnerEnded,
    PartnerInvited,
    PartnerRegistered,
    PartnerRegistrationFailed,
)
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpi.wire.model import V211
from services.ocpi.wire.registrations import ENDED, REGISTERED


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides agreed on. `sealed_token` is what we show the partner, `token_hash` of what it shows us."""

    version: str
    versions_url: str
    endpoints: tuple[PartnerEndpoint, ...]
    roles: tuple[PartnerRole, ...]
    token_hash: str
    sealed_token: str
    plain_token_header: bool


def wants_plain_token(version: str) -> bool:
    """Tokens are in Base64 since 2.2 (transport_and_format: Authorization header)."""
    return version == V211


def invited(partner: Partner, source: str) -> PartnerInvited:
    """Of a partner as it was just added by the operator."""
    return PartnerInvited(
        event_id=derived_id("partner-invited", partner.tenant, partner.partner_id, partner.token_hash),
        tenant=partner.tenant,
        partner_id=partner.partner_id,
        name=partner.name,
        country_code=partner.country_code,
        party_id=partner.party_id,
        role=partner.role,
        registration=partner.registration,
        source=source,
        invited_at=partner.updated_at,
    )


def registered(
    partner: Partner, agreed: Agreement, initiator: str, warnings: Sequence[str], now_ms: Millis
) -> tuple[Partner, PartnerRegistered]:
    """A partner after credentials were exchanged; the token that it showed before is worth nothing any more."""
    after = replace(
        partner,
        registration=REGISTERED,
        version=agreed.version,
        versions_url=agreed.versions_url,
        endpoints=agreed.endpoints,
        roles=agreed.roles,
        token_hash=agreed.token_hash,
        sealed_token=agreed.sealed_token,
        plain_token_header=agreed.plain_token_header,
        registered_at=now_ms,
        updated_at=now_ms,
    )
    return after, PartnerRegistered(
        event_id=derived_id("partner-registered", partner.tenant, partner.partner_id, agreed.token_hash),
        tenant=partner.tenant,
        partner_id=partner.partner_id,
        version=agreed.version,
        versions_url=agreed.versions_url,
        endpoints=agreed.endpoints,
        roles=agreed.roles,
        initiator=initiator,
        warnings=tuple(warnings),
        registered_at=now_ms,
    )


def failed(partner: Partner, version: str, status: int, reason: str, now_ms: Millis) -> PartnerRegistrationFailed:
    return PartnerRegistrationFailed(
        event_id=derived_id("partner-registration-failed", partner.tenant, partner.partner_id, version, now_ms),
        tenant=partner.tenant,
        partner_id=partner.partner_id,
        version=version,
        ocpi_status=status,
        reason=reason,
        failed_at=now_ms,
    )


def unregistered(partner: Partner, now_ms: Millis) -> tuple[Partner, PartnerEnded]:
    """A partner that has taken its credentials back: neither token is kept."""
    after = replace(
        partner, registration=ENDED, token_hash="", sealed_token="", endpoints=(), roles=(), updated_at=now_ms
    )
    return after, ended(partner, "unregistered by the partner", f"ocpi:{partner.partner_id}", now_ms)


def suspended(partner: Partner, source: str, now_ms: Millis) -> tuple[Partner, PartnerEnded]:
    """A partner that the operator refuses from now on."""
    after = replace(partner, enabled=False, updated_at=now_ms)
    return after, ended(partner, "suspended by the operator", source, now_ms)


def ended(partner: Partner, reason: str, source: str, now_ms: Millis) -> PartnerEnded:
    return PartnerEnded(
        event_id=derived_id("partner-ended", partner.tenant, partner.partner_id, reason, now_ms),
        tenant=partner.tenant,
        partner_id=partner.partner_id,
        reason=reason,
        source=source,
        ended_at=now_ms,
    )
