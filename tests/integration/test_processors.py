"""The processes `sessions`, `cdrs` and `whitelist` against a real broker, killed with -9 while they work."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from services.cdrs.cli import tariff
from services.domain.events.cdr import Cdr, CdrIssued
from services.domain.events.common import CdrStatus, SessionStatus, TokenStatus
from services.domain.events.dlq import DeadLetter
from services.domain.events.session import Session, SessionEnded
from services.domain.events.station import Station
from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.domain.events.token import Token
from services.runtime import command_line
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from services.runtime.view import View
from services.whitelist.cli import token
from tests.chaos.checker import read_all
from tests.scenarios.ledgers import Truth, fleet, shuffled
from tests.scenarios.story import TENANT

pytestmark = pytest.mark.integration

STATIONS = 25
KILLS = 4
PATIENCE_S = 90.0
SLICES = ("sessions", "cdrs", "whitelist", "evidence", "analytics", "settlement")
SETTINGS = {
    "WATTLOG_TENANT": TENANT,
    "WATTLOG_SESSION_TIMEOUT_MS": "6000",
    "WATTLOG_HEARTBEAT_INTERVAL_MS": "1500",
    "WATTLOG_CHECKPOINT_INTERVAL_MS": "100",
    "WATTLOG_LOG_LEVEL": "warning",
    # Small bites, so that a kill finds work half done.
    "WATTLOG_POLL_RECORDS": "50",
}


class Processes:
    """Processes of one test, each with its log file; `kill` is kill -9, and all are ended with the test."""

    def __init__(self, kafka: KafkaSettings, directory: Path, **env: str) -> None:
        self._directory = directory
        self._ports = dict(zip(SLICES, free_ports(len(SLICES)), strict=True))
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._env = os.environ | SETTINGS
        self._env |= {
            "WATTLOG_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "WATTLOG_TOPIC_PREFIX": kafka.topic_prefix,
            "WATTLOG_PROOF_PORT": os.environ.get("WATTLOG_PROOF_PORT", str(free_ports(1)[0])),
            **env,
        }

    def start(self, name: str) -> None:
        env = self._env | {
            f"WATTLOG_{name.upper()}_METRICS_PORT": str(self._ports[name]),
            "WATTLOG_DATA_DIR": str(self._directory / name),
        }
        with (self._directory / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", "services", name]
            self._running[name] = subprocess.Popen(command, env=env, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        process = self._running.pop(name)
        assert process.poll() is None, self.log(name)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def stop(self) -> dict[str, int]:
        """Ask all to end; their exit codes."""
        for process in self._running.values():
            process.terminate()
        return {name: process.wait(30) for name, process in self._running.items()}

    def log(self, name: str) -> str:
        return (self._directory / f"{name}.log").read_text()

    def end(self) -> None:
        for process in self._running.values():
            if process.poll() is None:
                process.kill()
                process.wait(10)


@pytest.fixture
def kafka_here(own_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    """All topics under a prefix of this test's own; command line tools find them, however busy the machine is."""
    create_topics(own_kafka)
    monkeypatch.setattr(command_line, "WAIT_S", PATIENCE_S)
    monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", own_kafka.bootstrap_servers)
    monkeypatch.setenv("WATTLOG_TOPIC_PREFIX", own_kafka.topic_prefix)
    monkeypatch.setenv("WATTLOG_TENANT", TENANT)
    return own_kafka


@pytest.fixture
def processes(kafka_here: KafkaSettings, tmp_path: Path) -> Iterator[Processes]:
    running = Processes(kafka_here, tmp_path)
    yield running
    running.end()


@pytest.fixture
def views(kafka_here: KafkaSettings) -> Iterator[Callable[[Any], View[Any]]]:
    """Opens a view of a type's topic, and stops it after the test."""
    opened: list[View[Any]] = []

    def view(kind: Any) -> View[Any]:
        opened.append(View(kafka_here, Codec(), kind.TOPIC))
        opened[-1].start()
        return opened[-1]

    yield view
    for each in opened:
        each.stop()


