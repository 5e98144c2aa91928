"""Tokens as they stand in sessions and CDRs (mod_cdrs: CdrToken)."""

from services.domain.events.common import IdToken
from services.ocpi.wire import v230
from services.ocpi.wire.parties import Party, party_of
from services.ocpi.wire.strings import NOT_AVAILABLE, ci_text

WHITELIST = "WHITELIST"
"""AuthMethod where nothing else is known."""

_NOBODY = Party(NOT_AVAILABLE[:2], NOT_AVAILABLE)

_LONGEST_REFERENCE = 36

_TYPES = {
    "Unknown": "RFID",
    "ISO14443": "RFID",
    "ISO15693": "RFID",
    "eMAID": "EMAID",
    "Central": "APP_USER",
    "DirectPayment": "AD_HOC_USER",
    "NoAuthorization": "AD_HOC_USER",
}
"""From OCPP 2.0.1 IdTokenEnumType; OCPP 1.6 says nothing and means a card."""


def token_type(ocpp_type: str) -> str:
    """TokenType of an OCPP 2.0.1 IdTokenEnumType."""
    return _TYPES.get(ocpp_type, "OTHER")


def auth_method(id_token: IdToken | None) -> str:
    """mod_cdrs: AuthMethod: how the token was allowed to charge."""
    return (id_token.authorization_method if id_token else "") or WHITELIST


def authorization_reference(id_token: IdToken | None, warnings: list[str]) -> str | None:
    """What the provider called its permission; it is left out when it is longer than it may be."""
    reference = id_token.authorization_reference if id_token else None
    if reference is not None and len(reference) > _LONGEST_REFERENCE:
        warnings.append("authorization_reference: too long, left out")
        return None
    return reference


def cdr_token(id_token: IdToken | None, contract_id: str, warnings: list[str]) -> v230.CdrToken:
    """The token that a session was started with, and the contract that it stood for then."""
    owner = party_of(contract_id) or _NOBODY
    return v230.CdrToken(
        country_code=owner.country_code,
        party_id=owner.party_id,
        uid=ci_text(id_token.value if id_token else "", 36, "cdr_token.uid", warnings),
        type=token_type(id_token.type if id_token else ""),
        contract_id=ci_text(contract_id, 36, "cdr_token.contract_id", warnings),
    )
