"""JSON: chargeIT containers, the published vectors, and signed values as OCPP carries them.

Numbers inside of signed records are never read here: a record is the text as it came.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from services.domain.signed_meter.alfen import line_in
from services.domain.signed_meter.containers import raw
from services.domain.signed_meter.containers.grouping import Session, by_content
from services.domain.signed_meter.encodings import from_base64
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.record import SignedRecord

_ALFEN = "ALFEN"
_METHODS = {
    "OCMF": "OCMF",
    "ALFEN": "ALFEN",
    "ALFENEICHRECHT": "ALFEN",
    "EDL": "EDL_40_P",
    "EDL40EMOBILITYEXTENSION": "EDL_40_P",
    "EDL40MENNEKES": "EDL_40_MENNEKES",
    "PCDF": "PCDF",
}


def sessions(data: bytes, key: str | None = None) -> list[Session]:
    """The sessions of a document. NotReadable when it is no JSON, or none that holds signed values."""
    try:
        found = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"the JSON is refused: {str(error)[:200]}") from error
    if isinstance(found, list):
        return by_content(_ocpp(one, key) for one in found)
    for member, read in _FORMS.items():
        if member in found:
            return read(found, data, key)
    raise NotReadable("the JSON holds no signed values")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member appears twice")
    return members


def _vector(found: Mapping[str, Any], _: bytes, key: str | None) -> list[Session]:
    """`format` and `values`, one session; nothing else is looked at."""
    values = found["values"]
    if not isinstance(values, list) or not values:
        raise NotReadable("there are no values", "values")
    return [tuple(_of_vector(_text(found, "format"), value, key) for value in values)]


def _of_vector(name: str, value: Any, key: str | None) -> SignedRecord:
    if not isinstance(value, dict):
        raise NotReadable("a value is no object", "values")
    return SignedRecord(
        format=name,
        data=_text(value, "data").encode("utf-8", "surrogatepass"),
        key=key or _optional(value, "key"),
        context=_optional(value, "context"),
        encoding=_optional(value, "encoding") or "plain",
        signature=_optional(value, "signature_hex"),
    )


def _charge_it(found: Mapping[str, Any], data: bytes, key: str | None) -> list[Session]:
    """Which meter it is shows in the context (BAUER) or in the signed data (Alfen); EMH names itself nowhere."""
    values = found["signedMeterValues"]
    whole = json.dumps(values)
    if "bsm-ws36a" in whole.lower():
        return [(SignedRecord("BSM_WS36A", data, key=key, encoding="json"),)]
    lines = [line for line in map(line_in, values if isinstance(values, list) else []) if line]
    if lines:
        return [tuple(SignedRecord(_ALFEN, line.encode("utf-8", "replace"), key=key) for line in lines)]
    return [(SignedRecord("EMH_CHARGEIT", data, key=key, encoding="json"),)]


def _one(found: Mapping[str, Any], _: bytes, key: str | None) -> list[Session]:
    return [(_ocpp(found, key),)]


def _ocpp(value: Any, register: str | None) -> SignedRecord:
    """signedMeterValue of OCPP 2.x, or the same as text in OCPP 1.6 (OCA's application note), in either
    spelling."""
    if not isinstance(value, dict):
        raise NotReadable("a value is no object")
    data = from_base64(
        _text(value, "signedMeterData" if "signedMeterData" in value else "signedMeterValue"), "data"
    )
    key = register or _optional(value, "publicKey") or None
    method = "".join(filter(str.isalnum, (_optional(value, "encodingMethod") or "").upper()))
    name = _METHODS.get(method) or raw.recognised(data, key)
    return SignedRecord(name, data, key=key, context=_optional(value, "context"), encoding="auto")


def _text(parent: Mapping[str, Any], name: str) -> str:
    found = parent.get(name)
    if not isinstance(found, str):
        raise NotReadable("there is no text", name)
    return found


def _optional(parent: Mapping[str, Any], name: str) -> str | None:
    found = parent.get(name)
    return found if isinstance(found, str) else None


_FORMS: dict[str, Callable[[Mapping[str, Any], bytes, str | None], list[Session]]] = {
    "values": _vector,
    "signedMeterValues": _charge_it,
    "signedMeterData": _one,
    "signedMeterValue": _one,
}
