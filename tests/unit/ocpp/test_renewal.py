"""Changed certificates and CA files of a running edge."""

import ssl
from pathlib import Path
from typing import Any, cast

import pytest

from services.ocpp.renewal import ContractCas, renewals
from services.ocpp.sockets import Listeners
from services.runtime.embedded.pki import Pki
from tests.unit.ocpp.test_edge import Around


class Ports:
    """Listeners that note how they are to speak."""

    def __init__(self) -> None:
        self.contexts: list[ssl.SSLContext] = []

    async def secure(self, context: ssl.SSLContext) -> None:
        self.contexts.append(context)


class Renewed:
    """An edge with files of its own, and what has become of them."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.pki, self.other = Pki(folder / "pki"), Pki(folder / "other")
        self.server, self.cas, self.roots = folder / "server.pem", folder / "cas.pem", folder / "roots.pem"
        self.server.write_bytes(self.pki.server_file.read_bytes())
        for file in (self.cas, self.roots):
            file.write_bytes(self.pki.ca_file.read_bytes())
        named = {"client_ca_file": str(self.cas), "contract_ca_file": str(self.roots)} | settings
        self.edge = Around(**named).edge
        self.contract_cas = ContractCas(self.edge.settings.contract_cas())
        self.ports = Ports()
        self.watched = renewals(self.edge, cast(Listeners, self.ports), self.contract_cas)

    async def look(self) -> None:
        for _ in range(2):
            for files in self.watched:
                await files.look()

    def serials(self) -> tuple[int, int]:
        return self.edge.door.authorities[0].serial_number, self.contract_cas()[0].serial_number


@pytest.fixture
def renewed(tmp_path: Path) -> Renewed:
    return Renewed(tmp_path, tls_certificate_file=str(tmp_path / "server.pem"))


class TestRenewals:
    async def test_change_what_is_shown_and_who_is_trusted(self, renewed: Renewed) -> None:
        stations, contracts = renewed.serials()
        renewed.cas.write_bytes(renewed.other.ca_file.read_bytes())
        await renewed.look()
        assert len(renewed.ports.contexts) == 1
        assert renewed.serials()[0] != stations
        assert renewed.serials()[1] == contracts
        renewed.roots.write_bytes(renewed.other.ca_file.read_bytes())
        await renewed.look()
        assert renewed.serials()[1] != contracts
        assert len(renewed.ports.contexts) == 1

    @pytest.mark.parametrize("name", ["server", "cas"])
    async def test_take_none_of_the_files_when_one_is_broken(self, renewed: Renewed, name: str) -> None:
        before = renewed.serials()
        renewed.server.write_bytes(renewed.other.server_file.read_bytes())
        renewed.cas.write_bytes(renewed.other.ca_file.read_bytes())
        getattr(renewed, name).write_bytes(b"-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")
        await renewed.look()
        assert (renewed.ports.contexts, renewed.serials()) == ([], before)
        assert renewed.edge.broken_files() == 1

    async def test_are_counted_one_by_one_while_they_are_broken(self, renewed: Renewed) -> None:
        renewed.server.unlink()
        renewed.roots.write_bytes(b"")
        await renewed.look()
        assert renewed.edge.broken_files() == 2

    async def test_are_for_what_proxies_forward_where_tls_ends_at_one(self, tmp_path: Path) -> None:
        renewed = Renewed(tmp_path)
        stations, _ = renewed.serials()
        renewed.cas.write_bytes(renewed.other.ca_file.read_bytes())
        await renewed.look()
        assert renewed.ports.contexts == []
        assert renewed.serials()[0] != stations
