"""Locations are written down, changed and shown from the command line."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.domain.events.common import Evse
from services.domain.events.location import Location
from services.domain.events.station import Station
from services.ocpi.location_cli import location
from services.ocpi.wire.envelope import encoded
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from services.runtime.view import View
from tests.unit.ocpi.facts import station
from tests.unit.ocpi.inbound.test_place import BARE, PLACE

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def settings(own_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", own_kafka.bootstrap_servers)
    monkeypatch.setenv("WATTLOG_TOPIC_PREFIX", own_kafka.topic_prefix)
    create_topics(own_kafka, [Location.TOPIC, Station.TOPIC])
    own = station(location_id=None, evses=(Evse(evse_id=1, evse_uid="DE*WAT*E0001*1"),))
    publish_sync(own_kafka, Codec(), [own])


def wattlog(*arguments: str) -> Result:
    return CliRunner().invoke(location, arguments)


def written(folder: Path, content: Any) -> str:
    file = folder / "place.json"
    file.write_bytes(content if isinstance(content, bytes) else encoded(content))
    return str(file)


def known(kafka: KafkaSettings, kind: type[Any]) -> dict[str, Any]:
    view: View[Any] = View(kafka, Codec(), kind.TOPIC)
    view.start()
    asyncio.run(view.wait_caught_up())
    view.stop()
    return dict(view.items())


class TestAdd:
    def test_describes_the_place_and_what_stands_there(self, own_kafka: KafkaSettings, tmp_path: Path) -> None:
        done = wattlog("add", "--file", written(tmp_path, PLACE))
        assert (done.exit_code, done.stdout) == (0, "LOC-7: Rastplatz Nord, Hamburg, 1 EVSEs told.\n")
        place = known(own_kafka, Location)["wattlog/LOC-7"]
        there = known(own_kafka, Station)["wattlog/DE-WAT-0001"]
        assert place.help_phone == "+4940123456"
        assert there.location_id == "LOC-7"
        assert [one.connector_standard for one in there.evses[0].connectors] == ["IEC_62196_T2_COMBO", "CHADEMO"]
        again = wattlog("add", "--file", written(tmp_path, PLACE))
        assert (again.exit_code, "--replace" in again.stderr) == (1, True)
        assert wattlog("add", "--replace", "--file", written(tmp_path, [PLACE])).exit_code == 0
        assert "LOC-7" in wattlog("list").stdout
        shown = json.loads(wattlog("show", "LOC-7").stdout)
        assert shown["energy_mix"]["energy_sources"][0] == {"source": "WIND", "percentage": 70.5}
        assert wattlog("add", "--replace", "--file", written(tmp_path, shown)).exit_code == 0
        assert known(own_kafka, Station)["wattlog/DE-WAT-0001"].evses[0].connectors == there.evses[0].connectors

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"{", "is no JSON"),
            (BARE | {"country": "de", "time_zone": "Mars"}, "/time_zone: 'Mars' is no time zone"),
            (BARE | {"evses": [{"uid": "DE*WAT*E9999"}]}, "is no EVSE that is registered"),
        ],
    )
    def test_refuses_what_cannot_be_and_keeps_nothing(
        self, own_kafka: KafkaSettings, tmp_path: Path, content: Any, said: str
    ) -> None:
        done = wattlog("add", "--file", written(tmp_path, content))
        assert (done.exit_code, said in done.stderr) == (1, True), done.stderr
        assert known(own_kafka, Location) == {}

    def test_names_a_file_that_is_not_there(self) -> None:
        assert "cannot be read" in wattlog("add", "--file", "nowhere.json").stderr


class TestSet:
    def test_changes_what_is_mentioned(self, own_kafka: KafkaSettings, tmp_path: Path) -> None:
        wattlog("add", "--file", written(tmp_path, PLACE))
        change = {"help_phone": None, "opening_times": {"twentyfourseven": True, "regular_hours": None}}
        assert wattlog("set", "LOC-7", "--file", written(tmp_path, change)).exit_code == 0
        place = known(own_kafka, Location)["wattlog/LOC-7"]
        assert (place.help_phone, place.opening_times.twentyfourseven) == (None, True)
        assert (place.opening_times.regular_hours, place.name) == ((), "Rastplatz Nord")

    def test_says_what_cannot_be_changed(self, tmp_path: Path) -> None:
        assert "there is no location LOC-9" in wattlog("set", "LOC-9", "--file", written(tmp_path, {})).stderr
        wattlog("add", "--file", written(tmp_path, BARE))
        wrong = wattlog("set", "LOC-7", "--file", written(tmp_path, {"id": "LOC-8"}))
        assert (wrong.exit_code, "as one JSON object" in wrong.stderr) == (1, True)
