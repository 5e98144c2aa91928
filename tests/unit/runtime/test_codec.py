import contextlib
import io
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events import common, token, transaction
from services.domain.failures import BadRecord
from services.runtime import schemas
from services.runtime.codec import Codec

TOKEN = token.Token(
    tenant="t",
    token_uid="04A1",
    token_type="RFID",
    contract_id="NL-TNM-C1",
    issuer="TNM",
    status=common.TokenStatus.VALID,
    updated_at=1,
)
UPDATED = transaction.TransactionUpdated(
    event_id="e",
    tenant="t",
    station_id="CP1",
    protocol="ocpp1.6",
    occurred_at=1,
    recorded_at=2,
    meter_values=(common.MeterValue(sampled_at=1, energy_register_wh=Decimal("123.45")),),
)


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec()


class TestEncode:
    def test_writes_the_confluent_wire_format(self, codec: Codec) -> None:
        data = codec.encode(TOKEN)
        text = schemas.shipped()[TOKEN.FULL_NAME].text
        assert data[0] == 0
        assert int.from_bytes(data[1:5], "big") == schemas.content_id(text)

    def test_writes_avro_that_anybody_can_read(self, codec: Codec) -> None:
        text = schemas.shipped()[UPDATED.FULL_NAME].text
        record: Any = fastavro.schemaless_reader(
            io.BytesIO(codec.encode(UPDATED)[5:]), fastavro.parse_schema(json.loads(text)), None
        )
        assert record["meter_values"][0]["energy_register_wh"] == Decimal("123.4500")
        assert record["occurred_at"].year == 1970

    def test_uses_the_ids_of_the_registry_it_is_given(self) -> None:
        ids = {name: number for number, name in enumerate(schemas.shipped(), start=700)}
        codec = Codec(ids)
        assert codec.decode(codec.encode(TOKEN)) == TOKEN
        assert int.from_bytes(codec.encode(TOKEN)[1:5], "big") == ids[TOKEN.FULL_NAME]

    @pytest.mark.parametrize("value", ["0.00001", "123456789012345678901"])
    def test_refuses_a_decimal_that_would_lose_digits(self, codec: Codec, value: str) -> None:
        bad = replace(UPDATED, meter_values=(common.MeterValue(sampled_at=1, energy_register_wh=Decimal(value)),))
        with pytest.raises(ValueError, match=r"decimals|digits"):
            codec.encode(bad)


class TestDecode:
    def test_gives_back_the_event(self, codec: Codec) -> None:
        assert codec.decode(codec.encode(UPDATED)) == UPDATED

    @given(st.decimals(min_value=-(10**15), max_value=10**15, places=4))
    def test_keeps_energy_exact(self, wh: Decimal) -> None:
        codec = Codec()
        event = replace(UPDATED, meter_values=(common.MeterValue(sampled_at=1, energy_register_wh=wh),))
        assert codec.decode(codec.encode(event)).meter_values[0].energy_register_wh == wh

    def test_reads_what_an_older_version_wrote(self) -> None:
        old = json.loads(schemas.shipped()[TOKEN.FULL_NAME].text)
        old["fields"] = [f for f in old["fields"] if f["name"] not in ("group_id", "blocked_reason")]
        buffer = io.BytesIO()
        record = {k: v for k, v in TOKEN.to_record().items() if k not in ("group_id", "blocked_reason")}
        fastavro.schemaless_writer(buffer, fastavro.parse_schema(old), record)
        codec = Codec(fetch={77: json.dumps(old)}.__getitem__)
        data = b"\x00" + (77).to_bytes(4, "big") + buffer.getvalue()
        assert [codec.decode(data), codec.decode(data)] == [TOKEN, TOKEN]

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "magic byte"),
            (b"\x00\x00\x00", "magic byte"),
            (b'{"json": true}', "magic byte"),
            (b"\x00\x00\x00\x00\x4dxxxx", "not known"),
        ],
    )
    def test_calls_foreign_bytes_a_bad_record(self, codec: Codec, data: bytes, reason: str) -> None:
        with pytest.raises(BadRecord, match=reason):
            codec.decode(data)

    def test_calls_an_id_that_the_registry_does_not_know_a_bad_record(self) -> None:
        with pytest.raises(BadRecord, match="schema id 5"):
            Codec(fetch={}.__getitem__).decode(b"\x00\x00\x00\x00\x05x")

    def test_calls_a_type_of_somebody_else_a_bad_record(self) -> None:
        foreign = json.dumps({"type": "record", "name": "Foreign", "namespace": "x", "fields": []})
        with pytest.raises(BadRecord, match=r"no event type x\.Foreign"):
            Codec(fetch={5: foreign}.__getitem__).decode(b"\x00\x00\x00\x00\x05x")

    def test_calls_trailing_bytes_a_bad_record(self, codec: Codec) -> None:
        with pytest.raises(BadRecord, match=r"ends at byte \d+ of \d+"):
            codec.decode(codec.encode(TOKEN) + b"xx")

    def test_survives_every_truncation(self, codec: Codec) -> None:
        data = codec.encode(UPDATED)
        for length in range(len(data)):
            with pytest.raises(BadRecord):
                codec.decode(data[:length])

    @pytest.mark.parametrize("bomb", [b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x01", b"\xfe" * 40])
    def test_survives_absurd_lengths(self, codec: Codec, bomb: bytes) -> None:
        with pytest.raises(BadRecord):
            codec.decode(codec.encode(UPDATED)[:5] + bomb)

    @given(st.binary(max_size=60))
    def test_raises_nothing_but_bad_record_for_random_bytes(self, tail: bytes) -> None:
        codec = Codec()
        with contextlib.suppress(BadRecord):
            codec.decode(codec.encode(UPDATED)[:5] + tail)
