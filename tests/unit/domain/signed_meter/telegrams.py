"""SML telegrams of meters, built and signed here."""

from dataclasses import dataclass, field
from typing import Any

from services.domain.signed_meter import sml
from services.domain.signed_meter.edl_block import EdlBlock
from services.domain.signed_meter.record import SessionVerdict, SignedRecord
from services.domain.signed_meter.session import judge
from tests.unit.domain.signed_meter.keyring import sign_raw
from tests.unit.domain.signed_meter.meter_records import BEGIN, EDL, EDL_END, END, START, edl_key, edl_sign

HOUR_MIN = 60


def octets(data: bytes) -> bytes:
    """An octet string of any length."""
    size = len(data) + 1
    if size < 16:
        return bytes([size]) + data
    if size + 1 < 256:
        return bytes([0x80 | size + 1 >> 4, size + 1 & 15]) + data
    size += 2
    return bytes([0x80 | size >> 8, 0x80 | size >> 4 & 15, size & 15]) + data


def unsigned(value: int, size: int) -> bytes:
    return bytes([0x60 | size + 1]) + value.to_bytes(size, "big")


def signed(value: int, size: int) -> bytes:
    return bytes([0x50 | size + 1]) + value.to_bytes(size, "big", signed=True)


def listed(*parts: bytes) -> bytes:
    assert len(parts) < 16
    return bytes([0x70 | len(parts)]) + b"".join(parts)


ABSENT = b"\x01"


def local_time(utc: int, offset_min: int = HOUR_MIN, season_min: int = 0) -> bytes:
    return listed(unsigned(3, 1), listed(unsigned(utc, 4), signed(offset_min, 2), signed(season_min, 2)))


def message(tag: int, body: bytes) -> bytes:
    head = b"\x76" + octets(b"\x01") + unsigned(0, 1) + unsigned(0, 1) + listed(unsigned(tag, 2), body)
    return head + b"\x63" + sml.crc16(head).to_bytes(2, "little") + b"\x00"


def framed(content: bytes) -> bytes:
    """In a transport frame; the content must not have an escape sequence."""
    padding = -len(content) % 4
    head = sml.START + content + bytes(padding) + sml.ESCAPE + bytes([0x1A, padding])
    return head + sml.crc16(head).to_bytes(2, "little")


def entry(
    name: str,
    value: bytes,
    *,
    status: bytes = ABSENT,
    time: bytes = ABSENT,
    unit: bytes = ABSENT,
    scaler: bytes = ABSENT,
    signature: bytes = ABSENT,
) -> bytes:
    return listed(octets(bytes.fromhex(name)), status, time, unit, scaler, value, signature)


def list_response(server: bytes, entries: list[bytes], signature: bytes, name: bytes = ABSENT) -> bytes:
    body = listed(ABSENT, octets(server), name, ABSENT, listed(*entries), signature, ABSENT)
    opened = listed(ABSENT, ABSENT, octets(b"\x01\x02"), octets(server), ABSENT, ABSENT)
    return framed(message(0x0101, opened) + message(0x0701, body) + message(0x0201, listed(ABSENT)))


def status_word(condensed: int) -> int:
    """The status word of which a meter on secp256r1 signs this byte."""
    return sum(
        (condensed >> bit & 1) << source for bit, source in {0: 17, 3: 31, 4: 16, 5: 11, 6: 9, 7: 8}.items()
    )


