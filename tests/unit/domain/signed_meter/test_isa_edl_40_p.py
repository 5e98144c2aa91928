"""ISA_EDL_40_P: begin, update and end telegrams, changed before and after they are signed."""

from dataclasses import replace

import pytest

from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge, verify
from tests.unit.domain.signed_meter.meter_records import BEGIN, END, START, edl_key
from tests.unit.domain.signed_meter.telegrams import ABSENT, Isa, entry, local_time, octets, signed, unsigned

FINAL = Isa()
FIRST = Isa(kind=0, actual=FINAL.start, actual_utc=START, pagination=8)
KEY = edl_key("secp256r1")


def codes(*records: Isa) -> tuple[bool | None, list[str]]:
    verdict = judge([one.record() for one in records])
    assert all(verdict.signature_valid)
    return verdict.transaction_ok, verdict.codes


class TestSession:
    def test_of_an_end_telegram_alone_is_billable(self) -> None:
        verdict = judge([FINAL.record()])
        assert (verdict.transaction_ok, verdict.codes, str(verdict.energy_kwh)) == (True, [], "12.3450")

    @pytest.mark.parametrize("kind", [0, 1])
    def test_of_a_begin_or_an_update_waits_for_the_end(self, kind: int) -> None:
        verdict = judge([replace(FINAL, kind=kind).record()])
        assert (verdict.transaction_ok, verdict.codes, str(verdict.energy_kwh)) == (
            None,
            ["END_MISSING"],
            "12.3450",
        )

    def test_of_begin_and_end_is_billable(self) -> None:
        verdict = judge([FIRST.record(BEGIN), FINAL.record(END)])
        assert (verdict.transaction_ok, verdict.codes, str(verdict.energy_kwh)) == (True, [], "12.3450")

    def test_that_counts_down_is_refused(self) -> None:
        assert codes(replace(FINAL, actual=FINAL.start - 1)) == (False, ["VALUE_DECREASED"])

    def test_that_ends_before_it_begins_is_refused(self) -> None:
        assert codes(replace(FINAL, actual_utc=START - 1)) == (False, ["TIME_DECREASED"])

    def test_in_another_unit_is_refused(self) -> None:
        assert codes(replace(FINAL, unit=27)) == (False, ["UNIT_MISMATCH"])

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"server": bytes(10)}, "METER_MISMATCH"),
            ({"contract": b"OTHER"}, "ID_MISMATCH"),
            ({"log": b"\x00\x06"}, "LOGBOOK_MISMATCH"),
            ({"pagination": 8}, "PAGINATION_NOT_INCREASING"),
            ({"start": FINAL.start + 1}, "SESSION_MISMATCH"),
        ],
    )
    def test_is_refused_when_begin_and_end_disagree(self, change: dict[str, object], code: str) -> None:
        assert codes(FIRST, replace(FINAL, **change)) == (False, [code])  # type: ignore[arg-type]

    def test_without_an_end_telegram_is_refused(self) -> None:
        assert codes(FIRST, replace(FINAL, kind=1)) == (False, ["END_MISSING"])


class TestTelegram:
    @pytest.mark.parametrize("drop", ["contract", "start", "pagination", "esth", "actual"])
    def test_without_one_of_its_entries_cannot_be_read(self, drop: str) -> None:
        (verified,) = verify(replace(FINAL, drop=drop).record())
        assert (verified.valid, [one.code.name for one in verified.findings]) == (False, ["FORMAT"])

    @pytest.mark.parametrize(
        "changed",
        [
            {"contract": entry("8182815401ff", unsigned(1, 1))},
            {"contract": entry("8182815401ff", octets(bytes(129)))},
            {"esth": entry("8180816101ff", octets(bytes(19)))},
            {"esth": entry("8180816101ff", ABSENT)},
            {"pagination": entry("8180c7f040ff", b"\x42\x01")},
            {"pagination": entry("8180c7f040ff", signed(-1, 4))},
            {"other": entry("8180c7f040ff", unsigned(1, 4))},
            {"start": entry("010001080080", unsigned(1, 4))},
            {"start": entry("010001080080", unsigned(1, 4), time=local_time(1))},
            {
                "start": entry(
                    "010001080080",
                    ABSENT,
                    status=unsigned(0, 1),
                    time=local_time(1),
                    unit=unsigned(30, 1),
                    scaler=signed(0, 1),
                )
            },
        ],
    )
    def test_with_a_wrong_entry_cannot_be_read(self, changed: dict[str, bytes]) -> None:
        (verified,) = verify(replace(FINAL, changed=changed).record())
        assert (verified.valid, [one.code.name for one in verified.findings]) == (False, ["FORMAT"])

    @pytest.mark.parametrize("change", [{"server": b"short"}, {"kind": 3}, {"inner": bytes(65)}])
    def test_with_a_part_of_another_form_cannot_be_read(self, change: dict[str, object]) -> None:
        assert not verify(replace(FINAL, **change).record())[0].valid  # type: ignore[arg-type]

    def test_is_not_valid_under_another_key_or_none(self) -> None:
        data = FINAL.telegram()
        for key in (None, edl_key("secp256r1", 8), edl_key()):
            (verified,) = verify(SignedRecord("ISA_EDL_40_P", data, key))
            assert [one.code.name for one in verified.findings] == ["SIGNATURE_INVALID"]

    def test_cut_at_every_byte_is_a_finding(self) -> None:
        data = FINAL.telegram()
        for size in range(len(data)):
            assert not verify(SignedRecord("ISA_EDL_40_P", data[:size], KEY))[0].valid
