"""Payments, invoice reconciliation and bookings over a real socket and real Kafka."""

import base64
import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from services.domain.events.common import CommandOutcome
from services.domain.events.partnerobject import PartnerObject
from services.domain.events.station import CommandRequested
from services.ocpi.directory import TOPICS
from services.ocpi.inbound.authorization import token_hash
from services.ocpi.inbound.objects import ISSUED
from services.ocpi.settings import OcpiSettings
from services.ocpi.wire.envelope import encoded
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.sealing import Seal
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from services.runtime.view import View
from tests.integration.ocpi_case import client_of, running_edge, say
from tests.unit.ocpi.facts import START, TENANT, answered, connection, location, partner, station, token
from tests.unit.ocpi.inbound.test_bookings import request as a_booking_request
from tests.unit.ocpi.inbound.test_objects import RECORD

pytestmark = pytest.mark.integration

KEY = b"k" * 32
EVSE_UID = station().evses[0].evse_uid
OTHER_TOKEN = "a-token-of-somebody-else"
INVOICES = "/ocpi/2.3.0/invoicereconciliation"
CONFIRMATION: dict[str, Any] = {
    "id": "fac-1",
    "authorization_reference": "auth-1",
    "total_costs": {"before_taxes": 10.1, "taxes": [{"name": "VAT", "amount": 1.9}]},
    "currency": "EUR",
    "eft_data": ["line 1"],
    "capture_status_code": "SUCCESS",
    "last_updated": "2026-09-21T14:13:20Z",
}


def issued(number: int) -> PartnerObject:
    record = RECORD | {"country_code": "DE", "party_id": "WAT", "id": f"ours-{number}"}
    return PartnerObject(
        tenant=TENANT, module=ISSUED, partner_id="NL-TNM", object_id=f"ours-{number}", ours=True, deleted=False,
        object_json=encoded(record).decode(), updated_at=START,
    )  # fmt: skip


@pytest.fixture(scope="module")
def edge(kafka: KafkaSettings) -> Iterator[OcpiSettings]:
    own = replace(kafka, topic_prefix="ocpi-objects.")
    create_topics(own, TOPICS)
    other = partner(partner_id="NL-OTH", party_id="OTH", token_hash=token_hash(OTHER_TOKEN))
    theirs = partner(sealed_token=Seal(KEY).seal("x", f"ocpi/{partner().key}"))
    there = (station(), location(), connection(protocol="ocpp2.0.1"), token())
    say(own, theirs, other, *there, *(issued(number) for number in range(3)))
    key = base64.b64encode(KEY).decode()
    bookable = {"ocpi_bookable": "LOC-1", "ocpi_booking_s": 0.2, "sealing_key": key}
    with running_edge(own, ClickHouseSettings(), **bookable) as chosen:
        yield chosen


@pytest.fixture
def client(edge: OcpiSettings) -> Iterator[httpx.Client]:
    with client_of(edge) as asking:
        yield asking


class TestInvoiceReconciliation:
    def test_keeps_records_of_the_partner(self, edge: OcpiSettings, client: httpx.Client) -> None:
        path = f"{INVOICES}/NL/TNM/inv-1"
        assert client.get(path).status_code == 404
        assert client.post(INVOICES, json=RECORD).status_code == 201
        assert client.post(INVOICES, json=RECORD).status_code == 200
        assert client.get(path).json()["data"] == RECORD
        changed = RECORD | {"invoice_id": "2", "last_updated": "2026-09-22T00:00:00Z"}
        assert client.put(path, json=changed).json()["status_code"] == 1000
        assert client.get(path).json()["data"]["invoice_id"] == "2"
        with client_of(edge, OTHER_TOKEN) as other:
            assert other.get(path).json()["status_code"] == 2001
            assert other.get(f"{INVOICES}/NL/OTH/inv-1").status_code == 404
        assert client.delete(path).json()["status_code"] == 1000
        assert client.get(path).status_code == 404
        assert client.delete(path).status_code == 404

    def test_shows_pages_of_what_we_have_invoiced(self, edge: OcpiSettings, client: httpx.Client) -> None:
        first = client.get(INVOICES, params={"limit": "2"})
        assert [one["id"] for one in first.json()["data"]] == ["ours-0", "ours-1"]
        assert first.headers["X-Total-Count"] == "3"
        second = client.get(first.links["next"]["url"])
        assert [one["id"] for one in second.json()["data"]] == ["ours-2"]
        with client_of(edge, OTHER_TOKEN) as other:
            assert other.get(INVOICES).json()["data"] == []


