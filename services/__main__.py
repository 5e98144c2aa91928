"""The `wattlog` command: every process and every tool, imported only when it is asked for."""

import difflib
import importlib
import sys
from dataclasses import dataclass
from importlib.metadata import version

from services.runtime.embedded.problems import CannotStart
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
    "settlement": Entry(
        "services.settlement.cli:settlement",
        "Run the processor that settles records; steps, statements.",
        app=True,
    ),
    "evidence": Entry(
        "services.evidence.cli:evidence",
        "Run the processor that verifies signed meter values; its work list.",
        app=True,
    ),
    "meter-key": Entry(
        "services.evidence.meter_keys.cli:meter_key",
        "Add, approve, revoke and export public keys of meters.",
        app=True,
    ),
    "smartcharging": Entry("services.smartcharging.app:main", "Run the processor that offers EVs what they need."),
    "pki": Entry(
        "services.pki.cli:pki", "Run the process that has stations' certificates signed; list, revoke.", app=True
    ),
    "analytics": Entry("services.analytics.app:main", "Run the ClickHouse sink (and embedded ClickHouse)."),
    "ocpi": Entry("services.ocpi.app:main", "Run the OCPI edge, which roaming partners pull from."),
    "ocpi-push": Entry("services.ocpi.push.app:main", "Run the process that tells roaming partners what changed."),
    "nap": Entry(
        "services.nap.cli:nap", "Serve the national access point (AFIR); show and check what it gets.", app=True
    ),
    "console": Entry("services.console.app:main", "Run the operations API."),
    "fleet": Entry(
        "services.fleet.cli:fleet", "Run the process that asks many stations; start, watch, stop that.", app=True
    ),
    "devices": Entry("services.devices.app:main", "Run the processor that keeps stations' variables and drift."),
    "registry": Entry("services.runtime.embedded.registry_server:main", "Run the embedded schema registry."),
    "station": Entry("services.ocpp.cli:station", "Add, list and disable charging stations.", app=True),
    "command": Entry("services.ocpp.command_cli:command", "Send commands to stations.", app=True),
    "device": Entry(
        "services.devices.cli:device", "Show, compare and mend stations' variables; templates.", app=True
    ),
    "token": Entry("services.whitelist.cli:token", "Add, block and list tokens.", app=True),
    "verify": Entry(
        "services.cdrs.verify_cli:app", "Check signed meter data: signatures, and whether to bill it.", app=True
    ),
    "tariff": Entry("services.cdrs.cli:tariff", "Add and list tariffs, announce prices.", app=True),
    "price": Entry("services.cdrs.price_cli:price", "Price charge detail records by their tariffs.", app=True),
    "agreement": Entry("services.settlement.cli:agreement", "Add, end and list agreements.", app=True),
    "location": Entry(
        "services.ocpi.location_cli:location", "Add, change and list locations and what is there.", app=True
    ),
    "partner": Entry("services.ocpi.cli:partner", "Add, list and suspend roaming partners.", app=True),
    "roaming": Entry(
        "services.ocpi.roaming.cli:roaming", "Pull from CPOs, start and stop at their stations, settle.", app=True
    ),
    "operator": Entry(
        "services.console.cli:operator", "Add, list and revoke users of the operations API.", app=True
    ),
    "firmware": Entry("services.console.firmware_cli:firmware", "Sign firmware and check signed one.", app=True),
    "sql": Entry("services.analytics.cli:sql", "Ask ClickHouse.", app=True),
    "frames": Entry(
        "services.analytics.frames_cli:frames", "Show what a station and we said to each other.", app=True
    ),
    "simulate": Entry(
        "services.simulator.cli:simulate", "Charge with simulated stations that really sign.", app=True
    ),
    "replay": Entry(
        "services.runtime.streaming.cli:replay", "Send dead letters back to where they came from.", app=True
    ),
}


def usage() -> str:
    """What `wattlog --help` says."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name.ljust(width)}  {entry.about}" for name, entry in COMMANDS.items()]
    return "\n".join(
        ["Wattlog: an event-sourced eMobility backend on Kafka.", "", "Usage: wattlog COMMAND ...", "", *lines]
    )


def run(arguments: list[str]) -> None:
    """Import the command that the first argument names and run it with the rest.

    SystemExit with a sentence for a command or an argument that does not exist.
    """
    match arguments:
        case [] | ["-h" | "--help"]:
            print(usage())  # noqa: T201  help goes to standard output
        case ["--version"]:
            print(version("wattlog"))  # noqa: T201
        case [name, *rest] if name in COMMANDS:
            _run(name, COMMANDS[name], rest)
        case [name, *_]:
            close = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f", did you mean {close[0]}?" if close else ": `wattlog --help` lists them"
            raise SystemExit(f"wattlog: there is no command {name!r}{hint}")


def _run(name: str, entry: Entry, rest: list[str]) -> None:
    module, attribute = entry.target.split(":")
    found = getattr(importlib.import_module(module), attribute)
    if entry.app:
        found(args=rest, prog_name=f"wattlog {name}")
    elif rest:
        raise SystemExit(f"{entry.about}\n`wattlog {name}` takes no arguments: set WATTLOG_* (docs/settings.md).")
    else:
        found()


def main() -> None:
    try:
        run(sys.argv[1:])
    except (BadSetting, CannotStart) as error:
        sys.exit(f"wattlog: {error}")


if __name__ == "__main__":
    main()
