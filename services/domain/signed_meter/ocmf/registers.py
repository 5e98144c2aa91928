"""Which register is billed: OBIS codes in all their spellings (table 25, and what makers write)."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from services.domain.signed_meter.record import Reading

_OBIS = re.compile(r"([0-9a-f]+)-([0-9a-f]+):([0-9a-f]+)\.([0-9a-f]+)\.([0-9a-f]+)(?:[*.&]([0-9a-f]+))?")
_COMPENSATED = ("98", "B1", "B3", "C1", "C3")
_EXPORT = ("2",)
BEGIN = "B"
ENDS = frozenset("ELRAP")


class Obis(NamedTuple):
    """The groups A to F without leading zeros, in capitals; F is "" where none is written or it means all (FF,
    255)."""

    a: str
    b: str
    c: str
    d: str
    e: str
    f: str


@lru_cache(maxsize=1_024)
def obis(text: str) -> Obis | None:
    """The code, None when it is none. `e` as total and `b` as channel are kept as letters."""
    found = _OBIS.fullmatch(text.strip().lower())
    if found is None:
        return None
    groups = [(group or "").lstrip("0").upper() or "0" for group in found.groups()[:5]]
    last = (found.group(6) or "").lstrip("0").upper()
    a, b, c, d, e = groups
    return Obis(a, b, c, d, e, "" if last in ("FF", "255") else last)


@lru_cache(maxsize=1_024)
def rank(register: str | None) -> int | None:
    """How soon a register is the one billed, 0 first; None for registers that are not billed.

    What the vehicle got, where losses are compensated, goes before what the meter measured; import before export;
    the total before tariff registers.
    """
    if register is None:
        return 500
    code = obis(register)
    if code is None:
        return 400
    if code.d != "8":
        return None
    if code.c in _COMPENSATED:
        return _COMPENSATED.index(code.c)
    if code.c == "1":
        return 100 + (0 if code.e in ("0", "E") else 1)
    if code.c == "9E" or ("B0" <= code.c <= "C7" and len(code.c) == 2):
        return 200 + int(code.c, 16)
    return 900 if code.c in _EXPORT else 600


def same_register(register: str | None) -> object:
    """A key that is equal for two spellings of one register."""
    return (register and obis(register)) or (register or "").strip()


def of_transaction(reading: Reading) -> bool:
    return reading.marker is not None and reading.marker.strip() != ""


def is_begin(reading: Reading) -> bool:
    return reading.marker == BEGIN


def is_end(reading: Reading) -> bool:
    return reading.marker in ENDS


def billing_readings(readings: Sequence[Reading]) -> list[Reading]:
    """The readings of the register that is billed, in order. The best register that has a begin and an end; when
    none has both, all readings of the best rank, so that a change of register is seen: of any rank, where there is
    one begin and one end in all."""
    ranked: dict[object, tuple[int, list[Reading]]] = {}
    for reading in readings:
        place = rank(reading.register)
        if place is not None:
            ranked.setdefault(same_register(reading.register), (place, []))[1].append(reading)
    if not ranked:
        return []
    best = min(place for place, _ in ranked.values()) // 100
    of_class = sorted((pair for pair in ranked.values() if pair[0] // 100 == best), key=lambda pair: pair[0])
    for _, group in of_class:
        if any(map(is_begin, group)) and any(map(is_end, group)):
            return group
    told = [reading for _, group in ranked.values() for reading in group]
    if sum(map(is_begin, told)) == sum(map(is_end, told)) == 1:
        of_class = list(ranked.values())
    chosen = {id(reading) for _, group in of_class for reading in group}
    return [reading for reading in readings if id(reading) in chosen]
