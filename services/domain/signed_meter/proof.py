"""Whose signature it is: the key of the register against the key that a record carries itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from services.domain.signed_meter import keys
from services.domain.signed_meter.curves import CURVES, Curve
from services.domain.signed_meter.findings import Code, Finding, NotReadable, finding
from services.domain.signed_meter.keys import KeyMaterial, PublicKey
from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.signature import Numbers, Signed, verify

_KEYS: Final = 16_384
EDL_CURVES: Final = {24: CURVES["secp192r1"], 32: CURVES["secp256r1"]}
"""Bytes of a coordinate -> curve, where a format knows its curve by the size of the key."""


@dataclass(frozen=True, slots=True)
class Proof:
    """`key` is what the signature was held against; `findings` say why it is not valid, or who doubts the key."""

    valid: bool
    key: PublicKey
    findings: tuple[Finding, ...]
    embedded: bool
    signed: Signed

    @property
    def source(self) -> str:
        """Where the key is from. One that came with the data proves nothing until a register holds it."""
        return "embedded" if self.embedded else "register"


def proven(message: bytes, numbers: Numbers, given: PublicKey | None, embedded: PublicKey | None = None) -> Proof:
    """Whether `message` is signed under the register's key, or under its own where there is no register.

    A record that is true only under its own key, but not under the register's, is not valid: KEY_MISMATCH.
    NotReadable when there is no key at all.
    """
    key = given or embedded
    if key is None:
        raise NotReadable("there is no key to verify with", "key", Code.SIGNATURE_INVALID)
    valid = verify(key, message, numbers)
    doubts: tuple[Finding, ...] = () if valid else (finding(Code.SIGNATURE_INVALID, field="signature"),)
    if embedded is not None and embedded != key and (valid or verify(embedded, message, numbers)):
        doubts = (finding(Code.KEY_MISMATCH, "the record carries another key than the register", "key"),)
    return Proof(valid, key, doubts, given is None, Signed(message, numbers))


def given_key(record: SignedRecord, curves: Mapping[int, Curve]) -> PublicKey | None:
    """The key of the register; its curve is the one it states, else that of its size."""
    return None if record.key is None else on_curve(keys.read(record.key), curves)


def on_curve(material: KeyMaterial, curves: Mapping[int, Curve]) -> PublicKey:
    """The key on the one curve of this format that has its size; NotReadable when there is none."""
    compressed = material.octets[:1] in (b"\x02", b"\x03")
    size = len(material.octets) - 1 if compressed else len(material.octets) // 2
    curve = curves.get(size)
    if curve is None:
        raise NotReadable(f"a key of {size} bytes is of no curve of this format", "key", Code.SIGNATURE_INVALID)
    return _on(material, curve)


@lru_cache(maxsize=_KEYS)
def _on(material: KeyMaterial, curve: Curve) -> PublicKey:
    """Points are decompressed and checked once for each meter."""
    return material.on(curve)
