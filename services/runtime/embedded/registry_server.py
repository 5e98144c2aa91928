"""The embedded schema registry: the REST API of the Confluent Schema Registry for Avro, kept in Kafka.

It knows no users and is meant for loopback. Only requests that declare a JSON body may change anything, which no
web page of another origin can send.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

import uvicorn
from confluent_kafka import KafkaException

from services.runtime import process
from services.runtime.avro_compatibility import Level
from services.runtime.bus import NotDurable
from services.runtime.embedded.problems import CannotStart
from services.runtime.embedded.registry_catalog import (
    Catalog,
    Record,
    Refused,
    Version,
    level_record,
    schema_record,
)
from services.runtime.embedded.registry_log import SchemaLog
from services.runtime.embedded.registry_routes import create_app
from services.runtime.settings import CommonSettings, KafkaSettings, load, setting

_ASK_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """Settings of the embedded registry."""

    common: CommonSettings = CommonSettings()
    kafka: KafkaSettings = KafkaSettings()
    registry_host: str = setting("127.0.0.1", "address of the embedded schema registry, which knows no users")
    registry_port: int = setting(8081, "port of the embedded schema registry; 0 takes a free one")
    registry_metrics_port: int = setting(9109, "port of the registry's metrics and health endpoints")
    registry_compatibility: Level = setting(
        Level.BACKWARD_TRANSITIVE, "compatibility level of subjects that have none of their own"
    )


class Registry:
    """The catalog together with its topic. A change is written first and then applied."""

    def __init__(self, log: SchemaLog, default_level: Level) -> None:
        self._log = log
        self._default_level = default_level
        self._writing = threading.Lock()
        self._stale = True
        self.catalog = Catalog(default_level)

    def load(self) -> None:
        """Read the topic anew; KafkaException when it cannot be read."""
        fresh = Catalog(self._default_level)
        self._log.load(fresh.apply)
        self.catalog = fresh
        self._stale = False

    def change(self, decide: Callable[[Catalog], list[Record]]) -> None:
        """Write the records that `decide` makes of the catalog, and apply them once the broker has them."""
        with self._writing:
            try:
                if self._stale:
                    self.load()
                records = decide(self.catalog)
                if records:
                    self._log.append(records)
            except (NotDurable, KafkaException) as error:
                # The records may yet be there, so what the topic says is read before the next change.
                self._stale = True
                raise Refused(500, 50001, f"Kafka did not take the change, try again: {error}") from error
            for key, value in records:
                self.catalog.apply(key, value)

    def register(self, subject: str, text: str) -> Version:
        """The version with this schema, registered if it is new; Refused when it must not be."""
        found: list[Version] = []

        def decide(catalog: Catalog) -> list[Record]:
            version, new = catalog.register(subject, text)
            found.append(version)
            return [schema_record(version)] if new else []

        self.change(decide)
        return found[0]

    def delete(self, subject: str, wanted: str | None = None) -> list[int]:
        """Numbers of the versions that are deleted by this."""
        deleted: list[Version] = []

        def decide(catalog: Catalog) -> list[Record]:
            deleted.extend(catalog.delete(subject, wanted))
            return [schema_record(version) for version in deleted]

        self.change(decide)
        return [version.version for version in deleted]

    def set_level(self, subject: str | None, level: Level | None) -> None:
        """Give a subject (None: all that have none of their own) a level, or take its own away."""
        self.change(lambda _: [level_record(subject, level)])


class RegistryServer:
    """Serves a registry on a thread of its own, from `start` to `stop`."""

    def __init__(self, settings: RegistrySettings) -> None:
        self._settings = settings
        self._registry = Registry(SchemaLog(settings.kafka), settings.registry_compatibility)
        self._thread: threading.Thread | None = None
        self.port = settings.registry_port

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self._settings.registry_host == "0.0.0.0" else self._settings.registry_host
        return f"http://{host}:{self.port}"

    def start(self) -> Self:
        """Load and listen. KafkaException when Kafka cannot be read, CannotStart when the port is taken."""
        self._registry.load()
        try:
            listener = socket.create_server((self._settings.registry_host, self.port))
        except OSError as error:
            raise CannotStart(
                f"The schema registry cannot listen on {self._settings.registry_host}:{self.port} "
                f"({error.strerror}): stop what listens there, or set WATTLOG_REGISTRY_PORT."
            ) from error
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            create_app(self._registry),
            lifespan="off",
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="registry", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Finish the requests at hand and stop listening."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


async def run(settings: RegistrySettings, running: process.Process) -> None:
    """Serve until `running` is stopping; while Kafka is away at the start, keep trying."""
    server = RegistryServer(settings)
    while not running.stopping.is_set():
        try:
            await asyncio.to_thread(server.start)
        except KafkaException as error:
            running.log.warning("registry cannot read its schemas, trying again", error=str(error))
            await asyncio.sleep(_ASK_AGAIN_S)
            continue
        running.ready = True
        running.log.info("registry listens", url=server.url)
        await running.stopping.wait()
    await asyncio.to_thread(server.stop)


def serve(settings: RegistrySettings) -> None:
    """Run the registry as a process, until SIGTERM or SIGINT."""
    process.run(partial(run, settings), "registry", settings.registry_metrics_port, settings.common)


def main() -> None:
    """`wattlog registry`."""
    serve(load(RegistrySettings))
