"""The driver's page says what is known, escapes what is from outside, and loads nothing."""

import base64
import json
import re
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256

import pytest

from services.domain.events.common import CdrLocation, CdrStatus
from services.domain.proof_link import secret
from services.evidence.page.case import proving, shown, told, verdict
from services.evidence.page.document import Assets, document
from services.evidence.page.server import assets
from tests.unit.evidence.page.case_of import CDR_ID, KEY, case_of
from tests.unit.evidence.signing import pair, value

ASSETS = Assets("body {}", "/* script */")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def page(*values: object, **changes: object) -> str:
    return document(case_of(*values, **changes), ASSETS).decode()  # type: ignore[arg-type]


class TestPage:
    def test_shows_session_verdict_values_keys_and_chain(self) -> None:
        text = page()
        for one in (
            "12.25 kWh",
            "The signed values prove the energy",
            "1000.5 kWh",
            "1012.75 kWh",
            KEY.public_key,
        ):
            assert one in text
        link = case_of().link
        assert link is not None
        assert link.link_sha256 in text
        assert all(one.sha256 in text for one in pair())

    def test_offers_document_and_zip_under_its_own_secret(self) -> None:
        for kind in ("xml", "zip"):
            assert f'href="{secret(pair())}/{CDR_ID}.{kind}"' in page()

    def test_says_why_there_is_no_document(self) -> None:
        text = page(value("nothing that is known"))
        assert "cannot open these values" in text
        assert ".xml" not in text
        assert ".zip" in text

    def test_says_what_the_transparency_software_may_not_open(self) -> None:
        assert "no approved key of the register was valid" in page(keys=())

    def test_says_that_values_do_not_prove_the_energy(self) -> None:
        text = page(energy_wh=Decimal(7))
        assert "do NOT prove" in text
        assert "ENERGY_MISMATCH" in text

    def test_says_that_no_key_was_approved(self) -> None:
        text = page(keys=())
        assert "No key of this meter was approved" in text
        assert "KEY_NOT_APPROVED" in text

    def test_of_a_credited_record_says_so(self) -> None:
        case = case_of()
        credited = case._replace(record=replace(case.record, status=CdrStatus.CREDITED))
        assert "was credited" in document(credited, ASSETS).decode()
        assert "takes another record back" in page(credit=True)
        assert "credit" not in page()

    def test_without_a_link_says_that_it_comes(self) -> None:
        assert "on no hash chain yet" in document(case_of()._replace(link=None), ASSETS).decode()

    def test_shows_place_and_cost_when_they_are_known(self) -> None:
        place = CdrLocation(
            location_id="L", name="Depot", address="Hafen 1", city="Hamburg", postal_code="1", country="DEU",
            latitude="1", longitude="1", time_zone="Europe/Berlin",
        )  # fmt: skip
        assert "Depot, Hafen 1, 1 Hamburg" in page(location=place)
        assert ">Place</th>" not in page(location=None)
        assert "Cost" not in page(total_cost_incl_vat=None)


class TestOutside:
    def test_cannot_write_into_the_page(self) -> None:
        text = page(value(HOSTILE), value(HOSTILE, HOSTILE), station_id=HOSTILE, transaction_id=HOSTILE)
        assert text.count("<script") == 2
        assert "<img" not in text

    def test_is_shown_as_it_was_sent(self) -> None:
        block = re.search(r'id="told">(.*?)</script>', page(value(HOSTILE)))
        assert block is not None
        (record,) = json.loads(block[1])["records"]
        assert base64.b64decode(record["data"]) == HOSTILE.encode()

    @pytest.mark.parametrize("octets", [b"\xff\xfe", b"", b"\x00"])
    def test_may_be_any_octets(self, octets: bytes) -> None:
        odd = replace(pair()[0], signed_data=octets, sha256=sha256(octets).hexdigest())
        assert odd.sha256 in page(odd)


class TestPolicy:
    def test_lets_exactly_its_own_style_and_script_run(self) -> None:
        whole = assets()
        text = document(case_of(), whole).decode()
        (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
        (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
        for one in (style, script):
            hashed = base64.b64encode(sha256(one.encode()).digest()).decode()
            assert f"'sha256-{hashed}'" in whole.policy
        assert "default-src 'none'" in whole.policy
        assert not re.search(r'(src|href)="(https?:)?//', text)


class TestCase:
    def test_has_the_verdict_of_the_keys_of_today(self) -> None:
        assert verdict(case_of()).outcome == "OK"
        assert verdict(case_of(keys=())).findings == ("KEY_NOT_APPROVED",)

    def test_has_the_keys_that_were_valid(self) -> None:
        assert proving(case_of()) == (KEY,)
        assert proving(case_of(keys=(replace(KEY, valid_to=1),))) == ()

    def test_tells_the_script_octets_and_numbers(self) -> None:
        case = case_of()
        first, _ = told(case, shown(case))["records"]
        assert first["format"] == "OCMF"
        (signature,) = first["signatures"]
        assert signature["curve"] == "secp256r1"
        assert base64.b64decode(signature["message"]) in base64.b64decode(first["data"])

    def test_tells_no_key_where_there_is_none(self) -> None:
        case = case_of(keys=())
        (signature,) = told(case, shown(case))["records"][0]["signatures"]
        assert (signature["key"], signature["curve"]) == ("", "")
        assert told(case._replace(link=None), [])["chain"] is None
