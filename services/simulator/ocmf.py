"""Signed meter records as a meter writes them: Open Charge Metering Format 1.0, ECDSA over secp256r1 with SHA-256.

The signature covers the UTF-8 bytes of the payload exactly as they stand between the bars, so a record is built as
text once and never parsed again. https://github.com/SAFE-eV/OCMF-Open-Charge-Metering-Format
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.domain.units import WH_PER_KWH, Millis, datetime_of

SIGNATURE_ALGORITHM = "ECDSA-secp256r1-SHA256"
IMPORT_REGISTER = "1-b:1.8.0"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ALGORITHM = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


@dataclass(frozen=True, slots=True)
class MeterIdentity:
    """Who measured: the meter and the gateway that signs for it (OCMF sections general, meter, assignment)."""

    vendor: str
    model: str
    serial: str
    firmware: str
    gateway: str
    gateway_serial: str
    gateway_firmware: str
    evse_uid: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One entry of RD. `transaction` is TX: B begin, E end, C and T between, L R A P for other ends."""

    at: Millis
    transaction: str
    register_wh: Decimal


def payload(
    meter: MeterIdentity, page: int, token_uid: str, readings: Sequence[Reading], decimals: int = 3
) -> str:
    """The text that is signed. Registers are written in kWh with `decimals` places, trailing zeros included.

    Raises ValueError when a register needs more places, since a rounded value must not be signed.
    """
    content = {
        "FV": "1.0",
        "GI": meter.gateway,
        "GS": meter.gateway_serial,
        "GV": meter.gateway_firmware,
        "PG": f"T{page}",
        "MV": meter.vendor,
        "MM": meter.model,
        "MS": meter.serial,
        "MF": meter.firmware,
        "IS": True,
        "IL": "TRUSTED",
        "IF": ["RFID_PLAIN", "OCPP_AUTH", "ISO15118_NONE", "PLMN_NONE"],
        "IT": "ISO14443",
        "ID": token_uid,
        "CT": "EVSEID",
        "CI": meter.evse_uid,
        "RD": [_reading(reading, decimals) for reading in readings],
    }
    # A bar ends the payload for every reader that splits the record, so one inside a string is written escaped.
    return orjson.dumps(content).decode().replace("|", "\\u007c")


def _reading(reading: Reading, decimals: int) -> dict[str, Any]:
    kwh = reading.register_wh / WH_PER_KWH
    exact = kwh.quantize(Decimal(1).scaleb(-decimals))
    if exact != kwh:
        raise ValueError(f"{kwh} kWh does not fit in {decimals} decimal places")
    return {
        "TM": timestamp(reading.at),
        "TX": reading.transaction,
        "RV": orjson.Fragment(f"{exact:f}"),
        "RI": IMPORT_REGISTER,
        "RU": "kWh",
        "RT": "AC",
        "EF": "",
        "ST": "G",
    }


def timestamp(at: Millis) -> str:
    """`2026-03-01T10:00:00,000+0000 S`: UTC, from a synchronised clock."""
    moment = datetime_of(at)
    return f"{moment:%Y-%m-%dT%H:%M:%S},{moment.microsecond // 1000:03d}+0000 S"


def sign(text: str, key: ec.EllipticCurvePrivateKey) -> str:
    """The whole record `OCMF|payload|signature`; the same text and key always give the same record (RFC 6979)."""
    signature = key.sign(text.encode(), _ALGORITHM)
    tail = orjson.dumps({"SA": SIGNATURE_ALGORITHM, "SD": signature.hex().upper()}).decode()
    return f"OCMF|{text}|{tail}"


def derived_key(seed: str, serial: str) -> ec.EllipticCurvePrivateKey:
    """The private key of a simulated meter, the same for the same seed and serial. Never for a real meter."""
    digest = hashlib.sha512(f"wattlog simulated meter\x1f{seed}\x1f{serial}".encode()).digest()
    return ec.derive_private_key(int.from_bytes(digest, "big") % (_ORDER - 1) + 1, ec.SECP256R1())


def public_key_hex(key: ec.EllipticCurvePrivateKey) -> str:
    """SubjectPublicKeyInfo as DER in hex: the form that transparency software asks for."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex()


def public_key_ocpp(key_hex: str) -> str:
    """The key as OCPP 2.0.1 `signedMeterValue.publicKey` carries it (OCA note on signed meter values)."""
    return base64.b64encode(f"oca:base16:asn1:{key_hex}".encode()).decode()
