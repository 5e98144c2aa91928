"""Settings of the OCPI edge."""

import socket
from dataclasses import dataclass

from services.ocpi.outbound.configuration import ROLES, VERSIONS, Own
from services.ocpi.wire.parties import Party
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.settings import BadSetting, CommonSettings, KafkaSettings, setting


@dataclass(frozen=True, slots=True)
class OcpiSettings:
    """Everything the edge can be told."""

    common: CommonSettings = CommonSettings()
    kafka: KafkaSettings = KafkaSettings()
    clickhouse: ClickHouseSettings = ClickHouseSettings()

    ocpi_host: str = setting("127.0.0.1", "address that partners connect to")
    ocpi_port: int = setting(9010, "port that partners connect to")
    ocpi_metrics_port: int = setting(9105, "port of the OCPI edge's metrics and health endpoints")
    ocpi_public_url: str = setting(
        "", "address in links to ourselves, e.g. https://roaming.example.com; empty: the address listened on"
    )
    ocpi_edge_id: str = setting(
        "", "name of this process among the OCPI edges, kept when it starts again; empty: host name and port"
    )
    proof_public_url: str = setting("", "address of drivers' pages in links, e.g. https://proof.example.com")
    country_code: str = setting("DE", "ISO 3166-1 alpha-2 of the operator, for stations that are not registered")
    party_id: str = setting("WAT", "party id of the operator, for stations that are not registered")
    ocpi_operator_name: str = setting("Wattlog", "our name in credentials")
    ocpi_versions: str = setting("2.1.1,2.2.1,2.3.0", "versions of OCPI that are offered, comma separated")
    ocpi_roles: str = setting(
        "CPO,EMSP", "what we are to partners: CPO (they pull from us), EMSP (our drivers charge at theirs)"
    )
    ocpi_bookable: str = setting(
        "", "ids of locations whose stations can be booked by partners, comma separated; * for all; empty: none"
    )
    ocpi_booking_s: float = setting(10.0, "seconds between looks at what stations have to be told of bookings")
    ocpi_hub_pull_s: float = setting(21_600.0, "seconds between asking a hub for all whom it is connected to")
    ocpi_currency: str = setting("EUR", "currency of sessions and records whose station has no tariff")
    ocpi_settle_ms: int = setting(
        0, "objects updated so recently are left to the partner's next pull, unless it names date_to"
    )
    sealing_key: str = setting(
        "",
        "Base64 of 32 random bytes that partners' tokens are sealed with, the same for every process of the edge;"
        " empty: one is made and kept in the data directory",
    )
    ocpi_strangers_per_minute: int = setting(30, "requests without a known token per address before 429")
    trusted_proxies: str = setting(
        "", "networks (CIDR, comma separated) whose X-Forwarded-For is believed, e.g. the load balancer's"
    )

    @property
    def own(self) -> Own:
        """BadSetting when a version is named that there is not."""
        named = {part.strip() for part in self.ocpi_versions.split(",")}
        if not named <= set(VERSIONS):
            raise BadSetting(f"WATTLOG_OCPI_VERSIONS={self.ocpi_versions!r}: choose among {', '.join(VERSIONS)}")
        offered = tuple(version for version in VERSIONS if version in named)
        return Own(self.public_url, self.operator, self.ocpi_operator_name, offered, self.roles)

    @property
    def roles(self) -> tuple[str, ...]:
        """BadSetting when there is none, or one is named that we cannot have."""
        named = {part.strip().upper() for part in self.ocpi_roles.split(",")}
        if not named <= set(ROLES):
            raise BadSetting(f"WATTLOG_OCPI_ROLES={self.ocpi_roles!r}: choose among {', '.join(ROLES)}")
        return tuple(role for role in ROLES if role in named)

    @property
    def hub_pull_ms(self) -> int:
        return int(self.ocpi_hub_pull_s * 1000)

    @property
    def bookable(self) -> frozenset[str]:
        return frozenset(part.strip() for part in self.ocpi_bookable.split(",") if part.strip())

    @property
    def edge_id(self) -> str:
        return self.ocpi_edge_id or f"{socket.gethostname()}:{self.ocpi_port}"

    @property
    def operator(self) -> Party:
        return Party(self.country_code.upper(), self.party_id.upper())

    @property
    def public_url(self) -> str:
        """Without a slash at the end."""
        return (self.ocpi_public_url or f"http://{self.ocpi_host}:{self.ocpi_port}").rstrip("/")
