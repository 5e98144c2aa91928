"""The smartcharging process: answers what EVs need with the charging profiles that stations are asked to set."""

from dataclasses import dataclass

from services.domain.events.charging import ChargingPreferencesSet
from services.domain.events.station import CommandRequested, ReportReceived
from services.domain.events.transaction import TransactionStarted
from services.runtime.settings import load, setting
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_alone
from services.runtime.streaming.settings import ProcessorSettings
from services.smartcharging.fold import Station, fold

PROCESSOR: Processor[Station] = Processor(
    "smartcharging.v1",
    (TransactionStarted.TOPIC, ReportReceived.TOPIC, CommandRequested.TOPIC, ChargingPreferencesSet.TOPIC),
    fold,
    Station,
)


@dataclass(frozen=True, slots=True)
class SmartChargingSettings(ProcessorSettings):
    """What the smartcharging process needs to know."""

    smartcharging_metrics_port: int = setting(
        9108, "port of the smartcharging process's metrics and health endpoints"
    )


def main() -> None:
    """`wattlog smartcharging`."""
    settings = load(SmartChargingSettings)
    run_alone(PROCESSOR, settings, "smartcharging", settings.smartcharging_metrics_port)
