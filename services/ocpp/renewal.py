"""Certificates and CA files of a running edge: changed ones count from the next connection or message on."""

import ssl
from functools import partial
from typing import Any, Final

import structlog
from cryptography.x509 import Certificate

from services.domain.units import Millis
from services.ocpp.edge import StationEdge
from services.ocpp.revocation import RevocationLists
from services.ocpp.sockets import Listeners, handshake_failed
from services.runtime.watched_files import WatchedFiles

_TLS: Final = "certificate of wss:// and CAs of stations"
_STATION_CAS: Final = "CAs of stations"
_CONTRACT_CAS: Final = "roots of contract certificates"
_LISTS: Final = "lists of revoked certificates"

log = structlog.get_logger(__name__)


class ContractCas:
    """The roots of contract certificates, as last read."""

    def __init__(self, found: tuple[Certificate, ...]) -> None:
        self.found = found

    def __call__(self) -> tuple[Certificate, ...]:
        return self.found


def renewals(edge: StationEdge, listeners: Listeners, contract_cas: ContractCas) -> list[WatchedFiles[Any]]:
    """The files that the settings name, and what becomes of changed ones."""
    settings = edge.settings
    told = partial(handshake_failed, edge)

    def secured() -> tuple[ssl.SSLContext | None, tuple[Certificate, ...]]:
        return settings.tls(told), settings.authorities()

    async def secure(made: tuple[ssl.SSLContext | None, tuple[Certificate, ...]]) -> None:
        context, authorities = made
        if context is not None:
            await listeners.secure(context)
        edge.door.trust(authorities)

    async def revoke(lists: RevocationLists) -> None:
        lists.follow(edge.door.lists)
        edge.door.lists = lists
        _tell_overdue(lists, edge.now_ms())
        edge.revoked()

    async def trust(roots: tuple[Certificate, ...]) -> None:
        contract_cas.found = roots

    files = (settings.tls_certificate_file, settings.tls_key_file, settings.client_ca_file)
    watched: list[WatchedFiles[Any]] = [
        WatchedFiles(_TLS if settings.tls_certificate_file else _STATION_CAS, files, secured, secure),
        WatchedFiles(_CONTRACT_CAS, (settings.contract_ca_file,), settings.contract_cas, trust),
    ]
    if settings.crl_files():
        of_lists = (*settings.crl_files(), settings.client_ca_file)
        watched.append(WatchedFiles(_LISTS, of_lists, lambda: settings.revocation_lists(edge.now_ms()), revoke))
        _tell_overdue(edge.door.lists, edge.now_ms())
    edge.broken_files = lambda: sum(bool(files.broken) for files in watched)
    return watched


def _tell_overdue(lists: RevocationLists, now_ms: Millis) -> None:
    for issuer in lists.overdue(now_ms):
        log.error(
            "a list of revoked certificates is OVERDUE: it counts, what was revoked since does not", ca=issuer
        )
