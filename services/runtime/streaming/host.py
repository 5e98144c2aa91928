"""What a path needs from the process that it runs in."""

import asyncio
from typing import Any, Protocol


class Host(Protocol):
    """services.runtime.process.Process, or anything like it."""

    ready: bool
    """Set by the path: True once the states are recovered and records are taken."""
    stopping: asyncio.Event
    """Set by the process: finish with a last checkpoint and return."""
    log: Any
    """A structlog logger."""
