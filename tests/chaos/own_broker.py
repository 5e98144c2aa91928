"""A broker for a chaos test that is run by hand."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.runtime.embedded.kafka import EmbeddedKafka
from services.runtime.embedded.ports import free_ports


@contextmanager
def own_broker(given: str) -> Iterator[str]:
    """The address given, or that of a broker that lives as long as the block."""
    if given:
        yield given
        return
    cache_dir = Path(os.environ.get("WATTLOG_CACHE_DIR", Path(__file__).parents[2] / ".wattlog"))
    port, controller_port = free_ports(2)
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedKafka(Path(folder), port, controller_port, jars_dir=cache_dir / "kafka") as kafka,
    ):
        yield kafka.bootstrap_servers