def wattlog(app: typer.Typer, *arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)


def wait_for(what: Callable[[], bool], saying: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, saying()
        time.sleep(0.1)


def all_of(kafka: KafkaSettings, kind: Any) -> list[Any]:
    codec = Codec()
    return [codec.decode(value) for _, _, value in read_all(kafka, kind.TOPIC) if value is not None]


def standing(view: View[Cdr]) -> list[Cdr]:
    return [c for _, c in view.items() if c.status is not CdrStatus.CREDITED and not c.detail.credit]


class TestProcesses:
    def test_lose_and_double_nothing_when_they_are_killed(
        self, kafka_here: KafkaSettings, processes: Processes, views: Callable[[Any], View[Any]]
    ) -> None:
        rng = Random(42)
        truths = [one for n in range(STATIONS) for one in fleet(rng, f"CS{n}")]
        assert wattlog(tariff, "add", "T1", "--kwh", "0.4", "--vat", "19").exit_code == 0
        self.register(kafka_here)
        events = shuffled([event for one in truths for event in one.events], rng, 2)
        records, sessions = views(Cdr), views(Session)
        for name in ("sessions", "cdrs"):
            processes.start(name)
        step = len(events) // (KILLS + 1) + 1
        for begin in range(0, len(events), step):
            publish_sync(kafka_here, Codec(), events[begin : begin + step])
            wait_for(lambda: len(records) > 0, lambda: processes.log("sessions") + processes.log("cdrs"))
            time.sleep(rng.random() / 2)
            victim = rng.choice(["sessions", "cdrs"])
            processes.kill(victim)
            processes.start(victim)

        def done() -> bool:
            issued = [c for c in standing(records) if c.status is CdrStatus.ISSUED]
            return told(issued) == wanted(truths)

        wait_for(done, lambda: (len(truths), Counter(c.status for c in standing(records))))
        assert processes.stop() == {"sessions": 0, "cdrs": 0}
        self.check(kafka_here, truths, records, sessions)

    def register(self, kafka: KafkaSettings) -> None:
        stations = [
            Station(tenant=TENANT, station_id=f"CS{n}", tariff_id="T1", updated_at=1) for n in range(STATIONS)
        ]
        publish_sync(kafka, Codec(), stations)

    def check(
        self, kafka: KafkaSettings, truths: list[Truth], records: View[Cdr], sessions: View[Session]
    ) -> None:
        assert Counter(s.status for _, s in sessions.items()) == {SessionStatus.COMPLETED: len(truths)}
        assert Counter(c.detail.session_id for c in standing(records)).most_common(1)[0][1] == 1
        for record in standing(records):
            assert record.detail.energy_cost == record.detail.energy_wh * Decimal("0.4") / 1000
            for signed in record.detail.signed_meter_values:
                assert sha256(signed.signed_data).hexdigest() == signed.sha256
        ids: dict[str, Any] = {}
        for event in [*all_of(kafka, SessionEnded), *all_of(kafka, CdrIssued)]:
            assert ids.setdefault(event.event_id, event) == event
        assert not [*read_all(kafka, f"sessions.{DeadLetter.TOPIC}"), *read_all(kafka, f"cdrs.{DeadLetter.TOPIC}")]


def wanted(truths: list[Truth]) -> Counter[Any]:
    return Counter((one.station_id, one.tx, one.energy_wh, one.digests) for one in truths)


def told(records: list[Cdr]) -> Counter[Any]:
    details = [record.detail for record in records]
    return Counter(
        (d.station_id, d.transaction_id, d.energy_wh, tuple(s.sha256 for s in d.signed_meter_values))
        for d in details
    )


class TestToken:
    def test_is_added_blocked_listed_and_added_again(
        self, processes: Processes, views: Callable[[Any], View[Any]]
    ) -> None:
        tokens = views(Token)
        processes.start("whitelist")
        # The first answer may come before the process is up.
        added = wattlog(token, "add", " 04a1b2 ", "--contract", "C1", "--expires", "2099-12-31", "--group", "G1")
        assert added.exit_code == 0
        wait_for(lambda: len(tokens) == 1, lambda: processes.log("whitelist"))
        known = tokens.get(f"{TENANT}/04A1B2")
        assert (known.contract_id, known.group_id, known.status) == ("C1", "G1", TokenStatus.VALID)
        blocked = wattlog(token, "block", "04A1B2", "--reason", "lost")
        assert (blocked.exit_code, blocked.output) == (0, "04A1B2 may no longer charge.\n")
        assert wattlog(token, "block", "FFFF", "--reason", "stolen").output == "FFFF may no longer charge.\n"
        listed = wattlog(token, "list").output
        assert "no, lost" in listed
        assert "2 tokens" in listed
        assert "2100-01-01 00:00" in listed
        again = wattlog(token, "add", "04A1B2")
        assert (again.exit_code, again.output) == (0, "04A1B2 may charge.\n")
        expired = wattlog(token, "add", "0A0B", "--expires", "2001-01-01T00:00:00Z", "--type", "OTHER")
        assert expired.output == "0A0B: expired.\n"
        assert "yes" in wattlog(token, "list").output

    def test_is_recorded_while_the_whitelist_is_down(
        self, processes: Processes, views: Callable[[Any], View[Any]]
    ) -> None:
        long_uid = "X" * 36
        done = wattlog(token, "add", long_uid)
        assert done.exit_code == 0
        assert "the whitelist does not show it yet: is `wattlog whitelist` running?" in done.output
        assert "OCPP 1.6 stations cannot send a uid this long." in done.output
        tokens = views(Token)
        processes.start("whitelist")
        wait_for(lambda: len(tokens) == 1, lambda: processes.log("whitelist"))

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("add", "a b"), "'a b' is no token uid"),
            (("add", "x" * 37), "is no token uid"),
            (("block", "\x00", "--reason", "r"), "is no token uid"),
            (("add", "AA", "--expires", "2027-13-01"), "'2027-13-01' is neither a day nor a moment"),
            (("add", "AA", "--expires", "soon"), "'soon' is neither a day nor a moment"),
        ],
    )
    def test_is_refused_when_it_cannot_be_one(self, arguments: tuple[str, ...], says: str) -> None:
        done = wattlog(token, *arguments)
        assert done.exit_code == 1
        assert says in done.output


