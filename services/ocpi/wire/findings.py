"""What is said about a value that is not as its specification wants it."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What is the matter, and what was done about it."""

    UNKNOWN_FIELD = "not a field of this object; kept"
    UNKNOWN_VALUE = "not a value of this enum; kept"
    MALFORMED = "malformed; kept"
    CORRECTED = "corrected"
    MISSING = "missing"
    UNUSABLE = "unusable; left out"
    NOT_REPRESENTABLE = "not representable; left out"
    ASSUMED = "assumed"


_HARMLESS = frozenset({Kind.UNKNOWN_FIELD, Kind.ASSUMED})


class Finding(NamedTuple):
    """One thing about the value at `pointer` (JSON Pointer, RFC 6901; "" is the whole)."""

    pointer: str
    kind: Kind
    detail: str = ""
    allowed: bool = False
    """The specification permits it, as it does unknown values of an OpenEnum."""

    @property
    def breaks(self) -> bool:
        """Whether the specification is broken."""
        return not self.allowed and self.kind not in _HARMLESS

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.pointer or '/'}: {self.kind}{detail}"


def at(pointer: str, name: str | int) -> str:
    """The pointer of a member."""
    if isinstance(name, str) and ("~" in name or "/" in name):
        name = name.replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{name}"
