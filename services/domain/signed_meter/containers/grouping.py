"""Which records belong to one session, and in which order."""

from collections.abc import Iterable

from services.domain.signed_meter.findings import Code
from services.domain.signed_meter.record import SessionVerdict, SignedRecord
from services.domain.signed_meter.session import judge

Session = tuple[SignedRecord, ...]
_PAIR = 2
_OPEN = {Code.END_MISSING.name}
_PART = {Code.BEGIN_MISSING.name, Code.END_MISSING.name}


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
    """A record with begin and end is a session; one with a begin opens one, and those that follow belong to it.

    Some formats without markers show nothing of that: two records, none a transaction, are begin and end.
    """
    records = list(records)
    if len(records) == _PAIR and all(judge([record]).transaction_ok is None for record in records):
        return [tuple(sorted(records, key=_place))]
    sessions: list[list[SignedRecord]] = []
    is_open = False
    for record in records:
        verdict = judge([record])
        codes = set(verdict.codes)
        marker = _marker(verdict)
        part = bool(codes & _PART) or record.context is not None or marker is not None
        begins = _place(record) == 0 or bool(codes & _OPEN) or marker == "begin"
        if part and not begins and is_open:
            sessions[-1].append(record)
        else:
            sessions.append([record])
            is_open = part
    return [tuple(session) for session in sessions]


def _marker(verdict: SessionVerdict) -> str | None:
    """What a record that is no transaction by itself says of its place: Alfen's type."""
    markers = {reading.marker for reading in verdict.readings}
    alone = Code.NOT_A_TRANSACTION.name in verdict.codes
    return markers.pop() if alone and len(markers) == 1 else None


def _place(record: SignedRecord) -> int:
    """Begin, between, end: by the reading context of OCPP."""
    context = (record.context or "").lower()
    return 0 if "begin" in context else 2 if "end" in context else 1
