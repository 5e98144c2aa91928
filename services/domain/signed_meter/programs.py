"""What the programs in which drivers check a session do not open although it is true: SAFE 1.4.1 and Chargy 0.12.

From how they answered on signed records, and from the documentation of Chargy's formats.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.ocmf.sections import Sections, split
from services.domain.signed_meter.record import Verified

_NEWEST_OCMF: Final = "1.3"
_NEEDED: Final = ("RV", "RI")
_ENDS: Final = frozenset("ELRAP")
_TRANSACTION_REGISTER: Final = "*198"
_IN_VALUES: Final = frozenset({"ALFEN", "EDL_40_P", "ISA_EDL_40_P", "OCMF"})
_BY_ITSELF: Final = frozenset({"EDL_40_MENNEKES", "PCDF"})
_ALGORITHMS: Final = frozenset(
    f"ECDSA-{curve}-SHA256" for curve in ("secp256k1", "secp256r1", "secp384r1", "brainpool256r1")
)
_USUAL: Final = "ECDSA-secp256r1-SHA256"
_PAIRS: Final = frozenset({"ALFEN", "EDL_40_P"})


def safe_ocmf(text: str, verified: Verified, values: int) -> Iterator[str]:
    """Why SAFE 1.4.1 may not open an OCMF record, one of so many values in the document."""
    version = verified.details.get("FV", "")
    if version == "" or version > _NEWEST_OCMF:
        yield f"OCMF {version or 'without version'}: SAFE 1.4.1 opens versions to {_NEWEST_OCMF}"
    sections = _sections(text)
    if sections is None:
        return
    if "|" in sections.signed.decode(errors="replace"):
        yield "a bar in the signed text: SAFE 1.4.1 takes it for the end of a section"
    for index, name in _omitted(sections.payload):
        yield f"RD[{index}] omits {name}: SAFE 1.4.1 does not carry it on from the reading before"
    if values > 1 and any((one.register or "").endswith(_TRANSACTION_REGISTER) for one in verified.readings):
        yield "register *198 in two records: SAFE 1.4.1 does not find the begin and the end"


def chargy(format: str, texts: Sequence[str], verified: Sequence[Verified]) -> Iterator[str]:
    """Why Chargy 0.12 may not open a document with these values."""
    if format in _BY_ITSELF:
        yield f"{format}: Chargy opens the signed record by itself, not this document"
    elif format not in _IN_VALUES:
        yield f"{format}: Chargy does not know it"
    if len({one.key for one in verified}) > 1:
        yield "values under different keys: Chargy opens documents with one key"
    if format in _PAIRS and len(verified) < 2:
        yield "one value: Chargy asks for two"
    if format == "OCMF":
        yield from _chargy_ocmf(texts)


def _chargy_ocmf(texts: Sequence[str]) -> Iterator[str]:
    for sections in filter(None, map(_sections, texts)):
        algorithm, version = (
            str(found) for found in (sections.signature.get("SA", _USUAL), sections.payload.get("FV", ""))
        )
        if algorithm not in _ALGORITHMS:
            yield f"signed with {algorithm[:60]}: Chargy does not verify it"
        if version.startswith("0.") and version != "0.1":
            yield f"OCMF {version[:20]}: Chargy opens 0.1 and versions from 1.0"


def _sections(text: str) -> Sections | None:
    try:
        return split(text.encode("utf-8", "surrogateescape"))
    except NotReadable:
        return None


def _omitted(payload: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """(index, member) of what readings at the end leave out, since it is as in the one before."""
    rows = payload.get("RD")
    place = ""
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        place = str(row.get("TX", place)) if isinstance(row, dict) else place
        if index and isinstance(row, dict) and place in _ENDS:
            yield from ((index, name) for name in _NEEDED if name not in row)
