"""Stations made of independent libraries in other languages charge; the CDRs are their own ledgers, to the Wh."""

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.runtime.settings import KafkaSettings
from tests.integration.clients_build import go, java, node, python, rust, wsdl, zeep
from tests.integration.clients_case import Client, check, drawn_sessions, opened, play
from tests.integration.clients_world import World

pytestmark = pytest.mark.integration


def with_certificate(world: World, name: str, _cache: Path) -> dict[str, Any]:
    """By wss://, with a certificate of the station CA instead of a password (security profile 3)."""
    issued = world.pki.issue(name)
    certificate, key = world.folder / "station.pem", world.folder / "station.key"
    certificate.write_bytes(issued.certificate)
    key.write_bytes(issued.key)
    return {
        "url": f"wss://localhost:{world.tls_port}/ocpp",
        "ca": str(world.pki.ca_file),
        "certificate": str(certificate),
        "key": str(key),
    }


def of_profile_3(_world: World) -> dict[str, Any]:
    return {"security_profile": 3, "password_hash": None}


def by_soap(world: World, _name: str, _cache: Path) -> dict[str, Any]:
    return {"url": f"http://127.0.0.1:{world.soap_port}/ocpp", "callback": world.callback}


def by_wsdl(world: World, name: str, cache: Path) -> dict[str, Any]:
    official = wsdl(cache) / "OCPP_CentralSystemService_1.6.wsdl"
    return by_soap(world, name, cache) | {"wsdl": str(official)}


def listening(world: World) -> dict[str, Any]:
    return {"soap_address": world.callback}


# Its EVSEs are numbered from 0, so that it is asked without one. In 1.6 it expects RemoteStopTransaction with an
# id of its own instead of the one that it was given.
rusty = partial(Client, command=rust, from_zero=True, where={})


def elsewhere(_world: World) -> dict[str, Any]:
    """A station of OCPP-S that cannot be asked anything."""
    return {"soap_address": "http://127.0.0.1:9/"}


CLIENTS = [
    rusty("RUST16", "ocpp1.6", ways=("local",)),
    rusty("RUST201", "ocpp2.0.1", ways=("local", "remote")),
    rusty("RUST21", "ocpp2.1", ways=("local", "remote")),
    Client("JAVA16", "ocpp1.6", java),
    Client("JAVA16S", "ocpp1.6s", java, more=by_soap, entry=listening),
    Client("ZEEP16S", "ocpp1.6s", zeep, ways=("local", "offline"), more=by_wsdl, entry=elsewhere),
    Client("GO201", "ocpp2.0.1", go, fractions=2),
    Client("GOMTLS201", "ocpp2.0.1", go, fractions=2, more=with_certificate, entry=of_profile_3),
    Client("PYTHON16", "ocpp1.6", python),
    Client("PYTHON201", "ocpp2.0.1", python, fractions=8),
    Client("PYTHON21", "ocpp2.1", python, fractions=8),
    Client("NODE16", "ocpp1.6", node),
    Client("NODE201", "ocpp2.0.1", node, fractions=4),
]
ROUNDS = 2


@pytest.fixture(scope="module")
def world(kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    running = opened(replace(kafka, topic_prefix="clients."), tmp_path_factory.mktemp("clients"), CLIENTS)
    yield running
    running.stop()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.station)
def test_records_are_the_ledger_of(client: Client, world: World, cache_dir: Path) -> None:
    sessions = drawn_sessions(client, client.ways * ROUNDS, random.Random(client.station))
    ledger = play(world, client, cache_dir, sessions)
    check(world, client, ledger, sessions)
