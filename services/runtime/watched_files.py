"""Files that are read again when they change, such as certificates that somebody else renews."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import structlog

LOOK_S: Final = 1.0

T = TypeVar("T")

log = structlog.get_logger(__name__)


class WatchedFiles(Generic[T]):
    """Some files that make one thing: `read` makes it of them, `take` puts it to use.

    `read` runs on a thread and fails (with any Exception) when the files are not what they should be: then what
    was made of them before stays in use, an error is logged for each new content, and `broken` says why. Files are
    compared by content, and only taken once two looks have found the same: writers need not replace them
    atomically, nor all at once.
    """

    def __init__(
        self, what: str, paths: Iterable[str], read: Callable[[], T], take: Callable[[T], Awaitable[None]]
    ) -> None:
        self.what = what
        self.broken = ""
        """Why the files as they are now cannot be used; "" while they can."""
        self._paths = tuple(Path(path) for path in paths if path)
        self._read = read
        self._take = take
        self._in_use = self._seen = contents(self._paths)

    async def look(self) -> None:
        """Take what has changed and stopped changing."""
        seen = await asyncio.to_thread(contents, self._paths)
        settled, self._seen = seen == self._seen, seen
        if not settled or seen == self._in_use:
            return
        self._in_use = seen
        try:
            await self._take(await asyncio.to_thread(self._read))
        except Exception as error:  # whatever is wrong with them, what is in use stays
            self.broken = str(error) or repr(error)
            files = [str(path) for path in self._paths]
            said = "changed files CANNOT BE USED, what they were before stays in use"
            log.exception(said, what=self.what, files=files, why=self.broken)
        else:
            self.broken = ""
            log.info("changed files are in use", what=self.what)


async def watch(watched: Sequence[WatchedFiles[Any]], every_s: float = LOOK_S) -> None:
    """Look at all of them from time to time, until cancelled."""
    while True:
        await asyncio.sleep(every_s)
        for files in watched:
            await files.look()


def contents(paths: Iterable[Path]) -> tuple[bytes, ...]:
    """What tells contents apart; a file that cannot be read is told by why."""
    return tuple(_content(path) for path in paths)


def _content(path: Path) -> bytes:
    try:
        return blake2b(path.read_bytes(), digest_size=16).digest()
    except OSError as error:
        return f"{type(error).__name__} {error.errno}".encode()
