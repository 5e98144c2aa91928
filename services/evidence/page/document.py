"""The driver's page as one HTML document that loads nothing from anywhere. Pure."""

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import UTC
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
from services.domain.tariff.costing import zone_of
from services.domain.units import WH_PER_KWH, datetime_of
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
_CONTEXTS = {"Transaction.Begin": "At the begin", "Transaction.End": "At the end"}
_CODES = frozenset({"Hash of the record", "Link before", "Public key", "SHA-256", "This link"})
_CODE = ' class="code"'
_NO_KEY = "<p>No key of this meter was approved for that time.</p>"
_LABEL = """\
<form id="form" hidden><label for="label">The key that is printed on the station, if you can read it there
(hexadecimal or Base64). It is checked instead of the registered one, and is not sent anywhere:</label>
<textarea id="label" rows="3" spellcheck="false" autocomplete="off"></textarea></form>
<p class="note" id="unscripted">Your browser has not run the script of this page: check the document below with the
transparency software.</p>"""


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
    keys = proving(case)
    parts = [
        _head(detail),
        _credited(case),
        '<p class="banner" id="overall" role="status">Your browser has not checked anything yet.</p>',
        _section("Session", _table(_session(case))),
        _section("Verdict", _verdict(verdict(case))),
        _section("Signed meter values", *(_value(number, one) for number, one in enumerate(values)), _LABEL),
        _section("Keys of the meter", *(_table(_key(key)) for key in keys), "" if keys else _NO_KEY),
        _section("Hash chain", _chain(case)),
        _section("Check it elsewhere", _downloads(detail, [key.public_key for key in keys])),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport"'
        ' content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>Charging session</title><style>{assets.style}</style></head><body><main>{''.join(parts)}</main>"
        f'<script type="application/json" id="told">{_inert(told(case, values))}</script>'
        f"<script>{assets.script}</script></body></html>\n"
    ).encode()


def _section(title: str, *content: str) -> str:
    return f"<section><h2>{title}</h2>{''.join(content)}</section>"


def _head(detail: ChargeDetail) -> str:
    """What a driver looks for first: how much, where and when, and for how much money."""
    where = f"{escape(detail.location.name)}, {escape(detail.location.city)}<br>" if detail.location else ""
    price = f'<p class="price">{escape(_price(detail))}</p>' if _price(detail) else ""
    return (
        f'<header><p class="eyebrow">Charging session</p><h1>{_energy(detail)}</h1>'
        f"<p>{where}{_moment(detail, detail.started_at)} to {_moment(detail, detail.ended_at)}</p>"
        f"{price}</header>"
    )


def _energy(detail: ChargeDetail) -> str:
    return f"{(detail.energy_wh / WH_PER_KWH).normalize():f} kWh"


def _price(detail: ChargeDetail) -> str:
    if detail.total_cost_incl_vat is None or detail.tariff is None:
        return ""
    return f"{detail.total_cost_incl_vat.normalize():f} {detail.tariff.currency}"


def _downloads(detail: ChargeDetail, keys: list[str]) -> str:
    """Links below the page's own: they need the same secret."""
    place = f"{secret(detail.signed_meter_values)}/{detail.cdr_id}"
    whole = f'<p><a class="button" href="{place}.zip" download>Everything that proves this record (ZIP)</a></p>'
    try:
        export = transparency.document(detail, keys)
    except NotReadable as error:
        return f"<p>The transparency software cannot open these values: {escape(error.message)}.</p>{whole}"
    doubts = "".join(f"<li>{escape(warning)}</li>" for warning in export.warnings)
    document = f'<p><a class="button" href="{place}.xml" download>Document for the transparency software</a></p>'
    return f"{document}{f'<ul>{doubts}</ul>' if doubts else ''}{whole}"


def _session(case: Case) -> Iterable[tuple[str, Any]]:
    detail = case.record.detail
    if detail.location:
        place = detail.location
        yield "Place", f"{place.name}, {place.address}, {place.postal_code} {place.city}"
    yield "Station", f"{detail.station_id} {detail.evse_uid or ''}".strip()
    yield "From", _moment(detail, detail.started_at)
    yield "To", _moment(detail, detail.ended_at)
    yield "Energy", _energy(detail)
    yield "Cost with VAT", _price(detail)
    yield "Transaction", detail.transaction_id
    yield "Record", detail.cdr_id


def _credited(case: Case) -> str:
    said = ""
    if case.record.status is CdrStatus.CREDITED:
        said = "This record was credited: it is not to be paid. Another one may have replaced it."
    elif case.record.detail.credit:
        said = "This is a credit: it takes another record back."
    return f'<p class="banner bad">{said}</p>' if said else ""


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
    title = _CONTEXTS.get(one.value.context, one.value.context or "Reading")
    rows: list[tuple[str, Any]] = []
    for look in one.looks:
        for reading in look.verified.readings:
            said = f"{reading.kwh:f} {reading.unit} ({reading.register or '-'}), {reading.time or 'no time'}"
            rows.append(("Register", said))
        rows += [("Meter", look.verified.meter_serial), ("Packet", look.verified.pagination)]
        rows.append(("Operator's check", _SIGNATURES.get(look.status, "not known")))
    rows.append(("SHA-256", one.value.sha256))
    found = (
        f'<tr><th scope="row">Your browser\'s check</th><td id="found-{number}">not done</td></tr>'
        f'<tr><th scope="row">Read by your browser</th><td id="read-{number}"></td></tr>'
    )
    octets = escape(one.value.signed_data.decode(errors="replace"))
    return (
        f"<h3>{escape(title)}</h3>{_table(rows, found)}"
        f"<details><summary>As the station sent it</summary><pre>{octets}</pre></details>"
    )


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
    return _table(rows, '<tr><th scope="row">Your browser\'s check</th><td id="chained">not done</td></tr>')


def _table(rows: Iterable[tuple[str, Any]], more: str = "") -> str:
    cells = (
        f'<tr><th scope="row">{name}</th><td{_CODE if name in _CODES else ""}>{escape(str(said))}</td></tr>'
        for name, said in rows
        if said
    )
    return f"<table>{''.join(cells)}{more}</table>"


def _moment(detail: ChargeDetail, at: int) -> str:
    """In the time of the place, if that is known."""
    zone = zone_of(detail.location.time_zone if detail.location else None) or UTC
    return f"{datetime_of(at).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def _inert(content: dict[str, Any]) -> str:
    """JSON in which nothing ends the block that it is in."""
    return json.dumps(content).replace("<", "\\u003c")


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
