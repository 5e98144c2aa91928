from dataclasses import fields
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from services.domain.events import session as events
from services.domain.events.common import IdToken, SessionStatus, SignedMeterValue
from services.domain.ids import derived_id
from services.sessions.announce import Cause, announced, is_running
from services.sessions.state import (
    Charging,
    End,
    Holder,
    Place,
    Reading,
    Registers,
    Session,
    Signed,
    SignedValues,
    Start,
)

BLANK = Session("s", "t", "CS1", "1", "ocpp1.6")
CAUSE = Cause("cause", 5_000, 9_000)
RECORD = SignedMeterValue(signed_data=b"\x00x", sha256="ab", context="Transaction.End")


def read(*told: tuple[int, int]) -> Registers:
    readings = tuple(Reading(at, Decimal(wh)) for at, wh in told)
    return Registers(readings[0], readings[-1], readings[:1])


STARTED = replace(
    BLANK,
    start=Start("k", 1_000, Decimal(100)),
    holder=Holder(0, 1_000, IdToken(value="AA")),
    place=Place(0, 1_000, 2, 1),
    version=1,
)
ENDED = replace(STARTED, end=End(8_000, Decimal(180), "Local"))


def run(old: Session | None, new: Session, *, signed_changed: bool = False) -> tuple[Session, list[Any]]:
    return announced(
        old, new, CAUSE, signed_changed=signed_changed, signed=lambda: SignedValues((Signed(1, RECORD),))
    )


def kinds(published: list[Any]) -> list[str]:
    return [type(event).__name__ for event in published]


