"""The elliptic curves of signed meter data: names, object identifiers, and who computes on them.

Two curves are in no OpenSSL binding: their constants are those of SEC 2, checked in a test against the curve
equation.
"""

from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import ec
from ecdsa.curves import BRAINPOOLP256r1, BRAINPOOLP384r1, NIST192p, NIST256p, NIST384p, SECP256k1
from ecdsa.curves import Curve as SlowCurve
from ecdsa.ellipticcurve import CurveFp, PointJacobi


def _koblitz(name: str, p: int, b: int, generator: tuple[int, int], order: int, oid: tuple[int, ...]) -> SlowCurve:
    curve = CurveFp(p, 0, b, 1)
    point = PointJacobi(curve, *generator, 1, order, generator=True)
    return SlowCurve(name, curve, point, oid, None)


SECP192K1 = _koblitz(
    "SECP192k1",
    2**192 - 2**32 - 2**12 - 2**8 - 2**7 - 2**6 - 2**3 - 1,
    3,
    (
        0xDB4FF10EC057E9AE26B07D0280B7F4341DA5D1B1EAE06C7D,
        0x9B2F2F6D9C5628A7844163D015BE86344082AA88D95E2F9D,
    ),
    0xFFFFFFFFFFFFFFFFFFFFFFFE26F2FC170F69466A74DEFD8D,
    (1, 3, 132, 0, 31),
)
SECP224K1 = _koblitz(
    "SECP224k1",
    2**224 - 2**32 - 2**12 - 2**11 - 2**9 - 2**7 - 2**4 - 2 - 1,
    5,
    (
        0xA1455B334DF099DF30FC28A169A467E9E47075A90F7E650EB6B7A45C,
        0x7E089FED7FBA344282CAFBD6F7E319F7C0B0BD59E2CA4BDB556D61A5,
    ),
    0x10000000000000000000000000001DCE8D2EC6184CAF0A971769FB1F7,
    (1, 3, 132, 0, 32),
)


@dataclass(frozen=True, eq=False)
class Curve:
    """`name` is SEC 2's or RFC 5639's; `fast` names the class in `cryptography`, None where it has none; `slow` is
    the curve in `ecdsa`."""

    name: str
    fast: str | None
    slow: SlowCurve

    @cached_property
    def oid(self) -> str:
        """The object identifier, dotted."""
        return ".".join(map(str, self.slow.oid))

    @cached_property
    def order(self) -> int:
        return int(self.slow.order)

    @cached_property
    def field_bytes(self) -> int:
        """How long a coordinate is."""
        return (int(self.slow.curve.p()).bit_length() + 7) // 8

    @cached_property
    def openssl(self) -> ec.EllipticCurve | None:
        """The curve in `cryptography`, None where this release of it (no longer) has it."""
        found = getattr(ec, self.fast, None) if self.fast else None
        return found() if found else None


CURVES = {
    curve.name: curve
    for curve in (
        Curve("secp192k1", None, SECP192K1),
        Curve("secp192r1", "SECP192R1", NIST192p),
        Curve("secp224k1", None, SECP224K1),
        Curve("secp256k1", "SECP256K1", SECP256k1),
        Curve("secp256r1", "SECP256R1", NIST256p),
        Curve("secp384r1", "SECP384R1", NIST384p),
        Curve("brainpoolP256r1", "BrainpoolP256R1", BRAINPOOLP256r1),
        Curve("brainpoolP384r1", "BrainpoolP384R1", BRAINPOOLP384r1),
    )
}
BY_OID = {curve.oid: curve for curve in CURVES.values()}
