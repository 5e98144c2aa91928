"""What the command line tools share: read a state topic, publish, and say in one sentence what is wrong."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn, TypeVar

import typer

from services.domain.folding import Event
from services.runtime.bus import NotDurable, publish_sync
from services.runtime.registry import codec_of
from services.runtime.settings import CommonSettings, KafkaSettings, load
from services.runtime.view import OnChange, View

WAIT_S = 10.0
"""How long a tool waits for Kafka."""

T = TypeVar("T")


def fail(message: str) -> NoReturn:
    """Say it on standard error and end with status 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)


@contextmanager
def reading(kind: type[T], on_change: OnChange[T] | None = None) -> Iterator[View[T]]:
    """The state topic of an event type, read to its end and kept up to date while the block runs.

    `on_change` is told each value by its key, None for one that is gone, on a thread of its own.
    """
    topic: str = kind.TOPIC  # type: ignore[attr-defined]
    view: View[T] = View(load(KafkaSettings), codec_of(load(CommonSettings)), topic, on_change)
    view.start()
    try:
        reaching_kafka(lambda: asyncio.run(view.wait_caught_up(WAIT_S)))
        yield view
    finally:
        view.stop()


def publish(*events: Event) -> None:
    """Return when Kafka has them; otherwise fail and say where it was looked for."""
    reaching_kafka(lambda: publish_sync(load(KafkaSettings), codec_of(load(CommonSettings)), events, WAIT_S))


def reaching_kafka(work: Callable[[], T]) -> T:
    """Do something that needs Kafka; fail when it does not answer."""
    try:
        return work()
    except (NotDurable, TimeoutError):
        where = load(KafkaSettings).bootstrap_servers
        fail(f"Kafka at {where} does not answer: start it with `make up`, or set WATTLOG_BOOTSTRAP_SERVERS")
