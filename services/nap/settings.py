"""Settings of the process that serves the national access point."""

from dataclasses import dataclass, field

from services.nap.outbound.scene import Publisher
from services.runtime.settings import CommonSettings, KafkaSettings, setting


@dataclass(frozen=True, slots=True)
class NapSettings:
    """Everything it can be told."""

    common: CommonSettings = field(default_factory=CommonSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)

    nap_host: str = setting("127.0.0.1", "address at which the national access point fetches data")
    nap_port: int = setting(9080, "port at which the national access point fetches data")
    nap_metrics_port: int = setting(
        9118, "port of the metrics and health endpoints of what the access point fetches"
    )
    nap_creator: str = setting(
        "DE-NAP-Wattlog", "what the national access point knows us as (nationalIdentifier of the publications)"
    )
    nap_language: str = setting("de", "language of names and remarks in publications, ISO 639-1")
    nap_test: bool = setting(False, "publications say that they are a test")
    nap_static_s: int = setting(600, "seconds after which the table of locations is made anew")
    nap_dynamic_s: int = setting(10, "seconds after which status and prices are made anew; the law allows 60")
    nap_requests_per_minute: int = setting(120, "requests for publications per address before 429")
    country_code: str = setting("DE", "ISO 3166-1 alpha-2 of the operator, for stations that are not registered")
    ocpi_operator_name: str = setting("Wattlog", "our name in credentials")
    trusted_proxies: str = setting(
        "", "networks (CIDR, comma separated) whose X-Forwarded-For is believed, e.g. the load balancer's"
    )

    @property
    def publisher(self) -> Publisher:
        """Who publishes."""
        return Publisher(
            country_code=self.country_code,
            creator=self.nap_creator,
            name=self.ocpi_operator_name,
            language=self.nap_language,
            test=self.nap_test,
        )
