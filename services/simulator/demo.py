"""The demonstration: start everything, charge real sessions through it, kill a process on the way, compare."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import uvloop
from rich.console import Console

from services.domain.events.common import EvidenceOutcome
from services.domain.events.evidence import SessionVerified
from services.domain.events.token import Token
from services.domain.units import Millis, datetime_of
from services.runtime.bus import NotDurable, publish_sync
from services.runtime.clickhouse import ClickHouseSettings, Unreachable, connect
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.embedded.problems import CannotStart
from services.runtime.settings import CommonSettings, KafkaSettings, setting
from services.runtime.view import View
from services.simulator import acn, figures, ledger, registry, roaming
from services.simulator.app import Tally
from services.simulator.faults import Faults
from services.simulator.figures import Circumstances, Figure
from services.simulator.fleet import FleetOptions, NobodyConnected, run_fleet
from services.simulator.narrator import Narrator
from services.simulator.plan import Visit, plan, span
from services.simulator.station import StationSpec

SESSION_PROCESSOR = "sessions"
KILL_AT = 0.4
FAULTS = Faults(drop=0.005, duplicate=0.01, offline=0.05, offline_s=2.0)
_TOKENS = 40
_CAUGHT_UP_WITHIN_S = 120.0
_POLL_S = 0.5

SESSIONS_SQL = """
SELECT station_id, transaction_id, toString(status) AS status, meter_start_wh, energy_wh,
    toUnixTimestamp64Milli(started_at) AS started_at, toUnixTimestamp64Milli(ended_at) AS ended_at
FROM v_sessions WHERE tenant = %(tenant)s AND startsWith(station_id, %(prefix)s)
"""
CDRS_SQL = """
SELECT station_id, transaction_id, toString(status) AS status, energy_wh,
    toUnixTimestamp64Milli(started_at) AS started_at, toUnixTimestamp64Milli(ended_at) AS ended_at,
    signed_meter_values.sha256 AS signed_sha256
