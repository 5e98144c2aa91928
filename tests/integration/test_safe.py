"""The transparency software of SAFE (1.4.1) opens our exports, and what it does not open is foretold.

It is on no registry: `WATTLOG_SAFE` names its jar, built (tests/integration/clients/README.md).
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.domain.signed_meter.containers import read_sessions
from services.domain.signed_meter.export import Export, transparency_xml
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, record, signed
from tests.unit.domain.signed_meter.test_export import SESSIONS
from tests.unit.domain.signed_meter.test_programs import VECTORS, between

pytestmark = pytest.mark.integration

JAR = os.environ.get("WATTLOG_SAFE", "")
CHECK = Path(__file__).with_name("clients") / "safe" / "Check.java"
WITHIN_S = 300
_STATUS = re.compile(r"^ {8}<status>(.*?)</status>", re.MULTILINE)
"""Of a result; deeper ones are the meter's."""


@dataclass(frozen=True)
class Safe:
    """The program as `-cli` runs it, and a place for documents."""

    jar: Path
    folder: Path

    def opens(self, exports: Mapping[str, Export]) -> set[str]:
        """Which of the documents it finds true, all values and the transaction that they make."""
        paths = {name: self.folder / f"{number}.xml" for number, name in enumerate(exports)}
        for name, path in paths.items():
            path.write_bytes(exports[name].xml)
        told = "".join(f"{path}\n" for path in paths.values())
        command = ["java", "-Djava.awt.headless=true", "-cp", str(self.jar), str(CHECK)]
        done = subprocess.run(command, input=told, capture_output=True, text=True, timeout=WITHIN_S, check=False)
        assert done.returncode == 0, done.stderr[-2_000:]
        return {name for name, path in paths.items() if _found_true(Path(f"{path}.out"))}


def _found_true(answer: Path) -> bool:
    if not answer.is_file():
        return False
    found = _STATUS.findall(answer.read_text("utf-8", "replace"))
    return bool(found) and set(found) == {"Verified"}


@pytest.fixture
def safe(tmp_path: Path) -> Safe:
    if not JAR:
        pytest.skip("WATTLOG_SAFE names no jar of the transparency software, which is on no registry")
    if shutil.which("java") is None:
        pytest.skip("the transparency software needs java, which is not installed")
    return Safe(Path(JAR), tmp_path)


def ocmf(*readings: dict[str, object], **fields: object) -> list[SignedRecord]:
    return [record(signed(payload(*readings, **fields)))]


CURVES = {
    f"OCMF on {curve}": [record(signed(payload(begin(), end()), curve), curve)]
    for curve in ("secp192k1", "secp192r1", "secp256k1", "secp384r1", "brainpoolP256r1", "brainpoolP384r1")
}
ODD = {
    "a version of tomorrow": ocmf(begin(), end(), FV="1.4"),
    "a bar in the text": ocmf(begin(), end(), TT="0.30 EUR|kWh"),
    "no unit, no status, no error flags": ocmf(begin(), end(RU=None, ST=None, EF=None, RT=None)),
    **{f"no {name}": ocmf(begin(), between(**{name: None}), end()) for name in ("TM", "TX", "RV", "RI")},
    **{f"no {name} at the end": ocmf(begin(), end(**{name: None})) for name in ("TM", "RV", "RI")},
}


class TestSafe:
    def test_opens_each_export_unless_that_was_foretold(self, safe: Safe) -> None:
        sessions = SESSIONS | CURVES | ODD
        exports = {name: transparency_xml(records, "4711") for name, records in sessions.items()}
        assert safe.opens(exports) == {name for name, export in exports.items() if not export.warnings}
        assert not any(exports[name].warnings for name in SESSIONS)

    def test_finds_untrue_what_is_not_as_it_was_signed(self, safe: Safe) -> None:
        text = signed(payload(begin(), end())).replace("1000.5", "1000.4")
        assert safe.opens({"changed": transparency_xml([record(text)], "4711")}) == set()

    @pytest.mark.skipif(not VECTORS.is_dir(), reason="the signed-meter vectors are not beside the repository")
    def test_opens_every_vector_that_may_be_billed(self, safe: Safe) -> None:
        exports: dict[str, Export] = {}
        for path in sorted(VECTORS.glob("*/*.json")):
            (records,) = read_sessions(path.read_bytes())
            try:
                export = transparency_xml(records, "4711")
            except NotReadable:
                continue
            if judge(records).transaction_ok:
                exports[path.stem] = export
        assert safe.opens(exports) == {name for name, export in exports.items() if not export.warnings}
        assert len(exports) > 70
