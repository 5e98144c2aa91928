"""`sessions`, `evidence` and `cdrs` on a real broker: from signed values to records that are issued."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.domain.events.cdr import Cdr
from services.domain.events.common import MeterValue, SignedMeterValue
from services.domain.events.dlq import DeadLetter
from services.domain.events.station import Station
from services.domain.events.transaction import TransactionEnded, TransactionStarted
from services.evidence.cli import evidence
from services.evidence.meter_keys.cli import meter_key
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.view import View
from tests.chaos.checker import read_all
from tests.integration.test_processors import Processes, kafka_here, processes, views, wait_for, wattlog
from tests.scenarios.story import TENANT
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, signed
from tests.unit.evidence.signing import ENDED, ENERGY, STARTED, key, value

pytestmark = pytest.mark.integration

__all__ = ["kafka_here", "processes", "views"]

SLICES = ("sessions", "evidence", "cdrs")
TODAY = f"{datetime.now(UTC):%Y-%m-%d}"


def told(station: str, transaction: str, number: int = 7, last_page: str = "T8") -> list[Any]:
    """A transaction with begin and end signed by key `number`."""
    first = value(signed(payload(begin()), number=number), "Transaction.Begin")
    last = value(signed(payload(end(), PG=last_page), number=number))
    common: dict[str, Any] = {"tenant": TENANT, "station_id": station, "protocol": "ocpp1.6", "evse_id": 1,
                              "connector_id": 1, "transaction_id": transaction}  # fmt: skip
    return [
        TransactionStarted(
            event_id=f"b{station}{transaction}", start_key=f"k{station}{transaction}", started_at=STARTED,
            recorded_at=STARTED, meter_start_wh=Decimal(1_000_500), meter_values=(read(STARTED, first),), **common,
        ),
        TransactionEnded(
            event_id=f"e{station}{transaction}", ended_at=ENDED, recorded_at=ENDED,
            meter_values=(read(ENDED, last),), meter_stop_wh=Decimal(1_000_500) + ENERGY, **common,
        ),
    ]  # fmt: skip


def read(at: int, record: SignedMeterValue) -> MeterValue:
    return MeterValue(sampled_at=at, signed_meter_values=(record,))


def station(name: str, *, calibration_law: bool) -> Station:
    return Station(tenant=TENANT, station_id=name, calibration_law=calibration_law, updated_at=1)


def until(records: View[Cdr], running: Processes, wanted: dict[str, str]) -> dict[str, Cdr]:
    """The records by station, once each stands as wanted: ISSUED, or what it is held for."""

    def found() -> dict[str, Cdr]:
        return {one.detail.station_id: one for _, one in records.items()}

    def stand() -> dict[str, str]:
        return {name: one.held_reason or one.status.value for name, one in found().items()}

    wait_for(lambda: stand() == wanted, lambda: (stand(), *(running.log(name)[-2000:] for name in SLICES)))
    return found()


class TestFlow:
    def test_of_a_session_goes_by_its_verdict_to_a_record_that_is_issued(
        self, kafka_here: KafkaSettings, processes: Processes, views: Callable[[Any], View[Any]]
    ) -> None:
        records = views(Cdr)
        states = [station("CS1", calibration_law=True), station("CS2", calibration_law=False)]
        states.append(station("CS3", calibration_law=True))
        publish_sync(kafka_here, Codec(), states)
        for name in SLICES:
            processes.start(name)
        events = [*told("CS1", "1"), *told("CS2", "2"), *told("CS3", "3", last_page="T20")]
        publish_sync(kafka_here, Codec(), events)
        undecided = {"CS1": "EVIDENCE_UNDECIDED", "CS2": "ISSUED", "CS3": "EVIDENCE_UNDECIDED"}
        held = until(records, processes, undecided)
        assert "KEY_NOT_APPROVED" in wattlog(evidence, "list").output
        processes.kill("evidence")
        processes.start("evidence")
        self.vouch("CS1")
        issued = until(records, processes, undecided | {"CS1": "ISSUED"})
        assert issued["CS1"].detail == held["CS1"].detail
        self.vouch("CS3")
        self.decide(lambda **now: until(records, processes, now), held["CS3"].detail.session_id)
        self.look_back(issued["CS1"])
        assert processes.stop() == dict.fromkeys(SLICES, 0)
        assert not [one for name in SLICES for one in read_all(kafka_here, f"{name}.{DeadLetter.TOPIC}")]

    def vouch(self, name: str) -> None:
        """Two operators approve the key, the first not twice."""
        added = wattlog(meter_key, "add", name, "1", key(), "--operator", "ann", "--serial", "M1")
        assert added.exit_code == 0, added.output
        key_id = added.output.split()[0]
        assert wattlog(meter_key, "approve", key_id, "--operator", "ann").exit_code == 0
        again = wattlog(meter_key, "approve", key_id, "--operator", "ann")
        assert (again.exit_code, "another operator has to" in again.output) == (1, True)
        done = wattlog(meter_key, "approve", key_id[:8], "--operator", "bob")
        assert done.output == f"{key_id} is approved.\n"
        assert "M1" in wattlog(meter_key, "show", key_id).output
        assert wattlog(meter_key, "approve", key_id, "--operator", "cid").exit_code == 1

    def decide(self, stands: Callable[..., Any], session: str) -> None:
        """A gap is for a person to decide."""
        wait_for(lambda: "PAGINATION_GAP" in wattlog(evidence, "list").output, lambda: "no verdict by the new key")
        said = ("--operator", "ann", "--reason", "read at the meter")
        assert wattlog(evidence, "reject", session, *said).exit_code == 0
        stands(CS1="ISSUED", CS2="ISSUED", CS3="EVIDENCE_REJECTED")
        assert wattlog(evidence, "release", session, *said).exit_code == 0
        stands(CS1="ISSUED", CS2="ISSUED", CS3="ISSUED")
        nobody = wattlog(evidence, "release", session, *said)
        assert (nobody.exit_code, "no held record's session" in nobody.output) == (1, True)

    def look_back(self, record: Cdr) -> None:
        """Gaps, packets with the bytes that were signed, the export, and verdicts after a key was revoked."""
        report = wattlog(evidence, "gaps", "--from", "2026-02-01", "--meter", "M1")
        assert (report.exit_code, "11 packets missing" in report.output) == (1, True)
        lines = wattlog(evidence, "packets", "--meter", "M1", "--from", "2026-03-01").output.splitlines()
        found = {one["sha256"]: one["signed_data"].encode() for one in map(json.loads, lines)}
        assert all(found[one.sha256] == one.signed_data for one in record.detail.signed_meter_values)
        same = wattlog(evidence, "reverify", "--from", "2026-02-01")
        assert "of 3 verdicts differ" in same.output
        exported = json.loads(wattlog(meter_key, "export", "--format", "json").output)
        assert {one["station_id"]: one["approved_by"] for one in exported} == {"CS1": "ann bob", "CS3": "ann bob"}
        assert wattlog(meter_key, "export").output.count("\n") == 3
        said = ("--operator", "ann", "--reason", "copied")
        assert wattlog(meter_key, "revoke", exported[0]["key_id"], *said).exit_code == 0
        listed = wattlog(meter_key, "list", "--status", "revoked").output
        assert "1 key" in listed
        differs = wattlog(evidence, "reverify", "--from", "2026-02-01", "--json", "--apply")
        assert "KEY_NOT_APPROVED" in differs.output
        wait_for(lambda: "ISSUED" in wattlog(evidence, "list").output, lambda: "an issued record is not stopped")


class TestTools:
    def test_refuse_what_is_no_key_no_day_and_nothing_that_is_there(self, kafka_here: KafkaSettings) -> None:
        said = ("--operator", "ann")
        assert "no public key" in wattlog(meter_key, "add", "CS1", "1", "nonsense", *said).output
        assert "no key begins" in wattlog(meter_key, "approve", "abc", *said).output
        wrong = wattlog(meter_key, "add", "CS1", "1", key(), *said, "--valid-from", "soon")
        assert "'soon' is no day" in wrong.output
        assert "'soon' is no day" in wattlog(evidence, "gaps", "--from", "soon").output
        assert wattlog(evidence, "gaps", "--from", TODAY).exit_code == 0
        assert "0 records held" in wattlog(evidence, "list").output
