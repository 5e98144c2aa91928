from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from services.pki.cli import pki


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WATTLOG_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


class TestIssue:
    def test_writes_a_certificate_and_a_key_that_only_we_read(self, tmp_path: Path, data_dir: Path) -> None:
        done = CliRunner().invoke(pki, ["issue", "CP1", "--folder", str(tmp_path)])
        assert done.exit_code == 0, done.output
        certificate = x509.load_pem_x509_certificate((tmp_path / "CP1.crt.pem").read_bytes())
        authority = x509.load_pem_x509_certificate((data_dir / "pki" / "station-ca.pem").read_bytes())
        certificate.verify_directly_issued_by(authority)
        assert (tmp_path / "CP1.key.pem").stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize(("name", "folder"), [("a/b", "."), ("CP:1", "."), ("CP1", "not-there")])
    def test_says_what_is_wrong(self, name: str, folder: str) -> None:
        done = CliRunner().invoke(pki, ["issue", name, "--folder", folder])
        assert done.exit_code != 0
        assert "give" in done.output


class TestShow:
    def test_says_where_the_authority_is(self, data_dir: Path) -> None:
        done = CliRunner().invoke(pki, ["show"])
        assert str(data_dir / "pki" / "station-ca.pem") in done.output
