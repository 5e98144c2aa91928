"""The `wattlog` command: every process and every tool, imported only when it is asked for."""

import importlib
import sys
from dataclasses import dataclass

import click
import typer.main

from services.runtime.settings import BadSetting


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives: `module:attribute` is a function to call, or a typer app when `app` is set."""

    target: str
    about: str
    app: bool = False


COMMANDS = {
    "up": Entry(
        "services.up:up", "Start everything on this machine: Kafka, registry, ClickHouse, all services.", app=True
    ),
    "demo": Entry(
        "services.up:demo", "Start everything, charge real sessions through it and check the result.", app=True
    ),
    "ocpp": Entry("services.ocpp.app:main", "Run the OCPP edge, which stations connect to."),
    "sessions": Entry("services.sessions.app:main", "Run the processor that folds transactions into sessions."),
    "cdrs": Entry("services.cdrs.app:main", "Run the processor that makes charge detail records."),
    "whitelist": Entry("services.whitelist.app:main", "Run the processor that keeps the whitelist."),
    "analytics": Entry("services.analytics.app:main", "Run the ClickHouse sink (and embedded ClickHouse)."),
    "ocpi": Entry("services.ocpi.app:main", "Run the OCPI edge, which roaming partners pull from."),
    "registry": Entry("services.runtime.embedded.registry_server:main", "Run the embedded schema registry."),
    "station": Entry("services.ocpp.cli:station", "Add, list and disable charging stations.", app=True),
    "command": Entry("services.ocpp.cli:command", "Tell a station to start or stop a transaction.", app=True),
    "token": Entry("services.whitelist.cli:token", "Add, block and list tokens.", app=True),
    "tariff": Entry("services.cdrs.cli:tariff", "Add and list tariffs.", app=True),
    "partner": Entry("services.ocpi.cli:partner", "Add, list and suspend roaming partners.", app=True),
    "sql": Entry("services.analytics.cli:sql", "Ask ClickHouse.", app=True),
    "simulate": Entry(
        "services.simulator.cli:simulate", "Charge with simulated stations that really sign.", app=True
    ),
    "replay": Entry(
        "services.runtime.streaming.cli:replay", "Send dead letters back to where they came from.", app=True
    ),
}


class Commands(click.Group):
    """Commands that are imported when they are looked up, so that `wattlog token list` does not load Faust."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        entry = COMMANDS.get(name)
        if entry is None:
            return None
        module, attribute = entry.target.split(":")
        found = getattr(importlib.import_module(module), attribute)
        if entry.app:
            return typer.main.get_command(found)
        return click.Command(name, callback=found, help=entry.about, short_help=entry.about)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.about) for name, entry in COMMANDS.items()])


@click.command(cls=Commands, help="Wattlog: an event-sourced eMobility backend on Kafka.")
@click.version_option(package_name="wattlog")
def cli() -> None:
    """Hold the commands together."""


def main() -> None:
    try:
        cli()
    except BadSetting as error:
        sys.exit(f"wattlog: {error}")


if __name__ == "__main__":
    main()
