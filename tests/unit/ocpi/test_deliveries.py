"""Settlement is told of what a partner has pulled, once."""

from dataclasses import replace
from typing import Any

from services.domain.events.common import CdrStatus, SettlementStep
from services.ocpi import deliveries
from services.ocpi.deliveries import Deliveries
from services.runtime.bus import NotDurable
from tests.unit.ocpi.facts import cdr, detail


class Kafka:
    def __init__(self) -> None:
        self.told: list[Any] = []
        self.away = False

    async def publish(self, *events: Any) -> None:
        if self.away:
            raise NotDurable("away")
        self.told += events


def record(cdr_id: str, status: CdrStatus = CdrStatus.ISSUED) -> Any:
    return replace(cdr(detail(cdr_id=cdr_id)), cdr_id=cdr_id, status=status)


class TestPulled:
    async def test_records_are_delivered_once_each_to_a_partner(self) -> None:
        kafka = Kafka()
        told = Deliveries(kafka.publish, lambda: 7)
        for partner in ("NL-TNM", "NL-TNM", "DE-8AA"):
            await told.pulled(partner, "2.2.1", [record("c1"), record("c2")])
        assert [(one.cdr_id, one.requested_by) for one in kafka.told] == [
            ("c1", "NL-TNM"), ("c2", "NL-TNM"), ("c1", "DE-8AA"), ("c2", "DE-8AA"),
        ]  # fmt: skip
        assert {(one.step, one.reference, one.requested_at) for one in kafka.told} == {
            (SettlementStep.DELIVER, "OCPI 2.2.1 pull", 7)
        }

    async def test_again_after_a_restart_is_the_same_step(self) -> None:
        kafka = Kafka()
        for now in (7, 8):
            await Deliveries(kafka.publish, lambda now=now: now).pulled("NL-TNM", "2.3.0", [record("c1")])  # type: ignore[misc]
        assert len(kafka.told) == 2
        assert len({one.event_id for one in kafka.told}) == 1

    async def test_while_kafka_is_away_is_told_next_time(self) -> None:
        kafka = Kafka()
        told = Deliveries(kafka.publish, lambda: 7)
        kafka.away = True
        await told.pulled("NL-TNM", "2.2.1", [record("c1")])
        kafka.away = False
        await told.pulled("NL-TNM", "2.2.1", [record("c1")])
        assert [one.cdr_id for one in kafka.told] == ["c1"]

    async def test_credited_records_and_nothing_are_no_deliveries(self) -> None:
        kafka = Kafka()
        told = Deliveries(kafka.publish, lambda: 7)
        await told.pulled("NL-TNM", "2.2.1", [record("c1", CdrStatus.CREDITED)])
        await told.pulled("NL-TNM", "2.2.1", [])
        assert kafka.told == []

    async def test_are_not_remembered_without_end(self, monkeypatch: Any) -> None:
        monkeypatch.setattr(deliveries, "_MOST_REMEMBERED", 2)
        kafka = Kafka()
        told = Deliveries(kafka.publish, lambda: 7)
        await told.pulled("NL-TNM", "2.2.1", [record("c1"), record("c2"), record("c3")])
        await told.pulled("NL-TNM", "2.2.1", [record("c3"), record("c1")])
        assert [one.cdr_id for one in kafka.told] == ["c1", "c2", "c3", "c1"]