FROM cdrs FINAL
WHERE tenant = %(tenant)s AND startsWith(station_id, %(prefix)s) AND NOT credit AND status != 'CREDITED'
"""

QUERIES = (
    "SELECT protocol, count() AS sessions, sum(energy_wh) / 1000 AS kwh, round(avg(duration_s) / 3600) AS hours "
    "FROM v_sessions GROUP BY protocol",
    "SELECT station_id, count() AS records, sum(energy_wh) / 1000 AS kwh, sum(total_cost_incl_vat) AS eur "
    "FROM v_cdrs WHERE status = 'ISSUED' GROUP BY station_id ORDER BY eur DESC LIMIT 5",
    "SELECT station_id, started_at, value.context, value.signed_data FROM cdrs FINAL "
    "ARRAY JOIN signed_meter_values AS value WHERE protocol = 'ocpp1.6' ORDER BY started_at DESC LIMIT 2",
)


class Stack(Protocol):
    """Everything that the demonstration runs on."""

    def start(self) -> None:
        """Return when all processes are ready to work; raise with one sentence and the fix when they cannot be."""
        ...

    def stop(self) -> None:
        """Stop all processes and return when they have ended."""
        ...

    def pid(self, name: str) -> int | None:
        """Process id of a running process."""
        ...

    def kill(self, name: str) -> None:
        """SIGKILL; the process is started again by whoever watches it."""
        ...


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """What the demonstration does, and where its stack is."""

    common: CommonSettings = field(default_factory=CommonSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    clickhouse: ClickHouseSettings = field(default_factory=ClickHouseSettings)
    ocpp_url: str = setting("ws://127.0.0.1:9000/ocpp", "where stations connect to, without their id")
    acn_dir: str = setting("", "directory with ACN-Data CSV files; empty: ../shared/vectors/acn, else a sample")
    demo_stations: int = setting(60, "stations of the demonstration")
    demo_sessions: int = setting(240, "recorded sessions that they replay")
    demo_charging_s: int = setting(45, "seconds into which the days of charging are compressed")
    demo_seed: str = setting("wattlog", "what chance in the demonstration follows from")
    demo_roaming: bool = setting(True, "have a second Wattlog, a provider's, roam with the first one")
    ocpi_port: int = setting(9010, "port that partners connect to")
    build_dir: Path = setting(Path("build"), "where demo.json and the stations' ledger are written")


def run_demo(stack: Stack, settings: DemoSettings, console: Console) -> int:
    """Carry the demonstration out and return the exit code: 0 when every figure meets its bar.

    In a terminal everything keeps running afterwards until Ctrl-C. `stack` is stopped in any case.
    """
    narrator = Narrator(console)
    try:
        outcome = _measured(stack, settings, narrator)
        narrator.table(outcome)
        outcome += _roaming(settings, narrator) if all(figure.ok for figure in outcome) else []
        (settings.build_dir / "demo.json").write_bytes(figures.to_json(outcome))
        narrator.queries(QUERIES)
        if console.is_terminal:
            narrator.stays(settings.ocpp_url, settings.clickhouse.clickhouse_url)
            _until_interrupted()
        return 0 if all(figure.ok for figure in outcome) else 1
    except KeyboardInterrupt:
        narrator.say("Interrupted.")
        return 130
    finally:
        narrator.say("Stopping everything ...")
        stack.stop()


def _until_interrupted() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return


def _measured(stack: Stack, settings: DemoSettings, narrator: Narrator) -> list[Figure]:
    """The figures; unmeasured ones with the reason when something that the user can mend is in the way."""
    settings.build_dir.mkdir(parents=True, exist_ok=True)
    try:
        recording = acn.read(Path(settings.acn_dir) if settings.acn_dir else None)
        narrator.recording(recording)
        narrator.say("Starting Kafka, the schema registry, ClickHouse and all services ...")
        stack.start()
        return uvloop.run(Demo(stack, settings, narrator, recording, now_ms()).run())
    except (CannotStart, acn.NoSessions, NobodyConnected, NotDurable, TimeoutError, Unreachable) as error:
        narrator.trouble(str(error))
        return figures.unmeasured(str(error))
    except Exception as error:
        (settings.build_dir / "demo.json").write_bytes(figures.to_json(figures.unmeasured(str(error))))
        raise


def _roaming(settings: DemoSettings, narrator: Narrator) -> list[Figure]:
    """The second act: another Wattlog roams with this one."""
    if not settings.demo_roaming:
        return []
    narrator.say("\nA provider's Wattlog of its own starts, and one of its drivers charges here ...")
    first = roaming.First(
        settings.common, settings.kafka, settings.clickhouse, settings.ocpp_url, settings.ocpi_port
    )
    act = roaming.Act(first, f"DEMO-{datetime_of(now_ms()):%m%d-%H%M%S}", settings.demo_seed)
    try:
        outcome = uvloop.run(act.run())
    except (roaming.NotRoaming, NobodyConnected, NotDurable, TimeoutError) as error:
        narrator.trouble(str(error))
        return [Figure("roaming", None, "", "to its end", ok=False, reason=str(error))]
    narrator.table(outcome, "Two backends roam with each other, by OCPI alone")
    return outcome


class Demo:
    """One run. Station ids carry the time of its start, so that each run has stations of its own."""

    def __init__(
        self, stack: Stack, settings: DemoSettings, narrator: Narrator, recording: acn.Recording, now: Millis
    ) -> None:
        self._stack = stack
        self._settings = settings
        self._narrator = narrator
        self._prefix = f"DEMO-{datetime_of(now):%m%d-%H%M%S}"
        self._tokens = registry.token_uids(_TOKENS)
        self.specs: list[StationSpec] = registry.fleet_specs(
            settings.demo_stations, self._prefix, settings.demo_seed
        )
        self.plans: list[tuple[Visit, ...]] = plan(
            recording.sessions, settings.demo_stations, settings.demo_sessions, self._tokens, now
        )
        self._now = now
        self._kills = 0
        self._killed_pid: int | None = None
        self._tally = Tally()

    async def run(self) -> list[Figure]:
        """Register, charge, wait for ClickHouse, compare."""
        self._narrator.say(f"Registering {len(self.specs)} stations and {len(self._tokens)} cards ...")
        await asyncio.to_thread(self._register)
        await self._tokens_known()
        started_s = time.monotonic()
        entries = await self._charge()
        charged_s = time.monotonic()
        self._narrator.faults(self._tally)
        ledger.write(self._settings.build_dir / "demo-ledger.jsonl", entries)
        sessions, cdrs, answered = await self._stored(sum(entry.stop_acked for entry in entries))
        verdict = ledger.check(entries, sessions, cdrs)
        self._narrator.wrong(verdict.wrong)
        outcomes = await self._verdicts()
        seen = Circumstances(
            stations=len({entry.station_id for entry in entries}),
            planned=self._settings.demo_sessions,
            messages=self._tally.messages_answered,
            kills=self._kills,
            queries=answered,
            charging_s=charged_s - started_s,
            catching_up_s=time.monotonic() - charged_s,
            verdicts_ok=outcomes[EvidenceOutcome.OK],
            verdicts_failed=outcomes.total() - outcomes[EvidenceOutcome.OK],
        )
        return figures.demo_figures(verdict, seen)

    def _register(self) -> None:
        tenant = self._settings.common.tenant
        salt = self._prefix.encode()[:16].ljust(16)
        stations = registry.station_states(
            self.specs, tenant, lambda password: registry.password_hash(password, salt), self._now,
            calibration_law=True,
        )  # fmt: skip
        tokens = registry.token_registrations(self._tokens, tenant, self._now)
        published = [*registry.site(tenant, self._now), *stations, *tokens]
        published += registry.meter_keys(self.specs, tenant, self._settings.demo_seed, self._now)
        publish_sync(self._settings.kafka, Codec(), published)

    async def _verdicts(self) -> Counter[EvidenceOutcome]:
        """How many sessions have which last verdict."""
        told: View[Any] = View(self._settings.kafka, Codec(), SessionVerified.TOPIC)
        told.start()
        try:
            await told.wait_caught_up()
            verdicts = [one for _, one in told.items() if isinstance(one, SessionVerified)]
        finally:
            await asyncio.to_thread(told.stop)
        return Counter(one.outcome for one in verdicts if one.station_id.startswith(f"{self._prefix}-"))

    async def _tokens_known(self) -> None:
        """The whitelist has to know the cards before a car comes; TimeoutError when it does not learn them."""
        known: View[Token] = View(self._settings.kafka, Codec(), Token.TOPIC)
        wanted = {f"{self._settings.common.tenant}/{uid}" for uid in self._tokens}
        known.start()
        try:
            async with asyncio.timeout(30):
                while not wanted <= {key for key, _token in known.items()}:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise TimeoutError(
                "the whitelist did not accept the cards within 30 s: look into the log of `whitelist`"
            ) from None
        finally:
            await asyncio.to_thread(known.stop)

    async def _charge(self) -> list[ledger.Entry]:
        first_at, last_at = span(self.plans)
        options = FleetOptions(
            url=self._settings.ocpp_url,
            speed=(last_at - first_at) / 1000 / self._settings.demo_charging_s,
            seed=self._settings.demo_seed,
            faults=FAULTS,
        )
        self._narrator.charging(self._settings.demo_sessions, last_at - first_at, options.speed)
        with self._narrator.progress("charging", self._settings.demo_sessions):
            return await run_fleet(self.specs, self.plans, options, asyncio.Event(), self._on_progress)

    def _on_progress(self, tally: Tally) -> None:
        self._tally = tally
        self._narrator.charged(tally)
        if self._kills == 0 and tally.sessions_done >= KILL_AT * self._settings.demo_sessions:
            self._kill()
        pid = self._stack.pid(SESSION_PROCESSOR)
        if self._killed_pid is not None and pid not in (None, self._killed_pid):
            self._narrator.say(f"The session processor is back as process {pid}.")
            self._killed_pid = None

    def _kill(self) -> None:
        pid = self._stack.pid(SESSION_PROCESSOR)
        if pid is None:
            return
        self._stack.kill(SESSION_PROCESSOR)
        self._kills, self._killed_pid = 1, pid
        self._narrator.say(f"kill -9 {pid}: the session processor is dead. Stations go on charging.")

    async def _stored(self, expected: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
        """(sessions, cdrs, answered example queries) once ClickHouse has everything, or time is up."""
        client = await asyncio.to_thread(connect, self._settings.clickhouse)
        asked = {"tenant": self._settings.common.tenant, "prefix": f"{self._prefix}-"}
        deadline = time.monotonic() + _CAUGHT_UP_WITHIN_S
        with self._narrator.progress("ClickHouse catches up", expected):
            while True:
                sessions = await asyncio.to_thread(_rows, client, SESSIONS_SQL, asked)
                cdrs = await asyncio.to_thread(_rows, client, CDRS_SQL, asked)
                done = [row for row in sessions if row["status"] == "COMPLETED"]
                issued = [row for row in cdrs if row["status"] == "ISSUED"]
                self._narrator.advanced(min(len(done), len(issued)))
                if min(len(done), len(issued)) >= expected or time.monotonic() > deadline:
                    break
                await asyncio.sleep(_POLL_S)
        answers = [await asyncio.to_thread(_rows, client, query, {}) for query in QUERIES]
        client.close()
        return sessions, cdrs, sum(bool(answer) for answer in answers)


def _rows(client: Any, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    return list(client.query(query, parameters=parameters or None).named_results())
