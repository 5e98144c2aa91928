"""A provider's system that others wrote (crates.io ocpi-kit) takes what we tell it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.domain.events.cdr import CdrIssued
from services.domain.events.common import DeliveryOutcome, PartnerEndpoint
from services.ocpi.registrar import purpose
from services.runtime.embedded.ports import free_ports
from services.runtime.sealing import seal_of
from services.runtime.settings import KafkaSettings
from tests.integration.ocpi_case import authorization, client_program, say
from tests.integration.push_case import KEY, attempts, prepared, push_settings, pushing, told_at, until, waiting
from tests.unit.ocpi.facts import (
    END,
    TENANT,
    connection,
    connector_status,
    detail,
    location,
    session,
    station,
    station_status,
    tariff,
    token,
)

pytestmark = pytest.mark.integration

TOKEN = "test-token-c"
CONTRACT = "DE-ABC-C12345678-X"
NO_PATCH = "HTTP 405 no JSON"
MODULES = ("locations", "tariffs", "sessions", "cdrs")


@contextmanager
def provider(version: str) -> Iterator[str]:
    """The other system, empty; where its versions are."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    options = ("--insecure", "serve-mock", "--role", "emsp", "--empty", "--version", version)
    command = [client_program("ocpi"), *options, "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            until(lambda: answers(f"{url}/versions"))
            yield f"{url}/versions"
        finally:
            running.kill()


def answers(url: str) -> bool:
    try:
        return bool(asked(url))
    except httpx.TransportError:
        return False


def asked(url: str) -> Any:
    return httpx.get(url, headers=authorization(TOKEN), trust_env=False, timeout=30).json()["data"]


def endpoints(versions_url: str, version: str) -> tuple[PartnerEndpoint, ...]:
    (details_url,) = [one["url"] for one in asked(versions_url) if one["version"] == version]
    return tuple(
        PartnerEndpoint(module=one["identifier"], role=one["role"], url=one["url"])
        for one in asked(details_url)["endpoints"]
    )


def _registry() -> list[Any]:
    """The operator is the one that the other system expects."""
    owner = {"country_code": "NL", "party_id": "TNM"}
    return [tariff(), location(**owner), station(**owner), connection()]


class TestTheirProvider:
    @pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
    def test_takes_everything_without_complaint(
        self, own_kafka: KafkaSettings, tmp_path: Path, version: str
    ) -> None:
        prepared(own_kafka)
        with provider(version) as versions_url:
            known = told_at(
                "", tmp_path, partner_id="DE-ABC", country_code="DE", party_id="ABC", version=version,
                endpoints=endpoints(versions_url, version),
            )  # fmt: skip
            known = known.__class__.from_record(
                known.to_record() | {"sealed_token": seal_of(KEY, tmp_path).seal(TOKEN, purpose(known))}
            )
            say(own_kafka, known, token(contract_id=CONTRACT), *_registry())
            with pushing(push_settings(own_kafka, tmp_path, country_code="NL", party_id="TNM")):
                until(lambda: {"locations", "tariffs"} <= {one.module for one in attempts(own_kafka)})
                charged = detail(contract_id=CONTRACT)
                event = CdrIssued(
                    event_id="e", tenant=TENANT, cdr_id=charged.cdr_id, detail=charged, issued_at=END
                )
                say(own_kafka, session(), event, station_status(connector_status(status="Occupied")))
                until(lambda: {one.module for one in attempts(own_kafka)} == set(MODULES))
                until(lambda: "PATCH" in {one.method for one in attempts(own_kafka)})
            until(lambda: not waiting(own_kafka))
            told = attempts(own_kafka)
            # Their router has no PATCH of an EVSE: the whole location is told instead.
            assert {one.message for one in told if one.outcome is not DeliveryOutcome.DELIVERED} <= {NO_PATCH}, (
                told
            )
            (cdr,) = [one for one in told if one.module == "cdrs"]
            # Of what was told it lets a CPO read records only, and not where its Location header says.
            assert cdr.location_url.endswith(charged.cdr_id)
            where = {one.module: one.url for one in known.endpoints if one.role == "RECEIVER"}
            assert asked(f"{where['cdrs']}/{charged.cdr_id}")["id"] == charged.cdr_id
