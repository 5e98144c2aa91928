"""The driver's page as one HTML document that loads nothing from anywhere. Pure."""

import base64
import hashlib
import json
from collections.abc import Iterable
from html import escape
from typing import Any, NamedTuple

from services.domain.events.common import (
    CdrStatus,
    ChargeDetail,
    EvidenceOutcome,
    MeterKeyVersion,
    SignatureStatus,
)
from services.domain.proof_link import secret
from services.domain.signed_meter.findings import NotReadable
from services.domain.units import WH_PER_KWH, rfc3339
from services.evidence import transparency
from services.evidence.page.case import Case, Shown, proving, shown, told, verdict
from services.evidence.verdict import VERIFIER, Judged

_OUTCOMES = {
    EvidenceOutcome.OK: "The signed values prove the energy of this record.",
    EvidenceOutcome.FAILED: "The signed values do NOT prove the energy of this record.",
    EvidenceOutcome.UNDECIDED: "Whether the signed values prove the energy of this record is not decided.",
}
_SIGNATURES = {
    SignatureStatus.VALID: "true under the meter's registered key",
    SignatureStatus.INVALID: "NOT true under the meter's registered key",
    SignatureStatus.NO_KEY: "no registered key was valid: shown under the key that came with it",
}
_LABEL = """\
<form id="form" hidden><label for="label">The key that is printed on the station, if you can read it there
(hexadecimal or Base64). It is checked instead of the registered one, and is not sent anywhere:</label>
<textarea id="label" rows="3" spellcheck="false" autocomplete="off"></textarea></form>
<noscript><p class="note">Your browser does not run the script of this page: check the document below with the
transparency software.</p></noscript>"""


