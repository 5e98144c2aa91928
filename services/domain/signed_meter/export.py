"""The XML in which drivers check their session with the transparency software of SAFE (1.4.1).

What that program needs: no name space, a whole number as transaction id, the format in its own spelling, one
value at the begin and one at the end (or one that holds both), the key as it expects it for the format, and no
line feeds around the text. The signed text itself is never changed: what XML cannot hold is not exported.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.domain.elements import REPLACEMENT, escaped
from services.domain.signed_meter import law, programs
from services.domain.signed_meter.encodings import from_base32, from_base64, from_hex
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.keys import PublicKey
from services.domain.signed_meter.record import SignedRecord, Verified
from services.domain.signed_meter.session import verify

_TEXTS: Final = {
    "ALFEN": ("AP;",),
    "EDL_40_MENNEKES": ("<", "&lt;"),
    "EDL_40_SIG": ("<", "&lt;"),
    "OCMF": ("OCMF|",),
    "PCDF": ("128.8.0", "\x02128.8.0"),
}
_TELEGRAMS: Final = frozenset({"EDL_40_P", "ISA_EDL_40_P"})
_SML: Final = b"\x1b\x1b\x1b\x1b"
_OCMF_BEGINS, _OCMF_ENDS = frozenset("B"), frozenset("ELRAP")
_BILL: Final = re.compile(r"<(?:\w+:)?Billing[\s>]")
_HEAD: Final = 1_000
"""A bill of Mennekes is a document that the program opens by itself."""


@dataclass(frozen=True, slots=True)
class Export:
    """`xml` is a whole document, UTF-8; `warnings` say what the program may not open, and what was left out;
    `chargy` what Chargy may not open, the other program that reads such documents."""

    xml: bytes
    warnings: tuple[str, ...] = ()
    chargy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Value:
    record: SignedRecord
    verified: Verified
    text: str


def transparency_xml(records: Sequence[SignedRecord], transaction_id: str) -> Export:
    """The document of one session; NotReadable when its records are none that the program knows, or incomplete."""
    if not records:
        raise NotReadable("there is no signed record")
    if len(records) == 1 and records[0].format == "EDL_40_MENNEKES":
        bill = _text(records[0])
        if _BILL.search(bill[:_HEAD]):
            return Export(bill.encode())
    values = [_value(record) for record in records]
    formats = {one.record.format for one in values}
    if len(formats) > 1:
        raise NotReadable(f"records of different formats: {', '.join(sorted(formats))}")
    chosen = _chosen(values)
    warnings = [*_left_out(len(values), len(chosen))]
    warnings += [found for _, one in chosen for found in _doubts(one, len(chosen))]
    chargy = programs.chargy(formats.pop(), [one.text for _, one in chosen], [one.verified for _, one in chosen])
    number = transaction_number(transaction_id)
    parts = "".join(_element(one, context, number) for context, one in chosen)
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<values>{parts}</values>\n'
    return Export(xml.encode(), tuple(dict.fromkeys(warnings)), tuple(dict.fromkeys(chargy)))


def transaction_number(transaction_id: str) -> int:
    """The id as a whole number: itself when it is one, else 63 bits of its hash."""
    if transaction_id.isascii() and transaction_id.isdigit() and len(transaction_id) <= 18:
        return int(transaction_id)
    return int.from_bytes(hashlib.sha256(transaction_id.encode(errors="replace")).digest()[:8], "big") >> 1


def key_text(format: str, key: PublicKey) -> str:
    """The key in hexadecimal in the form that the program expects for a format."""
    if format == "OCMF":
        return spki(key).hex()
    if format == "PCDF":
        return key.point.hex()
    if format == "ALFEN":
        half = key.curve.field_bytes
        return (bytes([2 + (key.point[-1] & 1)]) + key.point[1 : 1 + half]).hex()
    return key.point[1:].hex()


def spki(key: PublicKey) -> bytes:
    """SubjectPublicKeyInfo in DER (RFC 5480 §2); all curves here need one octet for each length."""
    algorithm = _der(0x30, _oid("1.2.840.10045.2.1") + _oid(key.curve.oid))
    return _der(0x30, algorithm + _der(0x03, b"\x00" + key.point))


def _der(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def _oid(dotted: str) -> bytes:
    first, second, *arcs = map(int, dotted.split("."))
    octets = bytes([40 * first + second])
    for arc in arcs:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        octets += bytes(reversed(groups))
    return _der(0x06, octets)


def _value(record: SignedRecord) -> _Value:
    verified = verify(record)
    if len(verified) != 1:
        raise NotReadable("a record that holds several signed values")
    return _Value(record, verified[0], _text(record))


def _text(record: SignedRecord) -> str:
    """What stands in the document: the signed text, or a telegram in hexadecimal."""
    if record.format in _TELEGRAMS:
        telegram = next((found for found in _readings(record.data) if found.startswith(_SML)), None)
        if telegram is None:
            raise NotReadable("no telegram", "data")
        return telegram.hex().upper()
    starts = _TEXTS.get(record.format)
    if starts is None:
        raise NotReadable(f"the transparency software does not know {record.format}")
    for found in _readings(record.data):
        try:
            text = found.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            continue
        if text.startswith(starts):
            return _holdable(text.strip("\x02\x03"))
    raise NotReadable(f"no text of {record.format}", "data")


def _readings(data: bytes) -> Iterator[bytes]:
    yield data
    for decode in (from_hex, from_base64, from_base32):
        try:
            yield decode(data)
        except NotReadable:
            continue


def _holdable(text: str) -> str:
    if escaped(text).count(REPLACEMENT) != text.count(REPLACEMENT):
        raise NotReadable("a sign that XML cannot hold", "data")
    return text


def _chosen(values: Sequence[_Value]) -> list[tuple[str, _Value]]:
    """(context, value): one that holds begin and end, or the one at the begin and the one at the end."""
    whole = [one for one in values if _is_whole(one)]
    if whole:
        return [("", whole[-1])]
    if len(values) == 1:
        return [("", values[0])]
    places = law.places([(one.record.context, _marker(one.verified)) for one in values])
    if places.count("begin") != 1 or places.count("end") != 1:
        raise NotReadable("there is not exactly one value at the begin and one at the end")
    return [(law.BEGIN, values[places.index("begin")]), (law.END, values[places.index("end")])]


def _is_whole(value: _Value) -> bool:
    if value.record.format in ("EDL_40_MENNEKES", "PCDF"):
        return True
    if value.record.format == "ISA_EDL_40_P":
        return _marker(value.verified) == "end"
    markers = {reading.marker for reading in value.verified.readings}
    return bool(markers & _OCMF_BEGINS) and bool(markers & _OCMF_ENDS)


def _marker(verified: Verified) -> str | None:
    """What a record says of its place, in the words of `law`."""
    if not verified.readings:
        return None
    said = verified.readings[0].marker
    return "begin" if said in _OCMF_BEGINS else "end" if said in _OCMF_ENDS else said


def _element(value: _Value, context: str, number: int) -> str:
    about = f' context="{context}"' if context else ""
    key = _key(value)
    written = f'<publicKey encoding="plain">{escaped(key)}</publicKey>' if key else ""
    return (
        f'<value transactionId="{number}"{about}>'
        f'<signedData format="{value.record.format}" encoding="plain">{escaped(value.text)}</signedData>'
        f"{written}</value>"
    )


def _key(value: _Value) -> str:
    """The key that the signature was held against; as given where it cannot be used."""
    if value.verified.key is not None:
        return key_text(value.record.format, value.verified.key)
    return "".join((value.record.key or "").split())


def _left_out(all_values: int, chosen: int) -> Iterator[str]:
    if all_values > chosen:
        yield f"{all_values - chosen} of {all_values} records are not at begin or end, and left out"


def _doubts(value: _Value, values: int) -> Iterator[str]:
    """Why the program may not accept a value."""
    if not value.verified.valid:
        yield "a signature is not true"
    if value.verified.key is None:
        yield "no key that can be used is known"
    if value.record.format == "OCMF":
        yield from programs.safe_ocmf(value.text, value.verified, values)
