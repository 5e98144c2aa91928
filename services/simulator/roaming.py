"""The demonstration's second act: another Wattlog, a provider's, roams with the first one.

It has processes, topics, tables and ports of its own and knows the first one by OCPI alone. Everything is done as
its operators would do it, by the command line.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import orjson

from services.domain.events.agreement import Agreement
from services.domain.events.token import TokenRegistered
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.runtime import topics
from services.runtime.bus import publish_sync
from services.runtime.clickhouse import ClickHouseSettings, Refused, Unreachable, query
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import CommonSettings, KafkaSettings
from services.simulator import registry
from services.simulator.app import Tally
from services.simulator.figures import Figure, at_least, equal, told
from services.simulator.fleet import FleetOptions, run_fleet

PREFIX: Final = "provider."
TENANT: Final = "provider"
CPO_ID: Final = "DE-WAT"
PROVIDER: Final = ("NL", "TNM")
PROVIDER_ID: Final = "-".join(PROVIDER)
TOKEN_UID: Final = "0455D1A2B3C4D5"
CONTRACT_ID: Final = "NL-TNM-C00000055-0"
PROCESSES: Final = ("whitelist", "analytics", "ocpi")
ZONE: Final = "Europe/Berlin"

NOT_YET: Final = "not known here"
"""What the CPO says of a token that is on its way to its whitelist."""

_SPEED: Final = 60.0
_RESULT_S: Final = 30
_STATION_SAMPLES_S: Final = 60
_WITHIN_S: Final = 120.0
_POLL_S: Final = 0.2
_TRIES: Final = 5
_ABOUT_SESSION: Final = """
SELECT session_id, energy_wh FROM sessions FINAL
WHERE tenant = {tenant:String} AND station_id = {station:String} AND status = 'ACTIVE' AND energy_wh > 0
"""
_ABOUT_RECORD: Final = """
SELECT cdr_id, signed_meter_values.sha256 AS sha256, total_cost_incl_vat FROM cdrs FINAL
WHERE tenant = {tenant:String} AND station_id = {station:String} AND status = 'ISSUED'
    AND cdr_id IN (SELECT cdr_id FROM settlements WHERE tenant = {tenant:String})
"""
_SEEN_SESSION: Final = (
    "SELECT status FROM roaming_sessions FINAL WHERE tenant = {tenant:String} AND session_id = {id:String}"
)
_SEEN_RECORD: Final = (
    "SELECT cdr_id FROM roaming_cdrs FINAL WHERE tenant = {tenant:String} AND cdr_id = {id:String}"
)


class NotRoaming(Exception):
    """Something that one of the two was asked for did not come about; says what, and why if it is known."""


@dataclass(frozen=True, slots=True)
class First:
    """The Wattlog of the first act, a CPO's."""

    common: CommonSettings
    kafka: KafkaSettings
    clickhouse: ClickHouseSettings
    ocpp_url: str
    ocpi_port: int


@dataclass(frozen=True, slots=True)
class Done:
    """What a command said on standard output, if it went well."""

    text: str
    seconds: float


