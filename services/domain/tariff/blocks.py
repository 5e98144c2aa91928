"""`step_size`: billing in whole blocks, once per session (OCPI 2.3.0 mod_cdrs, step_size).

The last line of a kind decides the block, and gets what is missing to a whole number of blocks. Counted is all
energy of the session; of time only what a component prices, as in the specification's example of parking that
becomes free.
"""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal

from services.domain.tariff.lines import FLAT_KINDS, TIMED_KINDS, Draft, LineKind

_WH_PER_KWH = Decimal(1000)
_MILLISECOND = Decimal("0.001")
_WHOLE = Decimal(1)
_ZERO = Decimal(0)


def complete(lines: Sequence[Draft], energy_kwh: Decimal) -> None:
    """Set `added` of the last line of each kind that is billed in blocks; `energy_kwh` is that of the session.

    Charging time is not rounded in a session in which parking is paid for: the parking time is.
    """
    last = {line.kind: line for line in lines}
    if LineKind.PARKING_TIME in last:
        last.pop(LineKind.TIME, None)
    for kind, line in last.items():
        if kind in FLAT_KINDS or line.component.step_size < 1:
            continue
        used = energy_kwh if kind is LineKind.ENERGY else sum((x.quantity for x in lines if x.kind is kind), _ZERO)
        line.added = missing(used, line.component.step_size, kind)


def missing(total: Decimal, step_size: int, kind: LineKind) -> Decimal:
    """From `total` kWh or seconds to the next whole block.

    Less than a millisecond begins no block: hours with a few decimals do not tell such times apart.
    """
    if kind in TIMED_KINDS:
        counted, step = total.quantize(_MILLISECOND, ROUND_DOWN), Decimal(step_size)
    else:
        counted, step = total, step_size / _WH_PER_KWH
    blocks = (counted / step).quantize(_WHOLE, ROUND_CEILING)
    return blocks * step - total
