"""Parties, and whose a contract is: a contract id (eMA-ID) begins with its provider's country and party id."""

import re
from typing import Final, NamedTuple

from services.domain.contract_ids import plain, provider_prefix

_SEPARATORS = "[^0-9A-Za-z]*"
_NAMED: Final = re.compile(r"[A-Za-z]{2}\*[0-9A-Za-z]{3}", re.ASCII)


class Party(NamedTuple):
    """ISO 3166-1 alpha-2 country code and party id, upper case."""

    country_code: str
    party_id: str

    @property
    def prefix(self) -> str:
        """How contract ids of this party begin once they are written plainly."""
        return plain(self.country_code + self.party_id)

    @property
    def contract_pattern(self) -> str:
        """RE2 expression that the contract ids of this party match, however they are written."""
        letters = [f"[{char}{char.lower()}]" for char in self.prefix]
        return "^" + _SEPARATORS + _SEPARATORS.join([*letters, "[0-9A-Za-z]"])


def party_named(country_code: str, party_id: str) -> Party | None:
    """The party of two texts that somebody sent; None when they name none."""
    if not _NAMED.fullmatch(f"{country_code}*{party_id}"):
        return None
    return Party(country_code.upper(), party_id.upper())


def party_of(contract_id: str) -> Party | None:
    """The provider that a contract id names; None when it is too short to name one."""
    prefix = provider_prefix(contract_id)
    return Party(prefix[:2], prefix[2:]) if prefix else None
