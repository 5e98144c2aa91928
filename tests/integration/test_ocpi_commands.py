"""A partner gives commands, stations answer by Kafka, and the partner is told at its own URL: real sockets."""

import base64
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.domain.events.charging import ChargingPreferencesSet
from services.domain.events.common import CommandOutcome, PartnerEndpoint
from services.domain.events.reservation import ReservationEnded
from services.domain.events.station import (
    CommandAnswered,
    CommandRequested,
    ReportReceived,
    ReservationStatusChanged,
)
from services.domain.units import rfc3339
from services.ocpi.directory import TOPICS
from services.ocpi.settings import OcpiSettings
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.sealing import Seal
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from services.runtime.view import View
from tests.integration.ocpi_case import client_of, running_edge, say, warehouse
from tests.unit.ocpi.facts import connection, location, partner, reservation, session, station, tariff, token
from tests.unit.ocpi.inbound.test_charging_profiles import V201_ANSWER
from tests.unit.ocpi.wire.test_reading import TOKEN

pytestmark = pytest.mark.integration

KEY = b"k" * 32
THEIR_TOKEN = "token-that-they-want-to-be-shown"
EVSE = "DE*WAT*E0001*1"
MODERN = session(ended_at=None, session_id="modern", protocol="ocpp2.0.1")