class Assets(NamedTuple):
    """The page's style and script, as they are put into it."""

    style: str
    script: str

    @property
    def policy(self) -> str:
        """Content-Security-Policy: exactly these two, and nothing from anywhere."""
        return (
            f"default-src 'none'; style-src {_hashed(self.style)}; script-src {_hashed(self.script)};"
            " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )


def document(case: Case, assets: Assets) -> bytes:
    """UTF-8. All that is from outside is escaped; the script finds its data in a block that is no script."""
    values = shown(case)
    detail = case.record.detail
    parts = [
        f"<h1>Charging session of {_moment(detail.started_at)}</h1>",
        _credited(case),
        _table(_session(case)),
        "<h2>Verdict</h2>",
        _verdict(verdict(case)),
        "<h2>Signed meter values</h2>",
        *(_value(number, one) for number, one in enumerate(values)),
        _LABEL,
        "<h2>Keys of the meter</h2>",
        *(_table(_key(key)) for key in proving(case)),
        "" if proving(case) else "<p>No key of this meter was approved for that time.</p>",
        "<h2>Hash chain</h2>",
        _chain(case),
        "<h2>Check it elsewhere</h2>",
        _downloads(detail, [key.public_key for key in proving(case)]),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport"'
        ' content="width=device-width"><meta name="robots" content="noindex"><title>Charging session</title>'
        f"<style>{assets.style}</style></head><body>{''.join(parts)}"
        f'<script type="application/json" id="told">{_inert(told(case, values))}</script>'
        f"<script>{assets.script}</script></body></html>\n"
    ).encode()


def _downloads(detail: ChargeDetail, keys: list[str]) -> str:
    """Links below the page's own: they need the same secret."""
    place = f"{secret(detail.signed_meter_values)}/{detail.cdr_id}"
    whole = f'<p><a href="{place}.zip" download>Everything that proves this record (ZIP)</a></p>'
    try:
        export = transparency.document(detail, keys)
    except NotReadable as error:
        return f"<p>The transparency software cannot open these values: {escape(error.message)}.</p>{whole}"
    doubts = "".join(f"<li>{escape(warning)}</li>" for warning in export.warnings)
    document = f'<p><a href="{place}.xml" download>Document for the transparency software</a></p>'
    return f"{document}{f'<ul>{doubts}</ul>' if doubts else ''}{whole}"


def _session(case: Case) -> Iterable[tuple[str, Any]]:
    detail = case.record.detail
    if detail.location:
        place = detail.location
        yield "Place", f"{place.name}, {place.address}, {place.postal_code} {place.city}"
    yield "Station", f"{detail.station_id} {detail.evse_uid or ''}".strip()
    yield "From", _moment(detail.started_at)
    yield "To", _moment(detail.ended_at)
    yield "Energy", f"{(detail.energy_wh / WH_PER_KWH).normalize():f} kWh"
    if detail.total_cost_incl_vat is not None and detail.tariff:
        yield "Cost with VAT", f"{detail.total_cost_incl_vat.normalize():f} {detail.tariff.currency}"
    yield "Transaction", detail.transaction_id
    yield "Record", detail.cdr_id


def _credited(case: Case) -> str:
    if case.record.status is CdrStatus.CREDITED:
        return (
            '<p class="bad">This record was credited: it is not to be paid. Another one may have replaced it.</p>'
        )
    return (
        '<p class="bad">This is a credit: it takes another record back.</p>' if case.record.detail.credit else ""
    )


def _verdict(found: Judged) -> str:
    good = "good" if found.outcome is EvidenceOutcome.OK else "bad"
    said = _OUTCOMES.get(found.outcome, "There is no signed value.")
    reasons = "".join(f"<li>{escape(message)}</li>" for message in found.messages)
    energy = "" if found.energy_kwh is None else f"<p>{found.energy_kwh:f} kWh are signed.</p>"
    note = (
        f'<p class="note">The operator says so (verifier {VERIFIER}); your browser\'s own findings are below.</p>'
    )
    return f'<p class="{good}">{said}</p>{energy}{f"<ul>{reasons}</ul>" if reasons else ""}{note}'


def _value(number: int, one: Shown) -> str:
    rows: list[tuple[str, Any]] = [("Reading", one.value.context or "not said"), ("SHA-256", one.value.sha256)]
    for look in one.looks:
        for reading in look.verified.readings:
            said = f"{reading.kwh:f} {reading.unit} ({reading.register or '-'}), {reading.time or 'no time'}"
            rows.append(("Register", said))
        rows += [("Meter", look.verified.meter_serial), ("Packet", look.verified.pagination)]
        rows.append(("Operator's check", _SIGNATURES.get(look.status, "not known")))
    found = (
        f'<tr><th>Your browser\'s check</th><td id="found-{number}">not done</td></tr>'
        f'<tr><th>Read by your browser</th><td id="read-{number}"></td></tr>'
    )
    octets = escape(one.value.signed_data.decode(errors="replace"))
    return f"{_table(rows, found)}<details><summary>As the station sent it</summary><pre>{octets}</pre></details>"


def _key(key: MeterKeyVersion) -> Iterable[tuple[str, Any]]:
    yield "Public key", key.public_key
    yield "Curve", key.curve
    yield "Meter", key.meter_serial
    yield "From", f"{key.source.value.lower().replace('_', ' ')}, approved by two operators"


def _chain(case: Case) -> str:
    link = case.link
    if link is None:
        return "<p>This record is on no hash chain yet: come back in a minute.</p>"
    rows = (
        ("Place in the chain", link.height),
        ("Hash of the record", link.record_sha256),
        ("Link before", link.previous_sha256),
        ("This link", link.link_sha256),
    )
    return _table(rows, '<tr><th>Your browser\'s check</th><td id="chained">not done</td></tr>')


def _table(rows: Iterable[tuple[str, Any]], more: str = "") -> str:
    cells = (f"<tr><th>{name}</th><td>{escape(str(said))}</td></tr>" for name, said in rows if said)
    return f"<table>{''.join(cells)}{more}</table>"


def _moment(at: int) -> str:
    return rfc3339(at).replace("T", " ").removesuffix("Z").partition(".")[0] + " UTC"


def _inert(content: dict[str, Any]) -> str:
    """JSON in which nothing ends the block that it is in."""
    return json.dumps(content).replace("<", "\\u003c")


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
