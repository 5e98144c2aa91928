"""EDL_40_SIG: the EDL40 block as it was signed, beside its signature and a key, in a small XML document."""

import re
from collections.abc import Sequence
from html import unescape
from typing import Final

from services.domain import elements
from services.domain.elements import Element, NotXml
from services.domain.signed_meter import edl, edl_block, keys, received
from services.domain.signed_meter.encodings import from_base32, from_base64, from_hex
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.proof import EDL_CURVES, given_key, on_curve, proven
from services.domain.signed_meter.record import Checked, SignedRecord, Verified
from services.domain.signed_meter.signature import raw

_DECODERS: Final = {"hex": from_hex, "base64": from_base64, "base32": from_base32}
_ROOT: Final = "signedMeterValue"
_ESCAPED: Final = "&lt;"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_DECLARATION: Final = re.compile(r"\A<\?xml[^>]*\?>")


def verify(record: SignedRecord) -> tuple[Verified, ...]:
    """The document's one signature."""
    root = read_xml(record, _ROOT)
    block = _octets(root, "encodedMeterValue", (edl_block.LENGTH,))
    signature = _octets(root, "meterValueSignature", (48, 50, 64, 66))
    size = 24 if len(signature) <= 50 else 32
    written = next((child for child in root.children if child.name == "publicKey"), None)
    embedded = None if written is None or not written.word else on_curve(keys.read(written.word), EDL_CURVES)
    proof = proven(block, raw(signature[: 2 * size], size), given_key(record, EDL_CURVES), embedded)
    return (edl.verified(edl_block.read(block), proof, record, None),)


def check(records: Sequence[Verified]) -> Checked:
    """As for every format around this block."""
    return edl.check(records)


def read_xml(record: SignedRecord, *roots: str) -> Element:
    """The root of a record that is XML, escaped or not, in any name space; NotReadable for anything else.

    What is UTF-8 is read as that, whatever it declares: back ends hand texts on with the declaration of a file.
    """
    data = received.octets(record, _is_xml)
    try:
        text = data.decode().strip(" \t\r\n\ufeff")
    except UnicodeDecodeError:
        document = data.lstrip()
    else:
        text = unescape(text) if text.startswith(_ESCAPED) else text
        document = _DECLARATION.sub("", text.lstrip()).encode()
    try:
        root = elements.read(document)
    except NotXml as error:
        raise NotReadable(f"not XML that is read here: {error}", "data") from None
    if root.name not in roots:
        raise NotReadable(f"the root is {root.name[:40]}, not {' or '.join(roots)}", "data")
    return root


def _is_xml(data: bytes) -> bool:
    return data.startswith(_UTF_16) or data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", _ESCAPED.encode()))


def _octets(root: Element, name: str, lengths: tuple[int, ...]) -> bytes:
    """The bytes of a child in the encoding that it states, or in the one that gives a length that fits."""
    found = [child for child in root.children if child.name == name]
    if len(found) != 1:
        raise NotReadable(f"{len(found)} elements {name}", name)
    stated = found[0].attributes.get("encoding", "").lower()
    decoders = [_DECODERS[stated]] if stated in _DECODERS else list(_DECODERS.values())
    for decode in decoders:
        try:
            octets = decode(found[0].text, name)
        except NotReadable:
            continue
        if len(octets) in lengths:
            return octets
    raise NotReadable(f"not {' or '.join(map(str, lengths))} bytes", name)
