"""A signing meter: a register that only grows, a page counter that never skips, a key of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from cryptography.hazmat.primitives.asymmetric import ec

from services.simulator.ocmf import MeterIdentity, Reading, payload, public_key_hex, sign


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """One OCMF record as text, with the meter's public key as SPKI hex."""

    text: str
    public_key_hex: str


class Meter:
    """The meter of one EVSE.

    `resolution_wh` is what it shows: OCPP 1.6 carries whole Wh in meterStart, 2.0.1 any decimal. Energy below it
    is kept and shows up in a later reading, as in a real register.
    """

    def __init__(
        self,
        identity: MeterIdentity,
        key: ec.EllipticCurvePrivateKey,
        register_wh: Decimal,
        resolution_wh: Decimal,
        page: int = 1,
    ) -> None:
        self.identity = identity
        self.public_key_hex = public_key_hex(key)
        self._key = key
        self._total_wh = register_wh
        self._resolution_wh = resolution_wh
        self._decimals = 3 + max(0, -int(resolution_wh.as_tuple().exponent))
        self._page = page

    def add(self, energy_wh: Decimal) -> None:
        """Count delivered energy; ValueError for a negative amount, since a register never runs backwards."""
        if energy_wh < 0:
            raise ValueError(f"a meter cannot count {energy_wh} Wh")
        self._total_wh += energy_wh

    def register_wh(self, pending_wh: Decimal = Decimal(0)) -> Decimal:
        """What the display shows with `pending_wh` more than counted so far."""
        return (self._total_wh + pending_wh).quantize(self._resolution_wh, ROUND_FLOOR)

    def sign(self, token_uid: str, readings: Sequence[Reading]) -> SignedRecord:
        """Sign readings as the next page."""
        text = payload(self.identity, self._page, token_uid, readings, self._decimals)
        self._page += 1
        return SignedRecord(sign(text, self._key), self.public_key_hex)