class TestTariff:
    TERMS = ("--currency", "eur", "--kwh", "0.450", "--hour", "1", "--session", "0.5", "--vat", "19.0")
    IN_WORDS = "0.45 EUR per kWh, 1 EUR per hour, 0.5 EUR per session, plus 19 % VAT"

    def test_is_added_once_and_listed(self, kafka_here: KafkaSettings) -> None:
        assert "0 tariffs" in wattlog(tariff, "list").output
        for _ in range(2):
            done = wattlog(tariff, "add", "T1", *self.TERMS)
            assert (done.exit_code, done.output) == (0, f"T1: {self.IN_WORDS}.\n")
        assert wattlog(tariff, "add", "FREE").output == "FREE: free of charge.\n"
        listed = wattlog(tariff, "list").output
        assert self.IN_WORDS in listed
        assert "2 tariffs" in listed

    def test_keeps_its_terms(self, kafka_here: KafkaSettings) -> None:
        first = wattlog(tariff, "add", "T1", *self.TERMS)
        assert first.exit_code == 0, first.output
        done = wattlog(tariff, "add", "T1", "--kwh", "0.46")
        assert done.exit_code == 1
        assert "T1 has other terms, which never change: choose a new id" in done.output
        assert self.IN_WORDS in wattlog(tariff, "list").output

    def test_is_added_from_a_file_and_charges_by_what_is_announced(
        self, kafka_here: KafkaSettings, views: Callable[[Any], View[Any]], tmp_path: Path
    ) -> None:
        element = {"price_components": [{"type": "ENERGY", "price": 0.4, "vat": 19, "step_size": 1}]}
        party = {"country_code": "DE", "party_id": "WAT", "last_updated": "2026-01-01T00:00:00Z"}
        whole = party | {"id": "DYNAMIC", "currency": "EUR", "elements": [element]}
        file = tmp_path / "tariff.json"
        file.write_text(json.dumps([whole, whole | {"id": "OTHER", "extra": 1}]))
        done = wattlog(tariff, "add", "--file", str(file), "--zone", "Europe/Berlin")
        assert done.exit_code == 0, done.output
        assert "/1/extra is not in the specification and was ignored." in done.output
        known, prices = views(Tariff), views(EnergyPriceAnnounced)
        wait_for(lambda: len(known) == 2, lambda: len(known))
        (terms,) = [one.terms for _, one in known.items() if one.tariff_id == "DYNAMIC"]
        assert (terms.time_zone, terms.elements[0].price_components[0].price) == ("Europe/Berlin", Decimal("0.4"))
        for price, location in (("0.31", ()), ("0.29", ("--location", "L1"))):
            told = wattlog(
                tariff,
                "price",
                "DYNAMIC",
                price,
                "--from",
                "2026-12-31T18:00Z",
                "--to",
                "2026-12-31T18:15Z",
                *location,
            )
            assert told.exit_code == 0, told.output
        wait_for(lambda: len(prices) == 2, lambda: len(prices))
        assert {(one.location_id, one.energy_price_per_kwh) for _, one in prices.items()} == {
            (None, Decimal("0.31")),
            ("L1", Decimal("0.29")),
        }

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("add", "--file", "nowhere.json"), "nowhere.json cannot be read"),
            (("price", "T9", "0.3", "--from", "2026-12-31T18:00Z", "--to", "2026-12-31T19:00Z"), "no tariff T9"),
            (("price", "T9", "0.3", "--from", "2026-12-31T19:00Z", "--to", "2026-12-31T18:00Z"), "ends before"),
            (("price", "T9", "0.3", "--from", "soon", "--to", "2026-12-31T18:00Z"), "is no moment"),
        ],
    )
    def test_file_or_price_that_makes_no_sense_is_refused(
        self, kafka_here: KafkaSettings, arguments: tuple[str, ...], says: str
    ) -> None:
        done = wattlog(tariff, *arguments)
        assert (done.exit_code, says in done.output) == (1, True), done.output

    @pytest.mark.parametrize(
        ("arguments", "code", "says"),
        [
            (("add", "T1", "--kwh", "much"), 2, "'much' is not a number like 0.45"),
            (("add", "T1", "--kwh", "-1"), 1, "price per kWh -1 is not between 0 and 100000."),
            (("add", "T 1"), 1, "tariff id 'T 1'"),
            (("add", "T1", "--currency", "Euro"), 1, "currency 'EURO' is not an ISO 4217 code like EUR."),
        ],
    )
    def test_is_refused_when_it_cannot_be_charged(self, arguments: tuple[str, ...], code: int, says: str) -> None:
        done = wattlog(tariff, *arguments)
        assert done.exit_code == code
        assert says in done.output


class TestWithoutKafka:
    @pytest.mark.parametrize(("app", "arguments"), [(token, ("add", "AA")), (tariff, ("list",))])
    def test_says_what_to_do(
        self, app: typer.Typer, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", "127.0.0.1:1")
        done = wattlog(app, *arguments)
        assert done.exit_code == 1
        assert "Kafka at 127.0.0.1:1 does not answer: start it with `make up`" in done.output
