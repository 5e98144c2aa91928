"""The 320 bytes that an EDL40 meter signs, whatever transports them: SML, XML fields, JSON fields, or as they are.

Numbers are little-endian; times are *local* epochs (UTC seconds plus the offset to local time). The layout is
that of the FNN Lastenheft EDL40, extended by identification (41-172) and, for meters that compensate the losses
of a cable, by history and compensation registers (173-196). What follows is zero.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.domain.signed_meter.findings import Code, Finding, NotReadable, finding

LENGTH: Final = 320
CONTRACT_LENGTH: Final = 128
SERVER_LENGTH: Final = 10
MAX_SCALER: Final = 9
WATT_HOUR: Final = 30
"""DLMS unit of active energy."""

ENERGY_TOTAL: Final = bytes.fromhex("0100011100ff")
"""1-0:1.17.0*255, the register that EDL40 meters sign."""

_ENERGY: Final = frozenset({8, 17})


@dataclass(frozen=True, slots=True, kw_only=True)
class EdlBlock:
    """One signed reading. `value` counts 10^scaler Wh; `log` are the two bytes of the event log position."""

    server_id: bytes
    local_epoch: int
    status: int
    seconds_index: int
    pagination: int
    obis: bytes
    unit: int
    scaler: int
    value: int
    log: bytes
    contract_id: bytes
    contract_epoch: int
    history: int = 0
    compensated: int = 0
    resistance: int = 0
    stopwatch: int = 0
    price: int = 0

    @property
    def kwh(self) -> Decimal:
        """The register to bill: the compensated one where the meter has it."""
        return kwh(self.compensated or self.value, self.scaler)

    @property
    def compensating(self) -> bool:
        """Whether the meter takes the losses of a cable off; its register may still stand at zero."""
        return bool(self.compensated or self.resistance)

    @property
    def contract(self) -> bytes:
        """Who charged, without the filling zeros."""
        return self.contract_id.rstrip(b"\x00")


def kwh(value: int, scaler: int) -> Decimal:
    """`value` in units of 10^scaler Wh, as exact kWh; NotReadable for a scaler that no meter has."""
    if abs(scaler) > MAX_SCALER:
        raise NotReadable(f"scaler {scaler}", "scaler")
    return Decimal(value).scaleb(scaler - 3)


def register(obis: bytes) -> str:
    """An OBIS number as people write it: `1-0:1.8.0*255`."""
    medium, channel, *rest, storage = obis
    return f"{medium}-{channel}:{'.'.join(map(str, rest))}*{storage}"


def register_findings(obis: bytes, unit: int) -> Iterator[Finding]:
    """Whether a reading is one of imported active energy in Wh; all else is not billable by kWh."""
    if unit != WATT_HOUR:
        yield finding(Code.UNIT_MISMATCH, f"unit {unit} is not {WATT_HOUR} (Wh)", "unit")
    if obis[:3] != b"\x01\x00\x01" or obis[3] not in _ENERGY:
        yield finding(Code.REGISTER_MISMATCH, f"{register(obis)} does not count imported energy", "register")


def build(block: EdlBlock) -> bytes:
    """The bytes to be signed; NotReadable when a field does not fit."""
    if len(block.server_id) != SERVER_LENGTH or len(block.obis) != 6 or len(block.log) != 2:
        raise NotReadable("server id, OBIS number or log bytes of another length")
    if len(block.contract_id) > CONTRACT_LENGTH:
        raise NotReadable(f"identification of more than {CONTRACT_LENGTH} bytes")
    try:
        parts = (
            block.server_id,
            block.local_epoch.to_bytes(4, "little"),
            (block.status & 0xFF).to_bytes(1, "little"),
            block.seconds_index.to_bytes(4, "little"),
            block.pagination.to_bytes(4, "little"),
            block.obis,
            block.unit.to_bytes(1, "little"),
            block.scaler.to_bytes(1, "little", signed=True),
            block.value.to_bytes(8, "little", signed=block.value < 0),
            block.log,
            block.contract_id.ljust(CONTRACT_LENGTH, b"\x00"),
            block.contract_epoch.to_bytes(4, "little"),
            block.history.to_bytes(8, "little", signed=block.history < 0),
            block.compensated.to_bytes(8, "little", signed=block.compensated < 0),
            block.resistance.to_bytes(2, "little"),
            block.stopwatch.to_bytes(4, "little"),
            block.price.to_bytes(2, "big"),
        )
    except OverflowError:
        raise NotReadable("a number that does not fit into its field") from None
    return b"".join(parts).ljust(LENGTH, b"\x00")


def read(data: bytes) -> EdlBlock:
    """The fields of a block as it was signed; NotReadable when it is not 320 bytes long."""
    if len(data) != LENGTH:
        raise NotReadable(f"{len(data)} bytes where a block has {LENGTH}")
    return EdlBlock(
        server_id=data[:10],
        local_epoch=_number(data[10:14]),
        status=data[14],
        seconds_index=_number(data[15:19]),
        pagination=_number(data[19:23]),
        obis=data[23:29],
        unit=data[29],
        scaler=int.from_bytes(data[30:31], "little", signed=True),
        value=_number(data[31:39]),
        log=data[39:41],
        contract_id=data[41:169],
        contract_epoch=_number(data[169:173]),
        history=_number(data[173:181]),
        compensated=_number(data[181:189]),
        resistance=_number(data[189:191]),
        stopwatch=_number(data[191:195]),
        price=int.from_bytes(data[195:197], "big"),
    )


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "little")
