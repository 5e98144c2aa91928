"""Uploaded files appear whole, once, and where they belong."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.console.inbound.logs import Ticket
from services.console.uploads import Uploads
from services.console.wire.problems import Problem

TICKET = Ticket("wattlog", "CP 1", 77, 0)


async def parts(*data: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
    for one in data:
        yield one
    if error:
        raise error


def files(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())


class TestUploads:
    async def test_are_kept_under_the_request_and_a_plain_name(self, tmp_path: Path) -> None:
        uploads = Uploads(tmp_path, 100)
        stored = await uploads.store(TICKET, lambda: "../x y.log", parts(b"ab", b"", b"c"), "u")
        assert (stored.name, stored.size_bytes) == ("77-x_y.log", 3)
        path = uploads.path("wattlog", "CP 1", "77-x_y.log")
        assert path == tmp_path / "wattlog" / "CP%201" / "77-x_y.log"
        assert path.read_bytes() == b"abc"
        assert path.stat().st_mode & 0o077 == 0
        assert [file["name"] for file in uploads.listed("wattlog", "CP 1")] == ["77-x_y.log"]
        assert uploads.listed("wattlog", "CP2") == []

    async def test_leave_nothing_when_they_are_too_long_or_break_off(self, tmp_path: Path) -> None:
        uploads = Uploads(tmp_path, 3)
        with pytest.raises(Problem) as refused:
            await uploads.store(TICKET, lambda: "a", parts(b"ab", b"cd"), "u")
        assert refused.value.status == 413
        with pytest.raises(OSError, match="gone"):
            await uploads.store(TICKET, lambda: "a", parts(b"ab", error=OSError("gone")), "u")
        assert files(tmp_path) == []
        assert not uploads.taken(TICKET)

    async def test_come_once_for_each_request(self, tmp_path: Path) -> None:
        uploads = Uploads(tmp_path, 100)
        await uploads.store(TICKET, lambda: "a", parts(b"first"), "u")
        assert uploads.taken(TICKET)
        assert not uploads.taken(replace(TICKET, request_id=7))
        with pytest.raises(Problem) as refused:
            await uploads.store(TICKET, lambda: "b", parts(b"second"), "v")
        assert refused.value.status == 409
        assert files(tmp_path) == ["77-a"]

    async def test_are_found_by_their_exact_name_only(self, tmp_path: Path) -> None:
        uploads = Uploads(tmp_path, 100)
        await uploads.store(TICKET, lambda: "a", parts(b"x"), "u")
        folder = uploads.folder("wattlog", "CP 1")
        (folder / "78-link").symlink_to(folder / "77-a")
        (folder / "notes").write_text("not ours")
        for name in ("78-link", "notes", "../CP%201/77-a", "77", ""):
            assert uploads.path("wattlog", "CP 1", name) is None
