from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.domain.events.common import EvidenceOutcome, MeterKeySource, MeterKeyStatus, MeterKeyVersion
from services.evidence.meter_keys.versions import candidate
from services.evidence.verdict import CALIBRATION_EXPIRED, ENERGY_MISMATCH, METER_MISMATCH, Judged, judged
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, signed
from tests.unit.evidence.signing import ENDED, ENERGY, key, pair, session, value


def version(number: int = 7, **changes: Any) -> MeterKeyVersion:
    made = candidate(str(number), key(number), "secp256r1", MeterKeySource.LABEL, 1)
    return replace(made, **({"status": MeterKeyStatus.APPROVED} | changes))


def verdict(*values: Any, keys: tuple[MeterKeyVersion, ...] | None = None, **changes: Any) -> Judged:
    return judged(session(*values, **changes), (version(),) if keys is None else keys)


class TestVerdicts:
    def test_are_ok_for_one_record_with_both_readings(self) -> None:
        assert verdict(value(signed(payload(begin(), end())))).outcome is EvidenceOutcome.OK

    def test_pass_over_records_between_that_are_in_the_way(self) -> None:
        first, last = pair()
        between = value(signed(payload(begin(TX="C", RV=1_005), PG="T9")), "Sample.Periodic")
        assert verdict(first, between, last).outcome is EvidenceOutcome.OK

    def test_never_pass_over_a_record_between_that_nobody_signed(self) -> None:
        first, last = pair()
        between = value(signed(payload(begin(TX="C", RV=1_005), PG="T9"), number=9), "Sample.Periodic")
        assert verdict(first, between, last).findings == ("SIGNATURE_INVALID",)

    def test_stay_when_begin_and_end_alone_are_no_better(self) -> None:
        first, last = pair(first_page=9)
        between = value(signed(payload(begin(TX="C", RV=1_005), PG="T30")), "Sample.Periodic")
        assert verdict(first, between, last).outcome is EvidenceOutcome.FAILED

    def test_are_by_the_key_that_proves_all_of_several(self) -> None:
        keys = (version(7, status=MeterKeyStatus.SUPERSEDED), version(8))
        assert verdict(keys=keys).key_id == "7"
        assert verdict(*pair(8), keys=keys).key_id == "8"
        assert verdict(*pair(9), keys=keys).findings == ("SIGNATURE_INVALID",)

    @pytest.mark.parametrize(
        "keys", [(), (version(status=MeterKeyStatus.CANDIDATE),), (version(valid_from=2**50),)]
    )
    def test_need_a_key_that_is_in_force(self, keys: tuple[MeterKeyVersion, ...]) -> None:
        told = verdict(keys=keys)
        assert (told.outcome, told.findings) == (EvidenceOutcome.UNDECIDED, ("KEY_NOT_APPROVED",))

    def test_fail_for_another_meter_than_the_registers(self) -> None:
        assert verdict(keys=(version(meter_serial="M1"),)).outcome is EvidenceOutcome.OK
        told = verdict(keys=(version(meter_serial="M2"),))
        assert (told.outcome, told.findings) == (EvidenceOutcome.FAILED, (METER_MISMATCH,))

    def test_fail_once_the_calibration_has_expired(self) -> None:
        assert verdict(keys=(version(calibration_expires_at=ENDED + 1),)).outcome is EvidenceOutcome.OK
        told = verdict(keys=(version(calibration_expires_at=ENDED),))
        assert (told.outcome, told.findings) == (EvidenceOutcome.FAILED, (CALIBRATION_EXPIRED,))

    def test_fail_when_other_energy_would_be_billed_than_is_signed(self) -> None:
        assert verdict(energy_wh=ENERGY + 1).outcome is EvidenceOutcome.OK
        told = verdict(energy_wh=ENERGY + Decimal("1.1"))
        assert (told.outcome, told.findings) == (EvidenceOutcome.FAILED, (ENERGY_MISMATCH,))
        assert told.energy_kwh == Decimal("12.25")

    def test_leave_time_out_when_the_clock_proves_nothing(self) -> None:
        first = value(signed(payload(begin(TM="2026-03-01T10:00:00,000+0100 U"))), "Transaction.Begin")
        last = value(signed(payload(end(TM="2026-03-01T10:45:00,000+0100 U"), PG="T8")))
        told = verdict(first, last)
        assert (told.outcome, told.time_billable) == (EvidenceOutcome.OK, False)

    def test_are_undecided_where_a_person_has_to_look(self) -> None:
        assert verdict(*pair(last_page=12)).outcome is EvidenceOutcome.UNDECIDED

    def test_fail_for_what_is_no_record_of_any_format(self) -> None:
        assert verdict(value("free text")).findings == ("FORMAT",)
        assert verdict(value("free text", encoding="OCMF")).outcome is EvidenceOutcome.FAILED
