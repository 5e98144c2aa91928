import json
from dataclasses import replace

import pytest

from services.domain.events.common import CommandOutcome, EvidenceOutcome, MeterKeyStatus, SignatureStatus
from services.domain.events.evidence import RecordVerified, SessionVerified
from services.domain.events.meterkey import MeterKeyFound, MeterKeys
from services.domain.events.station import CommandAnswered, DataTransferred
from services.domain.ids import session_id
from services.evidence import fold
from services.evidence.state import Waiting, session_key
from tests.scenarios.story import Run
from tests.unit.domain.signed_meter.meter_records import Alfen
from tests.unit.evidence.signing import (
    ENDED,
    EVSE,
    STATION,
    TENANT,
    added,
    approved,
    id_of,
    key,
    pair,
    revoked,
    running,
    session,
    stopped,
    updated,
    value,
    vouched,
)

OK, FAILED, UNDECIDED = EvidenceOutcome.OK, EvidenceOutcome.FAILED, EvidenceOutcome.UNDECIDED


def verdicts(run: Run) -> list[SessionVerified]:
    return run.of(SessionVerified)


def outcomes(run: Run) -> list[EvidenceOutcome]:
    return [one.outcome for one in verdicts(run)]


def register(run: Run) -> MeterKeys:
    found: MeterKeys = run.of(MeterKeys)[-1]
    return found


def configured(number: int, connector: int = EVSE, at: int = ENDED + 5000) -> CommandAnswered:
    told = {"configurationKey": [{"key": f"MeterPublicKey{connector}", "readonly": True, "value": key(number)}]}
    return CommandAnswered(
        event_id="c", command_id="c", tenant=TENANT, station_id=STATION, operation="GetConfiguration",
        outcome=CommandOutcome.ACCEPTED, answer_json=json.dumps(told), edge_id="e", epoch=1, recorded_at=at,
    )  # fmt: skip


class TestKeys:
    def test_that_stations_show_become_candidates_once(self) -> None:
        run = running(configured(7), configured(7, at=ENDED + 9000))
        assert [(one.key_id, one.changed) for one in run.of(MeterKeyFound)] == [(id_of(7), False)]
        assert [one.status for one in register(run).versions] == [MeterKeyStatus.CANDIDATE]
        assert len(run.of(MeterKeys)) == 1

    def test_come_by_data_transfer_for_each_connector(self) -> None:
        meters = [{"connectorId": n, "meterSerial": f"M{n}", "publicKey": key(n)} for n in (1, 2)]
        run = running(
            DataTransferred(
                event_id="d", tenant=TENANT, station_id=STATION, protocol="ocpp1.6", recorded_at=1,
                vendor_id="generalConfiguration", message_id="setMeterConfiguration",
                data=json.dumps({"meters": meters}),
            )
        )  # fmt: skip
        assert {one.evse_id: one.versions[0].meter_serial for one in run.of(MeterKeys)} == {1: "M1", 2: "M2"}

    def test_come_with_signed_values_when_these_are_true_under_them(self) -> None:
        first, last = pair()
        run = running(updated(replace(first, public_key=key(7))), updated(replace(last, public_key=key(7))))
        assert [(one.key_id, one.meter_serial) for one in run.of(MeterKeyFound)] == [(id_of(7), "M1")]

    def test_that_do_not_fit_the_signature_they_come_with_are_none(self) -> None:
        assert not running(updated(replace(pair()[0], public_key=key(8)))).of(MeterKeyFound)
        assert not running(updated(replace(pair()[0], public_key="nonsense"))).of(MeterKeyFound)

    def test_embedded_in_records_are_candidates_too(self) -> None:
        run = running(updated(value(Alfen().text())))
        assert len(run.of(MeterKeyFound)) == 1
        assert [one.signature for one in run.of(RecordVerified)] == [SignatureStatus.NO_KEY]

    def test_that_are_no_keys_are_passed_over(self) -> None:
        text = json.dumps({"configurationKey": [{"key": "MeterPublicKey1", "value": "to be set"}]})
        run = running(replace(configured(7), answer_json=text), replace(configured(7), answer_json="{}"))
        run.take(added(public_key="no key"))
        assert run.events == []

    def test_take_two_operators(self) -> None:
        run = running(added(), approved(by="ann"), approved(by="ann"))
        assert [one.status for one in register(run).versions] == [MeterKeyStatus.CANDIDATE]
        run.take(approved(by="bob"))
        assert [one.status for one in register(run).versions] == [MeterKeyStatus.APPROVED]
        assert register(run).version == 3

    def test_that_change_are_told_and_stop_billing_until_one_decides(self) -> None:
        run = running(*vouched(7), configured(8))
        assert [one.changed for one in run.of(MeterKeyFound)] == [True]
        assert register(run).billing_stopped
        run.take(session())
        assert verdicts(run)[-1].findings == ("KEY_CHANGED",)
        assert outcomes(run) == [UNDECIDED]
        run.take(revoked(8))
        assert not register(run).billing_stopped
        assert outcomes(run) == [UNDECIDED, OK]


