"""`wattlog station` against a real Kafka and a real edge."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from services.ocpp import cli
from services.runtime.settings import KafkaSettings
from tests.integration.ocpp_case import answer, call, registered, running
from tests.integration.soap_case import SoapStation, free_port

pytestmark = pytest.mark.integration


@pytest.fixture
def kafka(own_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", own_kafka.bootstrap_servers)
    monkeypatch.setenv("WATTLOG_TOPIC_PREFIX", own_kafka.topic_prefix)
    return registered(own_kafka)


def run(app: typer.Typer, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


async def said(app: typer.Typer, *arguments: str) -> Result:
    return await asyncio.to_thread(run, app, *arguments)


async def lists(text: str) -> None:
    """`station list` says so, once Kafka has been told what the edge knows."""
    for _ in range(30):
        listed = (await said(cli.station, "list")).output
        if text in listed:
            return
    assert text in listed


class TestAdd:
    async def test_lets_a_station_in_with_the_password_that_it_shows(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        added = await said(cli.station, "add", "CP1", "--evses", "2", "--location", "L1", "--tariff", "T1")
        assert added.exit_code == 0
        assert "ws://127.0.0.1:9000/ocpp/CP1" in added.output
        password = added.output.split()[-1]
        async with running(kafka, tmp_path) as edge, edge.connect("CP1", password=password) as socket:
            assert (await call(socket, "Heartbeat", {}))[0] == 3
            entry = edge.edge.door._station("wattlog/CP1")
            assert entry is not None
            assert [evse.evse_uid for evse in entry.evses] == ["DE*WAT*ECP1*1", "DE*WAT*ECP1*2"]
            assert (entry.location_id, entry.tariff_id) == ("L1", "T1")
            assert password not in str(entry)
            await lists("connected, ocpp1.6")

    async def test_takes_a_password_that_is_given(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        await said(cli.station, "add", "CP1", "--password", "0123456789abcdef")
        async with running(kafka, tmp_path) as edge, edge.connect("CP1", password="0123456789abcdef") as socket:
            assert (await call(socket, "Heartbeat", {}))[0] == 3

    async def test_registers_a_station_for_soap(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        added = await said(cli.station, "add", "CP1", "--soap", "HTTP://10.20.0.7:8080/cp")
        assert "http://127.0.0.1:9001/ocpp" in added.output
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
            answered = await SoapStation(port, "CP1", added.output.split()[-1]).say("heartbeatRequest")
            assert answered.status == 200
            entry = edge.edge.door._station("wattlog/CP1")
            assert entry is not None
            assert entry.soap_address == "http://10.20.0.7:8080/cp"

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["CP1", "--soap", "10.20.0.7:8080"], "give --soap http://"),
            (["a:b"], "no station identity"),
            (["x" * 49], "no station identity"),
            ([""], "no station identity"),
            (["CP1", "--password", "short"], "16 to 40 bytes"),
            (["CP1", "--password", "x" * 41], "16 to 40 bytes"),
        ],
    )
    def test_says_what_is_wrong(self, kafka: KafkaSettings, arguments: list[str], says: str) -> None:
        added = run(cli.station, "add", *arguments)
        assert added.exit_code == 1
        assert says in added.output
        assert "0 stations" in run(cli.station, "list").output

    @pytest.mark.parametrize("option", [["--profile", "4"], ["--evses", "0"], ["--evses", "many"]])
    def test_knows_its_limits(self, kafka: KafkaSettings, option: list[str]) -> None:
        assert run(cli.station, "add", "CP1", *option).exit_code == 2

    def test_does_not_replace_a_station_by_accident(self, kafka: KafkaSettings) -> None:
        assert run(cli.station, "add", "CP1").exit_code == 0
        again = run(cli.station, "add", "CP1")
        assert again.exit_code == 1
        assert "is registered already" in again.output
        assert run(cli.station, "add", "CP1", "--replace").exit_code == 0

    def test_warns_of_a_station_without_password(self, kafka: KafkaSettings) -> None:
        added = run(cli.station, "add", "CP1", "--profile", "0")
        assert added.exit_code == 0
        assert "WATTLOG_ALLOW_UNAUTHENTICATED" in added.output


class TestDisable:
    def test_and_enable_change_the_registry(self, kafka: KafkaSettings) -> None:
        run(cli.station, "add", "CP1")
        assert run(cli.station, "disable", "CP1").exit_code == 0
        assert "disabled" in run(cli.station, "list").output
        assert run(cli.station, "enable", "CP1").exit_code == 0
        assert "not connected" in run(cli.station, "list").output

    def test_knows_only_registered_stations(self, kafka: KafkaSettings) -> None:
        refused = run(cli.station, "disable", "CP1")
        assert refused.exit_code == 1
        assert "is not registered" in refused.output


class TestRegistration:
    async def test_holds_a_station_and_asks_it_to_boot_once_it_is_accepted(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        registered(kafka, "CP1")
        assert (await said(cli.station, "registration", "CP1", "pending")).exit_code == 0
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            boot = {"chargePointVendor": "V", "chargePointModel": "M"}
            assert (await call(socket, "BootNotification", boot))[2]["status"] == "Pending"
            assert (await call(socket, "Heartbeat", {}))[2] == "SecurityError"
            await lists("pending, connected, ocpp1.6")
            accepted = await said(cli.station, "registration", "CP1", "Accepted")
            assert accepted.output == "CP1 is accepted from its next BootNotification on.\n"
            _, message_id, action, payload = await answer(socket)
            assert (action, payload) == ("TriggerMessage", {"requestedMessage": "BootNotification"})
            await socket.send(f'[3,"{message_id}",{{"status":"Accepted"}}]')
            assert (await call(socket, "BootNotification", boot, "m2"))[2]["status"] == "Accepted"
            assert (await call(socket, "Heartbeat", {}, "m3"))[0] == 3

    def test_knows_only_registered_stations_and_statuses(self, kafka: KafkaSettings) -> None:
        assert "is not registered" in run(cli.station, "registration", "CP9", "rejected").output
        assert run(cli.station, "registration", "CP9", "unsure").exit_code == 2


class TestWithoutKafka:
    @pytest.mark.parametrize(
        ("app", "arguments"),
        [
            (cli.station, ["list"]),
            (cli.station, ["add", "CP1"]),
            (cli.station, ["disable", "CP1"]),
        ],
    )
    def test_says_where_it_was_looked_for(
        self, app: Any, arguments: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", "127.0.0.1:1")
        failed = run(app, *arguments)
        assert failed.exit_code == 1
        assert "Kafka at 127.0.0.1:1 does not answer" in failed.output


class TestProfiles:
    def test_3_needs_a_certificate_and_has_no_password(self, kafka: KafkaSettings) -> None:
        shown = run(cli.station, "add", "CP3", "--profile", "3")
        assert shown.exit_code == 0
        assert "wss://127.0.0.1:9443/ocpp/CP3" in shown.output
        assert "wattlog pki issue CP3" in shown.output
        assert "password" not in shown.output

    def test_can_be_raised_but_not_to_what_does_not_exist(self, kafka: KafkaSettings) -> None:
        run(cli.station, "add", "CP4")
        assert run(cli.station, "profile", "CP4", "2").exit_code == 0
        assert run(cli.station, "profile", "CP4", "4").exit_code == 2
        assert run(cli.station, "profile", "NOBODY", "2").exit_code == 1

    def test_a_password_stays_when_the_station_cannot_be_reached(self, kafka: KafkaSettings) -> None:
        assert run(cli.station, "password", "NOBODY").exit_code == 1
