"""Settings of the OCPP edge."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final

from cryptography.x509 import Certificate

from services.domain.units import Millis
from services.ocpp.inbound.reply import EvCertificates
from services.ocpp.revocation import BadList, RevocationLists, read
from services.ocpp.tls import authorities, server_context
from services.ocpp.wire.quirks import BadQuirks, Profile
from services.ocpp.wire.quirks import load as load_quirks
from services.runtime.settings import BadSetting, CommonSettings, KafkaSettings, setting

SHIPPED_QUIRKS: Final = Path(__file__).with_name("quirks.yaml")


@dataclass(frozen=True, slots=True)
class OcppSettings:
    """Everything the edge can be told; see README.md for what the times mean to a station."""

    common: CommonSettings = field(default_factory=CommonSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)

    ocpp_host: str = setting("127.0.0.1", "address that stations connect to")
    ocpp_port: int = setting(9000, "port that stations connect to; 0 takes any free one")
    ocpp_soap_host: str = setting("127.0.0.1", "address that stations of OCPP-S send to; empty: no SOAP")
    ocpp_soap_port: int = setting(9001, "port that stations of OCPP-S send to; 0 takes any free one")
    ocpp_soap_networks: str = setting(
        "",
        "networks (CIDR, comma separated) in which a SOAP station is reached at whatever address it announces,"
        " e.g. a mobile network's; elsewhere only where it is registered",
    )
    ocpp_soap_silence_s: int = setting(
        900, "silence after which a SOAP station counts as gone; more than two heartbeats"
    )
    ocpp_tls_port: int = setting(9443, "port for wss://, if there is a certificate; 0 takes any free one")
    tls_certificate_file: str = setting("", "PEM file with our certificate and its chain; empty: no wss:// here")
    tls_key_file: str = setting("", "PEM file with its key; empty: it is in the certificate's file")
    client_ca_file: str = setting(
        "", "PEM file with the CAs of stations' certificates (security profile 3); empty: none is asked for"
    )
    client_crl_files: str = setting(
        "",
        "files (comma separated; PEM or DER) with lists of what these CAs have revoked (CRL); empty: none",
    )
    sign_certificates: bool = setting(
        True, "stations' certificate signing requests are answered (by the pki process); false: they are rejected"
    )
    station_organisation: str = setting("", "organisation that stations' certificates must name; empty: any")
    client_certificate_header: str = setting(
        "X-Client-Certificate", "header in which a trusted proxy forwards a station's certificate, URL-encoded PEM"
    )
    ocsp_responders: str = setting(
        "",
        "URLs (comma separated), and all below them, that may be asked whether certificates are still good (OCSP);"
        " stations name the one to ask",
    )
    contract_ca_file: str = setting(
        "", "PEM file with the roots (V2G, MO) of EVs' contract certificates; empty: none is good"
    )
    contract_pool_url: str = setting(
        "", "contract certificate pool (Open Plug&Charge Protocol) for EVs' requests for certificates; empty: none"
    )
    contract_pool_token: str = setting("", "bearer token at the contract certificate pool")
    authorization_timeout_ms: int = setting(
        4_000, "longest time that a token's provider is waited for; less than stations wait for us (about 30 s)"
    )
    whitelist_fresh_s: int = setting(
        30 * 24 * 3600,
        "age from which tokens of whitelist type ALLOWED are asked about; they age since the last push",
    )
    inquiry_timeout_s: int = setting(10, "longest time that responders and pools may take to answer us")
    ocpp_metrics_port: int = setting(9100, "port of this process's metrics and health endpoints")
    edge_id: str = setting("", "name of this process among the edges; empty: host name and port")
    transaction_id_secret: str = setting(
        "",
        "key of OCPP 1.6 transaction ids, the same for all edges; empty: kept in <data_dir>/transaction-id.key",
    )
    allow_unauthenticated: bool = setting(
        False, "development only: let stations registered with security profile 0 in without password"
    )
    trusted_proxies: str = setting(
        "", "networks (CIDR, comma separated) whose X-Forwarded-For is believed, e.g. the load balancer's"
    )
    heartbeat_interval_s: int = setting(300, "interval that BootNotification gives stations")
    boot_retry_s: int = setting(60, "interval that BootNotification gives stations that are not accepted")
    data_transfer_vendors: str = setting("", "vendorIds (comma separated) whose DataTransfer is accepted")
    master_pass_group: str = setting(
        "", "group id of master pass tokens (MasterPassGroupId of the stations): they start no transaction"
    )
    quirks_file: str = setting(
        "", "YAML file with profiles of stations' quirks; empty: services/ocpp/quirks.yaml, which explains itself"
    )
    tokens_charge_once: bool = setting(
        False, "a token that is charging may start nothing elsewhere: such starts are answered ConcurrentTx"
    )
    frame_log: bool = setting(
        True, "tell Kafka every message of stations and ours (ocpp.frames.v1), passwords and keys masked"
    )
    hold_s: int = setting(20, "longest time that a reply waits for Kafka; stations give up after about 30")
    call_timeout_s: int = setting(30, "longest time that a station may take to answer us")
    ping_s: int = setting(60, "silence after which a station is pinged; a second such time without a word ends it")
    max_frame_bytes: int = setting(
        131_072,
        "longest message of a station; readings of a day in the StopTransaction of OCPP 1.6 take some 100 kB",
    )
    max_pending_calls: int = setting(16, "calls of one station that may wait for Kafka before it is not read on")
    station_messages_per_s: int = setting(
        100, "messages (of up to 1 KiB) that one station may send in the long run; what exceeds it is read later"
    )
    connects_per_s: int = setting(
        1500, "new connections that this process takes up; more wait their turn, and far more are answered 429"
    )
    failures_per_minute: int = setting(30, "failed authentications per address and per station before 429")
    flaps_per_minute: int = setting(
        6, "displacements of one station's connection after which a security event is raised"
    )
    retry_after_s: int = setting(30, "least time that a refused station is told to wait; up to twice that")
    commands_horizon_s: int = setting(600, "age of commands that a starting edge still looks at")
    drain_per_s: int = setting(500, "connections that are closed per second when the process stops")

    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The trusted networks; BadSetting names one that is none."""
        return _networks("WATTLOG_TRUSTED_PROXIES", self.trusted_proxies)

    def soap_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks whose stations may move about; BadSetting names one that is none."""
        return _networks("WATTLOG_OCPP_SOAP_NETWORKS", self.ocpp_soap_networks)

    def tls(self, failed: Callable[[str], None]) -> ssl.SSLContext | None:
        """How to speak TLS, None for not at all; BadSetting when a file is not what it should be.

        `failed` is told why a handshake failed.
        """
        if not self.tls_certificate_file:
            return None
        try:
            return server_context(self.tls_certificate_file, self.tls_key_file, self.client_ca_file, failed)
        except OSError as error:  # ssl.SSLError is one
            raise BadSetting(
                f"WATTLOG_TLS_CERTIFICATE_FILE, _KEY_FILE or WATTLOG_CLIENT_CA_FILE: {error}"
            ) from error

    def responders(self) -> tuple[str, ...]:
        """The OCSP responders that may be asked."""
        return _listed(self.ocsp_responders)

    def contract_cas(self) -> tuple[Certificate, ...]:
        """The roots of contract certificates; BadSetting when the file is not what it should be."""
        try:
            return authorities(self.contract_ca_file)
        except (OSError, ValueError) as error:
            raise BadSetting(f"WATTLOG_CONTRACT_CA_FILE={self.contract_ca_file}: {error}") from error

    def ev_certificates(self) -> EvCertificates | None:
        """The contract certificate pool."""
        return EvCertificates(self.contract_pool_url, self.contract_pool_token) if self.contract_pool_url else None

    def authorities(self) -> tuple[Certificate, ...]:
        """The CAs of stations' certificates; BadSetting when the file is not what it should be."""
        try:
            return authorities(self.client_ca_file)
        except (OSError, ValueError) as error:
            raise BadSetting(f"WATTLOG_CLIENT_CA_FILE={self.client_ca_file}: {error}") from error

    def crl_files(self) -> tuple[str, ...]:
        """The files with lists of revoked certificates."""
        return _listed(self.client_crl_files)

    def revocation_lists(self, now_ms: Millis) -> RevocationLists:
        """What the CAs of stations' certificates have revoked; BadSetting when a file is not what it should be."""
        try:
            return read([Path(name).read_bytes() for name in self.crl_files()], self.authorities(), now_ms)
        except (OSError, BadList) as error:
            raise BadSetting(f"WATTLOG_CLIENT_CRL_FILES={self.client_crl_files}: {error}") from error

    def quirks(self) -> tuple[Profile, ...]:
        """The profiles of stations' quirks; BadSetting when the file is not there or wrong."""
        path = Path(self.quirks_file) if self.quirks_file else SHIPPED_QUIRKS
        try:
            return load_quirks(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, BadQuirks) as error:
            raise BadSetting(f"WATTLOG_QUIRKS_FILE={path}: {error}") from error

    def vendors(self) -> frozenset[str]:
        """The vendorIds whose DataTransfer is accepted."""
        return frozenset(_listed(self.data_transfer_vendors))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _networks(variable: str, listed: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(text) for text in _listed(listed))
    except ValueError as error:
        raise BadSetting(f"{variable}={listed!r}: {error}: give networks such as 10.0.0.0/8") from error