class TestRecords:
    def test_are_judged_while_the_session_runs(self) -> None:
        run = running(*vouched(), updated(*pair()))
        assert [(one.signature, one.pagination) for one in run.of(RecordVerified)] == [
            (SignatureStatus.VALID, "T7"),
            (SignatureStatus.VALID, "T8"),
        ]
        (first, _) = run.of(RecordVerified)
        assert first.session_id == session_id(TENANT, STATION, "7")
        assert (first.meter_serial, first.format, first.register_kwh) == ("M1", "OCMF", "1000.5")

    def test_that_nobody_signed_are_told(self) -> None:
        first, _ = pair()
        tampered = value(first.signed_data.decode().replace("1000.5", "0999.5"))
        run = running(*vouched(), updated(tampered, value("free text"), transaction_id=None))
        found = run.of(RecordVerified)
        assert [one.signature for one in found] == [SignatureStatus.INVALID] * 2
        assert found[1].findings == ("FORMAT",)
        assert {one.session_id for one in found} == {None}

    def test_without_a_key_show_what_they_claim(self) -> None:
        (one, _) = running(updated(*pair())).of(RecordVerified)
        assert (one.signature, one.key_id, one.meter_serial) == (SignatureStatus.NO_KEY, None, "M1")

    def test_that_name_no_evse_belong_to_the_only_point(self) -> None:
        assert {one.evse_id for one in running(*vouched(), stopped(*pair())).of(RecordVerified)} == {EVSE}
        assert {one.evse_id for one in running(stopped(*pair())).of(RecordVerified)} == {None}

    def test_of_messages_without_signed_values_are_none(self) -> None:
        assert running(updated()).events == []

    def test_have_the_same_id_when_they_come_again(self) -> None:
        run = running(*vouched(), updated(*pair()), stopped(*pair()))
        assert len({one.event_id for one in run.of(RecordVerified)}) == 2


class TestSessions:
    def test_in_order_are_ok(self) -> None:
        (verdict,) = verdicts(running(*vouched(), session()))
        assert (verdict.outcome, verdict.energy_kwh, verdict.findings) == (OK, "12.25", ())
        assert verdict.records == tuple(one.sha256 for one in pair())
        assert (verdict.key_id, verdict.keys_version, verdict.time_billable) == (id_of(), 3, True)

    def test_wait_for_their_key_and_are_judged_again_when_it_is_approved(self) -> None:
        run = running(session(), added(), approved(by="ann"))
        assert outcomes(run) == [UNDECIDED]
        assert isinstance(run.state(session_key("s1")), Waiting)
        run.take(approved(by="bob"))
        assert outcomes(run) == [UNDECIDED, OK]
        assert run.state(session_key("s1")) is None
        assert len({one.event_id for one in verdicts(run)}) == 2

    def test_signed_by_a_meter_that_was_swapped_unseen_wait_for_the_new_key(self) -> None:
        run = running(*vouched(7), session(*pair(8)))
        assert verdicts(run)[-1].findings == ("SIGNATURE_INVALID",)
        run.take(*vouched(8, at=ENDED - 10))
        assert outcomes(run) == [FAILED, OK]

    def test_that_no_key_can_mend_do_not_wait(self) -> None:
        run = running(*vouched(), session(*pair(first_page=9)))
        assert outcomes(run) == [FAILED]
        assert run.state(session_key("s1")) is None

    def test_without_records_are_unsigned(self) -> None:
        run = running(*vouched(), replace(session(), signed_meter_values=()))
        assert outcomes(run) == [EvidenceOutcome.UNSIGNED]

    def test_are_judged_by_their_last_revision(self) -> None:
        run = running(session(revision=2), session(revision=1))
        assert [one.session_revision for one in verdicts(run)] == [2]
        run.take(session(revision=3))
        assert [one.session_revision for one in verdicts(run)] == [2, 3]

    def test_that_end_twice_get_the_same_verdict(self) -> None:
        run = running(*vouched(), session(), session())
        assert verdicts(run)[0] == verdicts(run)[1]

    def test_without_an_evse_belong_to_the_only_point_or_to_none(self) -> None:
        assert outcomes(running(*vouched(), session(evse_id=None))) == [OK]
        assert outcomes(running(session(evse_id=None))) == [UNDECIDED]

    def test_of_a_revoked_key_are_not_proven(self) -> None:
        assert outcomes(running(*vouched(), revoked(at=1), session())) == [UNDECIDED]

    def test_that_wait_are_kept_up_to_a_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fold, "MAX_WAITING", 3)
        run = running(*(session(session_id=f"s{n}") for n in range(5)))
        assert run.state(session_key("s1")) is None
        assert run.state(session_key("s2")) is not None
        run.take(*vouched())
        assert outcomes(run).count(OK) == 3


class TestOtherEvents:
    def test_change_nothing(self) -> None:
        run = running(*vouched())
        told = run.of(MeterKeys)[-1]
        assert run.take(told) == []
