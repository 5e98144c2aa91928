"""Two edges roam: what the one has, the other pulls; commands go one way and their results the other."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import Result

from services.domain.events.common import CommandOutcome, EvidenceOutcome
from services.domain.events.roaming import RoamingObject, RoamingRefused
from services.domain.events.roamingcdr import RoamingCdr
from services.domain.events.roamingsession import RoamingSession
from services.domain.events.station import CommandAnswered, CommandRequested
from services.ocpi.outbound.asked_commands import sent
from services.ocpi.roaming.cli import roaming as wattlog_roaming
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.view import View
from tests.integration.ocpi_case import client_of, say
from tests.integration.roaming_case import PROVIDER, PUSHING, Two, roaming
from tests.unit.ocpi.facts import (
    CONTRACT,
    UID,
    cdr,
    connection,
    detail,
    location,
    session,
    station,
    station_status,
    tariff,
    token,
)

pytestmark = pytest.mark.integration

EVSE = "DE*WAT*E0001*1"
AT = "2026-11-21T10:00:00Z"


def record_of(cdr_id: str) -> dict[str, Any]:
    """A record of DE-ALP in 2.2.1."""
    whose = {"country_code": "DE", "party_id": "ALP"}
    contract = {"country_code": "NL", "party_id": "TNM", "uid": UID, "type": "RFID", "contract_id": CONTRACT}
    place = {
        "id": "L1", "address": "A", "city": "B", "country": "DEU",
        "coordinates": {"latitude": "53.5", "longitude": "9.9"}, "evse_uid": "E1", "evse_id": "DE*ALP*E1",
        "connector_id": "0", "connector_standard": "IEC_62196_T2", "connector_format": "SOCKET",
        "connector_power_type": "AC_3_PHASE",
    }  # fmt: skip
    period = {"start_date_time": AT, "dimensions": [{"type": "ENERGY", "volume": 10}]}
    return whose | {
        "id": cdr_id, "start_date_time": AT, "end_date_time": "2026-11-21T11:00:00Z", "cdr_token": contract,
        "auth_method": "WHITELIST", "cdr_location": place, "currency": "EUR", "charging_periods": [period],
        "total_cost": {"excl_vat": 5.0, "incl_vat": 5.95}, "total_energy": 10, "total_time": 1,
        "last_updated": "2026-11-21T11:00:10Z",
    }  # fmt: skip


@pytest.fixture(scope="module")
def two(kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    own = replace(kafka, topic_prefix="roaming-")
    with roaming(own, tmp_path_factory.mktemp("roaming")) as both:
        pushed = token(owner_country_code="NL", owner_party_id="TNM", whitelist="ALWAYS")
        here = both.cpo.settings.kafka
        say(here, station(), location(), connection(), tariff(), station_status(), pushed)
        say(both.provider.settings.kafka, token(tenant=PROVIDER))
        yield both


def pulled(two: Two, *modules: str) -> Result:
    chosen = [word for module in modules for word in ("--module", module)]
    done = two.provider.wattlog(wattlog_roaming, "pull", "DE-WAT", *chosen)
    assert done.exit_code == 0, done.output
    return done


def kept(two: Two, topic: str) -> list[Any]:
    return [one for _, one in sorted(two.provider.states(topic).items())]


class TestPulling:
    def test_brings_locations_and_tariffs_and_again_only_what_is_new(self, two: Two) -> None:
        done = pulled(two, "locations", "tariffs")
        assert "locations: 1 came, 1 new or different" in done.stdout
        place, price = kept(two, RoamingObject.TOPIC)
        assert (place.module, place.object_id, price.object_id) == ("locations", "loc-1", "ac-2026")
        assert place.received_json.startswith('{"country_code":"DE"')
        assert "locations: 1 came, 0 new or different" in pulled(two, "locations").stdout

    def test_brings_running_sessions_and_how_they_go_on(self, two: Two) -> None:
        two.tables.put([session()])
        pulled(two, "sessions")
        (running,) = kept(two, RoamingSession.TOPIC)
        assert (running.status, running.token_uid, running.contract_id) == ("ACTIVE", UID, CONTRACT)
        two.store()
        two.tables.put([session(energy_wh=5000, version=3, updated_at=session().updated_at + 1000)])
        assert "1 new or different" in pulled(two, "sessions").stdout
        assert kept(two, RoamingSession.TOPIC)[0].energy_wh == 5000

    def test_brings_records_with_the_very_bytes_that_were_signed(self, two: Two) -> None:
        two.tables.put([cdr()])
        pulled(two, "cdrs")
        (record,) = kept(two, RoamingCdr.TOPIC)
        signed = [one.decoded_sha256 for one in record.signed_values]
        assert signed == [one.sha256 for one in detail().signed_meter_values]
        assert record.evidence is EvidenceOutcome.FAILED
        assert (record.total_cost_excl_vat, record.priced_excl_vat) == (detail().total_cost_excl_vat,) * 2
        two.store()
        assert "cdrs: 1 came, 0 new or different" in pulled(two, "cdrs").stdout
        told = two.provider.wattlog(wattlog_roaming, "statement", "DE-WAT", "2026-09", "--json")
        assert '"total_cost_incl_vat": "6.3001"' in told.stdout

    def test_fails_in_one_sentence(self, two: Two) -> None:
        done = two.provider.wattlog(wattlog_roaming, "pull", "DE-ALP")
        assert (done.exit_code, done.stdout) == (1, "")
        assert "has not exchanged credentials" in done.stderr


class TestTokens:
    def test_are_told_to_the_cpo(self, two: Two) -> None:
        done = two.provider.wattlog(wattlog_roaming, "push", "DE-WAT", "--token", UID)
        assert done.stdout == "1 token told to DE-WAT.\n"

    def test_are_listed_and_authorised_for_cpos_alone(self, two: Two) -> None:
        with client_of(two.provider.settings, PUSHING) as cpo:
            listed = cpo.get("/ocpi/2.2.1/emsp/tokens")
            assert [one["uid"] for one in listed.json()["data"]] == [UID]
            assert listed.headers["X-Total-Count"] == "1"
            told = cpo.post(f"/ocpi/2.2.1/emsp/tokens/{UID}/authorize", json={"location_id": "L1"}).json()["data"]
            assert (told["allowed"], told["location"]) == ("ALLOWED", {"location_id": "L1"})
            assert len(told["authorization_reference"]) == 36
            unknown = cpo.post("/ocpi/2.2.1/emsp/tokens/NOBODY/authorize")
            assert (unknown.status_code, unknown.json()["status_code"]) == (404, 2004)


class Station:
    """Answers every command that the CPO passes on."""

    def __init__(self, kafka: KafkaSettings, outcome: CommandOutcome) -> None:
        self._kafka = kafka
        self._outcome = outcome
        self._began = now_ms()
        self.asked: list[CommandRequested] = []
        self._view: View[CommandRequested] = View(kafka, Codec(), CommandRequested.TOPIC, self._answer)

    def __enter__(self) -> "Station":
        self._view.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._view.stop()

    def _answer(self, _: str, asked: CommandRequested | None) -> None:
        if asked is None or asked.requested_at < self._began:
            return
        self.asked.append(asked)
        answer = CommandAnswered(
            event_id=f"a-{asked.command_id}", command_id=asked.command_id, tenant=asked.tenant,
            station_id=asked.station_id, operation=asked.operation, outcome=self._outcome, edge_id="edge-1",
            epoch=1, recorded_at=now_ms(),
        )  # fmt: skip
        threading.Thread(target=say, args=(self._kafka, answer)).start()


class TestCommands:
    @pytest.mark.parametrize(
        ("outcome", "exit_code", "result"),
        [(CommandOutcome.ACCEPTED, 0, "ACCEPTED"), (CommandOutcome.REJECTED, 1, "REJECTED")],
    )
    def test_are_done_when_the_station_says_so(
        self, two: Two, outcome: CommandOutcome, exit_code: int, result: str
    ) -> None:
        with Station(two.cpo.settings.kafka, outcome) as there:
            done = two.provider.wattlog(
                wattlog_roaming, "start", "DE-WAT", "--location", "LOC-1", "--evse", EVSE, "--token", UID
            )
        assert (done.exit_code, done.stdout) == (exit_code, f"{result}\n"), done.output
        assert there.asked[0].operation == "RequestStartTransaction"

    def test_that_the_cpo_refuses_do_not_wait(self, two: Two) -> None:
        done = two.provider.wattlog(wattlog_roaming, "stop", "DE-WAT", "--session", "nobody's")
        assert (done.exit_code, done.stdout.split()[0]) == (1, "UNKNOWN_SESSION")

    def test_have_one_result_and_only_from_the_partner_that_was_asked(self, two: Two) -> None:
        secret, body = "s" * 43, {"session_id": "S1"}
        whose = (PROVIDER, "DE-ALP")
        say(two.provider.settings.kafka, sent(whose, "STOP_SESSION", "2.2.1", body, secret, "test", now_ms()))
        path = f"/ocpi/2.2.1/emsp/commands/STOP_SESSION/{secret}"
        with client_of(two.provider.settings, PUSHING) as cpo:
            assert cpo.post(path, json={"result": "ACCEPTED"}).json()["status_code"] == 1000
            again = cpo.post(path, json={"result": "FAILED"})
            assert (again.status_code, again.json()["status_code"]) == (404, 2001)


class TestCpos:
    def test_push_in_parallel_and_nothing_is_lost(self, two: Two) -> None:
        """Connectors of one EVSE, each by a request of its own."""
        at = "2026-11-21T10:00:00Z"
        plug = {"standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE", "max_voltage": 230,
                "max_amperage": 16, "last_updated": at}  # fmt: skip
        base = "/ocpi/2.2.1/emsp/locations/DE/ALP/L1"
        place = {"country_code": "DE", "party_id": "ALP", "id": "L1", "publish": True, "address": "A", "city": "B",
                 "country": "DEU", "coordinates": {"latitude": "53.5", "longitude": "9.9"}, "time_zone": "UTC",
                 "evses": [{"uid": "E1", "status": "AVAILABLE", "connectors": [{"id": "0", **plug}],
                            "last_updated": at}], "last_updated": at}  # fmt: skip
        with client_of(two.provider.settings, PUSHING) as cpo:
            assert cpo.put(base, json=place).status_code == 201
            with ThreadPoolExecutor(8) as many:
                told = many.map(lambda n: cpo.put(f"{base}/E1/{n}", json={"id": str(n), **plug}), range(1, 49))
            assert {answer.status_code for answer in told} == {201}
            got = cpo.get(f"{base}/E1").json()["data"]
            assert {one["id"] for one in got["connectors"]} == {str(n) for n in range(49)}
            assert cpo.patch(f"{base}/E1", json={"status": "CHARGING", "last_updated": "2026-11-21T11:00:00Z"})
            whole = cpo.get(base).json()["data"]
            assert (whole["evses"][0]["status"], whole["last_updated"]) == ("CHARGING", "2026-11-21T11:00:00Z")
            assert cpo.get("/ocpi/2.2.1/emsp/locations/DE/WAT/LOC-1").json()["status_code"] == 2001

    def test_send_a_record_once(self, two: Two) -> None:
        body = record_of("C1")
        with client_of(two.provider.settings, PUSHING) as cpo:
            first = cpo.post("/ocpi/2.2.1/emsp/cdrs", json=body)
            again = cpo.post("/ocpi/2.2.1/emsp/cdrs", json=body)
            assert (first.status_code, again.status_code) == (201, 201)
            assert first.headers["Location"] == again.headers["Location"]
            shown = cpo.get(first.headers["Location"]).json()["data"]
            assert shown["total_cost"] == {"excl_vat": 5, "incl_vat": 5.95}
            other = cpo.post("/ocpi/2.2.1/emsp/cdrs", json=body | {"total_energy": 11}).json()
            assert (other["status_code"], "records never change" in other["status_message"]) == (2001, True)
        refused = [one for one in kept(two, RoamingRefused.TOPIC) if isinstance(one, RoamingRefused)]
        assert [one.object_id for one in refused] == ["c1"]

    def test_that_are_none_may_not_push(self, two: Two) -> None:
        """The provider NL-TNM at the CPO: as it is registered there it is no CPO."""
        with client_of(two.cpo.settings, PUSHING) as stranger:
            assert stranger.post("/ocpi/2.2.1/emsp/cdrs", json={}).status_code == 401