class TestPayments:
    def test_keeps_terminals_and_confirmations(self, client: httpx.Client) -> None:
        base = "/ocpi/2.3.0/payments"
        assert client.post(f"{base}/terminals", json={"terminal_id": "T1"}).status_code == 201
        assert client.get(f"{base}/terminals/t1").json()["data"]["terminal_id"] == "T1"
        assert client.post(f"{base}/financial-advice-confirmations", json=CONFIRMATION).status_code == 201
        found = client.get(f"{base}/financial-advice-confirmations/fac-1").json()["data"]
        assert found["total_costs"]["before_taxes"] == 10.1
        assert client.post(f"{base}/terminals", content=b"{").status_code == 400
        assert client.post(f"{base}/terminals", json=[]).json()["status_code"] == 2001
        assert client.get(f"{base}/terminals/t2").status_code == 404

    def test_is_of_230_alone(self, client: httpx.Client) -> None:
        assert client.post("/ocpi/2.2.1/payments/terminals", json={"terminal_id": "T1"}).status_code == 404


BOOKINGS = "/ocpi/2.3.0/Booking"


def until(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.05)


def request(request_id: str, start: int, **changes: Any) -> dict[str, Any]:
    return a_booking_request(start, request_id=request_id, booking_location_id=EVSE_UID, **changes)


class TestBookings:
    def test_show_what_can_be_booked(self, client: httpx.Client) -> None:
        shown = client.get(f"{BOOKINGS}/booking_locations").json()["data"]
        assert [one["id"] for one in shown] == [EVSE_UID]
        one = client.get(f"{BOOKINGS}/booking_locations/{EVSE_UID}").json()["data"]
        assert one["calendars"][0] == client.get(f"{BOOKINGS}/booking_locations/{EVSE_UID}/1").json()["data"]
        assert client.get(f"{BOOKINGS}/booking_locations/{EVSE_UID}/2").status_code == 404
        past = {"timeslot_to": "2001-01-01T00:00:00Z"}
        assert client.get(f"{BOOKINGS}/booking_locations", params=past).json()["data"] == []
        later = {"timeslot_from": "2001-01-01T00:00:00Z"}
        assert len(client.get(f"{BOOKINGS}/booking_locations", params=later).json()["data"]) == 1
        assert client.get(f"{BOOKINGS}/booking_locations?timeslot_to=soon").json()["status_code"] == 2001
        assert client.get(f"{BOOKINGS}/booking_locations/E9").json()["status_code"] == 2003

    def test_are_decided_at_once_and_are_their_partners(self, edge: OcpiSettings, client: httpx.Client) -> None:
        start = now_ms() + 3 * 3_600_000
        made = client.post(BOOKINGS, json=request("r-1", start)).json()["data"]
        assert made["reservation_status"] == "RESERVED"
        taken = client.post(BOOKINGS, json=request("r-2", start)).json()["data"]
        assert taken["reservation_status"] == "REJECTED"
        cancel = {"cancellation_reason": "TRAFFIC", "who_canceled": "EMSP"}
        ended = client.post(BOOKINGS, json=request("R-1", start, canceled=cancel)).json()["data"]
        assert ended["reservation_status"] == "CANCELED"
        assert {one["id"] for one in client.get(BOOKINGS).json()["data"]} == {made["id"], taken["id"]}
        with client_of(edge, OTHER_TOKEN) as other:
            assert other.get(BOOKINGS).json()["data"] == []
            assert other.post(BOOKINGS, json=request("r-1", start)).json()["status_code"] == 2001

    def test_are_told_to_the_station_at_their_time(self, edge: OcpiSettings, client: httpx.Client) -> None:
        found: queue.Queue[CommandRequested] = queue.Queue()
        view: View[CommandRequested] = View(
            edge.kafka, Codec(), CommandRequested.TOPIC, lambda _, asked: found.put(asked) if asked else None
        )
        view.start()
        made = client.post(BOOKINGS, json=request("r-3", now_ms() + 1_500)).json()["data"]
        assert made["reservation_status"] == "RESERVED"
        asked = found.get(timeout=30)
        assert asked.operation == "ReserveNow"
        view.stop()
        say(
            edge.kafka,
            answered(
                CommandOutcome.REJECTED, command_id=asked.command_id, operation="ReserveNow", status="Occupied"
            ),
        )

        def failed() -> bool:
            shown = {one["id"]: one["reservation_status"] for one in client.get(BOOKINGS).json()["data"]}
            return shown[made["id"]] == "FAILED"

        until(failed)
