"""Records of meters, built and signed here: what a meter would send, any field changed before it is signed."""

import base64
import json
from dataclasses import dataclass, replace
from typing import Any

from services.domain.signed_meter import edl_block
from services.domain.signed_meter.edl_block import EdlBlock
from services.domain.signed_meter.record import SignedRecord
from tests.unit.domain.signed_meter.keyring import public, sign, sign_raw, spki

BEGIN, END = "Transaction.Begin", "Transaction.End"
START = 1_772_355_610
SERVER = bytes.fromhex("0901454d480000012345")
CONTRACT = b"0473A44A3F3E80"


EDL = EdlBlock(
    server_id=SERVER,
    local_epoch=START + 3600,
    status=0x08,
    seconds_index=700_000,
    pagination=500,
    obis=edl_block.ENERGY_TOTAL,
    unit=30,
    scaler=-1,
    value=1_000_000,
    log=b"\x00\x10",
    contract_id=CONTRACT,
    contract_epoch=START + 3590,
)
EDL_END = replace(EDL, local_epoch=START + 6300, seconds_index=702_700, pagination=501, value=1_000_123)


def edl_sign(block: EdlBlock, curve: str = "secp192r1", number: int = 7) -> bytes:
    return sign_raw(curve, edl_block.build(block), number)


def edl_key(curve: str = "secp192r1", number: int = 7) -> str:
    return public(curve, number).point[1:].hex()


def sig_record(
    block: EdlBlock, context: str | None = None, *, number: int = 7, key: str | None = None
) -> SignedRecord:
    def element(name: str, data: bytes) -> str:
        return f'<{name} encoding="base64">{base64.b64encode(data).decode()}</{name}>'

    data = (
        "<signedMeterValue>"
        + element("publicKey", bytes.fromhex(edl_key(number=number)))
        + element("meterValueSignature", edl_sign(block, number=number) + block.log)
        + "<signatureMethod>ECDSA192SHA256</signatureMethod><encodingMethod>EDL</encodingMethod>"
        + element("encodedMeterValue", edl_block.build(block))
        + "</signedMeterValue>"
    )
    return SignedRecord("EDL_40_SIG", data.encode(), key, context, "xml")


@dataclass(frozen=True)
class Mennekes:
    """The fields of a charge as XML; `counters` are the event counters at begin and end."""

    values: tuple[int, int] = (314_940, 316_175)
    paginations: tuple[int, int] = (4480, 4481)
    counters: tuple[int, int] = (422, 422)
    indexes: tuple[int, int] = (17_679_320, 17_682_020)
    times: tuple[str, str] = ("2026-03-01T10:00:10+01:00", "2026-03-01T10:45:10+01:00")
    locals: tuple[int, int] = (1_772_359_210, 1_772_361_910)
    status: int = 136
    contract: bytes = bytes.fromhex("0473A44A3F3E80")
    contract_time: str = "2026-03-01T10:00:00+01:00"
    contract_epoch: int = 1_772_359_200
    log_in_signature: bool = False
    number: int = 7
    namespace: str = "http://www.mennekes.de/Mennekes.EdlVerification.xsd"

    def block(self, side: int) -> EdlBlock:
        return replace(
            EDL,
            local_epoch=self.locals[side],
            status=self.status & 0xFF,
            seconds_index=self.indexes[side],
            pagination=self.paginations[side],
            value=self.values[side],
            log=(self.counters[side] & 0xFFFF).to_bytes(2, "big"),
            contract_id=self.contract,
            contract_epoch=self.contract_epoch,
        )

    def measurement(self, side: int) -> str:
        name = ("MeasurementStart", "MeasurementEnd")[side]
        block = self.block(side)
        signature = edl_sign(block, number=self.number) + (block.log if self.log_in_signature else b"")
        fields = {
            "Timestamp": self.times[side],
            "Signature": signature.hex().upper(),
            "EventCounter": self.counters[side],
            "MeterStatus": self.status,
            "Value": self.values[side],
            "Scaler": -1,
            "Pagination": self.paginations[side],
            "SecondIndex": self.indexes[side],
        }
        return f"<{name}>" + "".join(f"<{key}>{value}</{key}>" for key, value in fields.items()) + f"</{name}>"

    def xml(self) -> str:
        return (
            f'<ChargingProcess xmlns="{self.namespace}"><ServerId>{SERVER.hex().upper()}</ServerId>'
            f"<PublicKey>{edl_key(number=self.number)}</PublicKey><MeteringPoint>DE*WAT*E1*1</MeteringPoint>"
            f"<CustomerIdent>{self.contract.hex()}</CustomerIdent>"
            f"<TimestampCustomerIdent>{self.contract_time}</TimestampCustomerIdent>"
            f"{self.measurement(0)}{self.measurement(1)}</ChargingProcess>"
        )

    def record(self, key: str | None = None) -> SignedRecord:
        return SignedRecord("EDL_40_MENNEKES", self.xml().encode(), key, None, "xml")


