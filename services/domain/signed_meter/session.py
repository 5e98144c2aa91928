"""From the signed records of a session to the verdict: signatures first, then the law of the format."""

from collections.abc import Sequence

from services.domain.signed_meter.findings import Code, Effect, Finding, NotReadable, finding
from services.domain.signed_meter.formats import FORMATS, Format
from services.domain.signed_meter.record import SEALED, SessionVerdict, SignedRecord, Verified

_NOT_OPENED = "sealed with RSA (encodedData): no format of signed meter data, and the seal is not opened here"


def judge(records: Sequence[SignedRecord]) -> SessionVerdict:
    """The verdict on the records of one session, in the order of begin to end. Never raises.

    Content is judged only when every signature is true: of bytes that nobody signed nothing can be said. When only
    the key is in doubt, that is the only finding and the session is undecided until the register decides.
    """
    verified = tuple(one for record in records for one in verify(record))
    doubts = [finding for one in verified for finding in one.findings]
    if not verified or not all(one.valid for one in verified):
        wrong = [one for one in doubts if one.effect is Effect.REFUSED]
        only_key = bool(wrong) and all(one.code is Code.KEY_MISMATCH for one in wrong)
        return SessionVerdict(None if only_key else False, tuple(doubts or [_nothing()]), verified)
    formats = {record.format for record in records}
    if len(formats) > 1:
        mixed = finding(Code.FORMAT, f"records of different formats: {', '.join(sorted(formats))}")
        return SessionVerdict(False, (*doubts, mixed), verified)
    if any(one.code is Code.FORMAT for one in doubts):
        return SessionVerdict(False, tuple(doubts), verified)
    checked = FORMATS[formats.pop()].check(verified)
    findings = (*doubts, *checked.findings)
    return SessionVerdict(_outcome(findings), findings, verified, checked.energy_kwh)


def verify(record: SignedRecord) -> tuple[Verified, ...]:
    """Each signature of one record. Never raises: what cannot be read is not valid, with the reason as a
    finding."""
    known: Format | None = FORMATS.get(record.format)
    if known is None:
        why = _NOT_OPENED if record.format == SEALED else f"unknown format {record.format[:40]!r}"
        return (Verified(False, (finding(Code.FORMAT, why),)),)
    try:
        return known.verify(record)
    except NotReadable as error:
        return (Verified(False, (error.finding(),), context=record.context),)


def _nothing() -> Finding:
    return finding(Code.FORMAT, "there is no signed record")


def _outcome(findings: Sequence[Finding]) -> bool | None:
    effects = {one.effect for one in findings}
    return False if Effect.REFUSED in effects else None if Effect.UNDECIDED in effects else True
