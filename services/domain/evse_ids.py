"""EVSE ids in the spellings of ISO 15118-2 (with eMI3's pools and stations) and DIN SPEC 91286.

They are compared normalised, and passed on as received.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_ISO: Final = re.compile(r"([A-Z]{2})([*-]?)([A-Z0-9]{3})([*-]?)([EPS])([A-Z0-9][A-Z0-9*-]{0,34})", re.ASCII)
_DIN: Final = re.compile(r"\+?([0-9]{1,3})\*([0-9]{3,6})\*([0-9]{1,32}(?:\*[0-9]{1,32})*)", re.ASCII)
_SEPARATORS: Final = str.maketrans("", "", "*-")
_MOST_CHARACTERS: Final = 37


class Kind(StrEnum):
    """What an id names; eMI3 has the letters."""

    EVSE = "E"
    POOL = "P"
    STATION = "S"


@dataclass(frozen=True, slots=True)
class EvseId:
    """An EVSE id taken apart; parts are in upper case, `received` is as it came.

    `country` is two letters, or for DIN a dialling code like +49; `operator` three characters, for DIN digits.
    """

    received: str
    kind: Kind
    country: str
    operator: str
    outlet: str

    @property
    def normalised(self) -> str:
        """What equal ids have in common: DEAB7E8406487; the separators of DIN belong to the id."""
        if self.country.startswith("+"):
            return f"{self.country}*{self.operator}*{self.outlet}"
        return f"{self.country}{self.operator}{self.kind.value}{self.outlet.translate(_SEPARATORS)}"

    @property
    def warning(self) -> str | None:
        """What is doubtful about it; None when nothing is."""
        if len(self.normalised) > _MOST_CHARACTERS:
            return f"{self.received} has more than {_MOST_CHARACTERS} characters without its separators"
        if "-" in self.received:
            return f"{self.received} is separated by hyphens, which EVSE ids are not"
        return None

    @property
    def operator_id(self) -> str:
        """Country and party of the operator, like DE*AB7."""
        return f"{self.country}*{self.operator}"


def read(text: str) -> EvseId | None:
    """The parts of an id in any spelling; None for what is none."""
    known_as = text.strip().upper()
    match = _ISO.fullmatch(known_as)
    if match is not None and bool(match[2]) == bool(match[4]):
        return EvseId(text, Kind(match[5]), match[1], match[3], match[6])
    match = _DIN.fullmatch(known_as)
    return None if match is None else EvseId(text, Kind.EVSE, f"+{match[1]}", match[2], match[3])


def same(one: str, other: str) -> bool:
    """Whether two texts name the same; texts that are no ids are compared as they are."""
    a, b = read(one), read(other)
    return one == other if a is None or b is None else a.normalised == b.normalised
