"""A charging station without wires: it is told the time and says what happens, in no protocol's words."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from services.domain.ids import derived_id
from services.domain.units import Millis
from services.simulator.meter import Meter, SignedRecord
from services.simulator.ocmf import Reading
from services.simulator.plan import GAP_MS, Visit

PLUG_MS = 20_000
CARD_MS = 10_000
HOUR_MS = 3_600_000
_MS_PER_HOUR = Decimal(HOUR_MS)


class Records(StrEnum):
    """How the meter signs a transaction: one record at each end, or one record with both readings at the end."""

    PAIR = "pair"
    COMBINED = "combined"


@dataclass(frozen=True, slots=True)
class StationSpec:
    """What a simulated station is. It has one EVSE with one connector, both number 1."""

    station_id: str
    protocol: str
    password: str
    evse_uid: str
    serial: str
    vendor: str = "Wattlog"
    model: str = "Sim AC 11"
    firmware: str = "1.0.0"
    records: Records = Records.PAIR
    boots_on_reconnect: bool = False


@dataclass(slots=True, eq=False)
class Transaction:
    """A transaction as its station sees it. `transaction_id` is unknown until an OCPP 1.6 backend gives it."""

    station_id: str
    protocol: str
    local_id: str
    visit: Visit
    started_at: Millis | None = None
    start_register_wh: Decimal | None = None
    ended_at: Millis | None = None
    stop_register_wh: Decimal | None = None
    transaction_id: str | None = None
    refused: bool = False
    start_acked: bool = False
    stop_acked: bool = False
    samples_sent: int = 0
    samples_acked: int = 0
    repeats: int = 0
    signed_sha256: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PluggedIn:
    at: Millis


@dataclass(frozen=True, slots=True)
class CardShown:
    at: Millis
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Started:
    at: Millis
    transaction: Transaction
    register_wh: Decimal
    signed: SignedRecord | None


@dataclass(frozen=True, slots=True)
class Sampled:
    """A periodic reading; `power_w` is 0 once the car takes no more."""

    at: Millis
    transaction: Transaction
    register_wh: Decimal
    power_w: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """The end of a transaction; `reason` is an OCPP stop reason that all versions spell alike (or nearly)."""

    at: Millis
    transaction: Transaction
    register_wh: Decimal
    signed: SignedRecord
    reason: str


@dataclass(frozen=True, slots=True)
class Unplugged:
    at: Millis


Step = PluggedIn | CardShown | Started | Sampled | Stopped | Unplugged


class Kind(StrEnum):
    """What a timetable can hold."""

    PLUG = "plug"
    CARD = "card"
    START = "start"
    SAMPLE = "sample"
    STOP = "stop"
    UNPLUG = "unplug"


def timetable(visit: Visit, sample_every_ms: int) -> list[tuple[Millis, Kind]]:
    """What happens during a visit, in order: samples at fixed distances from the start, none at the very end."""
    moments = [(visit.arrived_at, Kind.START)]
    if visit.remote_start_id is None:
        moments = [(visit.arrived_at - PLUG_MS, Kind.PLUG), (visit.arrived_at - CARD_MS, Kind.CARD), *moments]
    samples = range(visit.arrived_at + sample_every_ms, visit.departed_at, sample_every_ms)
    moments += [(at, Kind.SAMPLE) for at in samples]
    return [*moments, (visit.departed_at, Kind.STOP), (visit.departed_at + CARD_MS, Kind.UNPLUG)]


def delivered_wh(visit: Visit, rated_w: int, at: Millis) -> Decimal:
    """Energy delivered until `at`: at rated power (more where the visit is too short) until the car is full."""
    if at >= visit.departed_at:
        return visit.energy_wh
    elapsed_ms = max(0, at - visit.arrived_at)
    at_rated_power = rated_w * elapsed_ms / _MS_PER_HOUR
    evenly = visit.energy_wh * elapsed_ms / (visit.departed_at - visit.arrived_at)
    return min(visit.energy_wh, max(at_rated_power, evenly))


class Station:
    """One station with its meter and the cars that will come."""

    def __init__(
        self,
        spec: StationSpec,
        meter: Meter,
        visits: Sequence[Visit],
        sample_every_ms: int = 900_000,
        rated_w: int = 6_600,
    ) -> None:
        self.spec = spec
        self.meter = meter
        self._visits = deque(visits)
        self._sample_every_ms = sample_every_ms
        self._rated_w = rated_w
        self._moments: deque[tuple[Millis, Kind]] = deque()
        self._reason = "EVDisconnected"
        self._begin: Reading | None = None
        self.transaction: Transaction | None = None
        self._next_visit()

    def next_at(self) -> Millis | None:
        """When the next step is due; None when no car will come any more."""
        return self._moments[0][0] if self._moments else None

    def advance(self, now: Millis) -> list[Step]:
        """All steps that are due by `now`, each with the time at which it happened."""
        steps = []
        while self._moments and self._moments[0][0] <= now:
            at, kind = self._moments.popleft()
            steps.append(self._step(at, kind))
            if not self._moments:
                self._next_visit()
        return steps

    def remote_start(self, token_uid: str, remote_start_id: int, now: Millis) -> bool:
        """Start for `token_uid` now, for an hour at most; False when the place is taken or will be very soon."""
        until = now + HOUR_MS
        if self._moments:
            if self.transaction is not None or self._moments[0][1] is not Kind.PLUG:
                return False
            until = min(until, self._moments[0][0] - GAP_MS)
        if until - now < GAP_MS:
            return False
        energy_wh = (self._rated_w * (until - now) / _MS_PER_HOUR).quantize(Decimal(1))
        visit = Visit(f"remote-{remote_start_id}", now, until, energy_wh, token_uid, remote_start_id)
        if self._moments:
            self._visits.appendleft(self._planned)
        self._begin_visit(visit)
        return True

    def remote_stop(self, transaction_id: str, now: Millis) -> bool:
        """Stop the running transaction; False when it is another one or has not started."""
        running = self.transaction
        if running is None or running.started_at is None or running.transaction_id != transaction_id:
            return False
        self._reason = "Remote"
        self._moments = deque([(now, Kind.STOP), (now + CARD_MS, Kind.UNPLUG)])
        return True

    def _next_visit(self) -> None:
        if self._visits:
            self._begin_visit(self._visits.popleft())

    def _begin_visit(self, visit: Visit) -> None:
        self._planned = visit
        self._reason = "EVDisconnected"
        self._moments = deque(timetable(visit, self._sample_every_ms))

    def _step(self, at: Millis, kind: Kind) -> Step:
        match kind:
            case Kind.PLUG:
                return PluggedIn(at)
            case Kind.CARD:
                return CardShown(at, self._opened())
            case Kind.START:
                return self._start(at, self.transaction or self._opened())
            case Kind.SAMPLE:
                return self._sample(at)
            case Kind.STOP:
                return self._stop(at)
        return Unplugged(at)

    def _opened(self) -> Transaction:
        spec, visit = self.spec, self._planned
        local_id = derived_id("transaction", spec.station_id, visit.arrived_at, visit.source_id)
        self.transaction = Transaction(spec.station_id, spec.protocol, local_id, visit)
        return self.transaction

    def _start(self, at: Millis, transaction: Transaction) -> Started:
        register_wh = self.meter.register_wh()
        transaction.started_at, transaction.start_register_wh = at, register_wh
        self._begin = Reading(at, "B", register_wh)
        signed = None
        if self.spec.records is Records.PAIR:
            signed = self.meter.sign(transaction.visit.token_uid, [self._begin])
        return Started(at, transaction, register_wh, signed)

    def _sample(self, at: Millis) -> Sampled:
        transaction = self._running()
        done_wh = delivered_wh(transaction.visit, self._rated_w, at)
        power_w = self._rated_w if done_wh < transaction.visit.energy_wh else 0
        return Sampled(at, transaction, self.meter.register_wh(done_wh), power_w)

    def _stop(self, at: Millis) -> Stopped:
        transaction = self._running()
        self.meter.add(delivered_wh(transaction.visit, self._rated_w, at))
        register_wh = self.meter.register_wh()
        transaction.ended_at, transaction.stop_register_wh = at, register_wh
        readings = [Reading(at, "E", register_wh)]
        if self._begin is not None and self.spec.records is Records.COMBINED:
            readings.insert(0, self._begin)
        signed = self.meter.sign(transaction.visit.token_uid, readings)
        self.transaction = None
        return Stopped(at, transaction, register_wh, signed, self._reason)

    def _running(self) -> Transaction:
        if self.transaction is None:
            raise RuntimeError(f"{self.spec.station_id}: a reading without a transaction")
        return self.transaction
