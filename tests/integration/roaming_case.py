"""Two edges that roam with each other, for tests: a CPO and a provider, registered by command line."""

import asyncio
import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import typer
from typer.testing import CliRunner, Result

from services.domain.events.partner import Partner
from services.domain.events.roamingcdr import RoamingCdr
from services.domain.events.roamingsession import RoamingSession
from services.ocpi.cli import partner as wattlog_partner
from services.ocpi.directory import TOPICS
from services.ocpi.inbound.authorization import token_hash
from services.ocpi.roaming import holdings
from services.ocpi.settings import OcpiSettings
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.codec import Codec
from services.runtime.settings import CommonSettings, KafkaSettings
from services.runtime.topics import create_topics
from services.runtime.view import View
from tests.integration.ocpi_case import Warehouse, running_edge, say, warehouse
from tests.unit.ocpi.facts import partner

KEY = base64.b64encode(b"k" * 32).decode()
PROVIDER = "drivers"
"""The tenant of the provider; the CPO's is that of the facts."""
PUSHING = "a-token-of-a-cpo-that-pushes"


@dataclass(frozen=True)
class Side:
    """One of the two: its edge, and its command line."""

    settings: OcpiSettings

    def wattlog(self, app: typer.Typer, *arguments: str) -> Result:
        chosen = self.settings
        known = {
            "BOOTSTRAP_SERVERS": chosen.kafka.bootstrap_servers,
            "TOPIC_PREFIX": chosen.kafka.topic_prefix,
            "CLICKHOUSE_URL": chosen.clickhouse.clickhouse_url,
            "TENANT": chosen.common.tenant,
            "SEALING_KEY": KEY,
            "OCPI_PORT": str(chosen.ocpi_port),
            "COUNTRY_CODE": chosen.country_code,
            "PARTY_ID": chosen.party_id,
        }
        env = {f"WATTLOG_{name}": value for name, value in known.items()}
        with mock.patch.dict(os.environ, env):
            return CliRunner().invoke(app, arguments)

    def states(self, topic: str) -> dict[str, Any]:
        """The latest of each key of a topic as of now."""
        view: View[Any] = View(self.settings.kafka, Codec(), topic)
        view.start()
        asyncio.run(view.wait_caught_up())
        view.stop()
        return dict(view.items())


@dataclass(frozen=True)
class Two:
    """The CPO DE-WAT and the provider NL-TNM, with tables that both read."""

    cpo: Side
    provider: Side
    tables: Warehouse

    def store(self) -> None:
        """Bring what the provider has received into its tables, as the sink would."""
        for topic in (RoamingSession.TOPIC, RoamingCdr.TOPIC):
            self.tables.put(self.provider.states(topic).values())


@contextmanager
def roaming(kafka: KafkaSettings, folder: Path) -> Iterator[Two]:
    """Both run, and know each other."""
    topics = (*TOPICS, *holdings.TOPICS)
    kafkas = [replace(kafka, topic_prefix=f"{kafka.topic_prefix}{name}-") for name in ("cpo", "provider")]
    for one in kafkas:
        create_topics(one, topics)
    pushing = replace(
        partner(token_hash=token_hash(PUSHING)),
        tenant=PROVIDER,
        partner_id="DE-ALP",
        country_code="DE",
        party_id="ALP",
        role="CPO",
    )
    say(kafkas[1], pushing)
    own = {"country_code": "NL", "party_id": "TNM", "common": CommonSettings(tenant=PROVIDER), "sealing_key": KEY}
    with (
        warehouse(folder) as (tables, clickhouse),
        running(kafkas[0], clickhouse, sealing_key=KEY) as cpo,
        running(kafkas[1], clickhouse, **own) as provider,
    ):
        _registered(cpo, provider)
        yield Two(cpo, provider, tables)


@contextmanager
def running(kafka: KafkaSettings, clickhouse: ClickHouseSettings, **changes: Any) -> Iterator[Side]:
    with running_edge(kafka, clickhouse, **changes) as settings:
        yield Side(settings)


def _registered(cpo: Side, provider: Side) -> None:
    """As two operators would: one invites, the other registers."""
    invited = cpo.wattlog(
        wattlog_partner, "invite", "TNM", "--country", "NL", "--party", "TNM", "--role", "EMSP", "--allow-private"
    )
    assert invited.exit_code == 0, invited.output
    added = provider.wattlog(
        wattlog_partner,
        "invite",
        "Wattlog",
        "--country",
        "DE",
        "--party",
        "WAT",
        "--role",
        "CPO",
        "--allow-private",
    )
    assert added.exit_code == 0, added.output
    url = f"{cpo.settings.public_url}/ocpi/versions"
    done = provider.wattlog(wattlog_partner, "register", "DE-WAT", url, "--token", invited.stdout.strip())
    assert done.exit_code == 0, done.output
    assert provider.states(Partner.TOPIC)[f"{PROVIDER}/DE-WAT"].version == "2.3.0"
