"""The sessions process: folds transaction events into sessions."""

from dataclasses import dataclass

from services.domain.events.reservation import ReservationEnded
from services.domain.events.transaction import TransactionStarted
from services.runtime.settings import load, setting
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_alone
from services.runtime.streaming.settings import ProcessorSettings
from services.sessions.fold import fold
from services.sessions.state import State

PROCESSOR: Processor[State] = Processor(
    "sessions.v1",
    (TransactionStarted.TOPIC, ReservationEnded.TOPIC),
    fold,
    State,
    unread=("MeterValue.sampled_values",),
    collect_ms=20,
)


@dataclass(frozen=True, slots=True)
class SessionsSettings(ProcessorSettings):
    """What the sessions process needs to know."""

    sessions_metrics_port: int = setting(9101, "port of the sessions process's metrics and health endpoints")


def main() -> None:
    """`wattlog sessions`."""
    settings = load(SessionsSettings)
    run_alone(PROCESSOR, settings, "sessions", settings.sessions_metrics_port)
