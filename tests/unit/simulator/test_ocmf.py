import base64
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given
from hypothesis import strategies as st

from services.simulator import ocmf
from services.simulator.ocmf import MeterIdentity, Reading, derived_key, payload, public_key_hex, sign, timestamp

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors" / "eichrecht" / "ocmf"
METER = MeterIdentity("Vendor", "Model", "SM1", "1.0", "Gateway", "GS1", "2.0", "DE*WAT*E1*1")
AT = 1_795_219_200_123
BEGIN = Reading(AT, "B", Decimal("12345678.9"))
END = Reading(AT + 3_600_000, "E", Decimal("12356665.9"))


def parts(record: str) -> tuple[bytes, dict[str, Any]]:
    """What a reader does: split at the bars, take the payload's bytes as they are."""
    header, text, tail = record.split("|")
    assert header == "OCMF"
    return text.encode(), json.loads(tail)


def verify(record: str, key_hex: str) -> None:
    """Raise InvalidSignature unless `cryptography` accepts the record."""
    text, tail = parts(record)
    key = load_der_public_key(bytes.fromhex(key_hex))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(bytes.fromhex(tail["SD"]), text, ec.ECDSA(hashes.SHA256()))


class TestPayload:
    def test_writes_registers_in_kwh_with_all_their_digits(self) -> None:
        text = payload(METER, 7, "04AA", [BEGIN], decimals=4)
        assert '"RV":12345.6789,' in text
        assert '"RU":"kWh"' in text

    def test_keeps_trailing_zeros(self) -> None:
        assert '"RV":1000.000,' in payload(METER, 1, "04AA", [replace(BEGIN, register_wh=Decimal(1_000_000))])

    def test_refuses_to_round_what_will_be_signed(self) -> None:
        with pytest.raises(ValueError, match="does not fit in 3 decimal places"):
            payload(METER, 1, "04AA", [BEGIN], decimals=3)

    def test_holds_what_the_specification_asks_for(self) -> None:
        content = json.loads(payload(METER, 7, "04AABB", [BEGIN, END], decimals=4))
        assert content["FV"] == "1.0"
        assert content["PG"] == "T7"
        assert content["MS"] == "SM1"
        assert (content["IS"], content["IT"], content["ID"]) == (True, "ISO14443", "04AABB")
        assert (content["CT"], content["CI"]) == ("EVSEID", "DE*WAT*E1*1")
        assert [reading["TX"] for reading in content["RD"]] == ["B", "E"]
        assert all(
            (reading["RI"], reading["ST"], reading["EF"]) == ("1-b:1.8.0", "G", "") for reading in content["RD"]
        )

    def test_lets_no_bar_into_the_text(self) -> None:
        text = payload(replace(METER, vendor="a|b"), 1, "x|y", [END], decimals=4)
        assert "|" not in text
        assert json.loads(text)["ID"] == "x|y"

    def test_looks_like_records_of_real_meters(self) -> None:
        if not VECTORS.exists():
            pytest.skip("the vectors are not beside this checkout: the shape was not compared")
        vector = json.loads((VECTORS / "ocmf-pair-ok.json").read_text())
        text, _tail = parts(vector["values"][0]["data"])
        theirs, ours = json.loads(text), json.loads(payload(METER, 7, "04AA", [BEGIN], decimals=4))
        assert list(ours) == list(theirs)
        assert list(ours["RD"][0]) == list(theirs["RD"][0])
        assert {name: type(value) for name, value in ours.items()} == {
            name: type(value) for name, value in theirs.items()
        }
        assert len(ours["RD"][0]["TM"]) == len(theirs["RD"][0]["TM"])

    @given(st.text(max_size=40), st.decimals(0, 10**9, places=3, allow_nan=False))
    def test_is_json_whatever_the_token_and_the_register(self, token: str, kwh: Decimal) -> None:
        text = payload(METER, 1, token, [replace(BEGIN, register_wh=kwh * 1000)])
        content = json.loads(text, parse_float=Decimal)
        assert content["ID"] == token
        assert content["RD"][0]["RV"] == kwh


class TestTimestamp:
    def test_is_local_time_with_offset_and_sync_state(self) -> None:
        assert timestamp(AT) == "2026-11-21T00:00:00,123+0000 S"


class TestSign:
    def test_signs_the_bytes_between_the_bars(self) -> None:
        key = derived_key("seed", "SM1")
        record = sign(payload(METER, 1, "04AA", [BEGIN, END], decimals=4), key)
        verify(record, public_key_hex(key))

    def test_names_its_algorithm(self) -> None:
        _text, tail = parts(sign("{}", derived_key("seed", "SM1")))
        assert tail["SA"] == "ECDSA-secp256r1-SHA256"
        assert bytes.fromhex(tail["SD"])[0] == 0x30

    def test_gives_the_same_record_again(self) -> None:
        assert sign("{}", derived_key("seed", "SM1")) == sign("{}", derived_key("seed", "SM1"))

    @given(st.integers(0, 200))
    def test_is_broken_by_any_changed_byte(self, place: int) -> None:
        key = derived_key("seed", "SM1")
        record = sign(payload(METER, 1, "04AA", [BEGIN], decimals=4), key)
        at = len("OCMF|") + place
        changed = record[:at] + ("0" if record[at] != "0" else "1") + record[at + 1 :]
        with pytest.raises(InvalidSignature):
            verify(changed, public_key_hex(key))

    def test_verifies_real_records_by_the_same_steps(self) -> None:
        """The check used here is right: it accepts records of other makers and refuses a tampered one."""
        if not VECTORS.exists():
            pytest.skip("the vectors are not beside this checkout: the check itself was not checked")
        for name in ("real-safe-keba-test-2", "ocmf-curve-secp256r1"):
            value = json.loads((VECTORS / f"{name}.json").read_text())["values"][0]
            verify(value["data"], value["key"])
        tampered = json.loads((VECTORS / "ocmf-sd-bitflip.json").read_text())["values"][0]
        with pytest.raises(InvalidSignature):
            verify(tampered["data"], tampered["key"])


class TestDerivedKey:
    def test_belongs_to_one_meter_and_seed(self) -> None:
        keys = {public_key_hex(derived_key(seed, serial)) for seed in ("a", "b") for serial in ("1", "2")}
        assert len(keys) == 4

    def test_is_the_same_in_every_run(self) -> None:
        assert public_key_hex(derived_key("a", "1")) == public_key_hex(derived_key("a", "1"))

    def test_is_of_the_curve_that_records_name(self) -> None:
        assert isinstance(derived_key("a", "1").curve, ec.SECP256R1)


class TestPublicKey:
    def test_is_spki_for_transparency_software(self) -> None:
        key = public_key_hex(derived_key("a", "1"))
        assert key.startswith("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
        assert len(bytes.fromhex(key)) == 91

    def test_is_wrapped_for_ocpp(self) -> None:
        key = public_key_hex(derived_key("a", "1"))
        assert base64.b64decode(ocmf.public_key_ocpp(key)).decode() == f"oca:base16:asn1:{key}"
