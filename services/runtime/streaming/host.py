"""What a path needs from the process that it runs in."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog


class Host(Protocol):
    """services.runtime.process.Process, or anything like it."""

    ready: bool
    """Set by the path: True once the states are recovered and records are taken."""
    stopping: asyncio.Event
    """Set by the process: finish with a last checkpoint and return."""
    log: Any
    """A structlog logger."""


@dataclass
class Part:
    """Hosts a processor that is not all that its process does: whether it is ready is told apart from the rest."""

    stopping: asyncio.Event
    ready: bool = False
    log: Any = field(default_factory=structlog.get_logger)
