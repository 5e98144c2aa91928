"""Signed records reach partners byte for byte, or it is said that they do not."""

import base64
import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.proof_link import secret
from services.ocpi.outbound.signed_data import as_base64, encoding_method, signed_data
from services.ocpi.wire import v230
from tests.unit.ocpi.facts import OCMF, detail, signed
from tests.unit.ocpi.facts import as_base64 as encoded

URL = "https://example.com/signed-data/x"


def carried(*values: object, protocol: str = "ocpp1.6") -> tuple[v230.SignedData | None, list[str]]:
    warnings: list[str] = []
    told = detail(signed_meter_values=values, protocol=protocol)
    return signed_data(told, URL, warnings), warnings


def one(*values: object, protocol: str = "ocpp1.6") -> v230.SignedData:
    found, _ = carried(*values, protocol=protocol)
    assert found is not None
    return found


class TestSignedData:
    def test_is_absent_when_nothing_was_signed(self) -> None:
        assert carried() == (None, [])

    def test_encodes_the_text_of_an_ocpp_16_record(self) -> None:
        value = one(signed(OCMF)).signed_values[0]
        assert (base64.b64decode(value.signed_data).decode(), value.plain_data) == (OCMF, OCMF)

    def test_carries_the_base64_of_an_ocpp_201_record_unchanged(self) -> None:
        value = one(signed(encoded(OCMF)), protocol="ocpp2.0.1").signed_values[0]
        assert (value.signed_data, value.plain_data) == (encoded(OCMF), OCMF)

    def test_does_not_encode_twice_what_an_ocpp_16_station_sends_in_base64(self) -> None:
        assert one(signed(encoded(OCMF))).signed_values[0].signed_data == encoded(OCMF)

    def test_takes_hex_for_text_although_base64_has_its_letters(self) -> None:
        value = one(signed("1B1B1B1B01010101")).signed_values[0]
        assert base64.b64decode(value.signed_data) == b"1B1B1B1B01010101"

    def test_encodes_what_a_201_station_should_have_encoded(self) -> None:
        value = one(signed(OCMF), protocol="ocpp2.0.1").signed_values[0]
        assert base64.b64decode(value.signed_data).decode() == OCMF

    def test_names_the_nature_of_each_value(self) -> None:
        contexts = ("Transaction.Begin", "Sample.Periodic", "Trigger", "Transaction.End")
        found = one(*(signed(OCMF, context) for context in contexts))
        assert [value.nature for value in found.signed_values] == ["Start", "Intermediate", "Intermediate", "End"]

    def test_gives_no_url_when_all_is_there(self) -> None:
        assert one(signed(OCMF)).url is None

    def test_leaves_out_what_is_too_long_and_says_where_it_is(self) -> None:
        long = "OCMF|" + "x" * 4_000
        found, warnings = carried(signed(OCMF), signed(long, "Transaction.End"))
        assert found is not None
        assert [value.nature for value in found.signed_values] == ["Start"]
        assert found.url == URL
        assert warnings == ["signed_data: record 2 left out: 5340 characters, OCPI carries 5000"]

    def test_is_absent_when_every_record_is_too_long(self) -> None:
        found, warnings = carried(signed("OCMF|" + "x" * 9_000))
        assert found is None
        assert len(warnings) == 1

    def test_carries_what_just_fits(self) -> None:
        longest = "OCMF|" + "x" * 3_745
        assert len(one(signed(longest)).signed_values[0].signed_data) == 5_000

    def test_leaves_out_bytes_that_are_not_those_of_the_station(self) -> None:
        changed = replace(signed(OCMF), signed_data=OCMF.replace("12345", "99999").encode())
        found, warnings = carried(changed)
        assert found is None
        assert warnings == ["signed_data: record 1 left out: its bytes are not those that the station sent"]

    def test_leaves_out_a_record_of_another_encoding(self) -> None:
        found, warnings = carried(signed(OCMF), signed("AP;0;3;x", "Transaction.End"))
        assert found is not None
        assert found.encoding_method == "OCMF"
        assert warnings == ["signed_data: record 2 left out: its encoding is not that of the first"]

    def test_says_na_for_plain_data_that_is_no_printable_text(self) -> None:
        binary = base64.b64encode(bytes(range(256))).decode()
        found, warnings = carried(signed(binary, encoding_method="EDL_40_P"), protocol="ocpp2.0.1")
        assert found is not None
        assert (found.signed_values[0].plain_data, found.signed_values[0].signed_data) == ("#NA", binary)
        assert warnings == ["signed_data: plain_data left out: no printable text"]

    def test_says_na_for_plain_data_with_line_breaks(self) -> None:
        xml = "<signedMeterValue>\n<x/></signedMeterValue>"
        value = one(signed(xml)).signed_values[0]
        assert value.plain_data == "#NA"
        assert base64.b64decode(value.signed_data).decode() == xml

    def test_carries_the_public_key(self) -> None:
        assert one(signed(OCMF, public_key="b2Nh"), signed(OCMF)).public_key == "b2Nh"

    @pytest.mark.parametrize("keys", [("a", "b"), ("x" * 513,)])
    def test_leaves_out_a_key_that_cannot_be_told(self, keys: tuple[str, ...]) -> None:
        found, warnings = carried(*(signed(OCMF, public_key=key) for key in keys))
        assert found is not None
        assert found.public_key is None
        assert warnings[0].startswith("signed_data: public_key left out: ")

    def test_leaves_out_a_url_that_is_too_long(self) -> None:
        told = detail(signed_meter_values=(signed(OCMF), signed("OCMF|" + "x" * 4_000)))
        found = signed_data(told, "https://" + "x" * 600, [])
        assert found is not None
        assert found.url is None

    @given(st.binary(min_size=1, max_size=3_000), st.sampled_from(["ocpp1.6", "ocpp2.0.1"]))
    def test_lets_the_record_be_recovered_byte_for_byte(self, raw: bytes, protocol: str) -> None:
        record = signed(raw)
        text = as_base64(record, protocol)
        hashes = {hashlib.sha256(text.encode()).hexdigest(), hashlib.sha256(base64.b64decode(text)).hexdigest()}
        assert record.sha256 in hashes


class TestEncodingMethod:
    @pytest.mark.parametrize(
        ("data", "method"),
        [
            (OCMF, "OCMF"),
            (encoded(OCMF), "OCMF"),
            ("AP;0;3;ALCV", "Alfen Eichrecht"),
            ("1B1B1B", "#NA"),
            ("", "#NA"),
        ],
    )
    def test_is_seen_when_the_station_did_not_say(self, data: str, method: str) -> None:
        assert encoding_method(signed(data), "ocpp1.6") == method

    def test_is_what_the_station_said(self) -> None:
        assert encoding_method(signed(OCMF, encoding_method="EDL_40_P"), "ocpp1.6") == "EDL_40_P"


class TestProof:
    def test_depends_on_every_record(self) -> None:
        both = (signed("a"), signed("b"))
        assert len({secret(both), secret(both[:1]), secret(both[::-1])}) == 3


class TestUrl:
    def test_is_the_drivers_page_when_all_is_carried(self) -> None:
        told = signed_data(detail(signed_meter_values=(signed(OCMF),)), URL, [], "https://proof.example.com/x")
        assert told is not None
        assert told.url == "https://proof.example.com/x"

    def test_is_the_records_themselves_when_one_is_left_out(self) -> None:
        values = (signed(OCMF), signed("OCMF|" + "x" * 9_000))
        told = signed_data(detail(signed_meter_values=values), URL, [], "https://proof.example.com/x")
        assert told is not None
        assert told.url == URL
