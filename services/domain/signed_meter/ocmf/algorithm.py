"""The signature section: which curve (table 22 and the spellings of makers), which encoding, which numbers."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from services.domain.signed_meter.curves import CURVES, Curve
from services.domain.signed_meter.encodings import from_base64, from_hex
from services.domain.signed_meter.findings import Code, NotReadable
from services.domain.signed_meter.signature import Numbers, der

_DEFAULT = "ECDSA-secp256r1-SHA256"
_DER = "application/x-der"
_MAX_TEXT = 100
_NAMES = {
    "secp192k1": ("secp192k1",),
    "secp192r1": ("secp192r1", "nistp192", "p192", "prime192v1"),
    "secp256k1": ("secp256k1",),
    "secp256r1": ("secp256r1", "nistp256", "p256", "prime256v1"),
    "secp384r1": ("secp384r1", "nistp384", "p384", "prime384v1"),
    "brainpoolP256r1": ("brainpool256r1", "brainpoolp256r1"),
    "brainpoolP384r1": ("brainpool384r1", "brainpoolp384r1"),
}
_ALGORITHMS = {f"ecdsa{name}sha256": CURVES[curve] for curve, names in _NAMES.items() for name in names}
_NO_LETTER = re.compile(r"[^a-z0-9]")


def curve_of(signature: Mapping[str, Any]) -> Curve:
    """The curve of SA; secp256r1 when it is missing. NotReadable for an algorithm that OCMF does not have."""
    return _curve(_string(signature, "SA", _DEFAULT))


@lru_cache(maxsize=256)
def _curve(algorithm: str) -> Curve:
    found = _ALGORITHMS.get(_NO_LETTER.sub("", algorithm.lower()))
    if found is None:
        raise _wrong("SA", f"the algorithm {algorithm[:60]!r} is not one of OCMF")
    return found


def numbers_of(signature: Mapping[str, Any]) -> Numbers:
    """r and s of SD in the encoding of SE. NotReadable when there are none."""
    encoding, kind = _string(signature, "SE", "hex"), _string(signature, "SM", _DER)
    data = signature.get("SD")
    if not isinstance(data, str):
        raise _wrong("SD", "there is no signature data")
    if kind.lower() != _DER:
        raise _wrong("SM", f"the signature is {kind[:60]!r} instead of {_DER}")
    match encoding.lower():
        case "hex":
            decode = from_hex
        case "base64":
            decode = from_base64
        case _:
            raise _wrong("SE", f"the encoding {encoding[:60]!r} is not one of OCMF")
    try:
        return der(decode(data, "SD"))
    except NotReadable as error:
        raise _wrong("SD", error.message) from error


def _string(signature: Mapping[str, Any], name: str, default: str) -> str:
    value = signature.get(name)
    if value is None or value == "":
        return default
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise _wrong(name, "it is no short text")
    return value


def _wrong(field: str, why: str) -> NotReadable:
    return NotReadable(why, field, Code.SIGNATURE_INVALID)
