"""Settings of the push process."""

from dataclasses import dataclass, field

from services.ocpi.push.circuit import Patience
from services.ocpi.push.waiting import Slots
from services.ocpi.wire.parties import Party
from services.runtime.settings import CommonSettings, KafkaSettings, setting
from services.runtime.streaming.settings import StreamingSettings


@dataclass(frozen=True, slots=True)
class PushSettings:
    """Everything that it can be told; who we are and where, as the edge is told."""

    common: CommonSettings = field(default_factory=CommonSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    streaming: StreamingSettings = field(default_factory=StreamingSettings)
    ocpi_push_metrics_port: int = setting(9117, "port of the push process's metrics and health endpoints")
    ocpi_host: str = setting("127.0.0.1", "as for the OCPI edge: address in links, unless a public one is set")
    ocpi_port: int = setting(9010, "as for the OCPI edge")
    ocpi_public_url: str = setting("", "as for the OCPI edge: address in links to ourselves")
    country_code: str = setting("DE", "ISO 3166-1 alpha-2 of the operator, for stations that are not registered")
    party_id: str = setting("WAT", "party id of the operator, for stations that are not registered")
    proof_public_url: str = setting("", "address of drivers' pages in links, e.g. https://proof.example.com")
    ocpi_operator_name: str = setting("Wattlog", "our name in locations")
    ocpi_currency: str = setting("EUR", "currency of sessions and records whose station has no tariff")
    sealing_key: str = setting("", "as for the OCPI edge: what partners' tokens are sealed with")
    ocpi_push_parallel: int = setting(8, "requests to one partner at a time, each about another object")
    ocpi_push_retry_first_ms: int = setting(1_000, "first pause after a failure; the limit doubles each time")
    ocpi_push_retry_most_ms: int = setting(300_000, "longest such pause")
    ocpi_push_failures: int = setting(5, "failures in a row after which a partner is left alone for a while")
    ocpi_push_resync_ms: int = setting(
        600_000, "after outages, what a partner has is not compared with what we have more often than this"
    )
    ocpi_push_attempts: int = setting(20, "answers with an error after which one object becomes a dead letter")

    @property
    def operator(self) -> Party:
        return Party(self.country_code.upper(), self.party_id.upper())

    @property
    def public_url(self) -> str:
        """Without a slash at the end."""
        return (self.ocpi_public_url or f"http://{self.ocpi_host}:{self.ocpi_port}").rstrip("/")

    @property
    def slots(self) -> Slots:
        return Slots(self.ocpi_push_parallel)

    @property
    def patience(self) -> Patience:
        return Patience(
            self.ocpi_push_retry_first_ms,
            self.ocpi_push_retry_most_ms,
            self.ocpi_push_failures,
            self.ocpi_push_resync_ms,
            self.ocpi_push_attempts,
        )
