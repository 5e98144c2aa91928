"""ISA_EDL_40_P (Isabellenhuette): an SML telegram with the register at the start of the charge and the one now.

Its list name says which: 81 80 81 62 00 FF begin, 01 update, 02 end. Signed is a block of 320 bytes with its own
layout; the list signature is r and s on secp256r1, followed by two bytes of the log.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from services.domain.signed_meter import edl, edl_block, law, received, sml
from services.domain.signed_meter.curves import CURVES
from services.domain.signed_meter.exact import difference
from services.domain.signed_meter.findings import Code, Effect, Finding, NotReadable, finding
from services.domain.signed_meter.proof import given_key, proven
from services.domain.signed_meter.record import Checked, Reading, SignedRecord, Verified
from services.domain.signed_meter.signature import raw
from services.domain.signed_meter.sml import Entry, ListResponse

_CURVES: Final = {32: CURVES["secp256r1"]}
_CONTRACT: Final = bytes.fromhex("8182815401ff")
_START: Final = bytes.fromhex("010001080080")
_ACTUAL: Final = bytes.fromhex("0100010800ff")
_PAGINATION: Final = bytes.fromhex("8180c7f040ff")
_ESTH: Final = bytes.fromhex("8180816101ff")
_MARKERS: Final = {
    bytes.fromhex("8180816200ff"): "begin",
    bytes.fromhex("8180816201ff"): "between",
    bytes.fromhex("8180816202ff"): "end",
}


def verify(record: SignedRecord) -> tuple[Verified, ...]:
    """The telegram's one signature; its reading is the register now, the one at the start is a detail."""
    response = sml.list_response(received.octets(record, lambda data: data.startswith(sml.ESCAPE)))
    entries = {entry.name: entry for entry in response.entries}
    if len(entries) != len(response.entries):
        raise NotReadable("an entry that is there twice", "valList")
    signature = response.signature or b""
    proof = proven(_block(response, entries, signature), raw(signature[:-2], 32), given_key(record, _CURVES))
    marker = _MARKERS.get(response.list_name or b"")
    if marker is None:
        raise NotReadable("the list name is none of begin, update and end", "listName")
    start, actual = entries[_START], entries[_ACTUAL]
    contract = _octets(entries, _CONTRACT, "contract id").rstrip(b"\x00")
    units = (
        found for entry in (start, actual) for found in edl_block.register_findings(entry.name, entry.unit or 0)
    )
    return (
        Verified(
            valid=proof.valid,
            findings=(*proof.findings, *units) if proof.valid else proof.findings,
            readings=(_reading(actual, marker),),
            pagination=str(_number(entries, _PAGINATION, "pagination")),
            meter_serial=response.server_id.hex().upper(),
            identification=edl.identification(contract),
            key=proof.key,
            context=record.context,
            signed=(proof.signed,),
            details={
                "log": signature[-2:].hex(),
                "contract": contract.hex(),
                "start_kwh": str(edl_block.kwh(_value(start), start.scaler or 0)),
                "start_epoch": str(_time(start) - 60 * _offset(start)),
                "epoch": str(_time(actual) - 60 * _offset(actual)),
                "key": proof.source,
            },
        ),
    )


def check(records: Sequence[Verified]) -> Checked:
    """An end telegram has all that is billed. Without one, more has to come: END_MISSING, not decided."""
    findings = [found for one in records for found in _since_start(one)]
    if len(records) > 1:
        findings += law.session(records, _QUESTIONS).findings
    elif records[0].readings[0].marker != "end":
        findings.append(finding(Code.END_MISSING, effect=Effect.UNDECIDED))
    return Checked(tuple(findings), _energy(records[-1]))


def _energy(one: Verified) -> Decimal:
    return difference(one.readings[0].kwh, Decimal(one.details["start_kwh"]))


