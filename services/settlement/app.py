"""The settlement process: folds issued charge detail records and the steps they take."""

from dataclasses import dataclass

from services.domain.events.cdr import CdrIssued
from services.domain.events.settlement import CdrStepRequested
from services.runtime.settings import load, setting
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_alone
from services.runtime.streaming.settings import ProcessorSettings
from services.settlement.fold import State, fold

PROCESSOR: Processor[State] = Processor("settlement.v1", (CdrIssued.TOPIC, CdrStepRequested.TOPIC), fold, State)


@dataclass(frozen=True, slots=True)
class SettlementSettings(ProcessorSettings):
    """What the settlement process needs to know."""

    settlement_metrics_port: int = setting(9112, "port of the settlement process's metrics and health endpoints")


def main() -> None:
    """`wattlog settlement-processor`."""
    settings = load(SettlementSettings)
    run_alone(PROCESSOR, settings, "settlement", settings.settlement_metrics_port)
