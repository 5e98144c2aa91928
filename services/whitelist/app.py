"""The whitelist process: folds registrations and blocks of tokens into the whitelist."""

from dataclasses import dataclass

from services.domain.events.token import TokenRegistered
from services.runtime.settings import load, setting
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_alone
from services.runtime.streaming.settings import ProcessorSettings
from services.whitelist.fold import Entry, fold

PROCESSOR: Processor[Entry] = Processor("whitelist.v1", (TokenRegistered.TOPIC,), fold, Entry)


@dataclass(frozen=True, slots=True)
class WhitelistSettings(ProcessorSettings):
    """What the whitelist process needs to know."""

    whitelist_metrics_port: int = setting(9103, "port of the whitelist process's metrics and health endpoints")


def main() -> None:
    """`wattlog whitelist`."""
    settings = load(WhitelistSettings)
    run_alone(PROCESSOR, settings, "whitelist", settings.whitelist_metrics_port)
