"""Firmware that stations may download: plain files of one directory, each with its SHA-256."""

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class Firmware:
    """A file that is offered."""

    path: Path
    size_bytes: int
    sha256: bytes

    @property
    def digest_header(self) -> str:
        """Repr-Digest (RFC 9530)."""
        return f"sha-256=:{base64.b64encode(self.sha256).decode()}:"


class FirmwareFiles:
    """Looks at the directory each time; a digest is computed once for each state of a file."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._digests: dict[tuple[str, int, int], bytes] = {}

    def find(self, name: str) -> Firmware | None:
        """The file of this name; None for odd names, links and folders. Takes a while: it hashes."""
        path = self._root / name
        if not _NAME.fullmatch(name) or path.is_symlink() or not path.is_file():
            return None
        state = path.stat()
        key = (name, state.st_mtime_ns, state.st_size)
        if key not in self._digests:
            with path.open("rb") as file:
                self._digests[key] = hashlib.file_digest(file, "sha256").digest()
        return Firmware(path, state.st_size, self._digests[key])

    def all(self) -> list[Firmware]:
        """Everything that is offered, by name."""
        names = sorted(path.name for path in self._root.iterdir()) if self._root.is_dir() else []
        return [found for found in map(self.find, names) if found is not None]
