"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateIssued:
    """The CA has signed; the station is told by this record, so that signing twice tells it nothing else."""

    FULL_NAME: ClassVar[str] = "certificate.events.v1.CertificateIssued"
    TOPIC: ClassVar[str] = "certificate.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    order_id: str  # UUIDv5 of the request: the same for each repetition of a certificate signing request.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    certificate_type: str | None = (
        None  # As the station asked: ChargingStationCertificate, V2GCertificate, V2G20Certificate; none said: the station's own.
    )
    request_id: int | None = None  # The station's number of its request (2.1).
    serial_number: str  # Of the certificate, in lower-case hexadecimal digits.
    subject: str  # Distinguished name (RFC 4514).
    issuer: str  # Distinguished name (RFC 4514) of the CA.
    not_before: int
    not_after: int
    chain: tuple[str, ...]  # PEM: the certificate, then its subordinate CAs, without the root.
    handed_out: bool = False  # Made together with its key for somebody who installs both: the station has not asked and is not told.
    recorded_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "order_id": self.order_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "certificate_type": self.certificate_type,
            "request_id": self.request_id,
            "serial_number": self.serial_number,
            "subject": self.subject,
            "issuer": self.issuer,
            "not_before": self.not_before,
            "not_after": self.not_after,
            "chain": list(self.chain),
            "handed_out": self.handed_out,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            order_id=record["order_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            certificate_type=record["certificate_type"],
            request_id=record["request_id"],
            serial_number=record["serial_number"],
            subject=record["subject"],
            issuer=record["issuer"],
            not_before=record["not_before"],
            not_after=record["not_after"],
            chain=tuple(record["chain"]),
            handed_out=record["handed_out"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOrdered:
    """A station's certificate signing request has been found good: the CA is to sign it."""

    FULL_NAME: ClassVar[str] = "certificate.events.v1.CertificateOrdered"
    TOPIC: ClassVar[str] = "certificate.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    order_id: str  # UUIDv5 of the request: the same for each repetition of a certificate signing request.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    csr: str  # PKCS#10, PEM.
    certificate_type: str | None = (
        None  # As the station asked: ChargingStationCertificate, V2GCertificate, V2G20Certificate; none said: the station's own.
    )
    request_id: int | None = None  # The station's number of its request (2.1).
    ordered_at: int  # When the station asked.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "order_id": self.order_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "csr": self.csr,
            "certificate_type": self.certificate_type,
            "request_id": self.request_id,
            "ordered_at": self.ordered_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            order_id=record["order_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            csr=record["csr"],
            certificate_type=record["certificate_type"],
            request_id=record["request_id"],
            ordered_at=record["ordered_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRefused:
    """A certificate signing request is not signed."""

    FULL_NAME: ClassVar[str] = "certificate.events.v1.CertificateRefused"
    TOPIC: ClassVar[str] = "certificate.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    order_id: str  # UUIDv5 of the request: the same for each repetition of a certificate signing request.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    certificate_type: str | None = (
        None  # As the station asked: ChargingStationCertificate, V2GCertificate, V2G20Certificate; none said: the station's own.
    )
    reason: str
    recorded_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "order_id": self.order_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "certificate_type": self.certificate_type,
            "reason": self.reason,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            order_id=record["order_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            certificate_type=record["certificate_type"],
            reason=record["reason"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRevoked:
    """A certificate must not be relied on any more."""

    FULL_NAME: ClassVar[str] = "certificate.events.v1.CertificateRevoked"
    TOPIC: ClassVar[str] = "certificate.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    serial_number: str  # Of the certificate, in lower-case hexadecimal digits.
    reason: str  # RFC 5280, 5.3.1, e.g. key_compromise.
    revoked_by: str
    recorded_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "serial_number": self.serial_number,
            "reason": self.reason,
            "revoked_by": self.revoked_by,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            serial_number=record["serial_number"],
            reason=record["reason"],
            revoked_by=record["revoked_by"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate issued to a station, as it stands."""

    FULL_NAME: ClassVar[str] = "certificate.state.v1.Certificate"
    TOPIC: ClassVar[str] = "certificate.state.v1"

    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    order_id: str  # UUIDv5 of the request: the same for each repetition of a certificate signing request.
    serial_number: str  # Of the certificate, in lower-case hexadecimal digits.
    certificate_type: str | None = (
        None  # As the station asked: ChargingStationCertificate, V2GCertificate, V2G20Certificate; none said: the station's own.
    )
    subject: str  # Distinguished name (RFC 4514).
    issuer: str  # Distinguished name (RFC 4514) of the CA.
    not_before: int
    not_after: int
    status: common.CertificateStatus  # INSTALLED and REJECTED are the station's words.
    revoked_at: int | None = None
    revocation_reason: str | None = None  # RFC 5280, 5.3.1.
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.serial_number}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "station_id": self.station_id,
            "order_id": self.order_id,
            "serial_number": self.serial_number,
            "certificate_type": self.certificate_type,
            "subject": self.subject,
            "issuer": self.issuer,
            "not_before": self.not_before,
            "not_after": self.not_after,
            "status": self.status.value,
            "revoked_at": self.revoked_at,
            "revocation_reason": self.revocation_reason,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            station_id=record["station_id"],
            order_id=record["order_id"],
            serial_number=record["serial_number"],
            certificate_type=record["certificate_type"],
            subject=record["subject"],
            issuer=record["issuer"],
            not_before=record["not_before"],
            not_after=record["not_after"],
            status=common.CertificateStatus(record["status"]),
            revoked_at=record["revoked_at"],
            revocation_reason=record["revocation_reason"],
            updated_at=record["updated_at"],
        )
