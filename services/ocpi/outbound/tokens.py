"""Tokens as they stand in sessions and CDRs (mod_cdrs: CdrToken)."""

from services.domain.events.common import IdToken
from services.ocpi.wire import v230
from services.ocpi.wire.parties import Party, party_of
from services.ocpi.wire.strings import NOT_AVAILABLE, ci_text

AUTH_METHOD = "WHITELIST"
"""We decide from the whitelist; asking the provider (AUTH_REQUEST) and its commands (COMMAND) are not built."""

_NOBODY = Party(NOT_AVAILABLE[:2], NOT_AVAILABLE)

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


def cdr_token(id_token: IdToken | None, contract_id: str, warnings: list[str]) -> v230.CdrToken:
    """The token that a session was started with, and the contract that it stood for then."""
    owner = party_of(contract_id) or _NOBODY
    return v230.CdrToken(
        country_code=owner.country_code,
        party_id=owner.party_id,
        uid=ci_text(id_token.value if id_token else "", 36, "cdr_token.uid", warnings),
        type=_TYPES.get(id_token.type if id_token else "", "OTHER"),
        contract_id=ci_text(contract_id, 36, "cdr_token.contract_id", warnings),
    )
