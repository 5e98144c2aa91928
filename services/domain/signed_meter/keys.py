"""Public keys in every form in which registers, labels, files and stations give them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ecdsa.ellipticcurve import AbstractPoint
from ecdsa.errors import MalformedPointError

from services.domain.signed_meter.curves import BY_OID, CURVES, Curve
from services.domain.signed_meter.encodings import from_base32, from_base64, from_hex
from services.domain.signed_meter.findings import Code, NotReadable

_MAX_TEXT = 4_096
_MAX_WRAPPERS = 3
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]*PUBLIC KEY-----(.*?)-----END [A-Z0-9 ]*PUBLIC KEY-----", re.DOTALL)
_TEXT = re.compile(rb"\s*(?:(?i:oca:)[ -~]+|-----BEGIN [\t-~]+|[0-9A-Fa-f\s]+)")
_SEQUENCE, _OID, _BITS = 0x30, 0x06, 0x03
_EC_PUBLIC_KEY = bytes.fromhex("2a8648ce3d0201")
_SIZES = {curve.field_bytes for curve in CURVES.values()}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A point that is on its curve. `point` is 04‖X‖Y, so that equal keys are equal however they were written."""

    curve: Curve
    point: bytes

    def hex(self) -> str:
        return self.point.hex()


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """A key as given: a point as octets, and the curve when it is stated (raw points state none)."""

    curve: Curve | None
    octets: bytes

    def on(self, claimed: Curve) -> PublicKey:
        """The key on the curve that the record claims. NotReadable: it states another, or the point is not on
        it."""
        if self.curve is not None and self.curve is not claimed:
            raise _unreadable(f"it is of curve {self.curve.name}, the record is signed on {claimed.name}")
        return _point(claimed, self.octets)


@lru_cache(maxsize=16_384)
def public_key(text: str, curve: Curve) -> PublicKey:
    """The key that `text` gives, on `curve`. NotReadable (SIGNATURE_INVALID) when it is none."""
    return read(text).on(curve)


@lru_cache(maxsize=16_384)
def read(text: str) -> KeyMaterial:
    """SPKI as DER in hex, base64 or base32, PEM, a raw point with or without 04 or compressed, or any of them
    wrapped as `oca:base16:asn1:<hex>`, in quotes or with line feeds escaped as in JSON; all of it once more as hex
    or base64 of the text, as OCPP has it. The text itself shows which."""
    if len(text) > _MAX_TEXT:
        raise _unreadable("it is too long")
    return _read(text, _MAX_WRAPPERS)


def _read(text: str, wrappers: int) -> KeyMaterial:
    stripped = text.replace("\\r", "").replace("\\n", "\n").strip().strip('"').strip()
    pem = _PEM.search(stripped)
    if pem:
        return from_octets(_decode(from_base64, pem.group(1)))
    if stripped[:4].lower() == "oca:":
        return from_octets(_unwrapped(stripped))
    for decode in (from_hex, from_base32, from_base64):
        try:
            octets = decode(stripped, "key")
            if wrappers and _TEXT.fullmatch(octets):
                return _read(octets.decode("ascii"), wrappers - 1)
            return from_octets(octets)
        except NotReadable:
            continue
    raise _unreadable("it is no key in hexadecimal, base64 or PEM")


def from_octets(octets: bytes) -> KeyMaterial:
    """A key as bytes: SPKI or a point."""
    if octets[:1] == b"\x30" and len(octets) > 2 and _length_fits(octets):
        return _spki(octets)
    size = len(octets)
    if octets[:1] == b"\x04" and size % 2 and size // 2 in _SIZES:
        return KeyMaterial(None, octets)
    if octets[:1] in (b"\x02", b"\x03") and size - 1 in _SIZES:
        return KeyMaterial(None, octets)
    if size % 2 == 0 and size // 2 in _SIZES:
        return KeyMaterial(None, b"\x04" + octets)
    raise _unreadable(f"{size} bytes are no public key of a known curve")


def _unwrapped(text: str) -> bytes:
    """`oca:<base>:<kind>:<text>`, base16 or base64, as in OCA's application note on signed meter values."""
    parts = text.strip().split(":")
    bases = {"base16": from_hex, "base64": from_base64}
    if len(parts) != 4 or parts[1].lower() not in bases:
        raise _unreadable("its wrapper is not oca:base16:asn1:<hex>")
    return _decode(bases[parts[1].lower()], parts[3])


def _decode(decode: Callable[[str, str], bytes], text: str) -> bytes:
    try:
        return decode(text, "key")
    except NotReadable as error:
        raise _unreadable(error.message) from error


def _length_fits(octets: bytes) -> bool:
    try:
        _element(octets, _SEQUENCE)
    except NotReadable:
        return False
    return True


def _spki(octets: bytes) -> KeyMaterial:
    """SubjectPublicKeyInfo of an EC key on a named curve (RFC 5480 §2)."""
    body, rest = _element(octets, _SEQUENCE)
    algorithm, bits = _element(body, _SEQUENCE)
    kind, parameters = _element(algorithm, _OID)
    curve_id, _ = _element(parameters, _OID)
    octet_string, surplus = _element(bits, _BITS)
    curve = BY_OID.get(_dotted(curve_id))
    if rest or surplus or kind != _EC_PUBLIC_KEY or octet_string[:1] != b"\x00":
        raise _unreadable("it is no SubjectPublicKeyInfo of an EC key")
    if curve is None:
        raise _unreadable(f"its curve {_dotted(curve_id)} is not one of signed meter data")
    return KeyMaterial(curve, octet_string[1:])


def _element(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """One DER element with a definite length; (content, what follows)."""
    if len(data) < 2 or data[0] != tag:
        raise _unreadable("it is no SubjectPublicKeyInfo")
    length, start = data[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:start], "big")
    if length > len(data) - start:
        raise _unreadable("it is cut off")
    return data[start : start + length], data[start + length :]


def _dotted(octets: bytes) -> str:
    """An object identifier as text; arcs of any length, "" when it is cut off."""
    arcs, value = [], 0
    for octet in octets:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    if not arcs or value:
        return ""
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))


def _point(curve: Curve, octets: bytes) -> PublicKey:
    field = curve.slow.curve
    try:
        x, y = AbstractPoint.from_bytes(field, octets, True, ("uncompressed", "compressed"))
    except MalformedPointError as error:
        raise _unreadable(f"its point is not on {curve.name}") from error
    if max(x, y) >= field.p() or not field.contains_point(x, y):
        raise _unreadable(f"its point is not on {curve.name}")
    size = curve.field_bytes
    return PublicKey(curve, b"\x04" + int(x).to_bytes(size, "big") + int(y).to_bytes(size, "big"))


def _unreadable(why: str) -> NotReadable:
    return NotReadable(f"the public key cannot be used: {why}", "key", Code.SIGNATURE_INVALID)