def _since_start(one: Verified) -> Iterator[Finding]:
    """What start and now say of each other in one telegram."""
    if _energy(one) < 0:
        yield finding(Code.VALUE_DECREASED, f"{one.readings[0].kwh} kWh after {one.details['start_kwh']} kWh")
    if int(one.details["epoch"]) < int(one.details["start_epoch"]):
        yield finding(Code.TIME_DECREASED, "now is before the start of the charge")


def _block(response: ListResponse, entries: dict[bytes, Entry], signature: bytes) -> bytes:
    contract = _octets(entries, _CONTRACT, "contract id")
    inner = _entry(entries, _ACTUAL).signature or b""
    esth = _octets(entries, _ESTH, "ESTH")
    name = response.list_name or b""
    sizes = len(response.server_id), len(inner), len(esth), len(name), len(signature)
    if sizes != (10, 66, 20, 6, 66) or len(contract) > edl_block.CONTRACT_LENGTH:
        raise NotReadable("a part of another length", "valList")
    try:
        parts = (
            response.server_id,
            _register(_entry(entries, _ACTUAL)),
            signature[-2:],
            inner,
            contract.ljust(edl_block.CONTRACT_LENGTH, b"\x00"),
            _time(_entry(entries, _START)).to_bytes(4, "little"),
            esth,
            _register(_entry(entries, _START))[4:],
            name,
            _number(entries, _PAGINATION, "pagination").to_bytes(4, "little"),
        )
    except OverflowError:
        raise NotReadable("a number that does not fit into its field", "valList") from None
    return b"".join(parts).ljust(edl_block.LENGTH, b"\x00")


def _register(entry: Entry) -> bytes:
    """Local time, low byte of the status, OBIS number, unit, scaler, value."""
    if entry.status is None or entry.unit is None or entry.scaler is None:
        raise NotReadable("a reading without status, unit or scaler", edl_block.register(entry.name))
    return b"".join(
        (
            _time(entry).to_bytes(4, "little"),
            (entry.status & 0xFF).to_bytes(1, "little"),
            entry.name,
            entry.unit.to_bytes(1, "little"),
            entry.scaler.to_bytes(1, "little", signed=True),
            _value(entry).to_bytes(8, "little", signed=_value(entry) < 0),
        )
    )


def _reading(entry: Entry, marker: str) -> Reading:
    instant = edl.utc(entry.time.seconds) if entry.time else None
    return Reading(
        kwh=edl_block.kwh(_value(entry), entry.scaler or 0),
        time=edl.utc(_time(entry)).replace(tzinfo=None).isoformat(),
        instant=instant,
        marker=marker,
        register=edl_block.register(entry.name),
        status=f"{entry.status or 0:x}",
        details={"epoch_local": str(_time(entry))},
    )


def _entry(entries: dict[bytes, Entry], name: bytes) -> Entry:
    if name not in entries:
        raise NotReadable("it is missing", edl_block.register(name))
    return entries[name]


def _time(entry: Entry) -> int:
    if entry.time is None or entry.time.is_index:
        raise NotReadable("a reading without a time", edl_block.register(entry.name))
    return entry.time.local_epoch


def _offset(entry: Entry) -> int:
    return entry.time.offset_min if entry.time else 0


def _value(entry: Entry) -> int:
    if isinstance(entry.value, bool) or not isinstance(entry.value, int):
        raise NotReadable("not a number", edl_block.register(entry.name))
    return entry.value


def _number(entries: dict[bytes, Entry], name: bytes, what: str) -> int:
    value = _entry(entries, name).value
    if isinstance(value, bool) or not isinstance(value, int):
        raise NotReadable("not a number", what)
    return value


def _octets(entries: dict[bytes, Entry], name: bytes, what: str) -> bytes:
    value = _entry(entries, name).value
    if not isinstance(value, bytes):
        raise NotReadable("not an octet string", what)
    return value


_QUESTIONS: Final = (
    edl.LOGBOOK,
    law.same(Code.SESSION_MISMATCH, "start of the charge", law.detail("start_kwh")),
)
