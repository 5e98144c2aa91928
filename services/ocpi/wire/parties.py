"""Parties, and whose a contract is: a contract id (eMA-ID) begins with its provider's country and party id."""

import re
from typing import NamedTuple

_SEPARATORS = "[^0-9A-Za-z]*"
_NO_LETTERS = re.compile("[^0-9A-Za-z]+")


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


def plain(contract_id: str) -> str:
    """The id without separators, upper case: the form in which ids are compared."""
    return _NO_LETTERS.sub("", contract_id).upper()


def party_of(contract_id: str) -> Party | None:
    """The provider that a contract id names; None when it is too short to name one."""
    known = plain(contract_id)
    return Party(known[:2], known[2:5]) if len(known) > 5 else None
