"""Settings of the operations API."""

from dataclasses import dataclass, field
from pathlib import Path

from services.runtime.settings import CommonSettings, KafkaSettings, setting


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Everything the operations API can be told."""

    common: CommonSettings = field(default_factory=CommonSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)

    console_host: str = setting("127.0.0.1", "address of the operations API")
    console_port: int = setting(8080, "port of the operations API; 0 takes any free one")
    console_metrics_port: int = setting(9106, "port of the operations API's metrics and health endpoints")
    console_public_url: str = setting(
        "",
        "address that stations and operators reach the API by, e.g. https://ops.example.com;"
        " empty: the address listened on",
    )
    console_strangers_per_minute: int = setting(30, "requests without a known key per address before 429")
    console_max_body_bytes: int = setting(2_097_152, "longest request, uploads of stations aside")
    console_body_timeout_s: int = setting(15, "longest time that a request's body may take to arrive")
    console_hold_s: int = setting(20, "longest time that an answer waits for Kafka; then it is 503")
    console_history_s: int = setting(86_400, "age of commands that can still be asked for")
    console_commands: int = setting(200_000, "commands that can still be asked for, the newest ones")
    console_max_timeout_s: int = setting(
        600, "longest time that a command may wait for its station; at most WATTLOG_COMMANDS_HORIZON_S of the edge"
    )
    upload_max_bytes: int = setting(104_857_600, "longest log or diagnostics file of a station")
    upload_valid_s: int = setting(86_400, "time that a station has to upload what it was asked for")
    upload_stall_s: int = setting(60, "longest silence in the middle of an upload")
    upload_secret: str = setting(
        "", "key of upload URLs, the same for all instances; empty: kept in <data_dir>/upload.key"
    )
    firmware_dir: str = setting(
        "", "directory whose files stations may download from /firmware/<name>; empty: <data_dir>/firmware"
    )
    trusted_proxies: str = setting(
        "", "networks (CIDR, comma separated) whose X-Forwarded-For is believed, e.g. the load balancer's"
    )

    @property
    def public_url(self) -> str:
        """Without a slash at the end."""
        return (self.console_public_url or f"http://{self.console_host}:{self.console_port}").rstrip("/")

    @property
    def uploads(self) -> Path:
        """Where uploaded files are kept, a directory for each station."""
        return self.common.data_dir / "uploads"

    @property
    def firmware(self) -> Path:
        """Where firmware is offered from."""
        return Path(self.firmware_dir) if self.firmware_dir else self.common.data_dir / "firmware"
