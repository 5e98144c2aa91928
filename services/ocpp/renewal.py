"""Certificates and CA files of a running edge: changed ones count from the next connection or message on."""

import ssl
from functools import partial
from typing import Any, Final

from cryptography.x509 import Certificate

from services.ocpp.edge import StationEdge
from services.ocpp.sockets import Listeners, handshake_failed
from services.runtime.watched_files import WatchedFiles

_TLS: Final = "certificate of wss:// and CAs of stations"
_STATION_CAS: Final = "CAs of stations"
_CONTRACT_CAS: Final = "roots of contract certificates"


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
        edge.door.authorities = authorities

    async def trust(roots: tuple[Certificate, ...]) -> None:
        contract_cas.found = roots

    files = (settings.tls_certificate_file, settings.tls_key_file, settings.client_ca_file)
    watched: list[WatchedFiles[Any]] = [
        WatchedFiles(_TLS if settings.tls_certificate_file else _STATION_CAS, files, secured, secure),
        WatchedFiles(_CONTRACT_CAS, (settings.contract_ca_file,), settings.contract_cas, trust),
    ]
    edge.broken_files = lambda: sum(bool(files.broken) for files in watched)
    return watched
