"""OCMF records made and signed in the test, with any member changed."""

import base64
import json
from typing import Any

from services.domain.signed_meter.record import SessionVerdict, SignedRecord
from services.domain.signed_meter.session import judge
from tests.unit.domain.signed_meter.keyring import sign, spki

HEAD: dict[str, Any] = {
    "FV": "1.0",
    "GI": "Gateway",
    "GS": "GW1",
    "PG": "T7",
    "MS": "M1",
    "IS": True,
    "IL": "TRUSTED",
    "IT": "ISO14443",
    "ID": "04A1B2C3",
    "CT": "EVSEID",
    "CI": "DE*ABC*E1",
}


def begin(**changes: Any) -> dict[str, Any]:
    reading = {"TM": "2026-03-01T10:00:00,000+0100 S", "TX": "B", "RV": 1000.5, "RI": "1-b:1.8.0", "RU": "kWh"}
    return _changed({**reading, "RT": "AC", "EF": "", "ST": "G"}, changes)


def end(**changes: Any) -> dict[str, Any]:
    reading = {"TM": "2026-03-01T10:45:00,000+0100 S", "TX": "E", "RV": 1012.75, "RI": "1-b:1.8.0", "RU": "kWh"}
    return _changed({**reading, "RT": "AC", "EF": "", "ST": "G"}, changes)


def payload(*readings: dict[str, Any], **changes: Any) -> str:
    """The JSON text; a change to None takes the member out."""
    return json.dumps({**_changed(HEAD, changes), "RD": list(readings)}, separators=(",", ":"))


def signed(text: str, curve: str = "secp256r1", number: int = 7, **section: Any) -> str:
    """The record over exactly this payload text, signed on `curve`; `section` changes members of the signature."""
    der = sign(curve, text.encode("utf-8", "surrogateescape"), number)
    data = base64.b64encode(der).decode() if section.get("SE") == "base64" else der.hex().upper()
    algorithm = {} if curve == "secp256r1" else {"SA": f"ECDSA-{curve}-SHA256"}
    return f"OCMF|{text}|{json.dumps(_changed({**algorithm, 'SD': data}, section))}"


def record(text: str, curve: str = "secp256r1", number: int = 7, context: str | None = None) -> SignedRecord:
    """As received, with the key `number` of `curve` from the register."""
    data = text.encode("utf-8", "surrogateescape")
    return SignedRecord("OCMF", data, key=spki(curve, number).hex(), context=context)


def single(*readings: dict[str, Any], **changes: Any) -> SessionVerdict:
    """The verdict on one record."""
    return judge([record(signed(payload(*readings, **changes)))])


def pair(first: dict[str, Any], last: dict[str, Any]) -> SessionVerdict:
    """The verdict on two records with consecutive pages; each argument is {"RD": [...], member: change}."""
    return judge([record(signed(_record_of(first, "T7"))), record(signed(_record_of(last, "T8")))])


def _record_of(parts: dict[str, Any], page: str) -> str:
    changes = {"PG": page, **parts}
    return payload(*changes.pop("RD"), **changes)


def _changed(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not None}
