from pathlib import Path

import pytest

from services.pki.authorities import Cas, EstCa, LocalCa
from services.pki.csr import BadRequest
from services.pki.fold import Policy
from services.pki.settings import PkiSettings
from services.runtime.embedded.pki import Pki
from services.runtime.settings import BadSetting, CommonSettings
from tests.unit.pki.requests import csr, ordered


def settings(data_dir: Path, **chosen: str) -> PkiSettings:
    return PkiSettings(common=CommonSettings(data_dir=data_dir), **chosen)  # type: ignore[arg-type]


def name_of(ca: object) -> str:
    assert isinstance(ca, LocalCa)
    return ca.authority.certificate.subject.rfc4514_string()


class TestCas:
    def test_are_the_test_pkis_where_none_is_set(self, tmp_path: Path) -> None:
        cas = settings(tmp_path).cas()
        assert "station CA" in name_of(cas.station)
        assert "CPO sub-CA" in name_of(cas.v2g)

    def test_are_those_of_files(self, tmp_path: Path) -> None:
        pki = Pki(tmp_path / "elsewhere")
        files = {"station_ca_file": str(pki.v2g_ca_file), "station_ca_key_file": str(pki.v2g_key_file)}
        cas = settings(tmp_path, **files).cas()
        assert "CPO sub-CA" in name_of(cas.station)
        assert cas.v2g is None
        both = files | {"v2g_ca_file": str(pki.ca_file), "v2g_ca_key_file": str(pki.key_file)}
        assert "station CA" in name_of(settings(tmp_path, **both).cas().v2g)

    def test_are_asked_elsewhere(self, tmp_path: Path) -> None:
        url = "https://ca.example/.well-known/est"
        cas = settings(tmp_path, station_ca_est_url=url, est_user="u", est_password="p").cas()
        assert isinstance(cas.station, EstCa)
        assert cas.v2g is None
        assert isinstance(settings(tmp_path, v2g_ca_est_url=url).cas().v2g, EstCa)

    def test_name_files_that_are_not_what_they_should_be(self, tmp_path: Path) -> None:
        with pytest.raises(BadSetting, match=r"not-there\.pem"):
            settings(tmp_path, station_ca_file="not-there.pem", station_ca_key_file="x").cas()
        pki = Pki(tmp_path / "elsewhere")
        with pytest.raises(BadSetting, match="not the certificate and key"):
            settings(tmp_path, station_ca_file=str(pki.key_file), station_ca_key_file=str(pki.key_file)).cas()


class TestSigners:
    async def test_become_others_and_part_with_who_is_asked_no_more(self, tmp_path: Path) -> None:
        url = "https://ca.example/.well-known/est"
        signers = settings(tmp_path / "a", station_ca_est_url=url).signers()
        asked = signers.cas.station
        assert (signers.answerers, isinstance(asked, EstCa)) == ([], True)
        made = settings(tmp_path / "b").signers()
        await signers.take(made)
        assert (signers.cas, len(signers.answerers)) == (made.cas, 3)
        await signers.part()
        with pytest.raises(RuntimeError, match="closed"):
            await asked.sign(ordered())

    def test_are_made_of_files_that_may_change(self, tmp_path: Path) -> None:
        files = settings(tmp_path, station_ca_file="a", station_ca_key_file="b", est_ca_file="c").ca_files()
        assert [name for name in files if name] == ["a", "b", "c"]


class TestWhoSigns:
    async def test_depends_on_what_the_certificate_is_for(self, tmp_path: Path) -> None:
        cas = settings(tmp_path).cas()
        assert len(await cas.sign(ordered())) == 1
        v2g = ordered(csr("SECC1"), certificate_type="V2GCertificate")
        assert len(await cas.sign(v2g)) == 2
        with pytest.raises(BadRequest, match="V2GCertificate"):
            await Cas(cas.station, None).sign(v2g)


def test_the_policy_is_as_set(tmp_path: Path) -> None:
    assert settings(tmp_path, station_organisation="ACME").policy() == Policy(True, "ACME", 10)
