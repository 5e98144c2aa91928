import base64
import json

import pytest

from services.domain.signed_meter.session import judge
from services.evidence.received import records
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, signed
from tests.unit.evidence.signing import key, value

TEXT = signed(payload(begin(), end()))
BASE64 = base64.b64encode(TEXT.encode()).decode()
XML = (
    '<?xml version="1.0"?><values><value transactionId="1"><signedData format="OCMF" encoding="plain">'
    + TEXT.replace("&", "&amp;").replace("<", "&lt;")
    + f'</signedData><publicKey encoding="plain">{key()}</publicKey></value></values>'
)
NOTE = {"encodingMethod": "OCMF", "signingMethod": "", "publicKey": ""}
SHAPES = {
    "text": TEXT,
    "hex": TEXT.encode().hex(),
    "base64": BASE64,
    "note": json.dumps({"signedMeterData": BASE64, **NOTE}),
    "note in the other spelling": json.dumps({"signedMeterValue": BASE64, **NOTE}),
    "note in base64": base64.b64encode(json.dumps({"signedMeterData": BASE64, **NOTE}).encode()).decode(),
    "xml": XML,
    "xml in base64": base64.b64encode(XML.encode()).decode(),
    "xml in hex": XML.encode().hex(),
}


class TestShapes:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_of_the_field_are_all_verified(self, shape: str) -> None:
        found = records(value(SHAPES[shape]), key())
        assert judge(found).transaction_ok is True

    @pytest.mark.parametrize("shape", SHAPES)
    def test_are_verified_by_the_registers_key_only(self, shape: str) -> None:
        found = records(value(SHAPES[shape]), key(8))
        assert judge(found).transaction_ok is not True

    @pytest.mark.parametrize(
        "text", ["", "free text", "{}", "<values/>", "{" * 5_000, "<a", "00", "OCMF|", "AP;;;"]
    )
    def test_of_no_kind_become_a_record_that_fails(self, text: str) -> None:
        found = records(value(text), key())
        assert judge(found).transaction_ok is False

    def test_keep_the_key_that_came_with_them_when_the_register_has_none(self) -> None:
        (one,) = records(value(XML), None)
        assert one.key == key()

    def test_have_the_context_of_the_reading(self) -> None:
        (one,) = records(value(TEXT, "Transaction.Begin"), key())
        assert one.context == "Transaction.Begin"
