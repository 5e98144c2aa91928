"""Chargy opens our exports, and what it does not open is foretold.

Its core is on no registry: `WATTLOG_CHARGY` names a folder with it, built (tests/integration/clients/README.md).
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from services.domain.signed_meter.export import transparency_xml
from tests.unit.domain.signed_meter.meter_records import Mennekes, pcdf_text
from tests.unit.domain.signed_meter.test_export import SESSIONS

pytestmark = pytest.mark.integration

CORE = os.environ.get("WATTLOG_CHARGY", "")
CHECK = Path(__file__).with_name("clients") / "chargy" / "check.mjs"
VALID = "ValidSignature"
WITHIN_S = 60


@pytest.fixture(scope="module")
def chargy() -> Path:
    if not CORE:
        pytest.skip("WATTLOG_CHARGY names no folder with the built core of Chargy, which is on no registry")
    if shutil.which("node") is None:
        pytest.skip("Chargy needs node, which is not installed")
    return Path(CORE)


def answers(core: Path, texts: dict[str, str]) -> dict[str, Any]:
    told = "".join(json.dumps({"name": name, "text": text}) + "\n" for name, text in texts.items())
    env = os.environ | {"CHARGY_CORE": str(core), "TZ": "UTC"}
    done = subprocess.run(
        ["node", str(CHECK)], input=told, capture_output=True, text=True, timeout=WITHIN_S, env=env, check=True
    )
    return {answer["name"]: answer for answer in map(json.loads, done.stdout.splitlines())}


class TestChargy:
    def test_opens_each_export_unless_that_was_foretold(self, chargy: Path) -> None:
        exports = {name: transparency_xml(records, "4711") for name, records in SESSIONS.items()}
        found = answers(chargy, {name: export.xml.decode() for name, export in exports.items()})
        opened = {name for name, answer in found.items() if answer["status"] == VALID}
        assert opened == {name for name, export in exports.items() if not export.chargy}
        assert all(value == VALID for name in opened for value in found[name]["values"])

    def test_opens_signed_records_by_themselves_where_it_does_not_open_the_document(self, chargy: Path) -> None:
        found = answers(chargy, {"PCDF": pcdf_text(), "Mennekes": Mennekes().xml()})
        assert {name: answer["status"] for name, answer in found.items()} == {"PCDF": VALID, "Mennekes": VALID}
