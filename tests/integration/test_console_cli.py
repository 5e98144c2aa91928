"""Operators, fleet operations and firmware from the command line, against the API that runs."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from services.console.app import run as run_console
from services.console.cli import operator
from services.console.firmware_cli import firmware
from services.console.inbound.keys import key_hash
from services.console.settings import ConsoleSettings
from services.domain.events.operator import Operator
from services.fleet import cli
from services.fleet.app import FleetSettings
from services.fleet.app import run as run_fleet
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.process import Process
from services.runtime.settings import CommonSettings, KafkaSettings
from services.runtime.topics import create_topics
from services.runtime.view import View
from tests.integration.ocpp_case import station
from tests.unit.console.test_signing import BETWEEN, NOW, ROOT, SIGNER

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def settings(own_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", own_kafka.bootstrap_servers)
    monkeypatch.setenv("WATTLOG_TOPIC_PREFIX", own_kafka.topic_prefix)
    monkeypatch.delenv("WATTLOG_API_KEY", raising=False)
    create_topics(own_kafka)


def wattlog(app: typer.Typer, *arguments: str, said: str | None = None) -> Result:
    return CliRunner().invoke(app, arguments, input=said)


def operators(kafka: KafkaSettings) -> dict[str, Operator]:
    view: View[Operator] = View(kafka, Codec(), Operator.TOPIC)
    view.start()
    asyncio.run(view.wait_caught_up())
    view.stop()
    return dict(view.items())


class TestOperators:
    def test_get_a_key_that_is_shown_once_and_kept_as_a_hash(self, own_kafka: KafkaSettings) -> None:
        done = wattlog(operator, "add", "control-room")
        key = done.stdout.strip()
        added = operators(own_kafka)["wattlog/control-room"]
        assert done.exit_code == 0
        assert (added.key_hash, added.role, added.enabled) == (key_hash(key), "operate", True)
        assert key not in json.dumps(added.to_record())
        again = wattlog(operator, "add", "control-room")
        assert (again.exit_code, again.stdout) == (1, "")
        assert "--new-key" in again.stderr
        other = wattlog(operator, "add", "control-room", "--new-key", "--role", "read")
        assert other.stdout.strip() != key
        assert operators(own_kafka)["wattlog/control-room"].role == "read"

    def test_are_listed_and_revoked(self, own_kafka: KafkaSettings) -> None:
        wattlog(operator, "add", "one")
        wattlog(operator, "add", "two", "--role", "read")
        assert wattlog(operator, "revoke", "one").exit_code == 0
        assert not operators(own_kafka)["wattlog/one"].enabled
        listed = wattlog(operator, "list").stdout
        assert "revoked" in listed
        assert "2 operators" in listed

    @pytest.mark.parametrize(
        "arguments", [("add", "Not A Name"), ("revoke", "nobody"), ("add", "x", "--role", "root")]
    )
    def test_are_refused_with_what_to_do(self, arguments: tuple[str, ...]) -> None:
        refused = wattlog(operator, *arguments)
        assert refused.exit_code in (1, 2)
        assert refused.stderr


@contextmanager
def running(kafka: KafkaSettings, data_dir: Path) -> Iterator[str]:
    """The API and the fleet process on an event loop of their own; the API's address."""
    (port,) = free_ports(1)
    common = CommonSettings(data_dir=data_dir)
    hosts = (Process("console"), Process("fleet"))
    loop = asyncio.new_event_loop()

    async def both() -> None:
        await asyncio.gather(
            run_console(ConsoleSettings(common=common, kafka=kafka, console_port=port), hosts[0]),
            run_fleet(FleetSettings(common=common, kafka=kafka), hosts[1]),
        )

    thread = threading.Thread(target=lambda: loop.run_until_complete(both()), name="console")
    thread.start()
    try:
        while not all(host.ready for host in hosts):
            assert thread.is_alive()
            thread.join(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        for host in hosts:
            loop.call_soon_threadsafe(host.stopping.set)
        thread.join(60)
        assert not thread.is_alive()
        loop.close()


class TestFleet:
    def test_is_begun_watched_stopped_and_listed(
        self, own_kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publish_sync(own_kafka, Codec(), [station("CP1"), replace(station("CP2"), location_id="L1")])
        key = wattlog(operator, "add", "me").stdout.strip()
        with running(own_kafka, tmp_path) as url:
            monkeypatch.setenv("WATTLOG_API_URL", url)
            monkeypatch.setenv("WATTLOG_API_KEY", key)
            skipped = wattlog(cli.fleet, "start", "ClearCache", "--all", "--skip-offline")
            assert skipped.exit_code == 1
            assert "finished, 2 stations: 2 unreachable" in skipped.stdout
            assert "CP1: unreachable: not connected" in skipped.stdout
            names = tmp_path / "names"
            names.write_text("CP1\nCP2\n")
            begun = wattlog(cli.fleet, "start", "ClearCache", "--stations", f"@{names}", "--no-watch")
            fleet_id = begun.stdout.strip()
            assert wattlog(cli.fleet, "stop", fleet_id).exit_code == 0
            watched = wattlog(cli.fleet, "status", fleet_id, "--watch")
            assert (watched.exit_code, "stopped (stopped by me)" in watched.stdout) == (1, True)
            assert wattlog(cli.fleet, "resume", fleet_id).exit_code == 0
            assert "2 waiting" in wattlog(cli.fleet, "status", fleet_id).stdout
            assert fleet_id in wattlog(cli.fleet, "list").stdout
            located = wattlog(cli.fleet, "start", "ClearCache", "--location", "L1", "--no-watch").stdout.strip()
            assert "1 stations" in wattlog(cli.fleet, "status", located).stdout
            for arguments, said in (
                (("start", "Explode", "--all"), "no operation"),
                (("start", "ClearCache"), "names nothing"),
                (("start", "Reset", "--payload", "{"), "not JSON"),
                (("start", "Reset", "--payload", "@/none"), "cannot read"),
                (("status", "none"), "no such operation"),
            ):
                refused = wattlog(cli.fleet, *arguments)
                assert (refused.exit_code, said in refused.stderr) == (1, True), refused.stderr

    def test_says_what_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "wattlog operator add" in wattlog(cli.fleet, "list").stderr
        monkeypatch.setenv("WATTLOG_API_KEY", "x")
        monkeypatch.setenv("WATTLOG_API_URL", f"http://127.0.0.1:{free_ports(1)[0]}")
        assert "is `wattlog console` running?" in wattlog(cli.fleet, "list").stderr
        monkeypatch.setattr(cli, "_PATIENCE_S", 0.0)
        assert "is `wattlog console` running?" in wattlog(cli.fleet, "status", "x", "--watch").stderr


class TestFirmware:
    def test_is_signed_and_checked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("services.console.firmware_cli.now_ms", lambda: int(NOW.timestamp() * 1000))
        files: dict[str, Any] = {
            "fw.bin": b"firmware", "key.pem": SIGNER.key_pem(), "cert.pem": SIGNER.pem, "root.pem": ROOT.pem,
            "between.pem": BETWEEN.pem,
        }  # fmt: skip
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        file, key, cert, root, between = (str(tmp_path / name) for name in files)
        signed = wattlog(firmware, "sign", file, "--key", key, "--certificate", cert)
        told = json.loads(signed.stdout)
        assert told["signingCertificate"] == SIGNER.pem.decode()
        arguments = ("check", file, "--certificate", cert, "--root", root)
        checked = wattlog(firmware, *arguments, "--intermediate", between, "--signature", told["signature"])
        assert checked.exit_code == 0
        assert "leads to the root" in checked.stdout
        piped = wattlog(firmware, *arguments, "--intermediate", between, said=told["signature"])
        assert piped.exit_code == 0
        assert "does not lead" in wattlog(firmware, *arguments, "--signature", told["signature"]).stderr
        (tmp_path / "fw.bin").write_bytes(b"other")
        assert "not that of this file" in wattlog(firmware, *arguments, "--signature", told["signature"]).stderr
        assert "not that of the key" in wattlog(firmware, "sign", file, "--key", key, "--certificate", root).stderr
