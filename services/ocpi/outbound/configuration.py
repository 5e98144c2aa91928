"""Versions, version details and credentials (version_information_endpoint, credentials)."""

from typing import Any

from services.ocpi.wire.model import V221
from services.ocpi.wire.parties import Party

VERSIONS = (V221,)
MODULES = {V221: ("credentials", "cdrs", "sessions")}
"""What is served per version, always as SENDER (which is also what one says for credentials)."""

BY_INVITATION = (
    "Registration is by invitation for now: the token that the operator gave you stays valid, and your own"
    " endpoints are not called. Ask the operator to change or end the connection."
)


def versions(public_url: str) -> list[dict[str, str]]:
    """All versions with the URLs of their details."""
    return [{"version": version, "url": f"{public_url}/ocpi/{version}"} for version in VERSIONS]


def version_details(public_url: str, version: str) -> dict[str, Any]:
    """The endpoints of a version."""
    endpoints = [
        {"identifier": module, "role": "SENDER", "url": f"{public_url}/ocpi/{version}/{module}"}
        for module in MODULES[version]
    ]
    return {"version": version, "endpoints": endpoints}


def credentials(public_url: str, operator: Party, name: str, token: str) -> dict[str, Any]:
    """How the asking party reaches us: with the `token` that it has just shown, of which we keep but a hash."""
    role = {
        "role": "CPO",
        "business_details": {"name": name},
        "party_id": operator.party_id,
        "country_code": operator.country_code,
    }
    return {"token": token, "url": f"{public_url}/ocpi/versions", "roles": [role]}


def routing_headers(operator: Party, partner: Party) -> dict[str, str]:
    """Of answers of functional modules (transport_and_format: Message Routing Headers): from us, to who asked."""
    return {
        "OCPI-from-country-code": operator.country_code,
        "OCPI-from-party-id": operator.party_id,
        "OCPI-to-country-code": partner.country_code,
        "OCPI-to-party-id": partner.party_id,
    }
