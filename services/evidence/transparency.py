"""The document in which a driver checks the signed values of one charge detail record. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from services.domain.events.common import ChargeDetail
from services.domain.signed_meter.export import Export, transparency_xml
from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge
from services.evidence.received import records

NOT_REGISTERED = "the key is the one that the station sent: no approved key of the register was valid"


def document(detail: ChargeDetail, keys: Sequence[str]) -> Export:
    """The XML for the transparency software, with the key of `keys` under which all values are true.

    Without a key of the register it holds the key that came with the values, and says so. NotReadable when there
    is nothing that the program can open.
    """
    export = transparency_xml(signed_records(detail, keys), detail.transaction_id)
    return export if keys else replace(export, warnings=(NOT_REGISTERED, *export.warnings))


def signed_records(detail: ChargeDetail, keys: Sequence[str]) -> list[SignedRecord]:
    """The signed values under the first of `keys` that proves all of them, else the first, else their own."""
    given = [_records(detail, key) for key in keys] or [_records(detail, None)]
    return next((found for found in given if all(judge(found).signature_valid)), given[0])


def _records(detail: ChargeDetail, key: str | None) -> list[SignedRecord]:
    found: list[SignedRecord] = []
    for value in detail.signed_meter_values:
        told = records(value, key)
        found += [replace(one, key=one.key or value.public_key or None) for one in told]
    return found