@dataclass(frozen=True)
class Alfen:
    """One line of Alfen's adapter."""

    type: str = "0"
    adapter: bytes = bytes.fromhex("0a0b0c0d0e0f10111213")
    firmware: bytes = b"v014"
    meter: bytes = bytes.fromhex("0a01454d480000012345")
    meter_status: int = 0
    adapter_status: int = 0
    index: int = 100_000
    epoch: int = START
    obis: bytes = bytes.fromhex("0100010800ff")
    unit: int = 30
    scaler: int = 0
    value: int = 1_000_000
    uid: bytes = b"04A1B2C3D4E5F6"
    session: int = 77
    pagination: int = 1000
    number: int = 7

    def data(self) -> bytes:
        return b"".join(
            (
                self.adapter + self.firmware + b"\x12\x34" + self.meter,
                self.meter_status.to_bytes(2, "little") + self.adapter_status.to_bytes(2, "little"),
                self.index.to_bytes(4, "little") + self.epoch.to_bytes(4, "little") + self.obis,
                bytes([self.unit]) + self.scaler.to_bytes(1, "little", signed=True),
                self.value.to_bytes(8, "little", signed=True) + self.uid.ljust(20, b"\x00"),
                self.session.to_bytes(4, "little") + self.pagination.to_bytes(4, "little"),
            )
        )

    def text(self) -> str:
        point = public("secp192r1", self.number).point
        compressed = bytes([2 + (point[-1] & 1)]) + point[1:25]
        parts = (compressed, self.data(), sign_raw("secp192r1", self.data(), self.number))
        return f"AP;{self.type};3;" + ";".join(base64.b32encode(part).decode() for part in parts) + ";"

    def record(self, context: str | None = None, key: str | None = None) -> SignedRecord:
        return SignedRecord("ALFEN", self.text().encode(), key, context)


ALFEN_END = Alfen(type="1", index=102_700, epoch=START + 2700, value=1_012_345, pagination=1001)


def pcdf_text(number: int = 7, **changed: str | None) -> str:
    """`changed` replaces the text of a field before it is signed; None leaves it out."""
    fields: dict[str, str | None] = {
        "ST": "260301100000",
        "CT": "260301104500",
        "CD": "004500",
        "TV": "1",
        "BV": "1",
        "CSC": "42",
        "SP": "1",
        "RV": "0012.345*kWh",
        "SI": "04A1B2C3*1*tx-0001",
        "CS": "513f627b",
        "HW": "12345678901",
        "DT": "0",
        "PK": public("secp256r1", number).hex(),
    }
    fields |= changed
    text = "128.8.0" + "".join(f"({name}:{value})" for name, value in fields.items() if value is not None)
    return f"{text}(SG:{sign('secp256r1', text.encode(), number).hex()})"


def pcdf_record(text: str, key: str | None = None) -> SignedRecord:
    return SignedRecord("PCDF", text.encode(), key)


POINTS = ("Typ", "RCR", "TotWhImp", "W", "MA1", "RCnt", "OS", "Epoch", "TZO", "EpochSetCnt", "EpochSetOS")
POINTS += ("DI", "DO", "Meta1", "Meta2", "Meta3", "Evt")
UNITS = {
    "RCR": (1, 30),
    "TotWhImp": (1, 30),
    "W": (1, 27),
    "OS": (0, 7),
    "Epoch": (0, 7),
    "TZO": (0, 6),
    "EpochSetOS": (0, 7),
}

