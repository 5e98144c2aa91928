"""Verdicts: is a signature true under the register's key, and may a session be billed? Pure.

An embedded key, or one that came with the value, never proves anything: only keys that two operators approved do.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from services.domain.events.common import (
    EvidenceOutcome,
    MeterKeyVersion,
    SignatureStatus,
    SignedMeterValue,
)
from services.domain.events.evidence import SessionToVerify
from services.domain.signed_meter.record import SessionVerdict, SignedRecord, Verified
from services.domain.signed_meter.session import judge, verify
from services.domain.units import WH_PER_KWH
from services.evidence.meter_keys.versions import Versions, billing_stopped, in_force
from services.evidence.received import records

VERIFIER: Final = "1"
"""Version of the rules: to be raised with every change after which a verdict may differ."""

KEY_NOT_APPROVED: Final = "KEY_NOT_APPROVED"
KEY_CHANGED: Final = "KEY_CHANGED"
CALIBRATION_EXPIRED: Final = "CALIBRATION_EXPIRED"
ENERGY_MISMATCH: Final = "ENERGY_MISMATCH"
METER_MISMATCH: Final = "METER_MISMATCH"

ANOTHER_KEY_MAY_HELP: Final = frozenset({KEY_NOT_APPROVED, KEY_CHANGED, "SIGNATURE_INVALID", "KEY_MISMATCH"})

TOLERANCE_WH: Final = Decimal(1)
"""Registers in OCPP are whole Wh at times: begin and end may each be half a Wh off the signed ones."""

_BEGIN: Final = "Transaction.Begin"
_END: Final = "Transaction.End"


class Judged(NamedTuple):
    """A verdict: `findings` are codes, `messages` say them in words; `key_id` is the key that it was judged by."""

    outcome: EvidenceOutcome
    findings: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    energy_kwh: Decimal | None = None
    time_billable: bool = False
    key_id: str | None = None


class Look(NamedTuple):
    """One signature of a record, looked at."""

    status: SignatureStatus
    format: str
    verified: Verified
    key_id: str | None = None


def judged(session: SessionToVerify, versions: Versions) -> Judged:
    """The verdict on a session's records by the keys of its metering point."""
    if not session.signed_meter_values:
        return Judged(EvidenceOutcome.UNSIGNED, (), ("there is no signed meter value",))
    keys = in_force(
        versions, min(session.started_at, session.ended_at), max(session.ended_at, session.recorded_at)
    )
    if not keys:
        said = "no key of the metering point is approved for this time"
        return Judged(EvidenceOutcome.UNDECIDED, (KEY_NOT_APPROVED,), (f"{KEY_NOT_APPROVED}: {said}",))
    key, verdict = _by_the_right_key(session, keys)
    extra = [*_of_the_register(session, key, verdict)]
    outcome = _outcome(verdict, refused=bool(extra))
    if billing_stopped(versions):
        extra.append((KEY_CHANGED, "the station shows another key than the approved one"))
        outcome = EvidenceOutcome.UNDECIDED
    told = [(one.code.name, one.message) for one in verdict.findings] + extra
    return Judged(
        outcome=outcome,
        findings=tuple(dict.fromkeys(code for code, _ in told)),
        messages=tuple(f"{code}: {message}" for code, message in told),
        energy_kwh=verdict.energy_kwh,
        time_billable=outcome is EvidenceOutcome.OK and verdict.time_billable,
        key_id=key.key_id,
    )


def looks(value: SignedMeterValue, keys: Sequence[MeterKeyVersion]) -> list[Look]:
    """Each signature of a value, at least one, under the first of `keys` that proves them all.

    Without any key the readings are those that the record claims.
    """
    first: list[Look] = []
    for key in keys:
        found = [
            Look(SignatureStatus.VALID if one.valid else SignatureStatus.INVALID, record.format, one, key.key_id)
            for record in records(value, key.public_key)
            for one in verify(record)
        ]
        if all(look.status is SignatureStatus.VALID for look in found):
            return found
        first = first or found
    return first or [Look(SignatureStatus.NO_KEY, *claimed) for claimed in _claimed(value)]


def carried_key(value: SignedMeterValue) -> tuple[str, Verified] | None:
    """The key that came with a value or inside of it, if the value's signature is true under it."""
    claimed = _claimed(value)
    if not all(one.valid for _, one in claimed):
        return None
    verified = claimed[0][1]
    given = value.public_key or ("" if verified.key is None else verified.key.hex())
    return (given, verified) if given else None


def _claimed(value: SignedMeterValue) -> list[tuple[str, Verified]]:
    """Format and content of each signature under the key that the record brings with itself."""
    found = records(value, value.public_key or None)
    return [(record.format, one) for record in found for one in verify(record)]


def _by_the_right_key(
    session: SessionToVerify, keys: Sequence[MeterKeyVersion]
) -> tuple[MeterKeyVersion, SessionVerdict]:
    """Of keys that were valid in turn, the first that proves all records; the first of all if none does."""
    found = [(key, _judged_by(session, key)) for key in keys]
    return next((one for one in found if one[1].verified and all(one[1].signature_valid)), found[0])


def _judged_by(session: SessionToVerify, key: MeterKeyVersion) -> SessionVerdict:
    """All records together; where those between begin and end are in the way, begin and end alone."""
    given: list[SignedRecord] = []
    for value in session.signed_meter_values:
        given += records(value, key.public_key)
    verdict = judge(given)
    bounds = [one for one in given if one.context in (_BEGIN, _END)]
    if verdict.transaction_ok or not all(verdict.signature_valid) or len(bounds) in (0, len(given)):
        return verdict
    narrow = judge(bounds)
    return narrow if narrow.transaction_ok else verdict


def _of_the_register(
    session: SessionToVerify, key: MeterKeyVersion, verdict: SessionVerdict
) -> list[tuple[str, str]]:
    """What only the register and the bill can tell; all of it forbids to bill."""
    found = []
    serials = {one.meter_serial for one in verdict.trusted if one.meter_serial}
    if key.meter_serial and serials - {key.meter_serial}:
        found.append((METER_MISMATCH, f"the register's meter is {key.meter_serial}, not {', '.join(serials)}"))
    if key.calibration_expires_at is not None and session.ended_at >= key.calibration_expires_at:
        found.append((CALIBRATION_EXPIRED, "the meter's calibration had expired"))
    if verdict.energy_kwh is not None:
        signed_wh = verdict.energy_kwh * WH_PER_KWH
        if abs(signed_wh - session.energy_wh) > TOLERANCE_WH:
            found.append(
                (ENERGY_MISMATCH, f"{signed_wh:f} Wh are signed, {session.energy_wh:f} Wh would be billed")
            )
    return found


def _outcome(verdict: SessionVerdict, *, refused: bool) -> EvidenceOutcome:
    if refused or verdict.transaction_ok is False:
        return EvidenceOutcome.FAILED
    return EvidenceOutcome.OK if verdict.transaction_ok else EvidenceOutcome.UNDECIDED
