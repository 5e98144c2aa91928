"""The chargeIT container: BAUER and EMH readings, what is signed and what only stands beside it, hostile JSON."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.signed_meter import json_text
from services.domain.signed_meter.edl_block import EdlBlock
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge, verify
from tests.unit.domain.signed_meter.keyring import spki
from tests.unit.domain.signed_meter.meter_records import (
    BSM_BEGIN,
    BSM_END,
    EDL,
    EDL_END,
    POINTS,
    UNITS,
    bsm_container,
    bsm_snapshot,
    container_record,
    edl_key,
    emh_value,
)

Outcome = tuple[list[bool], bool | None, list[str]]


def bsm(container: dict[str, Any], key: str | None = None) -> Outcome:
    verdict = judge([container_record("BSM_WS36A", container, key)])
    return verdict.signature_valid, verdict.transaction_ok, verdict.codes


def end(**points: Any) -> dict[str, Any]:
    return bsm_container(bsm_snapshot(BSM_BEGIN), bsm_snapshot(BSM_END | points))


def with_end(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """A whole container whose last reading is changed after it was signed."""
    container = deepcopy(bsm_container())
    change(container["signedMeterValues"][1])
    return container


class TestBsmSession:
    def test_is_billable_by_the_register_of_the_charge(self) -> None:
        verdict = judge([container_record("BSM_WS36A", bsm_container())])
        assert (verdict.signature_valid, verdict.transaction_ok, verdict.codes) == ([True, True], True, [])
        assert str(verdict.energy_kwh) == "12.34"
        assert verdict.verified[1].identification == "rfid:04a1b2c3"
        assert verdict.verified[1].evse_id == "DE*WAT*E1*1"

    def test_may_begin_and_end_without_a_contactor(self) -> None:
        container = bsm_container(bsm_snapshot(BSM_BEGIN | {"Typ": 3}), bsm_snapshot(BSM_END | {"Typ": 4}))
        assert bsm(container) == ([True, True], True, [])

    def test_may_have_snapshots_between(self) -> None:
        between = BSM_BEGIN | {"Typ": 0, "RCR": 9, "RCnt": 101, "OS": 1001, "Epoch": BSM_BEGIN["Epoch"] + 1}
        parts = (bsm_snapshot(BSM_BEGIN), bsm_snapshot(between), bsm_snapshot(BSM_END | {"RCnt": 102}))
        assert bsm(bsm_container(*parts)) == ([True, True, True], True, [])

    @pytest.mark.parametrize(
        ("points", "code"),
        [
            ({"RCnt": 102}, "PAGINATION_GAP"),
            ({"RCnt": 100}, "PAGINATION_NOT_INCREASING"),
            ({"RCR": -1}, "VALUE_DECREASED"),
            ({"TotWhImp": 99_839}, "VALUE_DECREASED"),
            ({"OS": 1000}, "TIME_DECREASED"),
            ({"OS": 999}, "TIME_DECREASED"),
            ({"Epoch": BSM_BEGIN["Epoch"]}, "TIME_DECREASED"),
            ({"Epoch": BSM_BEGIN["Epoch"] - 1}, "TIME_DECREASED"),
            ({"EpochSetCnt": 4}, "TIME_SYNC_INCONSISTENT"),
            ({"EpochSetOS": 101}, "TIME_SYNC_INCONSISTENT"),
            ({"MA1": "001BZR0000000002"}, "METER_MISMATCH"),
            ({"Meta1": "contract-id: rfid:other"}, "ID_MISMATCH"),
            ({"Meta2": "evse-id: DE*WAT*E9*9"}, "EVSE_MISMATCH"),
            ({"Meta3": "csc-sw-version: v9"}, "SOFTWARE_MISMATCH"),
            ({"Typ": 0}, "END_MISSING"),
            ({"Typ": 9}, "END_MISSING"),
            ({"Typ": 1}, "END_MISSING"),
        ],
    )
    def test_is_refused_for(self, points: dict[str, Any], code: str) -> None:
        assert bsm(end(**points)) == ([True, True], False, [code])

    def test_without_a_begin_is_refused(self) -> None:
        container = bsm_container(bsm_snapshot(BSM_BEGIN | {"Typ": 2}), bsm_snapshot(BSM_END))
        assert bsm(container) == ([True, True], False, ["BEGIN_MISSING"])

    def test_with_two_keys_is_refused(self) -> None:
        container = bsm_container(bsm_snapshot(BSM_BEGIN), bsm_snapshot(BSM_END, 8))
        assert bsm(container) == ([True, True], False, ["KEY_MISMATCH"])

    def test_of_one_snapshot_is_no_transaction(self) -> None:
        assert bsm(bsm_container(bsm_snapshot(BSM_END))) == ([True], None, ["NOT_A_TRANSACTION"])

    def test_counts_under_the_key_of_the_register(self) -> None:
        assert bsm(bsm_container(), spki("secp256r1").hex()) == ([True, True], True, [])
        assert bsm(bsm_container(), spki("secp256r1", 8).hex()) == ([False, False], None, ["KEY_MISMATCH"])


class TestBsmBesideTheSignature:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (lambda one: one["meterInfo"].update(meterId="other"), "METER_MISMATCH"),
            (lambda one: one.update(measurementId=7), "PAGINATION_CONTEXT"),
            (lambda one: one["contract"].update(id="other"), "ID_MISMATCH"),
            (lambda one: one["contract"].update(type="emaid"), "ID_MISMATCH"),
            (lambda one: one["value"]["measuredValue"].update(value=9999), "REGISTER_MISMATCH"),
            (lambda one: one["value"]["measuredValue"].update(scale=3), "REGISTER_MISMATCH"),
            (lambda one: one["value"]["measuredValue"].pop("scale"), "REGISTER_MISMATCH"),
        ],
    )
    def test_must_say_what_the_signed_points_say(self, change: Callable[[Any], object], code: str) -> None:
        assert bsm(with_end(change)) == ([True, True], False, [code])

    @pytest.mark.parametrize("change", [lambda one: one.pop("contract"), lambda one: one.pop("value")])
    def test_may_be_left_out(self, change: Callable[[Any], object]) -> None:
        assert bsm(with_end(change)) == ([True, True], True, [])

    def test_of_a_contract_without_type_is_its_id(self) -> None:
        points = {"Meta1": "contract-id: 04a1b2c3"}
        parts = [bsm_snapshot(BSM_BEGIN | points), bsm_snapshot(BSM_END | points)]
        for one in parts:
            one["contract"] = {"id": "04a1b2c3"}
        assert bsm(bsm_container(*parts)) == ([True, True], True, [])

    def test_names_the_signed_charging_point_and_software(self) -> None:
        assert bsm(bsm_container(evse="DE*WAT*E9*9")) == ([True, True], False, ["EVSE_MISMATCH"])
        assert bsm(bsm_container(software="v9")) == ([True, True], False, ["SOFTWARE_MISMATCH"])
        assert bsm(bsm_container(evse="", software="")) == ([True, True], True, [])
        old = bsm_container()
        old["placeInfo"] = old.pop("chargePointInfo") | {"evseId": "DE*WAT*E9*9"}
        assert bsm(old)[2] == ["EVSE_MISMATCH"]

    def test_is_free_where_the_meter_was_told_nothing(self) -> None:
        points = {"Meta2": "", "Meta3": "csc-sw-version: unknown"}
        parts = (bsm_snapshot(BSM_BEGIN | points), bsm_snapshot(BSM_END | points))
        assert bsm(bsm_container(*parts)) == ([True, True], True, [])

    def test_of_another_unit_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(UNITS, "RCR", (1, 27))
        container = bsm_container(bsm_snapshot(BSM_BEGIN), bsm_snapshot(BSM_END))
        assert bsm(container) == ([True, True], False, ["UNIT_MISMATCH"])


class TestBsmSignature:
    @pytest.mark.parametrize("name", POINTS)
    def test_is_of_every_data_point(self, name: str) -> None:
        def change(one: dict[str, Any]) -> None:
            measured = next(
                point["measuredValue"] for point in one["additionalValues"] if point["measurand"]["name"] == name
            )
            measured["value"] = measured["value"] + (1 if isinstance(measured["value"], int) else "x")

        assert bsm(with_end(change)) == ([True, False], False, ["SIGNATURE_INVALID"])

    def test_is_found_where_usual_scales_and_units_are_left_out(self) -> None:
        container = bsm_container()
        for one in container["signedMeterValues"]:
            for point in one["additionalValues"]:
                if not point["measuredValue"].get("scale"):
                    point["measuredValue"].pop("scale", None)
                point["measuredValue"].pop("unitEncoded", None)
        assert bsm(container) == ([True, True], True, [])

    @pytest.mark.parametrize("part", ["scale", "unitEncoded"])
    def test_is_of_scale_and_unit_too(self, part: str) -> None:
        def change(one: dict[str, Any]) -> None:
            one["additionalValues"][1]["measuredValue"][part] += 1

        assert bsm(with_end(change))[0] == [True, False]

    @pytest.mark.parametrize(
        "change",
        [
            lambda one: one.pop("additionalValues"),
            lambda one: one["additionalValues"].pop(),
            lambda one: one["additionalValues"].append(one["additionalValues"][0]),
            lambda one: one["additionalValues"].append(3),
            lambda one: one["additionalValues"][0]["measuredValue"].update(value="x"),
            lambda one: one["additionalValues"][0]["measuredValue"].update(value=1 << 32),
            lambda one: one["additionalValues"][0]["measuredValue"].update(value=1.5),
            lambda one: one["additionalValues"][0]["measuredValue"].update(value=True),
            lambda one: one["additionalValues"][4]["measuredValue"].update(value=4),
            lambda one: one["additionalValues"][4]["measuredValue"].update(value="\ud800"),
            lambda one: one.pop("meterInfo"),
            lambda one: one.update(signature=7),
        ],
    )
    def test_of_points_that_are_none_cannot_be_read(self, change: Callable[[Any], object]) -> None:
        assert bsm(with_end(change)) == ([False], False, ["FORMAT"])

    def test_that_is_none_is_not_valid(self) -> None:
        assert bsm(with_end(lambda one: one.update(signature="3000"))) == ([False], False, ["SIGNATURE_INVALID"])


class TestEmh:
    @staticmethod
    def outcome(begin: EdlBlock, after: EdlBlock, key: str | None = None, number: int = 7) -> Outcome:
        container = {"placeInfo": {}, "signedMeterValues": [emh_value(begin), emh_value(after, number)]}
        verdict = judge([container_record("EMH_CHARGEIT", container, key)])
        return verdict.signature_valid, verdict.transaction_ok, verdict.codes

    def test_session_is_billable(self) -> None:
        assert self.outcome(EDL, EDL_END) == ([True, True], True, [])
        assert self.outcome(EDL, EDL_END, edl_key()) == ([True, True], True, [])

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"contract_id": b"OTHER"}, "ID_MISMATCH"),
            ({"log": b"\x00\x11"}, "LOGBOOK_MISMATCH"),
            ({"server_id": bytes(10)}, "METER_MISMATCH"),
            ({"pagination": 500}, "PAGINATION_NOT_INCREASING"),
            ({"value": 1}, "VALUE_DECREASED"),
            ({"seconds_index": 1}, "TIME_DECREASED"),
            ({"status": 0x89}, "METER_STATUS"),
            ({"unit": 28}, "UNIT_MISMATCH"),
        ],
    )
    def test_session_is_refused_for(self, change: dict[str, object], code: str) -> None:
        after = replace(EDL_END, **change)  # type: ignore[arg-type]
        assert self.outcome(EDL, after) == ([True, True], False, [code])

    def test_session_has_one_key(self) -> None:
        assert self.outcome(EDL, EDL_END, number=8) == ([True, True], False, ["KEY_MISMATCH"])
        assert self.outcome(EDL, EDL_END, edl_key(number=8)) == ([False, False], None, ["KEY_MISMATCH"])

    @pytest.mark.parametrize(
        "changed",
        [
            {"measurementId": "000001F6"},
            {"contract": emh_value()["contract"] | {"id": "X"}},
            {"measurand": {"id": "0100010800FF"}},
            {"additionalInfo": {"indexes": {"timer": 1, "logBook": "0010"}, "status": "08"}},
            {"measuredValue": emh_value(EDL_END)["measuredValue"] | {"value": "1000124"}},
        ],
    )
    def test_value_with_a_signed_field_changed_is_not_valid(self, changed: dict[str, Any]) -> None:
        container = {"signedMeterValues": [emh_value(), emh_value(EDL_END, **changed)]}
        verdict = judge([container_record("EMH_CHARGEIT", container)])
        assert (verdict.signature_valid, verdict.codes) == ([True, False], ["SIGNATURE_INVALID"])

    @pytest.mark.parametrize(
        "changed",
        [
            {"measurementId": "zz"},
            {"measurementId": "0100000001F4"},
            {"contract": None},
            {"measurand": {"id": "1-0:1.17.0*255"}},
            {"additionalInfo": {}},
            {"measuredValue": emh_value()["measuredValue"] | {"value": "1e3x"}},
            {"measuredValue": emh_value()["measuredValue"] | {"timestampLocal": {"timestamp": 1}}},
            {"contract": {"id": "x" * 129, "timestampLocal": emh_value()["contract"]["timestampLocal"]}},
        ],
    )
    def test_value_of_another_shape_cannot_be_read(self, changed: dict[str, Any]) -> None:
        container = {"signedMeterValues": [emh_value(EDL, **changed)]}
        verdict = judge([container_record("EMH_CHARGEIT", container)])
        assert (verdict.signature_valid, verdict.codes) == ([False], ["FORMAT"])


class TestContainer:
    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{}",
            b"[]",
            b'{"signedMeterValues": []}',
            b'{"signedMeterValues": {}}',
            b'{"signedMeterValues": [' + b"1," * 256 + b"1]}",
            b'{"signedMeterValues": [null]}',
            b'{"signedMeterValues": [{"meterInfo": NaN}]}',
            b'{"signedMeterValues": [1], "signedMeterValues": [2]}',
            b'{"a": ' * 40 + b"1" + b"}" * 40,
            b'{"a": ' + b"[" * 100_000,
            b'{"a": ' + b"1" * 5000 + b"}",
            b'{"a": 1e999999999}',
            b'{"a": "' + b"x" * 300_000 + b'"}',
            b"\xff\xfe{}",
        ],
    )
    def test_that_is_none_cannot_be_read(self, data: bytes) -> None:
        for format in ("BSM_WS36A", "EMH_CHARGEIT"):
            (verified,) = verify(SignedRecord(format, data))
            assert (verified.valid, [one.code.name for one in verified.findings]) == (False, ["FORMAT"])

    def test_cut_at_every_byte_is_a_finding(self) -> None:
        data = json.dumps(bsm_container()).encode()
        for size in range(0, len(data), 7):
            assert not any(one.valid for one in verify(SignedRecord("BSM_WS36A", data[:size])))

    @given(st.binary(max_size=200))
    def test_of_any_bytes_is_a_finding(self, data: bytes) -> None:
        for written in (data, b'{"signedMeterValues": [' + data):
            assert not any(one.valid for one in verify(SignedRecord("EMH_CHARGEIT", written)))

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(["meterInfo", "publicKey", "additionalValues", "measurand", "contract"]), inner
                )
            ),
        )
    )
    def test_of_any_values_is_a_finding(self, value: Any) -> None:
        data = json.dumps({"signedMeterValues": [value]}).encode()
        for format in ("BSM_WS36A", "EMH_CHARGEIT"):
            assert not any(one.valid for one in verify(SignedRecord(format, data)))


class TestJson:
    def test_numbers_are_exact(self) -> None:
        root = json_text.read('{"a": 0.1, "b": 3, "c": "7", "d": 2.0, "e": 1.5}')
        assert str(json_text.number(root, "a")) == "0.1"
        assert str(json_text.number(root, "b")) == "3"
        assert (json_text.whole(root, "c"), json_text.whole(root, "d")) == (7, 2)
        for name in ("e", "x"):
            with pytest.raises(NotReadable):
                json_text.whole(root, name)
        with pytest.raises(NotReadable):
            json_text.number(root, "c")

    def test_texts_are_unicode(self) -> None:
        root = json_text.read(r'{"a": "\ud800", "b": "x", "c": 1}')
        assert (json_text.said(root, "a"), json_text.said(root, "b"), json_text.said(root, "c")) == (
            None,
            "x",
            None,
        )
        assert json_text.said(root, "b", "deeper") is None