BSM_BEGIN: dict[str, Any] = {
    "Typ": 1,
    "RCR": 0,
    "TotWhImp": 99_840,
    "W": 0,
    "MA1": "001BZR0000000001",
    "RCnt": 100,
    "OS": 1000,
    "Epoch": START,
    "TZO": 60,
    "EpochSetCnt": 3,
    "EpochSetOS": 100,
    "DI": 0,
    "DO": 0,
    "Meta1": "contract-id: rfid:04a1b2c3",
    "Meta2": "evse-id: DE*WAT*E1*1",
    "Meta3": "csc-sw-version: v1.2.34",
    "Evt": 0,
}
BSM_END = BSM_BEGIN | {"Typ": 2, "RCR": 1234, "TotWhImp": 101_074, "RCnt": 101, "OS": 3700, "Epoch": START + 2700}


def bsm_snapshot(points: dict[str, Any], number: int = 7) -> dict[str, Any]:
    """One signed value; a point that is None is signed as 0, and left out."""
    message_parts, values = [], []
    for name in POINTS:
        value = points[name]
        scale, unit = UNITS.get(name, (0, 255))
        if isinstance(value, str):
            message_parts.append(len(value.encode()).to_bytes(4, "big") + value.encode())
            measured: dict[str, Any] = {"value": value, "valueType": "String"}
        else:
            signed_value = (value or 0).to_bytes(4, "big", signed=(value or 0) < 0)
            message_parts.append(signed_value + bytes([scale, unit]))
            measured = {"value": value, "scale": scale, "unitEncoded": unit}
        if value is not None:
            values.append({"measurand": {"name": name}, "measuredValue": measured})
    return {
        "@context": "https://www.chargeit-mobility.com/contexts/bsm-ws36a-json-v1",
        "meterInfo": {"meterId": points["MA1"], "publicKey": spki("secp256r1", number).hex()},
        "contract": {"id": "04a1b2c3", "type": "rfid"},
        "measurementId": points["RCnt"],
        "value": {"measuredValue": {"value": points["RCR"], "scale": 1}},
        "additionalValues": values,
        "signature": sign("secp256r1", b"".join(message_parts), number).hex(),
    }


def bsm_container(
    *snapshots: dict[str, Any], evse: str = "DE*WAT*E1*1", software: str = "v1.2.34"
) -> dict[str, Any]:
    return {
        "chargePointInfo": {"evseId": evse},
        "chargingStationInfo": {"controllerSoftwareVersion": software},
        "signedMeterValues": list(snapshots or (bsm_snapshot(BSM_BEGIN), bsm_snapshot(BSM_END))),
    }


def emh_value(block: EdlBlock = EDL, number: int = 7, **changed: Any) -> dict[str, Any]:
    def stamp(local: int) -> dict[str, int]:
        return {"timestamp": local - 3600, "localOffset": 60, "seasonOffset": 0}

    return {
        "meterInfo": {"publicKey": edl_key(number=number), "meterId": block.server_id.hex().upper()},
        "contract": {"id": block.contract_id.decode(), "timestampLocal": stamp(block.contract_epoch)},
        "measurementId": f"{block.pagination:08X}",
        "measuredValue": {
            "timestampLocal": stamp(block.local_epoch),
            "value": str(block.value),
            "scale": block.scaler,
            "unitEncoded": block.unit,
        },
        "measurand": {"id": block.obis.hex().upper()},
        "additionalInfo": {
            "indexes": {"timer": block.seconds_index, "logBook": block.log.hex()},
            "status": f"{block.status:02X}",
        },
        "signature": edl_sign(block, number=number).hex().upper(),
    } | changed


def container_record(format: str, container: dict[str, Any], key: str | None = None) -> SignedRecord:
    return SignedRecord(format, json.dumps(container, indent=1).encode(), key, None, "json")


CHARGE: dict[str, Any] = {
    "outlet": 2,
    "session_id": 55,
    "station_mac": "0024b10000000001",
    "driver_info": "04a1b2c3",
    "meter_serial": "24000001",
    "meter_startreading": 74.6,
    "meter_endreading": 86.6,
    "total_energy": 12.0,
    "energy_units": "kWh",
    "start_time": START,
    "end_time": START + 2700,
}


def secrrct(content: str, curve: str = "secp224k1") -> SignedRecord:
    data = content.encode()
    return SignedRecord("CHARGEPOINT_SECRRCT", data, spki(curve).hex(), None, "plain", sign(curve, data).hex())
