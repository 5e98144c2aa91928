"""`wattlog evidence`: the process; with a word behind it, the tools of those who decide what is billed."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrStatus
from services.domain.events.evidence import (
    EvidenceRejected,
    EvidenceReleased,
    RecordVerified,
    SessionToVerify,
    SessionVerified,
)
from services.domain.events.meterkey import MeterKeys
from services.domain.events.session import SessionEnded
from services.domain.events.transaction import TransactionStarted
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.domain.units import Millis, datetime_of, millis_of
from services.evidence.app import main
from services.evidence.history import Difference, difference, gaps
from services.evidence.routing import to_verify
from services.evidence.transparency_cli import link, proof, transparency
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.registry import codec_of
from services.runtime.settings import CommonSettings, KafkaSettings, load
from services.runtime.tail import Tail

evidence = typer.Typer(
    add_completion=False,
    help="Verify signed meter values. Without a command: run the process that does.",
)

_DAY_MS: Final = 86_400_000
_POLL_S: Final = 0.05
_FIRST_WAIT_S: Final = 30.0
_REASON: Final = "EVIDENCE_"

SessionId = Annotated[str, typer.Argument(metavar="SESSION", help="id of the session, or its first characters")]
Operator = Annotated[str, typer.Option(help="who decides this")]
Reason = Annotated[str, typer.Option(help="kept with the decision")]
Since = Annotated[str, typer.Option("--from", help="first day, e.g. 2026-11-01")]
Until = Annotated[str, typer.Option("--to", help="last day; default: today")]
Meter = Annotated[str, typer.Option("--meter", help="serial number, as signed")]


@evidence.callback(invoke_without_command=True)
def process(context: typer.Context) -> None:
    """Verify signed meter values. Without a command: run the process that does."""
    if context.invoked_subcommand is None:
        main()


@evidence.command("list")
def list_held() -> None:
    """Show the records that are held for their evidence, longest first; issued ones are no longer delivered."""
    held = sorted(_held(), key=lambda one: one.updated_at)
    told = _verdicts(min((one.updated_at for one in held), default=now_ms()))
    table = Table(
        "session",
        "station",
        "transaction",
        "status",
        "Wh",
        "held for",
        "findings",
        "since",
        caption_justify="left",
    )
    table.columns[0].no_wrap = True
    for one in held:
        verdict = told.get(one.detail.session_id)
        cells = (
            one.detail.session_id, one.detail.station_id, one.detail.transaction_id, one.status.value,
            f"{one.detail.energy_wh:f}",
            (one.held_reason or "").removeprefix(_REASON).lower(), "\n".join(verdict.messages) if verdict else "",
            f"{datetime_of(one.updated_at):%Y-%m-%d %H:%M}",
        )  # fmt: skip
        table.add_row(*map(Text, cells))
    table.caption = f"{len(held)} record{'' if len(held) == 1 else 's'} held"
    Console().print(table)


@evidence.command()
def release(session: SessionId, operator: Operator, reason: Reason) -> None:
    """Have a held record issued as it is, or an issued one delivered again."""
    verdict, now = _judged(session), now_ms()
    event = EvidenceReleased(
        event_id=derived_id("EvidenceReleased", verdict.session_id, verdict.session_revision, operator, now),
        tenant=verdict.tenant,
        session_id=verdict.session_id,
        session_revision=verdict.session_revision,
        operator=operator,
        reason=reason,
        released_at=now,
    )
    _decide(event, f"{verdict.session_id} is released.")


@evidence.command()
def reject(session: SessionId, operator: Operator, reason: Reason) -> None:
    """Decide that a record is never billed; one that was issued is credited."""
    verdict, now = _judged(session), now_ms()
    event = EvidenceRejected(
        event_id=derived_id("EvidenceRejected", verdict.session_id, verdict.session_revision, operator, now),
        tenant=verdict.tenant,
        session_id=verdict.session_id,
        session_revision=verdict.session_revision,
        operator=operator,
        reason=reason,
        rejected_at=now,
    )
    _decide(event, f"{verdict.session_id} is rejected.")


@evidence.command("gaps")
def show_gaps(since: Since, until: Until = "", meter: Meter = "") -> None:
    """Report packet numbers that are missing, by meter; exit code 1 if there are any."""
    found = gaps(_records(since, until, meter))
    table = Table("meter", "context", "missing", "from", "to", "after", "before", caption_justify="left")
    for gap in found:
        moments = [f"{datetime_of(at):%Y-%m-%d %H:%M}" for at in (gap.after_at, gap.before_at)]
        numbers = (str(gap.missing), str(gap.first_missing), str(gap.last_missing))
        table.add_row(*map(Text, (gap.meter_serial, gap.context, *numbers, *moments)))
    table.caption = f"{sum(gap.missing for gap in found)} packets missing"
    Console().print(table)
    if found:
        raise typer.Exit(1)


@evidence.command()
def packets(meter: Meter, since: Since, until: Until = "") -> None:
    """Write all signed packets of a meter as JSON lines: what it is, how it was judged, and the bytes as text."""
    wanted: dict[str, RecordVerified] = {}
    for record in _records(since, until, meter):
        wanted[record.sha256] = record

    def take(events: Sequence[Any]) -> None:
        for value in [value for event in events for value in event.meter_values]:
            for signed in value.signed_meter_values:
                record = wanted.pop(signed.sha256, None)
                if record is not None:
                    told = record.to_record() | {"signed_data": signed.signed_data.decode()}
                    typer.echo(orjson.dumps(told))

    _read([TransactionStarted.TOPIC], take, _day(since) - _DAY_MS)
    if wanted:
        fail(f"{len(wanted)} packets are no longer in {TransactionStarted.TOPIC}")


@evidence.command()
def reverify(
    since: Since,
    until: Until = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
    apply: Annotated[bool, typer.Option(help="give these verdicts: records may be held or let go")] = False,
) -> None:
    """Judge history again by the keys and the verifier of today, and show what differs; only --apply changes it.

    Exit code 1 when something does.
    """
    begin, end, tenant = _day(since), _day(until, after=True), load(CommonSettings).tenant
    told, seen, found = _verdicts(begin), 0, dict[str, Difference]()
    again: dict[str, SessionToVerify] = {}
    with reading(MeterKeys) as view:

        def take(events: Sequence[Any]) -> None:
            nonlocal seen
            for event in events:
                if not isinstance(event, SessionEnded) or event.tenant != tenant:
                    continue
                verdict = told.get(event.session_id)
                if verdict is None or not begin <= event.recorded_at < end:
                    continue
                if verdict.session_revision != event.revision:
                    continue
                seen += 1
                session: SessionToVerify = to_verify(event)
                point = view.get(f"{tenant}/{event.station_id}/{event.evse_id or verdict.evse_id}")
                differs = difference(verdict, session, () if point is None else point.versions)
                if differs is not None:
                    found[event.session_id], again[event.session_id] = differs, session
            typer.echo(f"{seen} sessions judged again", err=True)

        _read([SessionEnded.TOPIC], take, begin - _DAY_MS)
    publish(*(again.values() if apply else ()))
    for differs in found.values():
        if as_json:
            typer.echo(orjson.dumps(differs._asdict()))
        else:
            was, now = (", ".join(codes) or "-" for codes in (differs.before_findings, differs.after_findings))
            typer.echo(
                f"{differs.session_id} {differs.station_id}: {differs.before} ({was}) -> {differs.after} ({now})"
            )
    typer.echo(f"{len(found)} of {seen} verdicts differ", err=True)
    if found:
        raise typer.Exit(1)


def _held() -> list[Cdr]:
    tenant = load(CommonSettings).tenant
    with reading(Cdr) as view:
        return [
            one
            for _, one in view.items()
            if one.tenant == tenant
            and one.status in (CdrStatus.HELD, CdrStatus.ISSUED)
            and (one.held_reason or "").startswith(_REASON)
        ]


def _judged(session: str) -> SessionVerified:
    """The verdict on the one session with a held record whose id begins so."""
    found = [one for one in _held() if one.detail.session_id.startswith(session)]
    if len(found) != 1:
        many = "no held record's session begins" if not found else f"{len(found)} held records' sessions begin"
        fail(f"{many} with {session!r}: `wattlog evidence list` shows all")
    verdict = _verdicts(found[0].updated_at).get(found[0].detail.session_id)
    if verdict is None:
        fail("There is no verdict yet: is `wattlog evidence` running?")
    return verdict


def _decide(event: Event, said: str) -> None:
    publish(event)
    typer.echo(said)


def _verdicts(since: Millis) -> dict[str, SessionVerified]:
    """The last verdict on each session since a day before."""
    tenant, found = load(CommonSettings).tenant, dict[str, SessionVerified]()

    def take(events: Sequence[Any]) -> None:
        for event in events:
            if isinstance(event, SessionVerified) and event.tenant == tenant:
                found[event.session_id] = event

    _read([SessionVerified.TOPIC], take, since - _DAY_MS)
    return found


def _records(since: str, until: str, meter: str) -> list[RecordVerified]:
    """Records that were measured in a period, of one meter or all."""
    begin, end, tenant = _day(since), _day(until, after=True), load(CommonSettings).tenant
    found: list[RecordVerified] = []

    def take(events: Sequence[Any]) -> None:
        found.extend(
            event
            for event in events
            if event.tenant == tenant
            and begin <= event.sampled_at < end
            and (not meter or event.meter_serial == meter)
        )

    _read([RecordVerified.TOPIC], take, begin - _DAY_MS)
    return found


def _read(topics: list[str], take: Callable[[Sequence[Any]], None], since: Millis) -> None:
    """Everything in the topics from then to their end."""
    asyncio.run(_follow(topics, take, since))


async def _follow(topics: list[str], take: Callable[[Sequence[Any]], None], since: Millis) -> None:
    moved = asyncio.get_running_loop().time()

    def taken(events: Sequence[Any]) -> None:
        nonlocal moved
        moved = asyncio.get_running_loop().time()
        take(events)

    tail = Tail(load(KafkaSettings), codec_of(load(CommonSettings)), topics, taken, max(0, since))
    tail.start()
    try:
        while not tail.caught_up:
            if asyncio.get_running_loop().time() - moved > _FIRST_WAIT_S:
                fail(f"Kafka at {load(KafkaSettings).bootstrap_servers} does not answer")
            await asyncio.sleep(_POLL_S)
    finally:
        tail.stop()


def _day(text: str, *, after: bool = False) -> Millis:
    """The begin of a day, UTC, or of the day after it; of tomorrow when nothing is said."""
    if not text:
        return now_ms() + _DAY_MS
    try:
        begin = millis_of(datetime.fromisoformat(text).replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        fail(f"{text!r} is no day: give e.g. 2026-11-30")
    return begin + _DAY_MS if after else begin


evidence.command()(transparency)
evidence.command("bundle")(proof)
evidence.command()(link)
