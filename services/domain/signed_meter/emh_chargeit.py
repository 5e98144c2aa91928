"""EMH_CHARGEIT: readings of EMH meters in a chargeIT container, the EDL40 block as JSON fields."""

from collections.abc import Sequence
from typing import Final

from services.domain.signed_meter import charge_it, edl, edl_block, keys
from services.domain.signed_meter.edl_block import EdlBlock
from services.domain.signed_meter.encodings import from_hex
from services.domain.signed_meter.json_text import Json, text_of, whole
from services.domain.signed_meter.proof import EDL_CURVES, given_key, on_curve, proven
from services.domain.signed_meter.record import Checked, SignedRecord, Verified
from services.domain.signed_meter.signature import raw

_STAMP: Final = ("timestamp", "localOffset", "seasonOffset")


def verify(record: SignedRecord) -> tuple[Verified, ...]:
    """One `Verified` for each reading of the container."""
    return tuple(_verified(value, record) for value in charge_it.read(record).values)


def check(records: Sequence[Verified]) -> Checked:
    """As for every format around this block."""
    return edl.check(records)


def _verified(value: Json, record: SignedRecord) -> Verified:
    seconds, local = _stamp(value, "measuredValue")
    _, contract_local = _stamp(value, "contract")
    block = EdlBlock(
        server_id=_hex(value, "meterInfo", "meterId"),
        local_epoch=local,
        status=int.from_bytes(_hex(value, "additionalInfo", "status")[-1:], "big"),
        seconds_index=whole(value, "additionalInfo", "indexes", "timer"),
        pagination=int.from_bytes(_hex(value, "measurementId"), "big"),
        obis=_hex(value, "measurand", "id"),
        unit=whole(value, "measuredValue", "unitEncoded"),
        scaler=whole(value, "measuredValue", "scale"),
        value=whole(value, "measuredValue", "value"),
        log=_hex(value, "additionalInfo", "indexes", "logBook"),
        contract_id=text_of(value, "contract", "id").encode(errors="replace"),
        contract_epoch=contract_local,
    )
    signature = _hex(value, "signature")
    size = 32 if len(signature) > 50 else 24
    embedded = on_curve(keys.read(text_of(value, "meterInfo", "publicKey")), EDL_CURVES)
    proof = proven(
        edl_block.build(block), raw(signature[: 2 * size], size), given_key(record, EDL_CURVES), embedded
    )
    return edl.verified(block, proof, record, edl.utc(seconds))


def _stamp(value: Json, name: str) -> tuple[int, int]:
    """(UTC, local epoch) of the local time stamp in a member."""
    seconds, local, season = (whole(value, name, "timestampLocal", part) for part in _STAMP)
    return seconds, seconds + 60 * (local + season)


def _hex(value: Json, *names: str) -> bytes:
    return from_hex(text_of(value, *names), ".".join(names))
