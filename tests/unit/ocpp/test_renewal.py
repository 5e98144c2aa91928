"""Changed certificates and CA files of a running edge."""

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from structlog.testing import capture_logs

from services.domain.units import datetime_of
from services.ocpp.renewal import ContractCas, renewals
from services.ocpp.revocation import REVOKED, UNTOLD
from services.ocpp.sockets import Listeners
from services.ocpp.tls import Certificate
from services.runtime.embedded.pki import Pki
from tests.unit.ocpp.circumstances import NOW
from tests.unit.ocpp.crls import authority, ca_of, crl, issued
from tests.unit.ocpp.test_edge import Around, Socket

BEGUN = datetime_of(NOW)


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
        self.crl = folder / "list.crl"
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

    def shown(self, serial_number: int) -> Certificate:
        return Certificate(("CP1",), (), f"{serial_number:x}", ca_of(self.pki).subject.rfc4514_string())

    def serials(self) -> tuple[int, int]:
        return self.edge.door.authorities[0].serial_number, self.contract_cas()[0].serial_number


@pytest.fixture
def renewed(tmp_path: Path) -> Renewed:
    return Renewed(tmp_path, tls_certificate_file=str(tmp_path / "server.pem"))


@pytest.fixture
def listed(tmp_path: Path) -> Renewed:
    """With a list that names certificate 5."""
    pki, file = Pki(tmp_path / "pki"), tmp_path / "list.crl"
    file.write_bytes(crl(pki, [5], BEGUN))
    return Renewed(tmp_path, client_crl_files=str(file))


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

    async def test_show_out_who_came_with_what_a_new_list_names(self, listed: Renewed) -> None:
        sockets = [Socket(listed.edge, f"CP{number}") for number in range(3)]
        sockets[1].certificate, sockets[2].certificate = listed.shown(6), listed.shown(7)
        for socket in sockets:
            listed.edge.connected(socket)
        listed.crl.write_bytes(crl(listed.pki, [5, 6], BEGUN))
        await listed.look()
        assert [socket.codes for socket in sockets] == [[], [1008], []]
        assert [listed.edge.door.mistrust(listed.shown(number)) for number in (5, 6, 7)] == [REVOKED, REVOKED, ""]

    async def test_keep_the_list_that_is_there_until_there_is_a_good_one(self, listed: Renewed) -> None:
        begun = BEGUN - timedelta(days=1)
        for bad in (b"", crl(listed.other, [], BEGUN), crl(listed.pki, [], begun)):
            listed.crl.write_bytes(bad)
            await listed.look()
            assert listed.edge.broken_files() == 1
            assert listed.edge.door.mistrust(listed.shown(5)) == REVOKED
        listed.crl.write_bytes(crl(listed.pki, [], BEGUN))
        await listed.look()
        assert listed.edge.broken_files() == 0
        assert listed.edge.door.mistrust(listed.shown(5)) == ""

    async def test_tell_of_lists_that_are_overdue(self, listed: Renewed) -> None:
        overdue = listed.edge._gauges
        assert overdue()["overdue_revocation_lists"] == 0
        with capture_logs() as told:
            listed.crl.write_bytes(crl(listed.pki, [5], BEGUN, days=0))
            await listed.look()
        assert overdue()["overdue_revocation_lists"] == 1
        assert any("OVERDUE" in line["event"] for line in told)

    async def test_change_cas_and_their_lists_one_after_the_other(self, listed: Renewed) -> None:
        ca, key = authority("Next", None, None, BEGUN)
        listed.cas.write_bytes(ca.public_bytes(Encoding.PEM))
        await listed.look()
        of_other = Certificate(("CP1",), (), "5", "CN=Next")
        assert (listed.edge.broken_files(), listed.edge.door.mistrust(of_other)) == (1, "")
        assert listed.edge.door.mistrust(listed.shown(6)) == UNTOLD
        listed.crl.write_bytes(issued(ca.subject, key, [5], BEGUN).public_bytes(Encoding.PEM))
        await listed.look()
        assert (listed.edge.broken_files(), listed.edge.door.mistrust(of_other)) == (0, REVOKED)

    async def test_are_for_what_proxies_forward_where_tls_ends_at_one(self, tmp_path: Path) -> None:
        renewed = Renewed(tmp_path)
        stations, _ = renewed.serials()
        renewed.cas.write_bytes(renewed.other.ca_file.read_bytes())
        await renewed.look()
        assert renewed.ports.contexts == []
        assert renewed.serials()[0] != stations
