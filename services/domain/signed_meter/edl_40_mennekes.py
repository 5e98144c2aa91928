"""EDL_40_MENNEKES: a charge as XML with the fields of two EDL40 blocks, begin and end, and their signatures.

`ChargingProcess` alone or in a `Billing` document. Both blocks are rebuilt from the fields. The log bytes are
those that follow r and s, or the event counter where nothing follows.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from services.domain.elements import Element
from services.domain.signed_meter import edl, edl_block, keys, law
from services.domain.signed_meter.edl_40_sig import read_xml
from services.domain.signed_meter.edl_block import EdlBlock
from services.domain.signed_meter.encodings import from_hex
from services.domain.signed_meter.findings import Code, Finding, NotReadable
from services.domain.signed_meter.proof import EDL_CURVES, Proof, given_key, on_curve, proven
from services.domain.signed_meter.record import Checked, Reading, SignedRecord, Verified
from services.domain.signed_meter.signature import raw

MAX_PROCESSES: Final = 100
_INTEGER: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)


def verify(record: SignedRecord) -> tuple[Verified, ...]:
    """One `Verified` for each charge; it is valid when both of its signatures are."""
    root = read_xml(record, "ChargingProcess", "Billing")
    processes = [one for one in _all(root) if one.name == "ChargingProcess"]
    if not 1 <= len(processes) <= MAX_PROCESSES:
        raise NotReadable(f"{len(processes)} charges", "ChargingProcess")
    return tuple(_verified(one, record) for one in processes)


def check(records: Sequence[Verified]) -> Checked:
    """Each charge by itself; the energy is that of all."""
    findings: list[Finding] = []
    energy = Decimal(0)
    for one in records:
        checked = law.session(_halves(one), _QUESTIONS)
        findings += checked.findings
        energy += checked.energy_kwh or 0
    return Checked(tuple(findings), energy)


def _halves(charge: Verified) -> tuple[Verified, ...]:
    return tuple(
        replace(charge, readings=(one,), pagination=one.details["pagination"], details=one.details)
        for one in charge.readings
    )


def _verified(process: Element, record: SignedRecord) -> Verified:
    written = _text(process, "PublicKey", required=False)
    embedded = on_curve(keys.read(written), EDL_CURVES) if written else None
    given = given_key(record, EDL_CURVES)
    proofs: list[Proof] = []
    readings: list[Reading] = []
    findings: list[Finding] = []
    for name, marker in (("MeasurementStart", "begin"), ("MeasurementEnd", "end")):
        measurement = _child(process, name)
        signature = from_hex(_text(measurement, "Signature"), f"{name}.Signature")
        block, instant = _block(process, measurement, signature)
        size = 32 if len(signature) > 50 else 24
        proof = proven(edl_block.build(block), raw(signature[: 2 * size], size), given, embedded)
        proofs.append(proof)
        reading = edl.reading(block, instant, marker)
        counted = {
            **reading.details,
            "pagination": str(block.pagination),
            "event_counter": _text(measurement, "EventCounter", required=False),
        }
        readings.append(replace(reading, time=_text(measurement, "Timestamp"), details=counted))
        findings += edl.status(block, clock_told=True)
    valid = all(proof.valid for proof in proofs)
    doubts = tuple(dict.fromkeys(found for proof in proofs for found in proof.findings))
    return Verified(
        valid=valid,
        findings=(*doubts, *findings) if valid else doubts,
        readings=tuple(readings),
        pagination=readings[1].details["pagination"],
        meter_serial=block.server_id.hex().upper(),
        identification=edl.identification(block.contract),
        evse_id=_text(process, "MeteringPoint", required=False) or None,
        key=proofs[0].key,
        context=record.context,
        signed=tuple([proof.signed for proof in proofs]),
        details={"curve": proofs[0].key.curve.name, "key": proofs[0].source},
    )


def _block(process: Element, measurement: Element, signature: bytes) -> tuple[EdlBlock, datetime]:
    local, instant = _time(_text(measurement, "Timestamp"))
    contract_epoch, _ = _time(
        _text(measurement, "TimestampCustomerIdent", required=False) or _text(process, "TimestampCustomerIdent")
    )
    counter = int(_number(measurement, "EventCounter")) if len(signature) in (48, 64) else 0
    block = EdlBlock(
        server_id=from_hex(_text(process, "ServerId"), "ServerId"),
        local_epoch=local,
        status=_number(measurement, "MeterStatus") & 0xFF,
        seconds_index=_number(measurement, "SecondIndex"),
        pagination=_number(measurement, "Pagination"),
        obis=edl_block.ENERGY_TOTAL,
        unit=edl_block.WATT_HOUR,
        scaler=_number(measurement, "Scaler"),
        value=_number(measurement, "Value"),
        log=(counter & 0xFFFF).to_bytes(2, "big") if len(signature) in (48, 64) else signature[-2:],
        contract_id=from_hex(_text(process, "CustomerIdent"), "CustomerIdent"),
        contract_epoch=contract_epoch,
    )
    return block, instant


def _time(text: str) -> tuple[int, datetime]:
    """(local epoch, instant) of a time with offset; what is below a second is not signed."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise NotReadable(f"{text[:40]!r} is no time", "Timestamp") from None
    offset = time.utcoffset()
    if offset is None:
        raise NotReadable("a time without offset", "Timestamp")
    second = timedelta(seconds=1)
    local = (time.replace(tzinfo=UTC) - edl.utc(0)) // second
    return local, edl.utc(local - offset // second)


def _all(root: Element) -> Iterable[Element]:
    yield root
    for child in root.children:
        yield from _all(child)


def _child(parent: Element, name: str) -> Element:
    found = [child for child in parent.children if child.name == name]
    if len(found) != 1:
        raise NotReadable(f"{len(found)} elements {name}", name)
    return found[0]


def _text(parent: Element, name: str, *, required: bool = True) -> str:
    found = [child.word for child in parent.children if child.name == name]
    if len(found) > 1 or (required and not (found and found[0])):
        raise NotReadable(f"{len(found)} elements {name}, or nothing in it", name)
    return found[0] if found else ""


def _number(parent: Element, name: str) -> int:
    text = _text(parent, name)
    if not _INTEGER.fullmatch(text):
        raise NotReadable(f"{text[:40]!r} is no whole number", name)
    return int(text)


_QUESTIONS: Final = (
    *edl.QUESTIONS,
    law.same(Code.LOGBOOK_MISMATCH, "event counter", law.detail("event_counter")),
)
