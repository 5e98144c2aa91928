"""Write docs/settings.md from the settings dataclasses: `python tools/settings_docs.py [--check]`."""

import sys
from pathlib import Path
from typing import Any

from services.analytics.app import AnalyticsSettings
from services.cdrs.app import CdrsSettings
from services.console.settings import ConsoleSettings
from services.devices.app import DevicesSettings
from services.evidence.app import EvidenceSettings
from services.fleet.app import FleetSettings
from services.fleet.cli import ApiSettings
from services.nap.settings import NapSettings
from services.ocpi.push.settings import PushSettings
from services.ocpi.settings import OcpiSettings
from services.ocpp.settings import OcppSettings
from services.pki.settings import PkiSettings
from services.runtime.embedded.registry_server import RegistrySettings
from services.runtime.settings import CommonSettings, KafkaSettings, table
from services.runtime.streaming.settings import StreamingSettings
from services.sessions.app import SessionsSettings
from services.settlement.app import SettlementSettings
from services.simulator.demo import DemoSettings
from services.smartcharging.app import SmartChargingSettings
from services.up import StackSettings
from services.whitelist.app import WhitelistSettings

TARGET = Path(__file__).resolve().parent.parent / "docs" / "settings.md"
SHARED = {"Every process": CommonSettings, "Kafka": KafkaSettings, "Processors and the sink": StreamingSettings}
OWN = {
    "ocpp": OcppSettings,
    "sessions": SessionsSettings,
    "cdrs": CdrsSettings,
    "whitelist": WhitelistSettings,
    "settlement-processor": SettlementSettings,
    "smartcharging": SmartChargingSettings,
    "evidence": EvidenceSettings,
    "pki": PkiSettings,
    "devices": DevicesSettings,
    "analytics": AnalyticsSettings,
    "ocpi": OcpiSettings,
    "ocpi-push": PushSettings,
    "nap": NapSettings,
    "console": ConsoleSettings,
    "fleet": FleetSettings,
    "fleet start": ApiSettings,
    "registry": RegistrySettings,
    "up": StackSettings,
    "demo": DemoSettings,
}


def own_rows(settings: type[Any]) -> list[tuple[str, str, str]]:
    """The settings of one process without those that all share."""
    shared = {row[0] for kind in SHARED.values() for row in table(kind)}
    return [row for row in table(settings) if row[0] not in shared]


def page() -> str:
    """The whole text."""
    parts = [
        "# Settings",
        "",
        "Environment variables, read when a process starts; every default works. `make generate` writes this.",
    ]
    for title, kind in {**SHARED, **OWN}.items():
        rows = list(table(kind)) if title in SHARED else own_rows(kind)
        name = title if title in SHARED else f"`wattlog {title}`"
        parts += ["", f"## {name}", "", "| variable | default | meaning |", "|---|---|---|"]
        parts += [
            f"| `{variable}` | {f'`{default}`' if default else ''} | {about} |"
            for variable, default, about in rows
        ]
    return "\n".join([*parts, ""])


def main() -> int:
    text = page()
    if TARGET.exists() and TARGET.read_text() == text:
        return 0
    if "--check" in sys.argv:
        print("stale: docs/settings.md; run `make generate`")
        return 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
