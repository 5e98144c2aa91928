"""Every published vector of every format: signatures, verdict, findings, readings, energy.

A vector whose `transaction_ok` is null and that lists no findings states no opinion about the law (real records of
which only the signature is known): there only signatures, readings and energy are compared.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from services.domain.signed_meter.exact import plain
from services.domain.signed_meter.formats import FORMATS
from services.domain.signed_meter.record import Reading, SessionVerdict, SignedRecord
from services.domain.signed_meter.session import judge

VECTORS = Path(__file__).resolve().parents[5] / "shared" / "vectors" / "eichrecht"


def cases() -> list[Any]:
    found = [(path, json.loads(path.read_text("utf-8"))) for path in sorted(VECTORS.glob("*/*.json"))]
    return [pytest.param(case, id=path.stem) for path, case in found if case["format"] in FORMATS]


def records(case: dict[str, Any]) -> list[SignedRecord]:
    return [
        SignedRecord(
            format=case["format"],
            data=value["data"].encode(),
            key=value["key"],
            context=value["context"],
            encoding=value["encoding"],
            signature=value.get("signature_hex"),
        )
        for value in case["values"]
    ]


def as_ocmf(reading: Reading) -> dict[str, str | None]:
    return {
        "tm": reading.time,
        "tx": reading.marker,
        "ri": reading.register,
        "kwh": plain(reading.kwh),
        "st": reading.status,
        "ef": reading.error_flags,
    }


def energy(verdict: SessionVerdict) -> str | None:
    return None if verdict.energy_kwh is None else plain(verdict.energy_kwh)


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the signed-meter vectors are not beside the repository")
@pytest.mark.parametrize("case", cases())
class TestVectors:
    def test_have_the_expected_signatures(self, case: dict[str, Any]) -> None:
        assert judge(records(case)).signature_valid == case["expected"]["signature_valid"]

    def test_have_the_expected_verdict_and_findings(self, case: dict[str, Any]) -> None:
        expected, verdict = case["expected"], judge(records(case))
        if expected["transaction_ok"] is not None:
            assert verdict.transaction_ok is expected["transaction_ok"]
        if expected["transaction_ok"] is not None or expected["findings"]:
            assert set(verdict.codes) == set(expected["findings"])
        if not all(expected["signature_valid"]):
            assert verdict.transaction_ok is not True

    def test_have_the_expected_contents(self, case: dict[str, Any]) -> None:
        expected, verdict = case["expected"], judge(records(case))
        if "pagination" in expected:
            assert [one.pagination for one in verdict.trusted] == expected["pagination"]
            assert [one.meter_serial for one in verdict.trusted] == expected["meter_serial"]
        if case["format"] == "OCMF":
            assert [as_ocmf(reading) for reading in verdict.readings] == expected["readings"]
        if "energy_kwh" in expected:
            assert energy(verdict) == expected["energy_kwh"]
