"""A night from Friday to Saturday, by a tariff of times and days: what a station says becomes a record that costs
what `wattlog price` says of it. Real sockets, Kafka and processes; the clock is the messages'.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.cdrs.cli import tariff
from services.cdrs.price_cli import price, priced
from services.domain.charge_records import never_charged
from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrStatus, ChargeDetail, Evse, IdToken
from services.domain.events.reservation import Reservation, ReservationEnded
from services.domain.events.transaction import TransactionStarted
from services.domain.tariff.limits import LimitRule
from services.domain.tariff.reading import parse_json
from services.domain.units import parse_rfc3339
from services.ocpi.outbound.cdrs import cdr
from services.ocpi.outbound.told import told
from services.ocpi.wire.envelope import encoded
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from services.runtime.view import View
from tests.integration.ocpp_case import TENANT, V201, RunningEdge, call, running, station
from tests.integration.test_processors import Processes, wait_for, wattlog
from tests.unit.ocpi import facts

pytestmark = pytest.mark.integration

STATION = "CS-NIGHT"
NUMBER = 4711
ZONE = "Europe/Berlin"
RESERVED, STARTED, ENDED = (
    parse_rfc3339(at) for at in ("2026-03-06T20:50:00Z", "2026-03-06T21:30:00Z", "2026-03-07T00:10:00Z")
)
READINGS = (
    ("2026-03-06T21:30:00Z", 1_000), ("2026-03-06T21:45:00Z", 3_500), ("2026-03-06T22:00:00Z", 6_000),
    ("2026-03-06T22:30:00Z", 11_250), ("2026-03-06T23:00:00Z", 16_400), ("2026-03-06T23:20:00Z", 19_999),
    ("2026-03-06T23:40:00Z", 21_001), ("2026-03-07T00:10:00Z", 21_001),
)  # fmt: skip


def part(kind: str, amount: float, step_size: int = 1) -> dict[str, Any]:
    return {"type": kind, "price": amount, "vat": 19, "step_size": step_size}


def element(*parts: dict[str, Any], **limits: Any) -> dict[str, Any]:
    return {"price_components": list(parts)} | ({"restrictions": limits} if limits else {})


NIGHT = {
    "country_code": "DE", "party_id": "WAT", "id": "NIGHT", "currency": "EUR",
    "last_updated": "2026-01-01T00:00:00Z",
    "elements": [
        element(part("TIME", 2.4, 60), part("FLAT", 0.5), reservation="RESERVATION"),
        element(part("TIME", 6), part("FLAT", 3), reservation="RESERVATION_EXPIRES"),
        element(part("ENERGY", 0.3), part("PARKING_TIME", 6, 300), day_of_week=["SATURDAY", "SUNDAY"]),
        element(part("ENERGY", 0.4), start_time="23:00", end_time="06:00"),
        element(part("ENERGY", 0.5, 100), part("FLAT", 1), part("TIME", 0.6, 900)),
    ],
}  # fmt: skip


@pytest.fixture
def here(own_kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KafkaSettings]:
    """A station with the tariff of the night, its reservation, and the processes that make records."""
    create_topics(own_kafka)
    for name, value in (
        ("BOOTSTRAP_SERVERS", own_kafka.bootstrap_servers), ("TOPIC_PREFIX", own_kafka.topic_prefix),
        ("TENANT", TENANT),
    ):  # fmt: skip
        monkeypatch.setenv(f"WATTLOG_{name}", value)
    file = tmp_path / "night.json"
    file.write_text(json.dumps(NIGHT))
    added = wattlog(tariff, "add", "--file", str(file))
    assert added.exit_code == 0, added.output
    entry = station(
        STATION, location_id="LOC-1", tariff_id="NIGHT", evses=(Evse(evse_id=1, evse_uid="DE*WAT*E0001*1"),)
    )
    reservation = Reservation(
        tenant=TENANT, partner_id="NL-TNM", reservation_id="r-1", number=NUMBER, status="ACTIVE",
        location_id="LOC-1", station_id=STATION, token_uid=facts.UID, version="2.2.1", response_url="",
        expires_at=STARTED + 600_000, updated_at=RESERVED, active_at=RESERVED,
    )  # fmt: skip
    place = replace(facts.location(), time_zone=ZONE)
    publish_sync(own_kafka, Codec(), [entry, place, facts.token(), reservation])
    processes = Processes(own_kafka, tmp_path, WATTLOG_TENANT=TENANT)
    for name in ("sessions", "cdrs"):
        processes.start(name)
    yield own_kafka
    processes.end()


async def charge(edge: RunningEdge) -> None:
    """Plugged in on Friday evening, charged over midnight, parked until the cable is taken off."""
    async with edge.connect(STATION, (V201,)) as socket:
        boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
        await call(socket, "BootNotification", boot, "boot")
        last = len(READINGS) - 1
        who = {"idToken": {"idToken": facts.UID, "type": "ISO14443"}, "reservationId": NUMBER}
        for number, (at, register_wh) in enumerate(READINGS):
            context = {0: "Transaction.Begin", last: "Transaction.End"}.get(number, "Sample.Periodic")
            sample = {"value": register_wh, "context": context, "measurand": "Energy.Active.Import.Register"}
            event = {
                "eventType": {0: "Started", last: "Ended"}.get(number, "Updated"),
                "timestamp": at, "triggerReason": "MeterValuePeriodic", "seqNo": number,
                "transactionInfo": {"transactionId": "night"}, "evse": {"id": 1, "connectorId": 1},
                "meterValue": [{"timestamp": at, "sampledValue": [sample]}],
            } | ({} if number else who)  # fmt: skip
            frame = await call(socket, "TransactionEvent", event, f"m{number}")
            assert frame[0] == 3, frame


def record_of(kafka: KafkaSettings) -> Cdr:
    view: View[Cdr] = View(kafka, Codec(), Cdr.TOPIC)
    view.start()
    try:
        wait_for(lambda: any(one.status is CdrStatus.ISSUED for _, one in view.items()), view.items)
        return next(one for _, one in view.items())
    finally:
        view.stop()


def over(reservation_id: str, number: int, kept_until: int) -> ReservationEnded:
    """As the edge of the partner says it."""
    return ReservationEnded(
        event_id=f"over-{reservation_id}", tenant=TENANT, station_id=STATION, partner_id="NL-TNM",
        reservation_id=reservation_id, reservation_number=number, evse_id=1, id_token=IdToken(value=facts.UID),
        reserved_from=kept_until - 600_000, expires_at=kept_until, recorded_at=kept_until + 30_000,
    )  # fmt: skip


def expired_ones(kafka: KafkaSettings) -> list[Cdr]:
    """The records of what expired, of three that ended: one was used, one not, and one only seemed so at first."""
    used, unused = over("r-1", NUMBER, STARTED + 600_000), over("r-2", 4712, RESERVED)
    publish_sync(kafka, Codec(), [used, unused, replace(unused, event_id="again"), used])
    view: View[Cdr] = View(kafka, Codec(), Cdr.TOPIC)
    view.start()

    def found() -> list[Cdr]:
        return [one for _, one in view.items() if never_charged(one.detail)]

    try:
        wait_for(lambda: len(found()) == 1, view.items)
        # What is told of a session that began in its time takes the record back.
        start = TransactionStarted(
            event_id="late", tenant=TENANT, station_id=STATION, protocol=V201, transaction_id="late",
            start_key="late", reservation_id=4712, started_at=RESERVED - 60_000, recorded_at=ENDED,
        )  # fmt: skip
        publish_sync(kafka, Codec(), [over("r-3", 4713, RESERVED - 700_000), start])
        wait_for(lambda: len(found()) == 3, view.items)
        return sorted(found(), key=lambda one: (one.detail.started_at, one.detail.credit))
    finally:
        view.stop()


def as_line(record: Cdr) -> dict[str, Any]:
    """The record as a partner gets it, with the tariff that it carries."""
    warnings: list[str] = []
    body = told(cdr(record, None, "EUR", "https://example.com/x", warnings), "CDR", "2.2.1", warnings)
    assert body is not None, warnings
    return {"id": record.cdr_id, "version": "221", "tz": ZONE, "cdr": orjson.loads(encoded(body))}


def sums(lines: Any, kwh_to_wh: int = 1) -> dict[tuple[str, Decimal], Decimal]:
    """(kind, price): what is billed of it, in Wh, seconds or 1."""
    found: defaultdict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for line in lines:
        scale = kwh_to_wh if line.kind == "ENERGY" else 1
        found[str(line.kind), line.unit_price] += (line.quantity + line.added) * scale
    return {key: round(value, 3) for key, value in found.items()}


class TestNight:
    def test_costs_in_the_record_what_it_costs_by_the_price_tool(
        self, here: KafkaSettings, tmp_path: Path
    ) -> None:
        async def scenario() -> None:
            async with running(here, tmp_path) as edge:
                await charge(edge)

        asyncio.run(scenario())
        record = record_of(here)
        self.check_lines(record.detail)
        line = as_line(record)
        exact = parse_json(json.dumps(line))
        assert isinstance(exact, dict)
        answer = priced(exact, LimitRule.PAIR)
        assert sums(answer.priced.lines, 1000) == sums(record.detail.price_lines)
        self.check_tool(record.detail, line, tmp_path / "lines.jsonl")
        self.check_expired(expired_ones(here))

    def check_expired(self, records: list[Cdr]) -> None:
        """What expired costs 3 and ten minutes at 6 an hour, and the fee that any reservation costs."""
        standing, withdrawn, credit = records
        cost = Decimal("4.5")
        assert [one.status for one in records] == [CdrStatus.ISSUED, CdrStatus.CREDITED, CdrStatus.ISSUED]
        assert [one.detail.total_cost_excl_vat for one in records] == [cost, cost, -cost]
        assert (credit.detail.credit_reference_id, credit.detail.credit) == (withdrawn.detail.cdr_id, True)
        assert sums(standing.detail.price_lines) == {
            ("RESERVATION_FLAT", Decimal("0.5")): 1,
            ("EXPIRY_FLAT", Decimal(3)): 1,
            ("RESERVATION_TIME", Decimal(6)): 600,
        }
        exact = parse_json(json.dumps(as_line(standing)))
        assert isinstance(exact, dict)
        answer = priced(exact, LimitRule.PAIR)
        assert answer.priced.total is not None
        assert answer.priced.total.excl_vat == cost

    def check_lines(self, detail: ChargeDetail) -> None:
        """By hand: 40 minutes reserved, five kWh on Friday evening, 10.4 in its night, 4.601 on Saturday."""
        assert sums(detail.price_lines) == {
            ("RESERVATION_TIME", Decimal("2.4")): 2400,
            ("RESERVATION_FLAT", Decimal("0.5")): 1,
            ("FLAT", Decimal(1)): 1,
            ("ENERGY", Decimal("0.5")): 5_000,
            ("ENERGY", Decimal("0.4")): 10_400,
            ("ENERGY", Decimal("0.3")): 4_601,
            ("TIME", Decimal("0.6")): 7_800,
            ("PARKING_TIME", Decimal(6)): 1_800,
        }
        cents = Decimal("1.6") + Decimal("0.5") + 1 + Decimal("2.5") + Decimal("4.16") + Decimal("1.3803")
        assert detail.total_cost_excl_vat == cents + Decimal("1.3") + 3
        assert detail.reservation_cost == Decimal("2.1")
        assert [(one.started_at, one.ended_at) for one in detail.reserved_periods] == [(RESERVED, STARTED)]

    def check_tool(self, detail: ChargeDetail, line: dict[str, Any], file: Path) -> None:
        file.write_text(json.dumps(line) + "\n")
        done = wattlog(price, "--json", str(file))
        assert done.exit_code == 0, done.output
        told_totals = json.loads(done.output)
        totals = {
            "total_cost": detail.total_cost_excl_vat, "total_energy_cost": detail.energy_cost,
            "total_time_cost": detail.time_cost, "total_parking_cost": detail.parking_cost,
            "total_fixed_cost": detail.session_cost,
        }  # fmt: skip
        assert {name: Decimal(told_totals[name]["excl_vat"]) for name in totals} == totals
        assert Decimal(told_totals["total_cost"]["incl_vat"]) == detail.total_cost_incl_vat