class Callback(BaseHTTPRequestHandler):
    """Where results are delivered."""

    got: queue.Queue[tuple[str, str, Any]] = queue.Queue()

    def do_PUT(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.put((self.path, self.headers["Authorization"], json.loads(body)))
        answer = b'{"status_code": 1000, "timestamp": "2026-11-21T10:00:00Z"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@dataclass(frozen=True)
class Case:
    """A running edge, the commands as stations see them, and the partner's address."""

    settings: OcpiSettings
    kafka: KafkaSettings
    commands: "queue.Queue[CommandRequested]"
    url: str

    def asked(self) -> CommandRequested:
        return self.commands.get(timeout=30)

    def answer(self, asked: CommandRequested, outcome: CommandOutcome, **said: str) -> None:
        say(
            self.kafka,
            CommandAnswered(
                event_id=f"a-{asked.command_id}", command_id=asked.command_id, tenant=asked.tenant,
                station_id=asked.station_id, operation=asked.operation, outcome=outcome, edge_id="edge-1", epoch=1,
                recorded_at=1, **said,
            ),
        )  # fmt: skip


@pytest.fixture(scope="module")
def case(kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    own = replace(kafka, topic_prefix="ocpi-commands.")
    create_topics(own, TOPICS)
    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Callback)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    known = partner(allow_private=True)
    sealed = Seal(KEY).seal(THEIR_TOKEN, f"ocpi/{known.key}")
    sender = PartnerEndpoint(
        module="chargingprofiles", role="SENDER", url=f"http://127.0.0.1:{receiver.server_port}/profiles/"
    )
    say(
        own,
        replace(known, sealed_token=sealed, endpoints=(sender,)),
        station(),
        location(),
        connection(),
        tariff(),
        token(),
    )
    found: queue.Queue[CommandRequested] = queue.Queue()
    view: View[CommandRequested] = View(
        own, Codec(), CommandRequested.TOPIC, lambda _, asked: found.put(asked) if asked else None
    )
    view.start()
    with (
        warehouse(Path(tmp_path_factory.mktemp("ocpi"))) as (tables, clickhouse),
        running_edge(own, clickhouse, sealing_key=base64.b64encode(KEY).decode()) as chosen,
    ):
        tables.put([session(ended_at=None), MODERN])
        yield Case(chosen, own, found, f"http://127.0.0.1:{receiver.server_port}")
    view.stop()
    receiver.shutdown()


@pytest.fixture
def client(case: Case) -> Iterator[httpx.Client]:
    with client_of(case.settings) as asking:
        yield asking


def start(case: Case, path: str = "/results/1", **changes: Any) -> dict[str, Any]:
    body = {"response_url": case.url + path, "token": TOKEN, "location_id": "LOC-1", "evse_uid": EVSE}
    return body | changes


def until(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.05)


def given(client: httpx.Client, command: str, body: Any, version: str = "2.2.1") -> dict[str, Any]:
    answer = client.post(f"/ocpi/{version}/commands/{command}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


class TestCommands:
    @pytest.mark.parametrize(
        ("outcome", "result"), [(CommandOutcome.ACCEPTED, "ACCEPTED"), (CommandOutcome.REJECTED, "REJECTED")]
    )
    def test_are_answered_at_once_and_again_when_the_station_has(
        self, case: Case, client: httpx.Client, outcome: CommandOutcome, result: str
    ) -> None:
        told = given(client, "START_SESSION", start(case))
        assert told["data"] == {"result": "ACCEPTED", "timeout": 30}
        asked = case.asked()
        assert (asked.operation, asked.requested_by) == ("RequestStartTransaction", "ocpi:NL-TNM")
        assert Callback.got.empty()
        case.answer(asked, outcome)
        path, shown, body = Callback.got.get(timeout=30)
        assert (path, body) == ("/results/1", {"result": result})
        assert base64.b64decode(shown.removeprefix("Token ")).decode() == THEIR_TOKEN

    def test_in_parallel_are_told_apart(self, case: Case, client: httpx.Client) -> None:
        for path in ("/first", "/second"):
            given(client, "START_SESSION", start(case, path))
        first, second = case.asked(), case.asked()
        case.answer(second, CommandOutcome.REJECTED)
        case.answer(first, CommandOutcome.ACCEPTED)
        got = {path: body["result"] for path, _, body in (Callback.got.get(timeout=30) for _ in range(2))}
        assert got == {"/first": "ACCEPTED", "/second": "REJECTED"}

    def test_stop_the_partners_session(self, case: Case, client: httpx.Client) -> None:
        running = session(ended_at=None)
        body = {"response_url": f"{case.url}/stop", "session_id": running.session_id}
        assert given(client, "STOP_SESSION", body, "2.3.0")["data"]["result"] == "ACCEPTED"
        asked = case.asked()
        assert json.loads(asked.payload_json) == {"transactionId": running.transaction_id}
        case.answer(asked, CommandOutcome.ACCEPTED)
        assert Callback.got.get(timeout=30)[0] == "/stop"
        unknown = given(client, "STOP_SESSION", body | {"session_id": "nobody's"})
        assert unknown["data"]["result"] == "UNKNOWN_SESSION"

    def test_of_211_are_answered_in_its_words(self, case: Case, client: httpx.Client) -> None:
        token_of = {
            name: item for name, item in TOKEN.items() if name not in ("country_code", "party_id", "contract_id")
        }
        body = start(case, "/old", token=token_of | {"auth_id": TOKEN["contract_id"]})
        assert given(client, "START_SESSION", body, "2.1.1")["data"] == {"result": "ACCEPTED"}
        case.answer(case.asked(), CommandOutcome.UNREACHABLE)
        assert Callback.got.get(timeout=30)[::2] == ("/old", {"result": "REJECTED"})

    @pytest.mark.parametrize(
        ("command", "changes", "status"),
        [
            ("START_SESSION", {"location_id": "LOC-9"}, 2003),
            ("START_SESSION", {"evse_uid": "E9"}, 2003),
            ("START_SESSION", {"token": None}, 2001),
            ("START_SESSION", {"response_url": "ftp://x/"}, 2001),
            ("START_SESSION", {"response_url": "http://user:secret@127.0.0.1/"}, 2001),
            ("DANCE", {}, 2001),
        ],
    )
    def test_that_make_no_sense_are_refused(
        self, case: Case, client: httpx.Client, command: str, changes: dict[str, Any], status: int
    ) -> None:
        assert given(client, command, start(case, **changes))["status_code"] == status
        assert case.commands.empty()


def reserve(case: Case, path: str, **changes: Any) -> dict[str, Any]:
    soon = rfc3339(now_ms() + 600_000)
    return start(case, path, expiry_date=soon, reservation_id="Res-1") | changes


class TestReservations:
    def test_are_made_and_cancelled_by_the_id_that_the_partner_gave(
        self, case: Case, client: httpx.Client
    ) -> None:
        assert given(client, "RESERVE_NOW", reserve(case, "/reserved"))["data"]["result"] == "ACCEPTED"
        asked = case.asked()
        assert asked.operation == "ReserveNow"
        number = json.loads(asked.payload_json)["id"]
        case.answer(asked, CommandOutcome.ACCEPTED)
        assert Callback.got.get(timeout=30)[::2] == ("/reserved", {"result": "ACCEPTED"})
        body = {"response_url": f"{case.url}/cancelled", "reservation_id": "RES-1"}
        assert given(client, "CANCEL_RESERVATION", body)["data"]["result"] == "ACCEPTED"
        asked = case.asked()
        assert (asked.operation, json.loads(asked.payload_json)) == (
            "CancelReservation",
            {"reservationId": number},
        )
        case.answer(asked, CommandOutcome.ACCEPTED)
        assert Callback.got.get(timeout=30)[::2] == ("/cancelled", {"result": "ACCEPTED"})
        until(lambda: given(client, "CANCEL_RESERVATION", body)["data"]["result"] == "REJECTED")

    def test_that_the_station_gives_up_are_told_where_they_were_asked_for(
        self, case: Case, client: httpx.Client
    ) -> None:
        given(client, "RESERVE_NOW", reserve(case, "/lost", reservation_id="17"), "2.1.1")
        number = json.loads((asked := case.asked()).payload_json)["id"]
        case.answer(asked, CommandOutcome.ACCEPTED)
        assert Callback.got.get(timeout=30)[0] == "/lost"
        gone = ReservationStatusChanged(
            event_id="gone", tenant=asked.tenant, station_id=asked.station_id, protocol="ocpp2.0.1",
            reservation_id=number, status="Removed", recorded_at=1,
        )  # fmt: skip
        say(case.kafka, gone)
        assert Callback.got.get(timeout=30)[0] == "/lost"

    def test_whose_time_is_over_are_told_once_and_those_that_were_cancelled_never(self, case: Case) -> None:
        expires_at = now_ms() - 60_000
        lapsed = reservation(reservation_id="lapsed", active_at=expires_at - 600_000, expires_at=expires_at)
        given_up = replace(lapsed, reservation_id="given-up", status="CANCELED")
        told: queue.Queue[ReservationEnded] = queue.Queue()
        view: View[ReservationEnded] = View(
            case.kafka, Codec(), ReservationEnded.TOPIC, lambda _, ended: told.put(ended) if ended else None
        )
        view.start()
        try:
            say(case.kafka, given_up, lapsed)
            found = told.get(timeout=30)
            assert (found.reservation_id, found.expires_at) == ("lapsed", expires_at)
            say(case.kafka, replace(lapsed, reservation_id="another"))
            assert told.get(timeout=30).reservation_id == "another"
            assert told.empty()
        finally:
            view.stop()

    def test_of_nobody_are_not_cancelled(self, case: Case, client: httpx.Client) -> None:
        body = {"response_url": case.url, "reservation_id": "nobody's"}
        assert given(client, "CANCEL_RESERVATION", body)["data"]["result"] == "REJECTED"


class TestProfiles:
    def test_are_set_told_when_they_change_and_cleared(self, case: Case, client: httpx.Client) -> None:
        path = f"/ocpi/2.2.1/chargingprofiles/{MODERN.session_id}"
        profile = {"charging_rate_unit": "A", "charging_profile_period": [{"start_period": 0, "limit": 8.5}]}
        body = {"response_url": f"{case.url}/set", "charging_profile": profile}
        assert client.put(path, json=body).json()["data"] == {"result": "ACCEPTED", "timeout": 30}
        asked = case.asked()
        assert asked.operation == "SetChargingProfile"
        case.answer(asked, CommandOutcome.ACCEPTED)
        assert Callback.got.get(timeout=30)[::2] == ("/set", {"result": "ACCEPTED"})

        limit = ReportReceived(
            event_id="limit", tenant=asked.tenant, station_id=asked.station_id, protocol="ocpp2.0.1",
            operation="NotifyChargingLimit", payload_json='{"evseId": 1}', recorded_at=1,
        )  # fmt: skip
        say(case.kafka, limit)
        asked = case.asked()
        assert (asked.operation, json.loads(asked.payload_json)) == (
            "GetCompositeSchedule",
            {"duration": 900, "evseId": 1},
        )
        case.answer(asked, CommandOutcome.ACCEPTED, answer_json=json.dumps(V201_ANSWER))
        told_at, _, active = Callback.got.get(timeout=30)
        assert told_at == f"/profiles/{MODERN.session_id}"
        assert active["charging_profile"]["charging_profile_period"] == [{"start_period": 0, "limit": 16.5}]

        assert (
            client.delete(path, params={"response_url": f"{case.url}/clear"}).json()["data"]["result"]
            == "ACCEPTED"
        )
        asked = case.asked()
        assert asked.operation == "ClearChargingProfile"
        case.answer(asked, CommandOutcome.REJECTED, status="Unknown")
        assert Callback.got.get(timeout=30)[::2] == ("/clear", {"result": "UNKNOWN"})

    def test_that_are_active_are_asked_for(self, case: Case, client: httpx.Client) -> None:
        params = {"duration": "600", "response_url": f"{case.url}/active"}
        path = f"/ocpi/2.3.0/chargingprofiles/{MODERN.session_id}"
        assert client.get(path, params=params).json()["data"]["result"] == "ACCEPTED"
        case.answer(case.asked(), CommandOutcome.ACCEPTED, answer_json=json.dumps(V201_ANSWER))
        told_at, _, body = Callback.got.get(timeout=30)
        assert (told_at, body["result"], body["profile"]["charging_profile"]["duration"]) == (
            "/active",
            "ACCEPTED",
            900,
        )

    def test_of_sessions_of_others_are_unknown(self, case: Case, client: httpx.Client) -> None:
        params = {"duration": "600", "response_url": case.url}
        answer = client.get("/ocpi/2.3.0/chargingprofiles/nobody's", params=params).json()
        assert answer["data"]["result"] == "UNKNOWN_SESSION"
        assert client.get("/ocpi/2.3.0/chargingprofiles/x", params={"duration": "1"}).json()["status_code"] == 2001
        assert client.get("/ocpi/2.1.1/chargingprofiles/x", params=params).status_code == 404

    def test_follow_what_drivers_want(self, case: Case, client: httpx.Client) -> None:
        found: queue.Queue[ChargingPreferencesSet] = queue.Queue()
        view: View[ChargingPreferencesSet] = View(
            case.kafka, Codec(), ChargingPreferencesSet.TOPIC, lambda _, said: found.put(said) if said else None
        )
        view.start()
        path = f"/ocpi/2.2.1/sessions/{MODERN.session_id}/charging_preferences"
        assert client.put(path, json={"profile_type": "GREEN", "energy_need": 20.5}).json()["data"] == "ACCEPTED"
        assert found.get(timeout=30).profile_type == "GREEN"
        view.stop()
        old = f"/ocpi/2.2.1/sessions/{session().session_id}/charging_preferences"
        refused = client.put(old, json={"profile_type": "GREEN"})
        assert (refused.status_code, refused.json()["status_code"]) == (404, 2001)


class TestAfterARestart:
    def test_results_are_delivered_once(self, case: Case) -> None:
        chosen = case.settings
        again = {"sealing_key": chosen.sealing_key, "ocpi_edge_id": "restarted"}
        with running_edge(case.kafka, chosen.clickhouse, **again) as edge, client_of(edge) as client:
            for path in ("/while-away", "/afterwards"):
                assert given(client, "START_SESSION", start(case, path))["data"]["result"] == "ACCEPTED"
        first, second = case.asked(), case.asked()
        case.answer(first, CommandOutcome.REJECTED)
        with running_edge(case.kafka, chosen.clickhouse, **again):
            assert Callback.got.get(timeout=30)[::2] == ("/while-away", {"result": "REJECTED"})
            case.answer(second, CommandOutcome.ACCEPTED)
            assert Callback.got.get(timeout=30)[::2] == ("/afterwards", {"result": "ACCEPTED"})
        with running_edge(case.kafka, chosen.clickhouse, **again):
            assert Callback.got.empty()