class TestAnnounced:
    def test_a_start(self) -> None:
        counted, published = run(None, replace(STARTED, version=0))
        assert kinds(published) == ["SessionStarted", "Session"]
        assert published[0] == events.SessionStarted(
            event_id=derived_id("SessionStarted", "s"),
            tenant="t",
            session_id="s",
            station_id="CS1",
            transaction_id="1",
            protocol="ocpp1.6",
            evse_id=2,
            connector_id=1,
            id_token=IdToken(value="AA"),
            started_at=1_000,
            meter_start_wh=Decimal(100),
            recorded_at=9_000,
        )
        assert published[1] == events.Session(
            tenant="t",
            session_id="s",
            station_id="CS1",
            transaction_id="1",
            protocol="ocpp1.6",
            status=SessionStatus.ACTIVE,
            evse_id=2,
            connector_id=1,
            id_token=IdToken(value="AA"),
            started_at=1_000,
            meter_start_wh=Decimal(100),
            energy_wh=Decimal(0),
            version=1,
            updated_at=9_000,
        )
        assert (counted.version, counted.revision) == (1, 0)

    def test_a_start_of_which_little_is_known(self) -> None:
        _, published = run(None, replace(BLANK, start=Start("k", 1_000, None)))
        assert (published[0].evse_id, published[0].connector_id, published[0].id_token) == (None, None, None)
        assert published[0].meter_start_wh is None

    def test_progress(self) -> None:
        moved = replace(STARTED, registers=read((2_000, 150)), charging=Charging(1, "Charging"))
        counted, published = run(STARTED, moved)
        assert kinds(published) == ["SessionUpdated", "Session"]
        assert published[0] == events.SessionUpdated(
            event_id="cause",
            tenant="t",
            session_id="s",
            station_id="CS1",
            occurred_at=5_000,
            energy_wh=Decimal(50),
            energy_register_wh=Decimal(150),
            charging_state="Charging",
            recorded_at=9_000,
        )
        assert published[1].energy_wh == 50
        assert published[1].energy_register_wh == 150
        assert published[1].charging_state == "Charging"
        assert counted.version == 2

    def test_a_change_of_the_charging_state_alone(self) -> None:
        _, published = run(STARTED, replace(STARTED, charging=Charging(1, "SuspendedEV")))
        assert kinds(published) == ["SessionUpdated", "Session"]
        assert published[0].energy_register_wh is None

    def test_a_start_register_that_is_found_to_be_another(self) -> None:
        unknown = replace(STARTED, start=Start("k", 1_000, None), registers=read((2_000, 150), (4_000, 200)))
        _, published = run(unknown, replace(unknown, registers=read((1_500, 120), (4_000, 200))))
        assert kinds(published) == ["SessionUpdated", "Session"]
        assert published[0].energy_wh == 80

    def test_what_is_visible_without_being_progress(self) -> None:
        _, published = run(STARTED, replace(STARTED, flags=("CONFLICT",)))
        assert kinds(published) == ["Session"]
        assert published[0].quality_flags == ("CONFLICT",)
        _, published = run(STARTED, replace(STARTED, seq_nos=(0, 0, 2, 2)))
        assert published[0].quality_flags == ("SEQ_GAP",)

    def test_nothing_of_what_is_not_visible(self) -> None:
        counted, published = run(STARTED, replace(STARTED, seq_nos=(0, 3)))
        assert published == []
        assert counted.version == 2

    def test_an_end_with_all_that_a_record_needs(self) -> None:
        counted, published = run(STARTED, ENDED)
        assert kinds(published) == ["SessionEnded", "Session"]
        ended = published[0]
        assert ended.event_id == derived_id("SessionEnded", "s", 1)
        assert (ended.revision, ended.estimated, ended.energy_wh) == (1, False, 80)
        assert (ended.started_at, ended.ended_at, ended.recorded_at) == (1_000, 8_000, 9_000)
        assert (ended.meter_start_wh, ended.meter_stop_wh, ended.stopped_reason) == (100, 180, "Local")
        assert [(p.started_at, p.ended_at, p.energy_wh) for p in ended.periods] == [(1_000, 8_000, 80)]
        assert ended.signed_meter_values == (RECORD,)
        assert (ended.id_token, ended.evse_id, ended.connector_id) == (IdToken(value="AA"), 2, 1)
        assert published[1].status is SessionStatus.COMPLETED
        assert published[1].ended_at == 8_000
        assert counted.revision == 1

    def test_an_end_without_registers(self) -> None:
        bare = replace(ENDED, start=Start("k", 1_000, None), end=End(8_000, None, None), holder=None, place=None)
        _, published = run(STARTED, bare)
        assert (published[0].meter_start_wh, published[0].energy_wh, published[0].periods) == (None, 0, ())

    def test_an_estimated_end(self) -> None:
        _, published = run(STARTED, replace(STARTED, overtaken=True, registers=read((2_000, 150))))
        assert (published[0].estimated, published[0].ended_at, published[0].stopped_reason) == (True, 2_000, None)
        assert published[1].status is SessionStatus.COMPLETED

    def test_start_and_end_at_once(self) -> None:
        waiting = replace(BLANK, end=End(8_000, Decimal(180), "Local"), suspended="stop without a start")
        _, published = run(waiting, replace(waiting, start=STARTED.start))
        assert kinds(published) == ["SessionStarted", "SessionEnded", "Session"]

    def test_a_new_revision_when_what_is_billed_changes(self) -> None:
        known = replace(ENDED, revision=1)
        counted, published = run(known, replace(known, holder=Holder(0, 0, IdToken(value="BB"))))
        assert kinds(published) == ["SessionEnded", "Session"]
        assert published[0].revision == counted.revision == 2
        assert published[0].event_id == derived_id("SessionEnded", "s", 2)

    def test_a_new_revision_when_the_signed_records_change(self) -> None:
        known = replace(ENDED, revision=1)
        _, published = run(known, known, signed_changed=True)
        assert kinds(published) == ["SessionEnded"]

    def test_no_new_revision_for_anything_else(self) -> None:
        known = replace(ENDED, revision=1, seq_nos=(0, 0, 2, 2))
        counted, published = run(known, replace(known, seq_nos=(0, 2)))
        assert kinds(published) == ["Session"]
        assert published[0].quality_flags == ()
        assert counted.revision == 1

    def test_no_end_for_signed_records_of_a_running_session(self) -> None:
        _, published = run(STARTED, STARTED, signed_changed=True)
        assert published == []

    def test_progress_that_comes_with_signed_records(self) -> None:
        _, published = run(STARTED, replace(STARTED, registers=read((2_000, 150))), signed_changed=True)
        assert kinds(published) == ["SessionUpdated", "Session"]

    def test_a_session_that_waits_for_its_start_once_per_reason(self) -> None:
        counted, published = run(None, replace(BLANK, registers=read((2_000, 150))))
        assert kinds(published) == ["SessionSuspended", "Session"]
        assert published[0] == events.SessionSuspended(
            event_id=derived_id("SessionSuspended", "s", "meter values without a start"),
            tenant="t",
            session_id="s",
            station_id="CS1",
            transaction_id="1",
            reason="meter values without a start",
            occurred_at=5_000,
            recorded_at=9_000,
        )
        assert published[1].status is SessionStatus.SUSPENDED
        again, published = run(counted, replace(counted, registers=read((2_000, 150), (3_000, 160))))
        assert kinds(published) == ["Session"]
        _, published = run(again, replace(again, end=End(8_000, None, None)))
        assert kinds(published) == ["SessionSuspended", "Session"]
        assert published[0].reason == "stop without a start"
        assert published[1].ended_at == 8_000

    def test_every_field_that_the_published_session_has(self) -> None:
        shown = {f.name for f in fields(events.Session)}
        _, published = run(STARTED, replace(ENDED, registers=read((2_000, 150)), charging=Charging(1, "Idle")))
        assert {name for name in shown if getattr(published[1], name) is not None} == shown


class TestIsRunning:
    def test_means_started_and_not_ended(self) -> None:
        assert is_running(STARTED)
        assert not is_running(BLANK)
        assert not is_running(ENDED)
        assert not is_running(replace(STARTED, overtaken=True))
