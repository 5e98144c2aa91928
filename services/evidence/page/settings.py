"""Where drivers' pages are served."""

from dataclasses import dataclass

from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.settings import setting


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What the listener of the evidence process needs to know."""

    clickhouse: ClickHouseSettings = ClickHouseSettings()
    proof_host: str = setting("127.0.0.1", "address at which drivers check what was signed")
    proof_port: int = setting(9060, "port at which drivers check what was signed")
    proof_public_url: str = setting(
        "", "address of drivers' pages in links, e.g. https://proof.example.com; empty: the address listened on"
    )
    proof_requests_per_minute: int = setting(60, "requests for drivers' pages per address before 429")
    trusted_proxies: str = setting(
        "", "networks (CIDR, comma separated) whose X-Forwarded-For is believed, e.g. the load balancer's"
    )

    @property
    def public_url(self) -> str:
        """Without a slash at the end."""
        return (self.proof_public_url or f"http://{self.proof_host}:{self.proof_port}").rstrip("/")
