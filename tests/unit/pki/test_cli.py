from pathlib import Path

import pytest
import typer
from cryptography import x509
from typer.testing import CliRunner

from services.domain.events.certificate import CertificateIssued
from services.pki.cli import pki


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WATTLOG_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[CertificateIssued]:
    """What Kafka was told."""
    told: list[CertificateIssued] = []
    monkeypatch.setattr("services.pki.cli.publish", told.append)
    return told


class TestIssue:
    def test_puts_what_it_makes_on_record_first(
        self, tmp_path: Path, told: list[CertificateIssued], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert CliRunner().invoke(pki, ["issue", "CP1", "--folder", str(tmp_path)]).exit_code == 0
        certificate = x509.load_pem_x509_certificate((tmp_path / "CP1.crt.pem").read_bytes())
        assert [(one.station_id, one.serial_number, one.handed_out) for one in told] == [
            ("CP1", f"{certificate.serial_number:x}", True)
        ]

        def fails(_: CertificateIssued) -> None:
            raise typer.Exit(1)

        monkeypatch.setattr("services.pki.cli.publish", fails)
        assert CliRunner().invoke(pki, ["issue", "CP2", "--folder", str(tmp_path)]).exit_code == 1
        assert not (tmp_path / "CP2.crt.pem").exists()

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
