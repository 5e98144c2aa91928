"""CHARGEPOINT_SECRRCT: a JSON file of one charge (`secrrct`) and the signature of its bytes (`secrrct.sign`, DER).

The curve is that of the key: secp224k1 on older stations, secp256r1 on newer ones.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from services.domain.signed_meter import edl, json_text
from services.domain.signed_meter.curves import CURVES
from services.domain.signed_meter.encodings import decoded, from_base64, from_hex
from services.domain.signed_meter.exact import difference, to_kwh
from services.domain.signed_meter.findings import Code, Finding, NotReadable, finding
from services.domain.signed_meter.json_text import Json, member
from services.domain.signed_meter.proof import given_key, proven
from services.domain.signed_meter.received import MAX_BYTES
from services.domain.signed_meter.record import Checked, Reading, SignedRecord, Verified
from services.domain.signed_meter.signature import Numbers, der

_CURVES: Final = {28: CURVES["secp224k1"], 32: CURVES["secp256r1"], 48: CURVES["secp384r1"]}
_SIDES: Final = (
    ("begin", "meter_startreading", "start_time", "start_time_utc", min),
    ("end", "meter_endreading", "end_time", "end_time_utc", max),
)
"""Marker, its register, its time in the compact form, and in the lists of the older form."""


def verify(record: SignedRecord) -> tuple[Verified, ...]:
    """The one signature of the file. A file that is signed but cannot be read is valid, and refused."""
    if len(record.data) > MAX_BYTES:
        raise NotReadable(f"more than {MAX_BYTES} bytes", "data")
    data = decoded(record.data, record.encoding)
    proof = proven(data, _signature(record), given_key(record, _CURVES))
    try:
        head, readings, findings = _content(data)
    except NotReadable as error:
        head, readings, findings = None, (), (error.finding(),)
    return (
        Verified(
            valid=proof.valid,
            findings=(*proof.findings, *findings) if proof.valid else proof.findings,
            readings=readings,
            meter_serial=json_text.said(head, "meter_serial"),
            gateway_serial=json_text.said(head, "station_mac"),
            identification=json_text.said(head, "driver_info"),
            key=proof.key,
            context=record.context,
            signed=(proof.signed,),
            details={
                "session": str(member(head, "session_id")),
                "outlet": str(member(head, "outlet")),
                "curve": proof.key.curve.name,
                "key": proof.source,
            },
        ),
    )


def check(records: Sequence[Verified]) -> Checked:
    """One file is one charge."""
    findings = [found for one in records for found in _charge(one)]
    if len(records) > 1:
        findings.append(finding(Code.MULTIPLE_END, f"{len(records)} files for one charge"))
    energies = [difference(one.readings[1].kwh, one.readings[0].kwh) for one in records if len(one.readings) == 2]
    return Checked(tuple(findings), energies[0] if len(energies) == 1 else None)


def _charge(one: Verified) -> Iterator[Finding]:
    if len(one.readings) != 2:
        return
    begin, end = one.readings
    if end.kwh < begin.kwh:
        yield finding(Code.VALUE_DECREASED, f"{end.kwh} kWh after {begin.kwh} kWh", "meter_endreading")
    if begin.instant is not None and end.instant is not None and end.instant < begin.instant:
        yield finding(Code.TIME_DECREASED, "the charge ends before it begins", "end_time")


def _signature(record: SignedRecord) -> Numbers:
    if not record.signature:
        raise NotReadable("there is no signature beside the file", "signature", Code.SIGNATURE_INVALID)
    try:
        return der(from_hex(record.signature))
    except NotReadable:
        return der(from_base64(record.signature))


def _content(data: bytes) -> tuple[Json, tuple[Reading, ...], tuple[Finding, ...]]:
    try:
        root = json_text.read(data.decode())
    except UnicodeDecodeError:
        raise NotReadable("not UTF-8", "data") from None
    head = member(root, "additional_info")
    head = root if head is None else head
    unit = json_text.said(head, "energy_units")
    if to_kwh(Decimal(0), unit)[1] != "kWh":
        return head, (), (finding(Code.UNIT_MISMATCH, "neither kWh nor Wh", "energy_units"),)
    readings = []
    for marker, register, time, listed, chosen in _SIDES:
        value = json_text.number(head, register)
        times = [json_text.whole(head, time)] if member(head, time) is not None else list(_listed(root, listed))
        instant = edl.utc(chosen(times)) if times else None
        readings.append(
            Reading(
                kwh=to_kwh(value, unit)[0],
                time=instant.isoformat() if instant else None,
                instant=instant,
                marker=marker,
                register=register,
            )
        )
    return head, tuple(readings), ()


def _listed(root: Json, name: str) -> Iterator[int]:
    """The times of all energy and parking lines that have one."""
    for kind in ("energy", "parking"):
        lines = member(root, kind)
        for line in lines if isinstance(lines, list) else ():
            if member(line, name) is not None:
                yield json_text.whole(line, name)
