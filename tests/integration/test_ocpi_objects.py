"""Payments and invoice reconciliation over a real socket and real Kafka."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from services.domain.events.partnerobject import PartnerObject
from services.ocpi.directory import TOPICS
from services.ocpi.inbound.authorization import token_hash
from services.ocpi.inbound.objects import ISSUED
from services.ocpi.settings import OcpiSettings
from services.ocpi.wire.envelope import encoded
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.ocpi_case import client_of, running_edge, say
from tests.unit.ocpi.facts import START, TENANT, partner
from tests.unit.ocpi.inbound.test_objects import RECORD

pytestmark = pytest.mark.integration

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
    say(own, partner(), other, *(issued(number) for number in range(3)))
    with running_edge(own, ClickHouseSettings()) as chosen:
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
