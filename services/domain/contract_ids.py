"""Contract ids (eMAID) in the spellings of ISO 15118-2 (annex H), eMI3 and DIN SPEC 91286.

They are compared normalised, and passed on as received; a wrong check digit is worth a warning, never a refusal.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_ISO: Final = re.compile(r"([A-Z]{2})([-*]?)([A-Z0-9]{3})([-*]?)([A-Z0-9]{9})(?:[-*]?([A-Z0-9]))?", re.ASCII)
_DIN: Final = re.compile(r"([A-Z]{2})([-*]?)([A-Z0-9]{3})([-*]?)([A-Z0-9]{6})[-*]?([0-9X])", re.ASCII)
_PROVIDER: Final = re.compile(r"([A-Z]{2})[-*]?([A-Z0-9]{3})", re.ASCII)

_DIGITS: Final = {character: number for number, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_DIN_DIGITS: Final = "0123456789X"


_SEPARATORS: Final = re.compile("[^0-9A-Za-z]+")
_PREFIX: Final = 5


def plain(contract_id: str) -> str:
    """Letters and digits of an id, upper case: however it is written, whatever it is."""
    return _SEPARATORS.sub("", contract_id).upper()


def provider_prefix(contract_id: str) -> str | None:
    """Country and party id of the provider that an id begins with; None when it is too short to name one."""
    known = plain(contract_id)
    return known[:_PREFIX] if len(known) > _PREFIX else None


class Scheme(StrEnum):
    """Who defined the form of an id. eMI3's is ISO's with a C before the instance."""

    ISO = "ISO 15118-2"
    DIN = "DIN SPEC 91286"


@dataclass(frozen=True, slots=True)
class ContractId:
    """A contract id taken apart; parts are in upper case, `received` is as it came."""

    received: str
    scheme: Scheme
    country: str
    provider: str
    instance: str
    check_digit: str | None

    @property
    def normalised(self) -> str:
        """What equal contracts have in common, e.g. NLTNMC00122045: no separators, no check digit.

        A DIN id is written as eMI3 has it (C0 before instance and check digit); so is one that was converted to
        ISO with 00 in that place.
        """
        party = self.country + self.provider
        if self.scheme is Scheme.DIN:
            return f"{party}C0{self.instance}{self.check_digit}"
        if self.instance.startswith("00") and din_check_digit(party + self.instance[2:8]) == self.instance[8]:
            return f"{party}C0{self.instance[2:]}"
        return party + self.instance

    @property
    def right_check_digit(self) -> str:
        """What the check digit ought to be."""
        body = self.country + self.provider + self.instance
        return din_check_digit(body) if self.scheme is Scheme.DIN else iso_check_digit(body)

    @property
    def warning(self) -> str | None:
        """What is doubtful about it; None when nothing is, or no check digit was given."""
        if self.check_digit in (None, self.right_check_digit):
            return None
        return f"the check digit of {self.received} is {self.check_digit} and ought to be {self.right_check_digit}"

    @property
    def partner_id(self) -> str:
        """Country and party of the provider, like NL-TNM."""
        return f"{self.country}-{self.provider}"


def read(text: str) -> ContractId | None:
    """The parts of a contract id in any spelling; None for what is none."""
    known_as = text.strip().upper()
    for scheme, form in ((Scheme.ISO, _ISO), (Scheme.DIN, _DIN)):
        match = form.fullmatch(known_as)
        if match is not None and bool(match[2]) == bool(match[4]):
            return ContractId(text, scheme, match[1], match[3], match[5], match[6])
    return None


def provider_named(text: str) -> str | None:
    """NL-TNM of a provider's id in any spelling; None for another text."""
    match = _PROVIDER.fullmatch(text.strip().upper())
    return None if match is None else f"{match[1]}-{match[2]}"


def iso_check_digit(body: str) -> str:
    """The check digit of 14 characters (annex H): it brings a sum of matrix powers to zero.

    A character's place in the alphabet is four small numbers, two modulo 2 and two modulo 3; those of each
    position are multiplied by the next power of (0 1; 1 1) and (0 1; 1 2).
    """
    two, three = (0, 0), (0, 0)
    for character in reversed(body):
        number = _DIGITS[character]
        a, b = two[0] + number // 18, two[1] + number // 9 % 2
        c, d = three[0] + number % 9 // 3, three[1] + number % 3
        two, three = (b % 2, (a + b) % 2), (d % 3, (c + 2 * d) % 3)
    power_two, power_three = _power(len(body), 1, 2), _power(len(body), 2, 3)

    def fits(number: int) -> bool:
        a, b, c, d = number // 18, number // 9 % 2, number % 9 // 3, number % 3
        return not (
            (a * power_two[0][0] + b * power_two[1][0] + two[0]) % 2
            or (a * power_two[0][1] + b * power_two[1][1] + two[1]) % 2
            or (c * power_three[0][0] + d * power_three[1][0] + three[0]) % 3
            or (c * power_three[0][1] + d * power_three[1][1] + three[1]) % 3
        )

    # Both matrices can be inverted, so exactly one does.
    return next(character for character, number in _DIGITS.items() if fits(number))


def _power(length: int, corner: int, modulus: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """(0 1; 1 corner) to the power of the position after `length` characters."""
    (a, b), (c, d) = (1, 0), (0, 1)
    for _ in range(length + 1):
        (a, b), (c, d) = (b, (a + corner * b) % modulus), (d, (c + corner * d) % modulus)
    return (a, b), (c, d)


def din_check_digit(body: str) -> str:
    """The check digit of country, provider and instance: digits weighted by powers of two, modulo 11; X is ten."""
    digits = [int(digit) for character in body for digit in str(_DIGITS[character])]
    return _DIN_DIGITS[sum(digit * pow(2, place, 11) for place, digit in enumerate(digits)) % 11]
