"""`wattlog evidence`: the process; with a word behind it, the tools of those who decide what is billed."""

import typer

from services.evidence.app import main
from services.evidence.transparency_cli import transparency

evidence = typer.Typer(
    add_completion=False,
    help="Verify signed meter values. Without a command: run the process that does.",
)


@evidence.callback(invoke_without_command=True)
def process(context: typer.Context) -> None:
    """Verify signed meter values. Without a command: run the process that does."""
    if context.invoked_subcommand is None:
        main()


evidence.command()(transparency)
