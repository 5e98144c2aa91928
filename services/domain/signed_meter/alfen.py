"""ALFEN: a text record, `AP;type;3;key;data;signature;`, three parts in base32 (RFC 4648).

The key is a point of secp192r1, the signature r and s. `data` are 82 bytes, little-endian, and exactly what is
signed: adapter 0-9, firmware 10-13, its check sum 14-15, meter 16-25, meter status 26-27, adapter status 28-29,
seconds index 30, UTC time 34, OBIS 38, unit 44, scaler 45, value 46, identification 54, session 74, pagination 78.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from services.domain.signed_meter import charge_it, edl_block, keys, law, received
from services.domain.signed_meter.curves import CURVES
from services.domain.signed_meter.encodings import from_base32
from services.domain.signed_meter.findings import Code, Finding, NotReadable, finding
from services.domain.signed_meter.json_text import Json
from services.domain.signed_meter.proof import given_key, on_curve, proven
from services.domain.signed_meter.record import Checked, Reading, SignedRecord, Verified
from services.domain.signed_meter.signature import raw

MAX_LENGTH: Final = 2_048
MAX_LINES: Final = 64
DATA_LENGTH: Final = 82
KEY_LENGTH: Final = 25
SIGNATURE_LENGTH: Final = 48

_CURVES: Final = {24: CURVES["secp192r1"]}
_AROUND: Final = ' "\t\r\n'
_MARKERS: Final = {"0": "begin", "1": "end", "2": "between"}
_LAYOUT: Final = struct.Struct("<10s4s2s10sHHII6sBbq20sII")

METER_FAILED: Final = 1 << 1 | 1 << 2
"""Meter status: its EEPROM or its data flash is broken."""

ADAPTER_FAILED: Final = 1 << 0 | 1 << 14 | 1 << 15
"""Adapter status: fatal error, memory error, no contact to the meter."""

START_DIFFERS: Final = 1 << 10
"""Adapter status: the reading at stop does not belong to the one at start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlfenRecord:
    """`type` "0" start, "1" stop, "2" between; it is not signed. `key` is a compressed point of secp192r1."""

    type: str
    key: bytes
    data: bytes
    signature: bytes
    adapter_id: bytes
    firmware: bytes
    checksum: bytes
    meter_id: bytes
    meter_status: int
    adapter_status: int
    seconds_index: int
    epoch: int
    obis: bytes
    unit: int
    scaler: int
    value: int
    uid: bytes
    session: int
    pagination: int


def verify(record: SignedRecord) -> tuple[Verified, ...]:
    """One `Verified` for each line of a record, of which most have one, or for each reading of a container."""
    text = received.text(record, lambda text: text.strip(_AROUND).startswith(("AP;", "{"))).strip(_AROUND)
    lines = _of_container(record) if text.startswith("{") else _of_text(text)
    if len(lines) > MAX_LINES:
        raise NotReadable(f"more than {MAX_LINES} lines")
    return tuple(_verified(read(line), record) for line in lines)


def line_in(value: Json) -> str | None:
    """The first text in a reading of a chargeIT container that is a record."""
    if isinstance(value, dict):
        return next(filter(None, map(line_in, value.values())), None)
    return value if isinstance(value, str) and value.lstrip(_AROUND).startswith("AP;") else None


def _of_text(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines if all(line.strip(_AROUND).startswith("AP;") for line in lines) else [text]


def _of_container(record: SignedRecord) -> list[str]:
    lines = [line_in(value) for value in charge_it.read(record).values]
    if None in lines:
        raise NotReadable("a reading without a record", "signedMeterValues")
    return [line for line in lines if line]


def check(records: Sequence[Verified]) -> Checked:
    """Same session, key, meter, adapter and identification; number, value and time go on."""
    return law.session(records, _QUESTIONS)


def read(text: str) -> AlfenRecord:
    """The record in `text`; NotReadable when it is not exactly one."""
    if len(text) > MAX_LENGTH:
        raise NotReadable(f"more than {MAX_LENGTH} characters")
    parts = text.strip(_AROUND).removesuffix(";").split(";")
    if len(parts) != 6 or parts[0] != "AP":
        raise NotReadable("not `AP` and five parts after it")
    _, kind, version, *encoded = parts
    if kind not in {"0", "1", "2"}:
        raise NotReadable("a type that is not 0, 1 or 2")
    if len(version) != 1 or not version.isascii() or not version.isdigit():
        raise NotReadable("a version that is not a digit")
    key, data, signature = (
        _decoded(part, length)
        for part, length in zip(encoded, (KEY_LENGTH, DATA_LENGTH, SIGNATURE_LENGTH), strict=True)
    )
    fields = _LAYOUT.unpack(data)
    return AlfenRecord(
        type=kind,
        key=key,
        data=data,
        signature=signature,
        adapter_id=fields[0],
        firmware=fields[1],
        checksum=fields[2],
        meter_id=fields[3],
        meter_status=fields[4],
        adapter_status=fields[5],
        seconds_index=fields[6],
        epoch=fields[7],
        obis=fields[8],
        unit=fields[9],
        scaler=fields[10],
        value=fields[11],
        uid=fields[12].rstrip(b"\x00"),
        session=fields[13],
        pagination=fields[14],
    )


def _verified(line: AlfenRecord, record: SignedRecord) -> Verified:
    embedded = on_curve(keys.from_octets(line.key), _CURVES)
    proof = proven(line.data, raw(line.signature, 24), given_key(record, _CURVES), embedded)
    instant = datetime.fromtimestamp(line.epoch, UTC)
    reading = Reading(
        kwh=edl_block.kwh(line.value, line.scaler),
        time=instant.isoformat(),
        instant=instant,
        marker=_MARKERS[line.type],
        register=edl_block.register(line.obis),
        status=f"{line.meter_status:04x} {line.adapter_status:04x}",
    )
    return Verified(
        valid=proof.valid,
        findings=(*proof.findings, *_status(line)) if proof.valid else proof.findings,
        readings=(reading,),
        pagination=str(line.pagination),
        meter_serial=line.meter_id.hex().upper(),
        gateway_serial=line.adapter_id.hex().upper(),
        identification=line.uid.decode("utf-8", "replace"),
        key=proof.key,
        context=record.context,
        signed=(proof.signed,),
        details={
            "type": line.type,
            "session": str(line.session),
            "seconds_index": str(line.seconds_index),
            "epoch": str(line.epoch),
            "meter_status": str(line.meter_status),
            "adapter_status": str(line.adapter_status),
            "firmware": f"{line.firmware.decode('ascii', 'replace')} {line.checksum.hex()}",
            "key": proof.source,
        },
    )


def _status(line: AlfenRecord) -> Iterator[Finding]:
    if line.meter_status & METER_FAILED:
        yield finding(Code.METER_STATUS, f"the meter reports status {line.meter_status:#06x}", "meter status")
    if line.adapter_status & (ADAPTER_FAILED | START_DIFFERS):
        yield finding(
            Code.METER_STATUS, f"the adapter reports status {line.adapter_status:#06x}", "adapter status"
        )
    yield from edl_block.register_findings(line.obis, line.unit)


_QUESTIONS: Final = (
    law.same(Code.GATEWAY_MISMATCH, "adapter", lambda one: one.gateway_serial),
    law.same(Code.SESSION_MISMATCH, "session", law.detail("session")),
    law.same(Code.SOFTWARE_MISMATCH, "firmware", law.detail("firmware")),
)


def _decoded(text: str, length: int) -> bytes:
    octets = from_base32(text)
    if len(octets) != length:
        raise NotReadable(f"{len(octets)} bytes where {length} belong")
    return octets
