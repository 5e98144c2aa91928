"""The chargeIT container: JSON with the signed readings of one charge, and what is said of them without signature.

`signedMeterValues` in the order of time. The head is old (`placeInfo`) or new (`chargePointInfo`,
`chargingStationInfo`).
"""

from dataclasses import dataclass
from typing import Final

from services.domain.signed_meter import json_text, received
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.json_text import Json
from services.domain.signed_meter.record import SignedRecord

MAX_VALUES: Final = 256


@dataclass(frozen=True, slots=True)
class Container:
    """`evse_id` and `software` as the head says; "" when it does not."""

    values: tuple[Json, ...]
    evse_id: str
    software: str


def read(record: SignedRecord) -> Container:
    """The container of a record; NotReadable when it is none."""
    root = json_text.read(received.text(record, lambda text: text.lstrip().startswith("{")))
    values = json_text.member(root, "signedMeterValues")
    if not isinstance(values, list) or not 1 <= len(values) <= MAX_VALUES:
        raise NotReadable("no list of signed readings", "signedMeterValues")
    place = json_text.said(root, "chargePointInfo", "evseId") or json_text.said(root, "placeInfo", "evseId")
    software = json_text.said(root, "chargingStationInfo", "controllerSoftwareVersion")
    return Container(tuple(values), place or "", software or "")
