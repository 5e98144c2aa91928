"""Reports in parts: what has come, what is missing, and what a complete one means. Pure."""

from msgspec.structs import replace

from services.devices.state import MAX_PARTS, MAX_REPORTS, Report, Station, with_variables, without_older
from services.domain.events.station import VariablesReported
from services.domain.units import Millis

_FULL = "FullInventory"
_SHOWN_EVERY = 50


def report_of(known: Station, request_id: int | None) -> Report | None:
    """The report that has this number; the station may use it again for a later one."""
    return next((report for report in known.reports if report.request_id == request_id), None)


def with_part(known: Station, event: VariablesReported) -> tuple[Station, bool]:
    """The station with a part of a report, and whether others should see it now; a part told twice is one."""
    before = report_of(known, event.request_id)
    if before is not None and event.seq_no in before.seen and event.recorded_at <= before.heard_at:
        return known, False
    if before is None or (before.complete and event.recorded_at > before.heard_at):
        operation, base = (before.operation, before.base) if before is not None else (None, None)
        report = Report(event.request_id, event.recorded_at, operation, base)
    else:
        report = before
    report = _heard(report, event)
    told = with_report(with_variables(known, list(event.variables), event.recorded_at), report)
    if report.complete:
        return cleaned(told, report), True
    changed = before is None or report.missing != before.missing
    return told, changed or len(report.seen) == 1 or len(report.seen) % _SHOWN_EVERY == 0


def with_report(known: Station, report: Report) -> Station:
    """The latest reports, the newest last."""
    others = [other for other in known.reports if other.request_id != report.request_id]
    return replace(known, reports=(*others, report)[-MAX_REPORTS:])


def asked_for(known: Station, request_id: int | None, operation: str, base: str | None, at: Millis) -> Station:
    """A report was asked for: before it comes, or (streams are not read in order) when it has come already."""
    before = report_of(known, request_id)
    if before is None or (before.heard_at < at and before.complete):
        return with_report(known, Report(request_id, at, operation, base))
    report = replace(before, operation=operation, base=base)
    named = with_report(known, report)
    return cleaned(named, report) if report.complete else named


def in_progress(known: Station) -> bool:
    """Whether the report that was heard of last has parts to come."""
    heard = [report for report in known.reports if report.seen]
    return bool(heard) and not max(heard, key=lambda report: report.heard_at).complete


def cleaned(known: Station, report: Report) -> Station:
    """A complete full inventory: what it does not name does not exist any more."""
    return without_older(known, report.began_at) if report.base == _FULL else known


def _heard(report: Report, event: VariablesReported) -> Report:
    seen = report.seen
    if 0 <= event.seq_no < MAX_PARTS and event.seq_no not in seen:
        seen = (*seen, event.seq_no)
    last = event.seq_no if event.last else report.last
    began_at = min(report.began_at, event.recorded_at)
    heard_at = max(report.heard_at, event.recorded_at)
    return replace(report, seen=seen, last=last, began_at=began_at, heard_at=heard_at)
