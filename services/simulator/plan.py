"""Which station replays which recorded session, and when: time of day, length and energy stay as recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from services.domain.units import Millis
from services.simulator.acn import RecordedSession

DAY_MS = 86_400_000
GAP_MS = 120_000
"""A place stays empty for at least this long between two cars."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One car at one station: charging goes from arrival to departure. `source_id` names the recording."""

    source_id: str
    arrived_at: Millis
    departed_at: Millis
    energy_wh: Decimal
    token_uid: str
    remote_start_id: int | None = None


def plan(
    sessions: Sequence[RecordedSession], stations: int, visits: int, tokens: Sequence[str], ends_before: Millis
) -> list[tuple[Visit, ...]]:
    """Spread `visits` recorded sessions evenly over `stations`; the last one ends in the day before `ends_before`.

    Sessions are taken at even distances from the whole recording (again from the front when there are too few)
    and moved by whole days, each to the first day on which its station is free. Raises ValueError when there is
    nothing to spread or nobody to spread it over.
    """
    if not sessions or not tokens or stations < 1 or visits < 0:
        raise ValueError("a plan needs recorded sessions, tokens and at least one station")
    chains: list[list[Visit]] = [[] for _ in range(stations)]
    for number in range(visits):
        session = sessions[number * max(1, len(sessions) // visits) % len(sessions)]
        chain = chains[number % stations]
        chain.append(_after(chain[-1].departed_at if chain else 0, session, tokens[number % len(tokens)]))
    last = max((chain[-1].departed_at for chain in chains if chain), default=0)
    shift = (ends_before - last) // DAY_MS * DAY_MS
    return [tuple(_moved(visit, shift) for visit in chain) for chain in chains]


def _after(free_at: Millis, session: RecordedSession, token_uid: str) -> Visit:
    days = -((session.arrived_at - free_at - GAP_MS) // DAY_MS)
    visit = Visit(session.source_id, session.arrived_at, session.departed_at, session.energy_wh, token_uid)
    return _moved(visit, days * DAY_MS)


def _moved(visit: Visit, shift: int) -> Visit:
    return replace(visit, arrived_at=visit.arrived_at + shift, departed_at=visit.departed_at + shift)


def span(plans: Sequence[Sequence[Visit]]) -> tuple[Millis, Millis]:
    """When the first car arrives and the last one leaves; (0, 0) without visits."""
    arrivals = [visits[0].arrived_at for visits in plans if visits]
    departures = [visits[-1].departed_at for visits in plans if visits]
    return (min(arrivals), max(departures)) if arrivals else (0, 0)
