"""`wattlog nap`: the process; with a word behind it, what it publishes, for people."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from services.nap.app import main
from services.nap.holdings import Holdings
from services.nap.outbound.dynamic import status_publication
from services.nap.outbound.gaps import gaps
from services.nap.outbound.scene import Scene
from services.nap.outbound.static import table_publication
from services.nap.schemas import Which, deviations
from services.nap.settings import NapSettings
from services.runtime.clock import now_ms
from services.runtime.command_line import WAIT_S, fail, reaching_kafka
from services.runtime.registry import codec_of
from services.runtime.settings import load

nap = typer.Typer(
    add_completion=False,
    help="Serve the national access point. Without a command: run the process that does.",
)

_MAKERS = {Which.STATIC: table_publication, Which.DYNAMIC: status_publication}


@nap.callback(invoke_without_command=True)
def process(context: typer.Context) -> None:
    """Serve the national access point. Without a command: run the process that does."""
    if context.invoked_subcommand is None:
        main()


@nap.command()
def show(which: Annotated[Which, typer.Argument(help="locations, or their status and prices")]) -> None:
    """Print a publication as it would be served now."""
    with _scene() as scene:
        found = _made(which, scene)
    if found is None:
        fail("there is no public location: `wattlog location list` shows all.")
    typer.echo(msgspec.json.format(msgspec.json.Encoder(decimal_format="number").encode(found), indent=2))


@nap.command()
def check(
    schemas: Annotated[
        Path | None,
        typer.Option(help="directory of the profile's JSON schemas (it has a folder for each publication)"),
    ] = None,
) -> None:
    """Say what the law asks for and is not known, and whether the publications are as the profile wants them.

    Ends with status 1 when they are not, or when something is missing.
    """
    with _scene() as scene:
        found = gaps(scene)
        documents = {which: _made(which, scene) for which in Which}
    wrong = [
        f"{which.value}: {deviation}"
        for which, document in documents.items()
        if schemas is not None and document is not None
        for deviation in deviations(schemas, which, document)
    ]
    for line in (*found, *wrong):
        typer.echo(line)
    if found or wrong:
        raise typer.Exit(1)
    typer.echo(f"{len(scene.places)} location{'' if len(scene.places) == 1 else 's'}: nothing is missing.")


def _made(which: Which, scene: Scene) -> dict[str, Any] | None:
    return _MAKERS[which](scene, load(NapSettings).publisher, now_ms())


@contextmanager
def _scene() -> Iterator[Scene]:
    """What is public now."""
    settings = load(NapSettings)
    holdings = Holdings(settings.kafka, codec_of(settings.common))
    holdings.start()
    try:
        reaching_kafka(lambda: asyncio.run(holdings.wait_caught_up(WAIT_S)))
        yield holdings.scene(settings.common.tenant)
    finally:
        holdings.stop()
