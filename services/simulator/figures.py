"""The figures that a demonstration is judged by: value, unit, bar, and whether the bar was met."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal

import orjson
from rich.table import Table

from services.domain.units import WH_PER_KWH
from services.simulator.ledger import Verdict

STORED = "What the stations sent, and what was stored"

Value = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is None when it could not be measured, with the reason. `bar` is None for what is only told."""

    name: str
    value: Value | None
    unit: str
    bar: str | None
    ok: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What happened around the sessions of a run."""

    stations: int
    planned: int
    messages: int
    kills: int
    queries: int
    charging_s: float
    catching_up_s: float
    verdicts_ok: int
    verdicts_failed: int


def at_least(name: str, value: Value, unit: str, least: Value) -> Figure:
    return Figure(name, value, unit, f">= {least}", value >= least)


def equal(name: str, value: Value, unit: str, wanted: Value) -> Figure:
    return Figure(name, value, unit, f"= {wanted}", value == wanted)


def told(name: str, value: Value, unit: str) -> Figure:
    return Figure(name, value, unit, None, True)


def demo_figures(verdict: Verdict, seen: Circumstances) -> list[Figure]:
    """All figures of a demonstration that came to its end."""
    sent_kwh = kwh(verdict.sent_wh)
    return [
        at_least("stations", seen.stations, "stations", 50),
        at_least("sessions sent", verdict.sessions_sent, "sessions", max(200, seen.planned)),
        equal("sessions stored", verdict.sessions_stored, "sessions", verdict.sessions_sent),
        equal("charge detail records", verdict.cdrs, "records", verdict.sessions_sent),
        told("energy sent", sent_kwh, "kWh"),
        equal("energy stored", kwh(verdict.stored_wh), "kWh", sent_kwh),
        equal("energy in records", kwh(verdict.billed_wh), "kWh", sent_kwh),
        equal("duplicates", verdict.duplicates, "rows", 0),
        equal("lost", verdict.lost, "sessions", 0),
        equal("unfinished", verdict.unfinished, "sessions", 0),
        equal("deviations", len(verdict.wrong), "findings", 0),
        equal("signed records sent", verdict.signed_sent, "records", 2 * verdict.sessions_sent),
        equal("signed records carried", verdict.signed_carried, "records", verdict.signed_sent),
        equal("verdicts ok", seen.verdicts_ok, "sessions", verdict.sessions_sent),
        equal("verdicts failed", seen.verdicts_failed, "sessions", 0),
        equal("kills of the session processor", seen.kills, "kills", 1),
        equal("SQL queries answered", seen.queries, "queries", 3),
        told("messages answered", seen.messages, "messages"),
        told("charging took", round(seen.charging_s, 1), "s"),
        told("catching up took", round(seen.catching_up_s, 1), "s"),
    ]


def unmeasured(reason: str) -> list[Figure]:
    """The same figures when the demonstration could not be carried through."""
    nothing = Verdict(200, 200, 200, Decimal(0), Decimal(0), Decimal(0), 0, 0, 0, 400, 400, ())
    figures = demo_figures(nothing, Circumstances(50, 200, 0, 1, 3, 0.0, 0.0, 200, 0))
    return [replace(figure, value=None, ok=False, reason=reason) for figure in figures]


def kwh(energy_wh: Decimal) -> Decimal:
    """Exact, without trailing zeros."""
    return (energy_wh / WH_PER_KWH).normalize() + Decimal(0)


def to_json(figures: Sequence[Figure]) -> bytes:
    """A JSON list of {name, value, unit, bar, ok, reason}; `reason` only where there is one."""
    records = [asdict(figure) for figure in figures]
    for record in records:
        if record["reason"] is None:
            del record["reason"]
    return orjson.dumps(records, default=lambda number: orjson.Fragment(f"{number:f}"), option=orjson.OPT_INDENT_2)


def table(figures: Sequence[Figure], title: str = STORED) -> Table:
    """The figures for a terminal."""
    drawn = Table(title=title, title_justify="left")
    for title, side in (("figure", "left"), ("value", "right"), ("unit", "left"), ("bar", "right"), ("", "left")):
        drawn.add_column(title, justify="right" if side == "right" else "left")
    for figure in figures:
        value = (
            "not measured"
            if figure.value is None
            else f"{figure.value:,f}"
            if _exact(figure)
            else str(figure.value)
        )
        mark = "" if figure.bar is None and figure.ok else "ok" if figure.ok else "OFF"
        drawn.add_row(
            figure.name, value, figure.unit, figure.bar or "", mark, style=None if figure.ok else "bold red"
        )
    return drawn


def _exact(figure: Figure) -> bool:
    return isinstance(figure.value, Decimal)
