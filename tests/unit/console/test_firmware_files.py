"""Which files are offered to stations."""

import hashlib
from pathlib import Path

import pytest

from services.console.firmware_files import FirmwareFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(b"secret")
    offered = tmp_path / "firmware"
    offered.mkdir()
    (offered / "a.bin").write_bytes(b"a")
    (offered / ".b").write_bytes(b"b")
    (offered / "folder").mkdir()
    (offered / "link").symlink_to(tmp_path / "secret")
    return offered


class TestFirmwareFiles:
    def test_are_plain_files_with_plain_names(self, folder: Path) -> None:
        assert [found.path.name for found in FirmwareFiles(folder).all()] == ["a.bin"]

    @pytest.mark.parametrize("name", ["", "..", "../secret", ".b", "folder", "link", "no", "a.bin\n", "a\x00"])
    def test_are_nothing_else(self, folder: Path, name: str) -> None:
        assert FirmwareFiles(folder).find(name) is None

    def test_are_hashed_anew_when_they_change(self, folder: Path) -> None:
        files = FirmwareFiles(folder)
        found = files.find("a.bin")
        assert found is not None
        assert found.sha256 == hashlib.sha256(b"a").digest()
        assert found.digest_header.startswith("sha-256=:")
        (folder / "a.bin").write_bytes(b"other")
        again = files.find("a.bin")
        assert again is not None
        assert (again.sha256, again.size_bytes) == (hashlib.sha256(b"other").digest(), 5)

    def test_are_none_without_a_directory(self, tmp_path: Path) -> None:
        assert FirmwareFiles(tmp_path / "none").all() == []
