"""EDL_40_P: a signed reading as SML telegram (EMH eHZ and others), with or without compensation of cable losses.

The telegram carries the fields; what is signed is the block of `edl_block`, rebuilt from them. The list signature
is r and s, followed by the two log bytes. The curve is that of the key: secp192r1, or secp256r1 for newer meters.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.domain.signed_meter import edl, edl_block, received, sml
from services.domain.signed_meter.edl_block import EdlBlock
from services.domain.signed_meter.findings import Code, NotReadable
from services.domain.signed_meter.proof import EDL_CURVES, given_key, proven
from services.domain.signed_meter.record import Checked, SignedRecord, Verified
from services.domain.signed_meter.signature import raw
from services.domain.signed_meter.sml import Entry, ListResponse, Time, Value

COMPENSATING_SIGNATURE: Final = 66
"""Bytes of the list signature on secp256r1; meters with it may sign a byte condensed from their status word."""

_STATUS_BITS: Final = {0: 17, 3: 31, 4: 16, 5: 11, 6: 9, 7: 8}
"""Bit of the signed status byte -> bit of the status word of a compensating meter."""

_PLAIN_REGISTER: Final = bytes.fromhex("0100010800ff")
_FIXED_INDEX, _FIXED_PAGINATION = 708606, 10
"""What is signed as seconds index and pagination with register 1.8.0 (transparency software of SAFE)."""


def verify(record: SignedRecord) -> tuple[Verified, ...]:
    """The telegram's one signature."""
    response = sml.list_response(received.octets(record, lambda data: data.startswith(sml.ESCAPE)))
    given = given_key(record, EDL_CURVES)
    if given is None:
        raise NotReadable("there is no key, and a telegram carries none", "key", Code.SIGNATURE_INVALID)
    signature = response.signature or b""
    size = given.curve.field_bytes
    numbers = raw(signature[:-2] if len(signature) == 2 * size + 2 else signature, size)
    block, time, word = _block(response, signature)
    block = replace(block, status=word & 0xFF)
    proof = proven(edl_block.build(block), numbers, given)
    newer = len(signature) == COMPENSATING_SIGNATURE
    if newer and not proof.valid:
        block = replace(block, status=_condensed(word))
        proof = proven(edl_block.build(block), numbers, given)
    return (edl.verified(block, proof, record, edl.utc(time.seconds), clock_told=not newer),)


def check(records: Sequence[Verified]) -> Checked:
    """As for every format around this block."""
    return edl.check(records)


def _block(response: ListResponse, signature: bytes) -> tuple[EdlBlock, Time, int]:
    """The block without its status, the time of the reading, and its status word.

    Entries count in the order in which they come, later ones win.
    """
    block = EdlBlock(
        server_id=response.server_id,
        local_epoch=-1,
        status=0,
        seconds_index=-1,
        pagination=-1,
        obis=b"",
        unit=-1,
        scaler=0,
        value=0,
        log=signature[-2:],
        contract_id=b"",
        contract_epoch=-1,
    )
    reading: Entry | None = None
    for entry in response.entries:
        step = _STEPS.get(entry.name)
        if step is not None:
            block = step(block, entry)
        if entry.name in _REGISTERS:
            reading = entry
    if reading is None or reading.time is None:
        raise NotReadable("no reading, or one without a time", edl_block.register(edl_block.ENERGY_TOTAL))
    return block, reading.time, reading.status or 0


def _condensed(word: int) -> int:
    """The status byte that a compensating meter makes of its status word."""
    return sum((word >> source & 1) << target for target, source in _STATUS_BITS.items())


def _reading(block: EdlBlock, entry: Entry) -> EdlBlock:
    if entry.unit is None or entry.scaler is None or entry.time is None or entry.time.is_index:
        raise NotReadable("a reading without unit, scaler or time", edl_block.register(entry.name))
    return replace(
        block,
        obis=entry.name,
        unit=entry.unit,
        scaler=entry.scaler,
        value=_number(entry.value),
        local_epoch=entry.time.local_epoch,
    )


def _plain_reading(block: EdlBlock, entry: Entry) -> EdlBlock:
    return replace(_reading(block, entry), seconds_index=_FIXED_INDEX, pagination=_FIXED_PAGINATION)


def _contract(block: EdlBlock, entry: Entry) -> EdlBlock:
    if not isinstance(entry.value, bytes) or entry.time is None or entry.time.is_index:
        raise NotReadable("an identification without text or time", "contract id")
    return replace(block, contract_id=entry.value, contract_epoch=entry.time.local_epoch)


def _seconds_index(block: EdlBlock, entry: Entry) -> EdlBlock:
    """The value is a list type (1) around a time of kind seconds index (1)."""
    kind, time = entry.value if isinstance(entry.value, tuple) and len(entry.value) == 2 else (None, None)
    index = sml.as_time(time) if kind == 1 else None
    if index is None:
        raise NotReadable("not a time", "seconds index")
    return replace(block, seconds_index=index.seconds)


def _number(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise NotReadable("not a number", "value")
    return value


_STEPS: Final[Mapping[bytes, Callable[[EdlBlock, Entry], EdlBlock]]] = {
    edl_block.ENERGY_TOTAL: _reading,
    _PLAIN_REGISTER: _plain_reading,
    bytes.fromhex("8182815401ff"): _contract,
    bytes.fromhex("810060080001"): _seconds_index,
    bytes.fromhex("8180817101ff"): lambda block, entry: replace(block, pagination=_number(entry.value)),
    bytes.fromhex("010001110064"): lambda block, entry: replace(block, history=_number(entry.value)),
    bytes.fromhex("0100011100c8"): lambda block, entry: replace(block, compensated=_number(entry.value)),
    bytes.fromhex("00af6c6c72ff"): lambda block, entry: replace(block, resistance=_number(entry.value)),
    bytes.fromhex("00af647572ff"): lambda block, entry: replace(block, stopwatch=_number(entry.value)),
    bytes.fromhex("00af707263ff"): lambda block, entry: replace(block, price=_number(entry.value)),
}
_REGISTERS: Final = frozenset({edl_block.ENERGY_TOTAL, _PLAIN_REGISTER})