class Act:
    """One run of it. `prefix` begins the id of its station."""

    def __init__(self, first: First, prefix: str, seed: str) -> None:
        self._first = first
        self._seed = seed
        ocpi, clickhouse, *metrics = free_ports(2 + len(PROCESSES))
        self._tables = ClickHouseSettings(f"http://127.0.0.1:{clickhouse}")
        self._metrics = dict(zip(PROCESSES, metrics, strict=True))
        self._kafka = replace(first.kafka, topic_prefix=first.kafka.topic_prefix + PREFIX)
        own = {
            "TENANT": TENANT,
            "TOPIC_PREFIX": self._kafka.topic_prefix,
            "DATA_DIR": str(first.common.data_dir / TENANT),
            "CLICKHOUSE_URL": self._tables.clickhouse_url,
            "OCPI_PORT": str(ocpi),
            "OCPI_PUBLIC_URL": "",
            "OCPI_ROLES": "EMSP",
            "OCPI_OPERATOR_NAME": "A provider",
            "COUNTRY_CODE": PROVIDER[0],
            "PARTY_ID": PROVIDER[1],
        }
        ports = {f"{name.upper()}_METRICS_PORT": str(port) for name, port in self._metrics.items()}
        self._env = os.environ | {f"WATTLOG_{name}": value for name, value in (own | ports).items()}
        (self._spec,) = registry.fleet_specs(2, f"{prefix}-ROAMING", seed)[1:]

    async def run(self) -> list[Figure]:
        """The figures; NotRoaming, TimeoutError when it did not come to its end."""
        began_s = time.monotonic()
        await asyncio.to_thread(self._prepare, now_ms())
        async with self._processes(), self._station():
            figures = await self._roam()
        return [*figures, told("roaming act", round(time.monotonic() - began_s, 1), "s")]

    async def _roam(self) -> list[Figure]:
        invited, _ = await asyncio.gather(
            self._invite(None, PROVIDER_ID, "EMSP"), self._invite(self._env, CPO_ID, "CPO")
        )
        url = f"http://127.0.0.1:{self._first.ocpi_port}/ocpi/versions"
        await self._wattlog(self._env, "partner", "register", CPO_ID, url, "--token", invited.text)
        pulled, _ = await asyncio.gather(
            self._wattlog(self._env, "roaming", "pull", CPO_ID, "--module", "locations", "--module", "tariffs"),
            self._wattlog(self._env, "roaming", "push", CPO_ID, "--token", TOKEN_UID),
        )
        accepted = await self._started()
        session = await self._until(
            self._first.clickhouse, _ABOUT_SESSION, "the session that was asked for", self._here
        )
        await self._wattlog(self._env, "roaming", "pull", CPO_ID, "--module", "sessions")
        there = {"tenant": TENANT, "id": session["session_id"]}
        seen = await self._until(self._tables, _SEEN_SESSION, "the running session at the provider", there)
        await self._wattlog(self._env, "roaming", "stop", CPO_ID, "--session", session["session_id"])
        record = await self._until(self._first.clickhouse, _ABOUT_RECORD, "a record of the session", self._here)
        await self._wattlog(self._env, "roaming", "pull", CPO_ID, "--module", "cdrs")
        there = {"tenant": TENANT, "id": record["cdr_id"]}
        await self._until(self._tables, _SEEN_RECORD, "the record at the provider", there)
        ours, theirs = await self._statements()
        counts = _counts(pulled.text)
        return [
            at_least("locations pulled", counts.get("locations", 0), "locations", 1),
            at_least("tariffs pulled", counts.get("tariffs", 0), "tariffs", 1),
            equal("sessions started by command", accepted, "sessions", 1),
            equal("running sessions seen", int(seen["status"] == "ACTIVE"), "sessions", 1),
            *settled(ours, theirs, record),
        ]

    async def _started(self) -> int:
        """1 once the station has accepted; a token that was just told may be a moment on its way."""
        for left in reversed(range(_TRIES)):
            try:
                await self._wattlog(
                    self._env, "roaming", "start", CPO_ID, "--location", registry.LOCATION_ID,
                    "--evse", self._spec.evse_uid, "--token", TOKEN_UID,
                    "--within", str(_RESULT_S),
                )  # fmt: skip
                return 1
            except NotRoaming as error:
                if not left or NOT_YET not in str(error):
                    raise
        return 0

    async def _statements(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The month as the CPO states it, and as the provider does."""
        month = f"{datetime.now(ZoneInfo(ZONE)):%Y-%m}"
        cpo, provider = await asyncio.gather(
            self._wattlog(None, "settlement", "statement", PROVIDER_ID, month, "--format", "json"),
            self._wattlog(self._env, "roaming", "statement", CPO_ID, month, "--json"),
        )
        return orjson.loads(cpo.text), orjson.loads(provider.text)

    @property
    def _here(self) -> dict[str, str]:
        return {"tenant": self._first.common.tenant, "station": self._spec.station_id}

    def _prepare(self, now: Millis) -> None:
        """What each side knows of itself: the CPO its station and its contract, the provider its card."""
        topics.create_topics(self._kafka)
        tenant, salt = self._first.common.tenant, self._spec.station_id.encode()[-16:].rjust(16)
        stations = registry.station_states(
            [self._spec],
            tenant,
            lambda password: registry.password_hash(password, salt),
            now,
            calibration_law=True,
        )
        agreement = Agreement(
            tenant=tenant, agreement_id=f"{PROVIDER_ID}-DEMO", partner_id=PROVIDER_ID, name="Demonstration",
            tariff_id=None, payment_days=30, valid_from=0, valid_to=None, updated_at=now,
        )  # fmt: skip
        keys = registry.meter_keys([self._spec], tenant, self._seed, now)
        publish_sync(self._first.kafka, Codec(), [*stations, agreement, *keys])
        card = TokenRegistered(
            event_id=derived_id("TokenRegistered", TENANT, TOKEN_UID, registry.SOURCE), tenant=TENANT,
            token_uid=TOKEN_UID, token_type="RFID", contract_id=CONTRACT_ID, issuer="A provider",
            source=registry.SOURCE, registered_at=now,
        )  # fmt: skip
        publish_sync(self._kafka, Codec(), [card])

    @asynccontextmanager
    async def _processes(self) -> AsyncIterator[None]:
        """The provider's processes, ready."""
        log = Path(self._env["WATTLOG_DATA_DIR"]) / "log"
        log.mkdir(parents=True, exist_ok=True)
        running = []
        try:
            for name in PROCESSES:
                with (log / f"{name}.log").open("ab") as out:
                    running.append(
                        await asyncio.create_subprocess_exec(
                            sys.executable, "-m", "services", name, env=self._env, stdout=out, stderr=out
                        )
                    )
            await self._ready(log)
            yield
        finally:
            for process in running:
                if process.returncode is None:
                    process.terminate()
            await asyncio.gather(*(process.wait() for process in running))

    async def _ready(self, log: Path) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=1) as client:
            for name, port in self._metrics.items():
                deadline = time.monotonic() + _WITHIN_S
                while not await _says_yes(client, port):
                    if time.monotonic() > deadline:
                        raise NotRoaming(f"the provider's {name} is not ready: look into {log / name}.log")
                    await asyncio.sleep(_POLL_S)

    @asynccontextmanager
    async def _station(self) -> AsyncIterator[None]:
        """A station of the CPO's that does what it is told."""
        options = FleetOptions(
            url=self._first.ocpp_url, speed=_SPEED, seed=self._seed, sample_every_s=_STATION_SAMPLES_S, stay=True,
            idle_from=now_ms(),
        )  # fmt: skip
        leaving = asyncio.Event()
        station = asyncio.create_task(run_fleet([self._spec], [()], options, leaving, _nothing))
        try:
            yield
        finally:
            leaving.set()
            await station

    async def _invite(self, env: Mapping[str, str] | None, partner_id: str, role: str) -> Done:
        country, party = partner_id.split("-")
        return await self._wattlog(
            env, "partner", "invite", partner_id, "--country", country, "--party", party, "--role", role,
            "--allow-private", "--new-token",
        )  # fmt: skip

    @staticmethod
    async def _wattlog(env: Mapping[str, str] | None, *arguments: str) -> Done:
        """Run a command of the provider's, or with None the CPO's; NotRoaming with what it said when it fails."""
        began_s = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services", *arguments, env=env, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        if process.returncode:
            words = " ".join(arguments[:3])
            raise NotRoaming(f"wattlog {words}: {(err or out).decode().strip()[-400:]}")
        return Done(out.decode().strip(), time.monotonic() - began_s)

    @staticmethod
    async def _until(
        clickhouse: ClickHouseSettings, sql: str, what: str, values: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The first row of an answer as soon as there is one."""
        deadline = time.monotonic() + _WITHIN_S
        while time.monotonic() < deadline:
            try:
                rows = await asyncio.to_thread(query, clickhouse, sql, values)
            except (Unreachable, Refused):
                rows = []
            if rows:
                return rows[0]
            await asyncio.sleep(_POLL_S)
        raise NotRoaming(f"{what} did not come within {_WITHIN_S:g} s")


def settled(ours: Mapping[str, Any], theirs: Mapping[str, Any], record: Mapping[str, Any]) -> list[Figure]:
    """Figures of two statements of a month, the CPO's and the provider's, and of a record of the CPO's."""
    owed, owing = (_total(one) for one in (ours, theirs))
    lines = [line for line in theirs["lines"] if line["cdr_id"] == record["cdr_id"]]
    received = {known for line in lines for known in (*line["signed_sha256"], *line["decoded_sha256"])}
    proven = sum(line["evidence"] == "OK" and not line["check_findings"] for line in lines)
    return [
        equal("records delivered", len(lines), "records", 1),
        equal("signed records unchanged", len(received & set(record["sha256"])), "records", len(record["sha256"])),
        equal("records that agree with their meter and tariff", proven, "records", 1),
        at_least("stated by the CPO", owed, "EUR", Decimal("0.01")),
        equal("stated by the provider", owing, "EUR", owed),
    ]


def _total(statement: Mapping[str, Any]) -> Decimal:
    return sum((Decimal(total["total_cost_incl_vat"]) for total in statement["totals"]), Decimal(0))


def _counts(text: str) -> dict[str, int]:
    """What `roaming pull` says of each module."""
    lines = (line.split(": ") for line in text.splitlines() if ": " in line)
    return {module: int(said.split()[0]) for module, said in lines}


async def _says_yes(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _nothing(_: Tally) -> None:
    """The fleet's progress, which is one station."""
