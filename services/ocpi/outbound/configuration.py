"""Versions, version details and credentials as we tell them (version_information_endpoint, credentials)."""

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
MODULES: Final = {
    V230: (("credentials", SENDER), *_PULLED, *_PUSHED, ("chargingprofiles", RECEIVER)),
    V221: (("credentials", SENDER), *_PULLED, *_PUSHED, ("chargingprofiles", RECEIVER)),
    V211: (("credentials", SENDER), *_PULLED, *_PUSHED),
}
"""What is served per version. The role of credentials means nothing and is SENDER."""


@dataclass(frozen=True, slots=True)
class Own:
    """Who we are to partners, and where."""

    public_url: str
    operator: Party
    name: str
    versions: tuple[str, ...] = VERSIONS


def versions(own: Own) -> list[dict[str, str]]:
    """All versions with the URLs of their details."""
    return [{"version": version, "url": f"{own.public_url}/ocpi/{version}"} for version in own.versions]


def version_details(public_url: str, version: str) -> dict[str, Any]:
    """The endpoints of a version; 2.1.1 does not know roles."""
    endpoints = [
        {"identifier": module, "url": f"{public_url}/ocpi/{version}/{module}"}
        | ({} if version == V211 else {"role": role})
        for module, role in MODULES[version]
    ]
    return {"version": version, "endpoints": endpoints}


def credentials(own: Own, version: str, token: str) -> dict[str, Any]:
    """How a partner reaches us: with this token, of which we keep but a hash."""
    role = {
        "role": "CPO",
        "business_details": {"name": own.name},
        "party_id": own.operator.party_id,
        "country_code": own.operator.country_code,
    }
    whole = {"token": token, "url": f"{own.public_url}/ocpi/versions", "roles": [role]}
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
