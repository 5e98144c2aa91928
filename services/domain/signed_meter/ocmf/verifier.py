"""One OCMF record: is the signature true, and what does it say?"""

from collections.abc import Mapping
from typing import Any

from services.domain.signed_meter.findings import Code, Finding, NotReadable, finding
from services.domain.signed_meter.keys import PublicKey, public_key
from services.domain.signed_meter.ocmf.algorithm import curve_of, numbers_of
from services.domain.signed_meter.ocmf.readings import readings_of, text_of
from services.domain.signed_meter.ocmf.sections import Sections, split_all
from services.domain.signed_meter.record import Reading, SignedRecord, Verified
from services.domain.signed_meter.signature import Numbers, Signed
from services.domain.signed_meter.signature import verify as verify_signature

_DETAILS = ("FV", "GI", "GV", "MV", "MM", "MF", "IS", "IL", "IT", "CT", "TT")


def verify(record: SignedRecord) -> tuple[Verified, ...]:
    """One `Verified`, or one of each record where several follow each other.

    NotReadable when the text has no three sections, or the signature or key is none. A signature can be true over
    a payload that means nothing: that is valid, with FORMAT as finding.
    """
    return tuple([_verified(sections, record) for sections in split_all(record.data)])


def _verified(sections: Sections, record: SignedRecord) -> Verified:
    key, valid, numbers = _proved(sections, record.key)
    findings: tuple[Finding, ...] = () if valid else (_doubt(sections, key),)
    readings: tuple[Reading, ...] = ()
    try:
        readings = _content(sections)
    except NotReadable as error:
        findings = findings or (error.finding(),)
    payload = sections.payload
    return Verified(
        valid,
        findings,
        readings,
        pagination=text_of(payload.get("PG")),
        meter_serial=text_of(payload.get("MS")) or text_of(payload.get("GS")),
        gateway_serial=text_of(payload.get("GS")),
        identification=text_of(payload.get("ID")),
        evse_id=text_of(payload.get("CI")),
        key=key,
        context=record.context,
        details=_details(payload),
        signed=(Signed(sections.signed, numbers),),
    )


def _proved(sections: Sections, key: str | None) -> tuple[PublicKey | None, bool, Numbers]:
    """The key of the register on the curve of SA, whether the signature is true under it, and its numbers."""
    curve, numbers = curve_of(sections.signature), numbers_of(sections.signature)
    if key is None or not key.strip():
        return None, False, numbers
    used = public_key(key, curve)
    return used, verify_signature(used, sections.signed, numbers), numbers


def _doubt(sections: Sections, key: PublicKey | None) -> Finding:
    """Why a signature is not true: it may be under the key that the record brings along, which proves nothing."""
    try:
        _, own, _ = _proved(sections, sections.embedded_key)
    except NotReadable:
        own = False
    if own:
        return finding(
            Code.KEY_MISMATCH, "it is signed with the key it brings along, not with the register's", "key"
        )
    return finding(Code.SIGNATURE_INVALID, "" if key else "no key of the meter is known", "SD" if key else "key")


def _content(sections: Sections) -> tuple[Reading, ...]:
    if sections.ambiguous:
        raise NotReadable(f"the payload can be read in two ways: {sections.ambiguous}", "payload")
    _known_version(sections.payload.get("FV"))
    return readings_of(sections.payload)


def _known_version(version: Any) -> None:
    """FV may be missing or a number; a new minor version is compatible, a new major one is another format."""
    text = text_of(version)
    if version is None or (text is not None and text.strip().split(".")[0] in ("0", "1")):
        return
    raise NotReadable(f"version {str(version)[:20]!r} is not known", "FV")


def _details(payload: Mapping[str, Any]) -> dict[str, str]:
    told = ((name, text_of(payload[name])) for name in _DETAILS if name in payload)
    return {name: text for name, text in told if text is not None}
