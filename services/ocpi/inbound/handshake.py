"""An exchange of credentials as it comes in: the offer, and what the partner serves (credentials)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.domain.events.common import PartnerEndpoint, PartnerRole
from services.domain.events.partner import Partner
from services.domain.hubs import is_hub
from services.ocpi.inbound.authorization import well_formed
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.model import V211, VERSIONS
from services.ocpi.wire.reading import read
from services.ocpi.wire.versions import understand

MOST_ENDPOINTS = 100
MOST_ROLES = 500
"""A hub lists all its clients."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A partner's credentials: the token that it wants to be shown, where its versions are, whom it stands for."""

    token: str
    url: str
    roles: tuple[PartnerRole, ...]
    warnings: tuple[str, ...]


def offer(body: Any, version: str, partner: Partner) -> Offer:
    """Credentials as a partner sent them; Refusal 2001 when they cannot be used, or are of somebody else.

    A hub that registers in a version without routing gets 3002. A hub names itself among the roles or, since
    2.3.0, in `hub_party_id`.
    """
    if is_hub(partner) and version == V211:
        raise Refusal(Status.UNSUPPORTED_VERSION, "A hub needs the routing of 2.2.1 or later, which 2.1.1 has not")
    reading = understand(body, "Credentials", version, Scene(role=partner.role))
    token, url = reading.value.get("token"), reading.value.get("url")
    if not isinstance(token, str) or not well_formed(token):
        raise Refusal(Status.INVALID_PARAMETERS, "token is missing, or is not up to 64 printable ASCII characters")
    if not isinstance(url, str):
        raise Refusal(Status.INVALID_PARAMETERS, "url is missing: it is where your versions are listed")
    roles = tuple(_role(role) for role in reading.value.get("roles", [])[:MOST_ROLES])
    invited = (partner.country_code, partner.party_id)
    hub = is_hub(partner) and str(reading.value.get("hub_party_id", "")).upper() == "".join(invited)
    if not hub and not any((role.country_code, role.party_id) == invited for role in roles):
        raise Refusal(Status.INVALID_PARAMETERS, f"no role is of {'*'.join(invited)}, who was invited")
    return Offer(token, url, roles, tuple(str(finding) for finding in reading.findings))


def _role(role: Mapping[str, Any]) -> PartnerRole:
    details = role.get("business_details")
    return PartnerRole(
        country_code=str(role.get("country_code", "")).upper(),
        party_id=str(role.get("party_id", "")).upper(),
        role=str(role.get("role", "")),
        name=str(details.get("name", "")) if isinstance(details, Mapping) else "",
    )


def listed(data: Any) -> dict[str, str]:
    """The versions that a partner lists, with the URLs of their details; what is not understood is passed over."""
    items = data if isinstance(data, Sequence) and not isinstance(data, str) else []
    read_items = (read(item, "Version", VERSIONS[0]).value for item in items[:MOST_ENDPOINTS])
    return {item["version"]: item["url"] for item in read_items if "version" in item and "url" in item}


def newest_common(theirs: Mapping[str, str]) -> str | None:
    """The newest version that both speak."""
    return next((version for version in VERSIONS if version in theirs), None)


def details_url(data: Any, version: str) -> str:
    """Where a partner's details of this version are; Refusal 3002 when it does not speak it."""
    url = listed(data).get(version)
    if url is None:
        raise Refusal(Status.UNSUPPORTED_VERSION, f"Your versions endpoint does not list {version}")
    return url


def endpoints(data: Any, version: str) -> tuple[PartnerEndpoint, ...]:
    """What a partner serves, modules that nobody knows included; Refusal 3003 without credentials."""
    items = read(data, "VersionDetails", version).value.get("endpoints", [])
    found = tuple(
        PartnerEndpoint(module=item["identifier"], role=item.get("role", ""), url=item["url"])
        for item in items[:MOST_ENDPOINTS]
        if "identifier" in item and "url" in item
    )
    if not any(endpoint.module == "credentials" for endpoint in found):
        raise Refusal(Status.NO_ENDPOINTS, f"Your details of {version} have no credentials endpoint")
    return found
