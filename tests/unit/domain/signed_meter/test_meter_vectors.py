"""Every vector of the formats other than OCMF: signatures, findings, readings, energy. Skips without ../shared."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.domain.signed_meter.record import Reading, SessionVerdict, SignedRecord, Verified
from services.domain.signed_meter.session import judge

ROOT = Path(__file__).resolve().parents[5] / "shared" / "vectors" / "eichrecht"
VECTORS = sorted(path for path in ROOT.glob("*/*.json") if path.parent.name != "ocmf")
OWN = "generated here with own test keys"

pytestmark = pytest.mark.skipif(not VECTORS, reason="../shared/vectors/eichrecht is absent")

DETAILS: dict[str, Callable[[Verified, Reading], str | None]] = {
    "epoch": lambda one, reading: one.details["epoch"],
    "epoch_local": lambda one, reading: reading.details["epoch_local"],
    "type": lambda one, reading: one.details["type"],
    "paging": lambda one, reading: one.pagination,
    "pagination": lambda one, reading: reading.details.get("pagination", one.pagination),
    "session": lambda one, reading: one.details["session"],
    "uid": lambda one, reading: one.identification,
    "meter_status": lambda one, reading: one.details["meter_status"],
    "adapter_status": lambda one, reading: one.details["adapter_status"],
    "contract_id_hex": lambda one, reading: one.details["contract"],
    "log": lambda one, reading: one.details["log"],
    "curve": lambda one, reading: one.details["curve"],
    "ts": lambda one, reading: reading.time,
    "context": lambda one, reading: {"begin": "BEGIN", "between": "UPDATE", "end": "END"}.get(
        reading.marker or ""
    ),
    "kwh": lambda one, reading: str(reading.kwh),
    "start_kwh": lambda one, reading: one.details["start_kwh"],
}
NUMBERS = {"kwh", "start_kwh"}


def judged(vector: dict[str, Any]) -> SessionVerdict:
    return judge(
        [
            SignedRecord(
                format=vector["format"],
                data=value["data"].encode(),
                key=value["key"],
                context=value["context"],
                encoding=value["encoding"],
                signature=value.get("signature_hex"),
            )
            for value in vector["values"]
        ]
    )


@pytest.fixture(scope="module", params=VECTORS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def vector(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(request.param.read_text(encoding="utf-8"))
    return loaded


class TestVector:
    def test_has_the_expected_verdict(self, vector: dict[str, Any]) -> None:
        expected, verdict = vector["expected"], judged(vector)
        assert verdict.signature_valid == expected["signature_valid"]
        if expected["transaction_ok"] is None:
            assert set(expected["findings"]) <= set(verdict.codes)
            assert verdict.transaction_ok is not True or vector["source"]["repo"] != OWN
        else:
            assert (verdict.transaction_ok, set(verdict.codes)) == (
                expected["transaction_ok"],
                set(expected["findings"]),
            )

    def test_has_the_expected_energy_to_the_last_digit(self, vector: dict[str, Any]) -> None:
        expected = vector["expected"].get("energy_kwh")
        if expected is not None:
            assert judged(vector).energy_kwh == Decimal(expected)

    def test_has_the_expected_readings(self, vector: dict[str, Any]) -> None:
        verdict = judged(vector)
        seen = [(one, reading) for one in verdict.trusted for reading in one.readings]
        expected = vector["expected"].get("readings")
        if expected is None:
            return
        assert len(seen) == len(expected)
        for (one, reading), wanted in zip(seen, expected, strict=True):
            for name, value in wanted.items():
                found = DETAILS[name](one, reading)
                assert Decimal(found or "") == Decimal(value) if name in NUMBERS else found == str(value)
