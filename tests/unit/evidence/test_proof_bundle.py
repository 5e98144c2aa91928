"""A record's proof in a ZIP: whole, the same bytes each time, and honest about what is not in it."""

import io
import json
from dataclasses import replace
from hashlib import sha256
from typing import Any
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from services.domain.events.common import ChargeDetail, MeterKeySource, MeterKeyStatus, MeterKeyVersion
from services.domain.events.meterkey import MeterKeys
from services.domain.events.settlement import CdrChained
from services.domain.signed_meter.containers import read_sessions
from services.domain.signed_meter.session import judge
from services.evidence import transparency_cli
from services.evidence.cli import evidence
from services.evidence.meter_keys.versions import candidate
from services.evidence.proof_bundle import bundle
from tests.unit.evidence.signing import EVSE, STATION, key, pair, value
from tests.unit.evidence.test_transparency import TENANT, detail, reading_of, record

KEY = replace(
    candidate("k", key(), "secp256r1", MeterKeySource.LABEL, 1),
    status=MeterKeyStatus.APPROVED,
    approved_by=("anna", "ben"),
)
LINK = CdrChained(
    event_id="e", tenant=TENANT, cdr_id="c1", height=7, record_sha256="aa", previous_sha256="bb", link_sha256="cc"
)


def opened(data: bytes) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def packed(found: ChargeDetail, *keys: MeterKeyVersion, link: CdrChained | None = LINK) -> dict[str, bytes]:
    return opened(bundle(found, keys, link))


class TestBundle:
    def test_has_each_signed_value_byte_for_byte_under_its_hash(self) -> None:
        values = [data for name, data in packed(detail(*pair()), KEY).items() if name.startswith("signed/")]
        assert values == [one.signed_data for one in pair()]
        names = [name for name in packed(detail(*pair()), KEY) if name.startswith("signed/")]
        assert [name[7:23] for name in names] == [sha256(data).hexdigest()[:16] for data in values]

    def test_has_a_verdict_that_its_own_document_bears_out(self) -> None:
        files = packed(detail(*pair()), KEY)
        verdict = json.loads(files["verdict.json"])
        assert (verdict["signature_valid"], verdict["transaction_ok"]) == ([True, True], True)
        assert (verdict["findings"], verdict["transparency_software"], verdict["chargy"]) == ([], [], [])
        (session,) = read_sessions(files["transparency.xml"])
        assert f"{judge(session).energy_kwh:f}" == verdict["energy_kwh"]

    def test_says_whose_keys_they_are_and_where_the_record_is_on_the_chain(self) -> None:
        files = packed(detail(*pair()), KEY)
        (told,) = json.loads(files["keys.json"])
        assert (told["public_key"], told["source"], told["approved_by"]) == (key(), "LABEL", ["anna", "ben"])
        assert json.loads(files["chain.json"]) == LINK.to_record()

    def test_shows_the_record_with_hashes_in_place_of_the_values(self) -> None:
        told = json.loads(packed(detail(*pair()), KEY)["record.json"])
        assert told["signed_meter_values"] == [one.sha256 for one in pair()]
        assert told["started_at"].endswith("Z")
        assert told["energy_wh"] == str(detail().energy_wh)

    def test_gives_a_reason_for_every_doubt(self) -> None:
        verdict = json.loads(packed(detail(*pair()), replace(KEY, public_key=key(8)))["verdict.json"])
        assert verdict["transaction_ok"] is False
        assert {one["code"] for one in verdict["findings"]} == {"SIGNATURE_INVALID"}
        assert all(one["message"] for one in verdict["findings"])

    @pytest.mark.parametrize("values", [[], [value("nothing that is known")]])
    def test_of_what_the_transparency_software_cannot_open_says_so(self, values: list[Any]) -> None:
        files = packed(detail(*values))
        assert "transparency.xml" not in files
        (why,) = json.loads(files["verdict.json"])["transparency_software"]
        assert why

    def test_has_no_link_when_there_is_none(self) -> None:
        assert "chain.json" not in packed(detail(*pair()), KEY, link=None)

    def test_is_the_same_each_time(self) -> None:
        assert bundle(detail(*pair()), [KEY], LINK) == bundle(detail(*pair()), [KEY], LINK)


class TestCommand:
    @pytest.fixture
    def link(self, monkeypatch: pytest.MonkeyPatch) -> list[CdrChained | None]:
        """What the chain is found to have."""
        found: list[CdrChained | None] = [LINK]

        async def known(_: ChargeDetail) -> CdrChained | None:
            return found[0]

        monkeypatch.setattr(transparency_cli, "_link", known)
        point = MeterKeys(
            tenant=TENANT, station_id=STATION, evse_id=EVSE, versions=(KEY,), version=1, updated_at=1
        )
        monkeypatch.setattr(transparency_cli, "reading", reading_of([record(*pair()), point]))
        return found

    def test_writes_a_file_named_like_the_record(self, link: Any, tmp_path: Any, monkeypatch: Any) -> None:
        monkeypatch.chdir(tmp_path)
        result = CliRunner().invoke(evidence, ["bundle", "c1"])
        assert (result.exit_code, result.stdout) == (0, "c1.zip has 2 signed values and what they prove.\n")
        assert opened((tmp_path / "c1.zip").read_bytes()) == packed(record(*pair()).detail, KEY)

    def test_says_that_a_record_is_on_no_chain(self, link: Any, tmp_path: Any) -> None:
        link[0] = None
        result = CliRunner().invoke(evidence, ["bundle", "c1", "-o", str(tmp_path / "x.zip")])
        assert result.exit_code == 0
        assert "on no hash chain" in result.stderr

    def test_says_what_cannot_be_written(self, link: Any, tmp_path: Any) -> None:
        result = CliRunner().invoke(evidence, ["bundle", "c1", "-o", str(tmp_path / "no" / "x.zip")])
        assert (result.exit_code, "cannot be written" in result.stderr) == (1, True)
