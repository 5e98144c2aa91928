"""A record with its key and its link, as drivers see it; and the page's script in Node."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.domain.events.cdr import Cdr
from services.domain.events.common import MeterKeySource, MeterKeyStatus, SignedMeterValue
from services.evidence.meter_keys.versions import candidate
from services.evidence.page.case import Case
from services.settlement.chain import Head, chained
from tests.unit.evidence.signing import ENERGY, key, pair
from tests.unit.evidence.test_transparency import record

CDR_ID = "6a5b8a3e-0c68-5b5b-8f0f-5a4b3c2d1e0f"
SCRIPTS = Path(__file__).resolve().parents[4] / "services" / "evidence" / "page"

KEY = replace(
    candidate("k", key(), "secp256r1", MeterKeySource.LABEL, 1),
    status=MeterKeyStatus.APPROVED,
    approved_by=("anna", "ben"),
)


def issued(*values: SignedMeterValue, **changes: Any) -> Cdr:
    found, told = record(*values), {"cdr_id": CDR_ID, "energy_wh": ENERGY} | changes
    return replace(found, cdr_id=CDR_ID, detail=replace(found.detail, **told))


def case_of(*values: SignedMeterValue, keys: Any = (KEY,), **changes: Any) -> Case:
    """Of these values, without any: of a pair that is in order."""
    found = issued(*(values or pair()), **changes)
    return Case(found, keys, chained(Head(), found.detail)[1])


def node() -> str:
    """The program; the test is skipped without it."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node is not installed: the page's script cannot be run")
    return found


def in_node(program: str, given: Any) -> Any:
    """What a program answers; it has the page's functions as `Check`, and what is given as `given`."""
    whole = f"""
        const Check = require({json.dumps(str(SCRIPTS / "check.js"))});
        const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
        {program}"""
    done = subprocess.run(
        [node(), "-e", whole], input=json.dumps(given).encode(), capture_output=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-3_000:]
    return json.loads(done.stdout)
