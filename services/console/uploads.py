"""Uploaded files on disk: each appears whole, once, and never where it does not belong."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from services.console.inbound.logs import Ticket, file_name, folder
from services.console.wire.problems import Problem

_NAME: Final = re.compile(r"(\d{1,10})-([A-Za-z0-9._-]{1,100})")
_PRIVATE_FILE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700


def _created(path: Path) -> BinaryIO:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE), "wb")


def _keep(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that has arrived whole."""

    name: str
    size_bytes: int
    sha256: str


class Uploads:
    """The folder of a directory per tenant and station; files are named `<request id>-<name>`."""

    def __init__(self, root: Path, max_bytes: int) -> None:
        self._root = root
        self._max_bytes = max_bytes

    def folder(self, tenant: str, station_id: str) -> Path:
        return self._root.joinpath(*folder(tenant, station_id))

    def taken(self, ticket: Ticket) -> bool:
        """Whether the ticket's file has arrived: a URL is good for one."""
        return any(number == ticket.request_id for number, _ in self._files(ticket.tenant, ticket.station_id))

    async def store(
        self, ticket: Ticket, name: Callable[[], str], parts: AsyncIterator[bytes], unique: str
    ) -> Stored:
        """Keep what comes; Problem 413 when it is too much, 409 when another was faster. Nothing half is left.

        `name` is asked for at the end: that of a form comes with its bytes.
        """
        target = self.folder(ticket.tenant, ticket.station_id)
        target.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
        fresh = target / f".{unique}"
        digest, size = hashlib.sha256(), 0
        try:
            with _created(fresh) as file:
                async for part in parts:
                    size += len(part)
                    if size > self._max_bytes:
                        raise Problem(413, f"files may have {self._max_bytes} bytes")
                    digest.update(part)
                    file.write(part)
                await asyncio.to_thread(_keep, file)
            if self.taken(ticket):
                raise Problem(409, "this upload URL was used")
            stored = Stored(f"{ticket.request_id}-{file_name(name())}", size, digest.hexdigest())
            fresh.rename(target / stored.name)
            return stored
        finally:
            with suppress(FileNotFoundError):
                fresh.unlink()

    def listed(self, tenant: str, station_id: str) -> list[dict[str, Any]]:
        """A station's files, newest first: name, size_bytes, modified_ms."""
        found = [
            {"name": path.name, "size_bytes": path.stat().st_size, "modified_ms": int(path.stat().st_mtime * 1000)}
            for _, path in self._files(tenant, station_id)
        ]
        return sorted(found, key=lambda file: -int(str(file["modified_ms"])))

    def path(self, tenant: str, station_id: str, name: str) -> Path | None:
        """A station's file of exactly this name, None when there is none."""
        return next((path for _, path in self._files(tenant, station_id) if path.name == name), None)

    def _files(self, tenant: str, station_id: str) -> Iterator[tuple[int, Path]]:
        with suppress(FileNotFoundError):
            for path in self.folder(tenant, station_id).iterdir():
                named = _NAME.fullmatch(path.name)
                if named and path.is_file() and not path.is_symlink():
                    yield int(named[1]), path
