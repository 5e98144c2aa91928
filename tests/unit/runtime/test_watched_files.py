"""Files that are read again: when, and what happens to bad ones."""

import asyncio
from pathlib import Path

import pytest

from services.runtime.watched_files import WatchedFiles, contents, watch


class Around:
    """Two files of a number each, and what was made of them."""

    def __init__(self, folder: Path) -> None:
        self.first, self.second = folder / "first", folder / "second"
        self.first.write_text("1")
        self.second.write_text("2")
        self.taken: list[int] = []
        self.watched = WatchedFiles("a sum", [str(self.first), "", str(self.second)], self.read, self.take)

    def read(self) -> int:
        return int(self.first.read_text()) + int(self.second.read_text())

    async def take(self, made: int) -> None:
        if made < 0:
            raise OSError("cannot be used")
        self.taken.append(made)

    async def look(self, times: int = 2) -> None:
        for _ in range(times):
            await self.watched.look()


@pytest.fixture
def around(tmp_path: Path) -> Around:
    return Around(tmp_path)


class TestWatchedFiles:
    async def test_that_do_not_change_are_not_read_again(self, around: Around) -> None:
        around.first.write_text("1")
        await around.look(3)
        assert around.taken == []

    async def test_that_have_changed_are_taken_once(self, around: Around) -> None:
        around.first.write_text("5")
        await around.look(4)
        assert around.taken == [7]

    async def test_that_are_still_changing_are_not_taken(self, around: Around) -> None:
        for number in range(3):
            around.first.write_text(str(10 + number))
            await around.look(1)
        assert around.taken == []
        await around.look(1)
        assert around.taken == [14]

    async def test_that_change_back_before_they_settle_are_as_they_were(self, around: Around) -> None:
        around.first.write_text("5")
        await around.look(1)
        around.first.write_text("1")
        await around.look()
        assert around.taken == []

    @pytest.mark.parametrize(("content", "why"), [("x", "invalid literal"), ("-9", "cannot be used")])
    async def test_that_are_broken_are_said_to_be_and_mended_later(
        self, around: Around, content: str, why: str
    ) -> None:
        around.first.write_text(content)
        await around.look(4)
        assert around.taken == []
        assert why in around.watched.broken
        around.first.write_text("3")
        await around.look()
        assert (around.taken, around.watched.broken) == ([5], "")

    async def test_that_go_back_to_what_is_in_use_are_broken_no_more(self, around: Around) -> None:
        around.first.unlink()
        await around.look()
        assert "No such file" in around.watched.broken
        around.first.write_text("1")
        await around.look()
        assert (around.taken, around.watched.broken) == ([3], "")

    async def test_are_looked_at_from_time_to_time(self, around: Around) -> None:
        looking = asyncio.create_task(watch([around.watched], 0.001))
        around.second.write_text("8")
        while not around.taken:
            await asyncio.sleep(0.001)
        looking.cancel()
        assert around.taken == [9]


class TestContents:
    def test_tell_contents_and_reasons_apart(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        missing = contents([path])
        path.mkdir()
        folder = contents([path])
        path.rmdir()
        path.write_bytes(b"")
        assert len({missing, folder, contents([path])}) == 3