def telegram(
    block: EdlBlock,
    *,
    curve: str = "secp192r1",
    offset_min: int = HOUR_MIN,
    signed_as: EdlBlock | None = None,
    **changed: bytes,
) -> bytes:
    """`block` as EDL_40_P; `changed` replaces an entry, `signed_as` what its signature is of."""
    utc = block.local_epoch - 60 * offset_min
    contract_utc = block.contract_epoch - 60 * offset_min
    index = listed(unsigned(1, 1), listed(unsigned(1, 1), unsigned(block.seconds_index, 4)))
    entries = {
        "index": entry("810060080001", index),
        "contract": entry("8182815401ff", octets(block.contract_id), time=local_time(contract_utc, offset_min)),
        "reading": entry(
            block.obis.hex(),
            signed(block.value, 8),
            status=unsigned(block.status if curve == "secp192r1" else status_word(block.status), 4),
            time=local_time(utc, offset_min),
            unit=unsigned(block.unit, 1),
            scaler=signed(block.scaler, 1),
        ),
        "pagination": entry("8180817101ff", unsigned(block.pagination, 4)),
    }
    if block.resistance:
        entries |= {
            "history": entry("010001110064", unsigned(block.history, 4)),
            "compensated": entry("0100011100c8", unsigned(block.compensated, 4)),
            "resistance": entry("00af6c6c72ff", unsigned(block.resistance, 2)),
            "stopwatch": entry("00af647572ff", unsigned(block.stopwatch, 2)),
            "price": entry("00af707263ff", unsigned(block.price, 1)),
        }
    if curve != "secp192r1":
        entries["version"] = entry("00af737672ff", unsigned(4, 1))
    entries |= changed
    signature = edl_sign(signed_as or block, curve) + block.log
    return list_response(block.server_id, list(entries.values()), octets(signature))


def edl_record(block: EdlBlock, context: str | None = None, curve: str = "secp192r1", **more: Any) -> SignedRecord:
    data = telegram(block, curve=curve, **more).hex().encode()
    return SignedRecord("EDL_40_P", data, edl_key(curve), context)


def edl_session(begin: EdlBlock = EDL, end: EdlBlock = EDL_END) -> SessionVerdict:
    return judge([edl_record(begin, BEGIN), edl_record(end, END)])


@dataclass(frozen=True)
class Isa:
    """A telegram of an Isabellenhuette meter."""

    kind: int = 2
    start: int = 10_000_000
    actual: int = 10_123_450
    start_utc: int = START
    actual_utc: int = START + 2700
    pagination: int = 9
    server: bytes = bytes.fromhex("09014953410000000042")
    contract: bytes = bytes(range(1, 21))
    unit: int = 30
    log: bytes = b"\x00\x05"
    inner: bytes = bytes(range(66))
    drop: str = ""
    changed: dict[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> bytes:
        return bytes.fromhex("8180816200ff")[:4] + bytes([self.kind, 0xFF])

    def block(self) -> bytes:
        status = b"\x10"
        tail = bytes([self.unit]) + b"\xff"
        return b"".join(
            (
                self.server,
                self.actual_utc.to_bytes(4, "little"),
                status + bytes.fromhex("0100010800ff") + tail + self.actual.to_bytes(8, "little"),
                self.log,
                self.inner,
                self.contract.ljust(128, b"\x00"),
                self.start_utc.to_bytes(4, "little"),
                bytes(20),
                status + bytes.fromhex("010001080080") + tail + self.start.to_bytes(8, "little"),
                self.name,
                self.pagination.to_bytes(4, "little"),
            )
        ).ljust(320, b"\x00")

    def telegram(self) -> bytes:
        def register(name: str, value: int, utc: int, signature: bytes = ABSENT) -> bytes:
            return entry(
                name,
                signed(value, 8),
                status=unsigned(0x0000042000000010, 8),
                time=listed(unsigned(2, 1), unsigned(utc, 4)),
                unit=unsigned(self.unit, 1),
                scaler=signed(-1, 1),
                signature=signature,
            )

        entries = {
            "contract": entry("8182815401ff", octets(self.contract), time=local_time(START)),
            "start": register("010001080080", self.start, self.start_utc),
            "pagination": entry("8180c7f040ff", unsigned(self.pagination, 4)),
            "esth": entry("8180816101ff", octets(bytes(20))),
            "actual": register("0100010800ff", self.actual, self.actual_utc, octets(self.inner)),
        } | self.changed
        entries.pop(self.drop, None)
        signature = sign_raw("secp256r1", self.block()) + self.log
        return list_response(self.server, list(entries.values()), octets(signature), octets(self.name))

    def record(self, context: str | None = None) -> SignedRecord:
        return SignedRecord("ISA_EDL_40_P", self.telegram().hex().encode(), edl_key("secp256r1"), context, "hex")
