"""Secrets that a process makes for itself and keeps with its data."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

_BYTES: Final = 32


def kept_secret(path: Path) -> bytes:
    """The secret in this file, made when there is none; readable for its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
        # A link appears whole or, when another process was first, not at all.
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_bytes()
