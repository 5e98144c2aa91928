"""The script of the driver's page finds what the verifier finds, on all vectors; it is run in Node."""

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.events.common import SignatureStatus
from services.domain.signed_meter.containers import read_sessions
from services.domain.signed_meter.curves import CURVES
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.keys import public_key
from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import verify
from services.evidence.page.case import shown, told
from services.evidence.verdict import Look
from tests.unit.domain.signed_meter.keyring import sign, spki
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, signed
from tests.unit.domain.signed_meter.test_vectors import VECTORS
from tests.unit.evidence.page.case_of import case_of, in_node
from tests.unit.evidence.signing import key, pair, value

FOUND = """
    const found = given.map(([record, label]) => Check.record(record, label).map((one) =>
        ({same: one.same, known: one.known, valid: one.valid, own: one.own, readings: one.readings})));
    console.log(JSON.stringify(found));"""


def as_told(record: SignedRecord) -> tuple[dict[str, Any], list[bool]]:
    """What the page says of a record, and what the verifier finds; nothing where there is no key to check with."""
    verified = [one for one in verify(record) if one.key is not None and one.signed]
    signatures = [
        {
            "curve": one.key.curve.name,
            "key": one.key.hex(),
            "message": base64.b64encode(part.message).decode(),
            "r": f"{part.numbers.r:x}",
            "s": f"{part.numbers.s:x}",
        }
        for one in verified
        if one.key is not None
        for part in one.signed
    ]
    octets = {"data": base64.b64encode(record.data).decode(), "sha256": hashlib.sha256(record.data).hexdigest()}
    return {"format": record.format, "signatures": signatures, **octets}, [one.valid for one in verified]


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the signed-meter vectors are not beside the repository")
@pytest.mark.slow
class TestVectors:
    def test_are_found_true_and_untrue_as_by_the_verifier(self) -> None:
        asked: list[Any] = []
        wanted: list[bool] = []
        for path in sorted(VECTORS.glob("*/*.json")):
            try:
                sessions = read_sessions(path.read_bytes(), None)
            except NotReadable:
                continue
            for record in (one for session in sessions for one in session):
                page, valid = as_told(record)
                if page["signatures"]:
                    asked.append((page, ""))
                    wanted.append(all(valid))
        found = in_node(FOUND, asked)
        assert [all(one["valid"] for one in record) for record in found] == wanted
        assert all(one["same"] and one["known"] for record in found for one in record)
        ocmf = [one["own"] for (page, _), record in zip(asked, found, strict=True) for one in record
                if page["format"] == "OCMF"]  # fmt: skip
        assert len(wanted) > 250
        assert len(ocmf) > 100
        assert all(ocmf)


class TestOcmf:
    def test_is_taken_apart_by_the_browser_itself_in_any_shape(self) -> None:
        text = signed(payload(begin(RV=1000.25), end(), GI='a|b {"} \u00e4'))
        shapes = [text, text.encode().hex(), base64.b64encode(text.encode()).decode()]
        shapes.append(json.dumps({"signedMeterData": shapes[2], "encodingMethod": "OCMF"}))
        pages = [told(case, shown(case))["records"][0] for case in (case_of(value(one)) for one in shapes)]
        for page in pages:
            # Were it not the browser that reads it, nothing would be true.
            page["signatures"][0] |= {"message": "AAAA", "r": "1", "s": "1"}
        for (found,) in in_node(FOUND, [(page, "") for page in pages]):
            assert (found["valid"], found["own"]) == (True, True)
            assert [one["value"] for one in found["readings"]] == ["1000.25", "1012.75"]

    def test_that_was_changed_is_not_true(self) -> None:
        text = signed(payload(begin())).replace("1000.5", "1000.6")
        page = told(*_shown(value(text)))["records"][0]
        assert in_node(FOUND, [(page, "")])[0][0]["valid"] is False

    @pytest.mark.parametrize(
        "text", ["OCMF|", "OCMF|{}|", "OCMF|{|{}", 'OCMF|{}|{"SD":7}', 'OCMF|{"RD":7}|{}', "OCMF|[]|{}", "{", "[]"]
    )
    def test_that_is_none_does_no_harm(self, text: str) -> None:
        page = told(*_shown(value(text)))["records"][0]
        page["signatures"] = [{"curve": "secp256r1", "key": key(), "message": "AAAA", "r": "1", "s": "1"}]
        assert in_node(FOUND, [(page, "")])[0][0]["valid"] is False


class TestLabel:
    def test_is_believed_instead_of_the_register(self) -> None:
        page = told(*_shown(*pair()))["records"][0]
        spelled = [key(), key().upper(), base64.b64encode(bytes.fromhex(key())).decode(), key()[-130:]]
        pem = f"-----BEGIN PUBLIC KEY-----\n{spelled[2]}\n-----END PUBLIC KEY-----"
        right = [*spelled, pem, f"oca:base16:asn1:{key()}"]
        found = in_node(FOUND, [(page, label) for label in [*right, key(8)]])
        assert [one[0]["valid"] for one in found] == [*[True] * len(right), False]

    def test_that_is_no_key_decides_nothing(self) -> None:
        page = told(*_shown(*pair()))["records"][0]
        found = in_node(FOUND, [(page, label) for label in ("key", "00", "04" * 65, spki("secp192r1", 7).hex())])
        assert [(one[0]["known"], one[0]["valid"]) for one in found] == [(False, False)] * 4


class TestChain:
    def test_is_computed_again(self) -> None:
        case = case_of()
        chain = told(case, [])["chain"]
        program = "console.log(JSON.stringify(given.map(Check.link)));"
        assert in_node(program, [chain, chain | {"height": 2}]) == [True, False]


class TestArithmetic:
    def test_of_each_curve_agrees_with_the_verifier(self) -> None:
        asked = []
        for name, curve in CURVES.items():
            for number in (1, 7):
                point = public_key(spki(name, number).hex(), curve).point.hex()
                for message in (b"", bytes(range(256))):
                    asked.append([name, point, message.hex(), sign(name, message, number).hex()])
        program = """
            console.log(JSON.stringify(given.map(([name, key, message, signature]) => {
                const c = Check.CURVES[name], point = Check.point(key, c);
                const numbers = Check.der(Check.fromHex(signature));
                const octets = message ? Check.fromHex(message) : new Uint8Array();
                const digest = Check.sha256(octets), other = Check.sha256(Check.utf8("other"));
                return [[digest, ...numbers], [other, ...numbers], [digest, 0n, numbers[1]],
                    [digest, numbers[0], c.n]].map((one) => Check.verify(c, point, ...one));
            })));"""
        assert in_node(program, asked) == [[True, False, False, False]] * len(asked)

    @settings(max_examples=5)
    @given(st.lists(st.binary(max_size=200), min_size=50, max_size=50))
    def test_of_hashes_is_that_of_sha_256(self, octets: list[bytes]) -> None:
        program = """console.log(JSON.stringify(given.map((one) =>
            Check.hex(Check.sha256(one ? Check.fromHex(one) : new Uint8Array())))));"""
        wanted = [hashlib.sha256(one).hexdigest() for one in octets]
        assert in_node(program, [one.hex() for one in octets]) == wanted


def _shown(*values: Any) -> tuple[Any, Any]:
    case = case_of(*values)
    found: list[Any] = shown(case)
    assert all(isinstance(look, Look) and look.status in SignatureStatus for one in found for look in one.looks)
    return case, found
