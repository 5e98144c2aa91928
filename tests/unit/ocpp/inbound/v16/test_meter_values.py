"""MeterValues of OCPP 1.6."""

import hashlib
from decimal import Decimal
from typing import Any

import pytest

from services.domain.events.common import SampledValue, SignedMeterValue
from services.domain.events.transaction import TransactionUpdated
from services.ocpp.inbound.v16.meter_values import meter_values, read_sample
from services.ocpp.wire.faults import Refused
from tests.unit.ocpp.circumstances import NOW, V16, context, fits


def message(*samples: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "connectorId": 1,
        "meterValue": [{"timestamp": "2026-09-21T14:13:20Z", "sampledValue": list(samples)}],
        **more,
    }


def updated(payload: dict[str, Any], **circumstances: Any) -> TransactionUpdated:
    (event,) = meter_values(payload, context(V16, **circumstances)).events
    assert isinstance(event, TransactionUpdated)
    return event


class TestMeterValues:
    def test_belong_to_the_transaction_that_they_name(self) -> None:
        event = updated(message({"value": "5"}, transactionId=42))
        assert (event.transaction_id, event.evse_id, event.connector_id, event.seq_no) == ("42", 1, 1, None)
        assert (event.occurred_at, event.recorded_at, event.protocol) == (NOW, NOW, V16)
        assert event.meter_values[0].energy_register_wh == 5

    @pytest.mark.parametrize(("said", "kept"), [(0, "0"), (-1, "-1"), (2**31, "2147483648"), (7.0, "7")])
    def test_take_any_transaction_id(self, said: float, kept: str) -> None:
        assert updated(message({"value": "5"}, transactionId=said)).transaction_id == kept

    def test_may_belong_to_none(self) -> None:
        assert updated(message({"value": "5"})).transaction_id is None

    @pytest.mark.parametrize("said", [2**63, -(2**63), 1.8446744073709552e19, 1e300])
    def test_refuse_a_transaction_id_that_is_no_number_of_64_bits(self, said: float) -> None:
        with pytest.raises(Refused):
            meter_values(message({"value": "5"}, transactionId=said), context(V16))

    def test_wait_to_be_durable(self) -> None:
        reply = meter_values(message({"value": "5"}), context(V16))
        assert reply.durable
        assert fits(V16, "MeterValues", reply)

    def test_are_the_same_event_when_repeated_and_another_when_not(self) -> None:
        first = updated(message({"value": "5"}, transactionId=1), message_id="a")
        assert updated(message({"value": "5"}, transactionId=1), message_id="b") == first
        others = [
            message({"value": "6"}, transactionId=1),
            message({"value": "5"}, transactionId=2),
            message({"value": "5"}),
        ]
        assert len({first.event_id, *(updated(other).event_id for other in others)}) == 4


class TestReadSample:
    def test_fills_in_what_the_specification_implies(self) -> None:
        assert read_sample({"value": "5"}, [], context(V16)) == SampledValue(value="5")

    def test_keeps_the_text_of_the_number(self) -> None:
        for text in ("5", "5.0", "0005.10", "-3"):
            value = read_sample({"value": text}, [], context(V16))
            assert value is not None
            assert value.value == text

    @pytest.mark.parametrize(("value", "text"), [(5, "5"), (5.5, "5.5"), (1e-7, "0.0000001")])
    def test_takes_a_number_instead_of_its_text(self, value: float, text: str) -> None:
        found = read_sample({"value": value}, [], context(V16))
        assert found is not None
        assert found.value == text

    @pytest.mark.parametrize("word", ["Celcius", "Celsius"])
    def test_knows_celsius_in_both_spellings(self, word: str) -> None:
        found = read_sample({"value": "5", "measurand": "Temperature", "unit": word}, [], context(V16))
        assert found is not None
        assert found.unit == "Celsius"

    def test_reads_kwh(self) -> None:
        event = updated(message({"value": "12.3456789", "unit": "kWh"}))
        assert event.meter_values[0].energy_register_wh == Decimal("12345.6789")

    @pytest.mark.parametrize("text", ["", "NaN", "abc", "1e99"])
    def test_leaves_out_what_is_no_number(self, text: str) -> None:
        event = updated(message({"value": text}, {"value": "5"}))
        assert [value.value for value in event.meter_values[0].sampled_values] == ["5"]
        assert len(event.warnings) == 1


class TestSignedData:
    @pytest.mark.parametrize("data", ["OCMF|{}|{}", "T0NNRg==", "", "é\n\t ", "0" * 60_000])
    def test_is_carried_byte_for_byte(self, data: str) -> None:
        signed: list[SignedMeterValue] = []
        raw = {"value": data, "format": "SignedData", "context": "Transaction.End"}
        assert read_sample(raw, signed, context(V16)) is None
        assert signed == [
            SignedMeterValue(
                signed_data=data.encode(),
                sha256=hashlib.sha256(data.encode()).hexdigest(),
                encoding_method="",
                context="Transaction.End",
            )
        ]

    @pytest.mark.parametrize(("data", "told"), [
        ('{"signedMeterData":"AA==","encodingMethod":"OCMF","publicKey":"key"}', ("OCMF", "", "key")),
        ('{"signingMethod":"ECDSA","publicKey":7}', ("", "ECDSA", "")), ("{", ("", "", "")), ("{}", ("", "", "")),
    ])  # fmt: skip
    def test_that_is_json_tells_encoding_and_key(self, data: str, told: tuple[str, str, str]) -> None:
        signed: list[SignedMeterValue] = []
        read_sample({"value": data, "format": "SignedData"}, signed, context(V16))
        (one,) = signed
        assert (one.encoding_method, one.signing_method, one.public_key) == told
        assert one.signed_data == data.encode()

    def test_stands_beside_the_numbers(self) -> None:
        event = updated(message({"value": "x", "format": "SignedData"}, {"value": "5", "format": "Raw"}))
        (reading,) = event.meter_values
        assert len(reading.signed_meter_values) == len(reading.sampled_values) == 1
        assert event.warnings == ()
