"""The signed meter records of a session: byte for byte, each once, in the order of their samples."""

from collections.abc import Iterable

from services.domain.events.common import MeterValue, SignedMeterValue
from services.sessions.state import Signed, SignedValues

MAX_KEPT = 20
"""Of the records at begin and end, and again of those between: the first and the last ten are kept."""

MAX_RECORD_BYTES = 20_000
"""A longer record is not carried on (real ones have up to 12 kB), so that a session fits a Kafka message."""

_BOUNDARIES = {"Transaction.Begin": 0, "Transaction.End": 2}
_BETWEEN = 1


def merged(kept: SignedValues, values: Iterable[MeterValue]) -> SignedValues:
    """What is kept with the records of these meter values too; the same object if they say nothing new."""
    known = {signed.value.sha256: signed for signed in kept.values}
    left_out = kept.left_out
    for value in values:
        for record in value.signed_meter_values:
            if _size(record) > MAX_RECORD_BYTES:
                left_out = True
                continue
            signed = Signed(value.sampled_at, record)
            other = known.get(record.sha256)
            if other is None or _preference(signed) < _preference(other):
                known[record.sha256] = signed
    chosen = _chosen(known.values())
    found = SignedValues(chosen, left_out or len(chosen) < len(known))
    return kept if found == kept else found


def carries_any(values: Iterable[MeterValue]) -> bool:
    """Whether any of the meter values has a signed record."""
    return any(value.signed_meter_values for value in values)


def _chosen(found: Iterable[Signed]) -> tuple[Signed, ...]:
    ordered = sorted(found, key=_order)
    boundaries = [signed for signed in ordered if signed.value.context in _BOUNDARIES]
    between = [signed for signed in ordered if signed.value.context not in _BOUNDARIES]
    return tuple(sorted([*_outermost(boundaries), *_outermost(between)], key=_order))


def _outermost(ordered: list[Signed]) -> list[Signed]:
    """The first and last ones: what lies between can only sink further in as more come, in whatever order."""
    if len(ordered) <= MAX_KEPT:
        return ordered
    return ordered[: MAX_KEPT // 2] + ordered[-MAX_KEPT // 2 :]


def _order(signed: Signed) -> tuple[int, int, str]:
    return signed.at, _BOUNDARIES.get(signed.value.context, _BETWEEN), signed.value.sha256


def _preference(signed: Signed) -> tuple[bool, int, str, str, str, str]:
    """Of two mentions of one record the lower is kept, so that the order of arrival does not matter."""
    value = signed.value
    return (
        value.context not in _BOUNDARIES,
        signed.at,
        value.context,
        value.encoding_method,
        value.signing_method,
        value.public_key,
    )


def _size(record: SignedMeterValue) -> int:
    texts = record.public_key, record.encoding_method, record.signing_method, record.context
    return len(record.signed_data) + sum(len(text.encode()) for text in texts)
