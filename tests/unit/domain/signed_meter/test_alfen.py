"""Alfen's adapter: every field that decides, changed before it is signed."""

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest

from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge, verify
from tests.unit.domain.signed_meter.keyring import public, spki
from tests.unit.domain.signed_meter.meter_records import ALFEN_END, BEGIN, END, Alfen, container_record

FIRST = Alfen()


def codes(begin: Alfen = FIRST, end: Alfen = ALFEN_END) -> tuple[bool | None, list[str]]:
    verdict = judge([begin.record(BEGIN), end.record(END)])
    assert verdict.signature_valid == [True, True]
    return verdict.transaction_ok, verdict.codes


class TestSession:
    def test_of_begin_and_end_is_billable(self) -> None:
        verdict = judge([FIRST.record(BEGIN), ALFEN_END.record(END)])
        assert (verdict.transaction_ok, verdict.codes, str(verdict.energy_kwh)) == (True, [], "12.345")

    def test_in_one_text_of_two_lines_is_the_same(self) -> None:
        text = f"\n{FIRST.text()}\r\n\n{ALFEN_END.text()}\n"
        verdict = judge([SignedRecord("ALFEN", text.encode())])
        assert (verdict.signature_valid, verdict.transaction_ok) == ([True, True], True)

    @pytest.mark.parametrize(
        "wrap", [lambda line: {"payload": line}, lambda line: {"context": "ALFEN", "x": {"y": line}}]
    )
    def test_in_a_container_of_its_readings_is_the_same(self, wrap: Callable[[str], object]) -> None:
        values = [wrap(FIRST.text()), wrap(ALFEN_END.text())]
        verdict = judge([container_record("ALFEN", {"signedMeterValues": values})])
        assert (verdict.signature_valid, verdict.transaction_ok) == ([True, True], True)
        assert str(verdict.energy_kwh) == "12.345"

    def test_in_a_container_with_a_reading_that_is_none_is_not_readable(self) -> None:
        verdict = judge([container_record("ALFEN", {"signedMeterValues": [{"payload": FIRST.text()}, {"x": 1}]})])
        assert (verdict.signature_valid, verdict.codes) == ([False], ["FORMAT"])

    def test_with_a_reading_between_asks_all_neighbours(self) -> None:
        between = replace(ALFEN_END, type="2", pagination=1001, value=1_005_000)
        last = replace(ALFEN_END, pagination=1002)
        assert judge([FIRST.record(BEGIN), between.record(None), last.record(END)]).transaction_ok is True
        lower = replace(last, value=1_004_999)
        verdict = judge([FIRST.record(BEGIN), between.record(None), lower.record(END)])
        assert (verdict.transaction_ok, verdict.codes) == (False, ["VALUE_DECREASED"])

    def test_without_contexts_goes_by_the_types(self) -> None:
        verdict = judge([ALFEN_END.record(), FIRST.record()])
        assert (verdict.transaction_ok, str(verdict.energy_kwh)) == (True, "12.345")

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"adapter": bytes(10)}, "GATEWAY_MISMATCH"),
            ({"firmware": b"v015"}, "SOFTWARE_MISMATCH"),
            ({"meter": bytes(10)}, "METER_MISMATCH"),
            ({"session": 78}, "SESSION_MISMATCH"),
            ({"uid": b"other"}, "ID_MISMATCH"),
            ({"number": 8}, "KEY_MISMATCH"),
            ({"pagination": 1000}, "PAGINATION_NOT_INCREASING"),
            ({"pagination": 999}, "PAGINATION_NOT_INCREASING"),
            ({"value": 999_999}, "VALUE_DECREASED"),
            ({"epoch": FIRST.epoch - 1}, "TIME_DECREASED"),
            ({"index": FIRST.index - 1}, "TIME_DECREASED"),
            ({"obis": bytes.fromhex("0100010801ff")}, "REGISTER_MISMATCH"),
        ],
    )
    def test_is_refused_when_begin_and_end_disagree(self, change: dict[str, object], code: str) -> None:
        assert codes(end=replace(ALFEN_END, **change)) == (False, [code])  # type: ignore[arg-type]

    @pytest.mark.parametrize("bit", [1, 2])
    def test_is_refused_when_the_meter_failed(self, bit: int) -> None:
        assert codes(end=replace(ALFEN_END, meter_status=1 << bit)) == (False, ["METER_STATUS"])

    @pytest.mark.parametrize("bit", [0, 10, 14, 15])
    def test_is_refused_when_the_adapter_failed(self, bit: int) -> None:
        assert codes(begin=replace(FIRST, adapter_status=1 << bit)) == (False, ["METER_STATUS"])

    def test_is_billable_when_the_status_only_informs(self) -> None:
        end = replace(ALFEN_END, meter_status=0xFFF9, adapter_status=0x3BFE)
        assert codes(end=end) == (True, [])

    def test_is_refused_for_another_unit_or_register(self) -> None:
        assert codes(end=replace(ALFEN_END, unit=27)) == (False, ["UNIT_MISMATCH"])
        exported = bytes.fromhex("0100020800ff")
        verdict = codes(begin=replace(FIRST, obis=exported), end=replace(ALFEN_END, obis=exported))
        assert verdict == (False, ["REGISTER_MISMATCH"])

    def test_lacks_a_begin_or_an_end_whose_type_says_otherwise(self) -> None:
        assert codes(begin=ALFEN_END, end=FIRST) == (False, ["BEGIN_MISSING"])
        assert codes(end=replace(ALFEN_END, type="2")) == (False, ["END_MISSING"])

    def test_has_exactly_one_begin_and_one_end(self) -> None:
        twice = judge([FIRST.record(BEGIN), FIRST.record(BEGIN), ALFEN_END.record(END)])
        assert (twice.transaction_ok, twice.codes, twice.energy_kwh) == (False, ["MULTIPLE_BEGIN"], None)
        twice = judge([FIRST.record(BEGIN), ALFEN_END.record(END), ALFEN_END.record(END)])
        assert (twice.transaction_ok, twice.codes) == (False, ["MULTIPLE_END"])
        assert judge([FIRST.record(), FIRST.record(END)]).codes == ["END_MISSING"]
        assert judge([ALFEN_END.record(), ALFEN_END.record()]).codes == ["BEGIN_MISSING"]
        assert judge([FIRST.record(), FIRST.record()]).codes == ["END_MISSING"]

    def test_scales_by_powers_of_ten(self) -> None:
        begin, end = replace(FIRST, value=-5, scaler=3), replace(ALFEN_END, value=12_345, scaler=-2)
        assert str(judge([begin.record(BEGIN), end.record(END)]).energy_kwh) == "5.12345"


