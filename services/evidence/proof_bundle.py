"""All that proves one charge detail record, in a ZIP: what was signed, by whose key, and what follows. Pure."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from services.domain.events.common import ChargeDetail, MeterKeyVersion
from services.domain.events.settlement import CdrChained
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.session import judge
from services.domain.units import rfc3339
from services.evidence.transparency import document, signed_records
from services.evidence.verdict import VERIFIER

_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
"""Of every entry: the same record makes the same bytes."""

_README: Final = """\
What is in here, and how to check it.

record.json       the charge detail record
signed/           each signed value, byte for byte as the station sent it; its name begins with its SHA-256
keys.json         public keys of the meter in our register, and where they are from
verdict.json      what our verifier says about the signed values, with a reason for each doubt
transparency.xml  the signed values as the transparency software of SAFE and Chargy open them
chain.json        the record's link in the hash chain over all issued records

Compare the keys with the label on the station or with the list of the authority before you trust them.
`wattlog verify transparency.xml` checks the signatures, `wattlog settlement chain` the chain.
"""


def bundle(detail: ChargeDetail, keys: Sequence[MeterKeyVersion], link: CdrChained | None) -> bytes:
    """The ZIP of a record, with the keys of the register that were valid and its link of the hash chain.

    What there is not is left out, and said in verdict.json where the transparency software is concerned.
    """
    texts = [one.public_key for one in keys]
    verdict = _verdict(detail, texts)
    files: dict[str, bytes] = {"README.txt": _README.encode(), "record.json": _json(_record(detail))}
    for number, value in enumerate(detail.signed_meter_values, 1):
        files[f"signed/{value.sha256[:16]}-{number:02d}.txt"] = value.signed_data
    files["keys.json"] = _json([one.to_record() for one in keys])
    try:
        export = document(detail, texts)
    except NotReadable as error:
        verdict["transparency_software"] = [error.message]
    else:
        verdict["transparency_software"] = list(export.warnings)
        verdict["chargy"] = list(export.chargy)
        files["transparency.xml"] = export.xml
    files["verdict.json"] = _json(verdict)
    if link is not None:
        files["chain.json"] = _json(link.to_record())
    return _zipped(files)


def _verdict(detail: ChargeDetail, keys: Sequence[str]) -> dict[str, Any]:
    found = judge(signed_records(detail, keys))
    return {
        "verifier": VERIFIER,
        "signature_valid": found.signature_valid,
        "transaction_ok": found.transaction_ok,
        "energy_kwh": None if found.energy_kwh is None else f"{found.energy_kwh:f}",
        "findings": [
            {"code": one.code.name, "message": one.message, "field": one.field, "source": one.source}
            for one in found.findings
        ],
    }


def _record(detail: ChargeDetail) -> dict[str, Any]:
    """The record as stored, but for the partner who pays; moments in words, signed values by their hashes."""
    told = detail.to_record()
    del told["partner_id"], told["agreement_id"]
    told["signed_meter_values"] = [value.sha256 for value in detail.signed_meter_values]
    for name in ("started_at", "ended_at"):
        told[name] = rfc3339(told[name])
    return told


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=2, default=str, ensure_ascii=False) + "\n").encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = ZipInfo(name, _EARLIEST)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, data)
    return out.getvalue()
