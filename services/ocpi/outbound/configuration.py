"""Versions, version details and credentials as we tell them (version_information_endpoint, credentials)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.ocpi.wire.model import V211, V221, V230
from services.ocpi.wire.parties import Party
from services.ocpi.wire.versions import to_version

VERSIONS: Final = (V211, V221, V230)

SENDER: Final = "SENDER"
RECEIVER: Final = "RECEIVER"

_PULLED: Final = (("locations", SENDER), ("tariffs", SENDER), ("sessions", SENDER), ("cdrs", SENDER))
_PUSHED: Final = (("tokens", RECEIVER), ("commands", RECEIVER))
_SINCE_230: Final = (
    ("payments", RECEIVER),
    ("Booking", SENDER),
    ("invoicereconciliation", SENDER),
    ("invoicereconciliation", RECEIVER),
)
MODULES: Final = {
    V230: (("credentials", SENDER), *_PULLED, *_PUSHED, ("chargingprofiles", RECEIVER), *_SINCE_230),
    V221: (("credentials", SENDER), *_PULLED, *_PUSHED, ("chargingprofiles", RECEIVER)),
    V211: (("credentials", SENDER), *_PULLED, *_PUSHED),
}
"""What is served per version. The role of credentials means nothing and is SENDER."""

_AS_PROVIDER: Final = (
    ("locations", RECEIVER),
    ("tariffs", RECEIVER),
    ("sessions", RECEIVER),
    ("cdrs", RECEIVER),
    ("tokens", SENDER),
    ("commands", SENDER),
)
"""What we serve CPOs as a provider, below emsp/: the same modules from the other side."""

_FROM_HUBS: Final = ("hubclientinfo", RECEIVER)
"""What hubs tell us (not in 2.1.1, which has no hubs)."""

_TO: Final = "OCPI-to-"

CPO: Final = "CPO"
EMSP: Final = "EMSP"
ROLES: Final = (CPO, EMSP)


@dataclass(frozen=True, slots=True)
class Own:
    """Who we are to partners, and where."""

    public_url: str
    operator: Party
    name: str
    versions: tuple[str, ...] = VERSIONS
    roles: tuple[str, ...] = (CPO,)


def versions(own: Own) -> list[dict[str, str]]:
    """All versions with the URLs of their details."""
    return [{"version": version, "url": f"{own.public_url}/ocpi/{version}"} for version in own.versions]


def version_details(own: Own, version: str, partner_roles: Collection[str] = ()) -> dict[str, Any]:
    """The endpoints of a version for a partner of these roles; 2.1.1 does not know ours, so each partner is told
    the side that is for it: CPOs a provider's, hubs both, all others a CPO's."""
    base, hub = f"{own.public_url}/ocpi/{version}", "HUB" in partner_roles
    endpoints = [_endpoint(base, version, *MODULES[version][0])]
    if CPO in own.roles and (hub or CPO not in partner_roles or EMSP not in own.roles):
        endpoints += [_endpoint(base, version, *one) for one in MODULES[version][1:]]
    if EMSP in own.roles and (hub or CPO in partner_roles or CPO not in own.roles):
        endpoints += [_endpoint(f"{base}/emsp", version, *one) for one in _AS_PROVIDER]
    if hub and version != V211:
        endpoints.append(_endpoint(base, version, *_FROM_HUBS))
    return {"version": version, "endpoints": endpoints}


def _endpoint(base: str, version: str, module: str, role: str) -> dict[str, str]:
    told = {"identifier": module, "url": f"{base}/{module}"}
    return told if version == V211 else told | {"role": role}


def credentials(own: Own, version: str, token: str) -> dict[str, Any]:
    """How a partner reaches us: with this token, of which we keep but a hash."""
    whose = {
        "business_details": {"name": own.name},
        "party_id": own.operator.party_id,
        "country_code": own.operator.country_code,
    }
    roles = [{"role": role, **whose} for role in own.roles]
    whole = {"token": token, "url": f"{own.public_url}/ocpi/versions", "roles": roles}
    told = to_version(whole, "Credentials", version).value
    assert told is not None
    return told


def routing_headers(operator: Party, partner: Party, version: str) -> dict[str, str]:
    """Of answers of functional modules (transport_and_format: Message Routing Headers): from us, to who asked."""
    if version == V211:
        return {}
    return {
        "OCPI-from-country-code": operator.country_code,
        "OCPI-from-party-id": operator.party_id,
        "OCPI-to-country-code": partner.country_code,
        "OCPI-to-party-id": partner.party_id,
    }


def openly(headers: Mapping[str, str]) -> dict[str, str]:
    """Of a request whose receiver only a hub can find out (transport_and_format: Open Routing Request)."""
    return {name: value for name, value in headers.items() if not name.startswith(_TO)}