class TestSingle:
    def test_is_no_transaction(self) -> None:
        verdict = judge([FIRST.record()])
        assert (verdict.transaction_ok, verdict.codes) == (None, ["NOT_A_TRANSACTION"])

    def test_with_an_error_is_refused_for_that(self) -> None:
        verdict = judge([replace(FIRST, meter_status=2).record()])
        assert (verdict.transaction_ok, verdict.codes) == (False, ["METER_STATUS"])

    def test_says_where_its_key_is_from(self) -> None:
        assert verify(FIRST.record())[0].details["key"] == "embedded"
        assert verify(FIRST.record(key=spki("secp192r1").hex()))[0].details["key"] == "register"


class TestKeyOfTheRegister:
    def test_in_any_form_is_the_embedded_one(self) -> None:
        point = public("secp192r1").point
        for key in (point.hex(), point[1:].hex(), spki("secp192r1").hex(), FIRST.text().split(";")[3]):
            assert verify(FIRST.record(key=key))[0].valid

    def test_that_is_another_leaves_the_record_undecided(self) -> None:
        verdict = judge([FIRST.record(key=spki("secp192r1", 8).hex())])
        assert (verdict.signature_valid, verdict.transaction_ok, verdict.codes) == (
            [False],
            None,
            ["KEY_MISMATCH"],
        )

    def test_that_is_another_does_not_excuse_a_false_signature(self) -> None:
        parts = FIRST.text().split(";")
        parts[4] = ALFEN_END.text().split(";")[4]
        verdict = judge([SignedRecord("ALFEN", ";".join(parts).encode(), spki("secp192r1", 8).hex())])
        assert (verdict.transaction_ok, verdict.codes) == (False, ["SIGNATURE_INVALID"])

    def test_of_another_curve_is_no_key_here(self) -> None:
        verdict = judge([FIRST.record(key=spki("secp256r1").hex())])
        assert (verdict.signature_valid, verdict.codes) == ([False], ["SIGNATURE_INVALID"])


class TestText:
    @pytest.mark.parametrize("wrap", ["{}", ' "{}" ', "\ufeff{}", "{}\r\n"])
    def test_may_have_white_space_and_quotes_around(self, wrap: str) -> None:
        data = wrap.format(FIRST.text()).encode()
        assert verify(SignedRecord("ALFEN", data))[0].valid

    def test_may_miss_the_last_semicolon_and_the_padding(self) -> None:
        assert verify(SignedRecord("ALFEN", FIRST.text().removesuffix(";").replace("=", "").encode()))[0].valid

    def test_may_be_wrapped_in_hexadecimal_or_base64(self) -> None:
        for data in (FIRST.text().encode().hex().encode(), base64.b64encode(FIRST.text().encode())):
            assert verify(SignedRecord("ALFEN", data))[0].valid

    @pytest.mark.parametrize(
        "text",
        [
            FIRST.text().replace("AP;", "XP;"),
            FIRST.text().replace("AP;0", "AP;3"),
            FIRST.text().replace(";3;", ";33;"),
            FIRST.text().replace(";3;", ";x;"),
            FIRST.text().lower().replace("ap;", "AP;"),
            FIRST.text() + "AA;",
            ";".join(FIRST.text().split(";")[:5]),
            FIRST.text().replace(";3;A", ";3;AAAAAAAAA"),
            "AP;0;3;;;;",
            "AP;" + "A" * 3000,
            "",
        ],
    )
    def test_that_is_no_record_is_said_to_be_none(self, text: str) -> None:
        (verified,) = verify(SignedRecord("ALFEN", text.encode()))
        assert not verified.valid
        assert {one.code.name for one in verified.findings} <= {"FORMAT", "SIGNATURE_INVALID"}

    def test_every_flipped_character_is_noticed(self) -> None:
        text = FIRST.text()
        start = text.index(";3;") + 3
        for position in range(start, len(text)):
            if text[position] in "=;" or (position + 1 < len(text) and text[position + 1] in "=;"):
                continue
            changed = text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :]
            assert not any(one.valid for one in verify(SignedRecord("ALFEN", changed.encode()))), position
