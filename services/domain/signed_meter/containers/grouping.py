"""Which records belong to one session, and in which order."""

from collections.abc import Iterable

from services.domain.signed_meter.findings import Code
from services.domain.signed_meter.ocmf.registers import ENDS
from services.domain.signed_meter.record import SessionVerdict, SignedRecord
from services.domain.signed_meter.session import judge

Session = tuple[SignedRecord, ...]
_PAIR = 2
_BEGIN, _BETWEEN, _END = range(3)
_END_MARKERS = ENDS | {"end"}
_PARTIAL = {Code.BEGIN_MISSING.name, Code.END_MISSING.name, Code.NOT_A_TRANSACTION.name}


def by_transaction(records: Iterable[tuple[str, SignedRecord]]) -> list[Session]:
    """Records with the same transaction id are one session, begin first; those with none are grouped by
    content."""
    named: dict[str, list[SignedRecord]] = {}
    unnamed: list[SignedRecord] = []
    for transaction, record in records:
        if transaction:
            named.setdefault(transaction, []).append(record)
        else:
            unnamed.append(record)
    together = [tuple(sorted(session, key=_place)) for session in named.values()]
    return [*together, *by_content(unnamed)]


def by_content(records: Iterable[SignedRecord]) -> list[Session]:
    """A record with begin and end is a session. One with a begin opens a session, which the next end closes; what
    is between belongs to it, also when its signature is not true.

    Some formats without markers show nothing of that: two records, none a transaction, are begin and end.
    """
    records = list(records)
    verdicts = [judge([record]) for record in records]
    if len(records) == _PAIR and all(verdict.transaction_ok is None for verdict in verdicts):
        return [tuple(sorted(records, key=_place))]
    sessions: list[list[SignedRecord]] = []
    is_open = False
    for record, verdict in zip(records, verdicts, strict=True):
        begins, whole, ends = _shows(record, verdict)
        if is_open and not begins and not whole:
            sessions[-1].append(record)
            is_open = not ends
        else:
            sessions.append([record])
            is_open = begins
    return [tuple(session) for session in sessions]


def _shows(record: SignedRecord, verdict: SessionVerdict) -> tuple[bool, bool, bool]:
    """Whether it begins a session, is one, and ends one, by content first and then by context."""
    codes, marker, place = set(verdict.codes), _marker(verdict), _place(record)
    begins = Code.END_MISSING.name in codes or marker == "begin" or place == _BEGIN
    ends = place == _END or any(reading.marker in _END_MARKERS for reading in verdict.readings)
    return begins, all(verdict.signature_valid) and not codes & _PARTIAL and place != _END, ends


def _marker(verdict: SessionVerdict) -> str | None:
    """What a record that is no transaction by itself says of its place: Alfen's type."""
    markers = {reading.marker for reading in verdict.readings}
    alone = Code.NOT_A_TRANSACTION.name in verdict.codes
    return markers.pop() if alone and len(markers) == 1 else None


def _place(record: SignedRecord) -> int:
    """Begin, between, end: by the reading context of OCPP."""
    context = (record.context or "").lower()
    return _BEGIN if "begin" in context else _END if "end" in context else _BETWEEN
