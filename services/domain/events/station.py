"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """How a station last introduced itself."""

    FULL_NAME: ClassVar[str] = "station.boot.v1.Boot"
    TOPIC: ClassVar[str] = "station.boot.v1"

    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    vendor: str
    model: str
    serial_number: str | None = None
    firmware_version: str | None = None
    boot_reason: str | None = None
    registration_status: str  # Our answer: Accepted, Pending or Rejected.
    booted_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "vendor": self.vendor,
            "model": self.model,
            "serial_number": self.serial_number,
            "firmware_version": self.firmware_version,
            "boot_reason": self.boot_reason,
            "registration_status": self.registration_status,
            "booted_at": self.booted_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            vendor=record["vendor"],
            model=record["model"],
            serial_number=record["serial_number"],
            firmware_version=record["firmware_version"],
            boot_reason=record["boot_reason"],
            registration_status=record["registration_status"],
            booted_at=record["booted_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequested:
    """Something a station is asked to do."""

    FULL_NAME: ClassVar[str] = "station.commands.v1.CommandRequested"
    TOPIC: ClassVar[str] = "station.commands.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    command_id: str
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    operation: str  # OCPP 2.0.1 action, e.g. RequestStartTransaction.
    payload_json: str  # The OCPP 2.0.1 request as JSON.
    requested_by: str
    requested_at: int
    deadline_at: int  # No longer sent after this.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "command_id": self.command_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "operation": self.operation,
            "payload_json": self.payload_json,
            "requested_by": self.requested_by,
            "requested_at": self.requested_at,
            "deadline_at": self.deadline_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            command_id=record["command_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            operation=record["operation"],
            payload_json=record["payload_json"],
            requested_by=record["requested_by"],
            requested_at=record["requested_at"],
            deadline_at=record["deadline_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Who holds a station's socket."""

    FULL_NAME: ClassVar[str] = "station.connection.v1.Connection"
    TOPIC: ClassVar[str] = "station.connection.v1"

    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    edge_id: str
    epoch: int
    connected: bool
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    since: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "station_id": self.station_id,
            "edge_id": self.edge_id,
            "epoch": self.epoch,
            "connected": self.connected,
            "protocol": self.protocol,
            "since": self.since,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            station_id=record["station_id"],
            edge_id=record["edge_id"],
            epoch=record["epoch"],
            connected=record["connected"],
            protocol=record["protocol"],
            since=record["since"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSigningRequested:
    """A station wants a certificate signed."""

    FULL_NAME: ClassVar[str] = "station.events.v1.CertificateSigningRequested"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    csr: str  # PKCS#10, PEM.
    certificate_type: str | None = (
        None  # ChargingStationCertificate, V2GCertificate or V2G20Certificate; none said: the first.
    )
    request_id: int | None = None
    warnings: tuple[str, ...] = ()  # What was tolerated in the message, in words.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "csr": self.csr,
            "certificate_type": self.certificate_type,
            "request_id": self.request_id,
            "warnings": list(self.warnings),
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            csr=record["csr"],
            certificate_type=record["certificate_type"],
            request_id=record["request_id"],
            warnings=tuple(record["warnings"]),
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorStatusChanged:
    """A connector's status."""

    FULL_NAME: ClassVar[str] = "station.events.v1.ConnectorStatusChanged"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    evse_id: int | None = None
    connector_id: int | None = None
    status: str  # OCPP 2.0.1 ConnectorStatusEnumType.
    reported_status: str  # The word that the station used.
    error_code: str | None = None
    vendor_error_code: str | None = None
    info: str | None = None
    occurred_at: int  # The station's time.
    recorded_at: int  # When we received it.
    warnings: tuple[str, ...] = ()  # What was tolerated in the message, in words.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "status": self.status,
            "reported_status": self.reported_status,
            "error_code": self.error_code,
            "vendor_error_code": self.vendor_error_code,
            "info": self.info,
            "occurred_at": self.occurred_at,
            "recorded_at": self.recorded_at,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            status=record["status"],
            reported_status=record["reported_status"],
            error_code=record["error_code"],
            vendor_error_code=record["vendor_error_code"],
            info=record["info"],
            occurred_at=record["occurred_at"],
            recorded_at=record["recorded_at"],
            warnings=tuple(record["warnings"]),
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DataTransferred:
    """A vendor's own message."""

    FULL_NAME: ClassVar[str] = "station.events.v1.DataTransferred"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    vendor_id: str
    message_id: str | None = None
    data: str | None = None  # As sent; JSON text when it was not a string.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "vendor_id": self.vendor_id,
            "message_id": self.message_id,
            "data": self.data,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            vendor_id=record["vendor_id"],
            message_id=record["message_id"],
            data=record["data"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareStatusChanged:
    """A firmware update, or the publishing of firmware to a local network, has got this far."""

    FULL_NAME: ClassVar[str] = "station.events.v1.FirmwareStatusChanged"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    work: str  # Update or Publish.
    status: str  # The station's word, e.g. Downloaded, InstallationFailed.
    request_id: int | None = None  # Of the command that asked for it.
    locations: tuple[str, ...] = ()  # Where published firmware can be had.
    warnings: tuple[str, ...] = ()  # What was tolerated in the message, in words.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "work": self.work,
            "status": self.status,
            "request_id": self.request_id,
            "locations": list(self.locations),
            "warnings": list(self.warnings),
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            work=record["work"],
            status=record["status"],
            request_id=record["request_id"],
            locations=tuple(record["locations"]),
            warnings=tuple(record["warnings"]),
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class LogStatusChanged:
    """The upload of a log has got this far."""

    FULL_NAME: ClassVar[str] = "station.events.v1.LogStatusChanged"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    log: str  # Log, or Diagnostics for OCPP 1.6 GetDiagnostics.
    status: str  # The station's word, e.g. Uploaded, PermissionDenied.
    request_id: int | None = None  # Of the command that asked for it.
    warnings: tuple[str, ...] = ()  # What was tolerated in the message, in words.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "log": self.log,
            "status": self.status,
            "request_id": self.request_id,
            "warnings": list(self.warnings),
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            log=record["log"],
            status=record["status"],
            request_id=record["request_id"],
            warnings=tuple(record["warnings"]),
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class LogUploaded:
    """A file that a station was asked for has arrived whole."""

    FULL_NAME: ClassVar[str] = "station.events.v1.LogUploaded"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    request_id: int  # Of the command that asked for it.
    file_name: str  # As it is kept: the request id and what the station called it.
    size_bytes: int
    sha256: str  # Of the file, lower-case hex.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "request_id": self.request_id,
            "file_name": self.file_name,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            request_id=record["request_id"],
            file_name=record["file_name"],
            size_bytes=record["size_bytes"],
            sha256=record["sha256"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorEventsReported:
    """A station's monitors have gone off."""

    FULL_NAME: ClassVar[str] = "station.events.v1.MonitorEventsReported"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    seq_no: int  # Number of the part, from 0.
    last: bool  # No more parts follow.
    generated_at: int | None = None  # The station's time.
    events: tuple[common.MonitorEvent, ...]
    warnings: tuple[str, ...] = ()  # What was tolerated in the message, in words.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "seq_no": self.seq_no,
            "last": self.last,
            "generated_at": self.generated_at,
            "events": [item.to_record() for item in self.events],
            "warnings": list(self.warnings),
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            seq_no=record["seq_no"],
            last=record["last"],
            generated_at=record["generated_at"],
            events=tuple([common.MonitorEvent.from_record(item) for item in record["events"]]),
            warnings=tuple(record["warnings"]),
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolViolated:
    """A frame that the protocol does not allow, with our answer to it."""

    FULL_NAME: ClassVar[str] = "station.events.v1.ProtocolViolated"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    code: str  # OCPP-J error code that we answered, or why the frame was dropped.
    description: str
    action: str | None = None
    frame: bytes  # The frame, cut at 4096 bytes.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "code": self.code,
            "description": self.description,
            "action": self.action,
            "frame": self.frame,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            code=record["code"],
            description=record["description"],
            action=record["action"],
            frame=record["frame"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportReceived:
    """A message of a station about a matter that has no event type of its own."""

    FULL_NAME: ClassVar[str] = "station.events.v1.ReportReceived"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    operation: str  # Its OCPP action, e.g. NotifyDisplayMessages, ReportChargingProfiles, NotifyDERAlarm.
    request_id: int | None = None  # Of the command that asked for it.
    seq_no: int = 0  # Number of the part, from 0.
    last: bool = True  # No more parts follow.
    generated_at: int | None = None  # The station's time.
    payload_json: str  # The whole message.
    answer_json: str | None = None  # Our answer; null for one without content.
    warnings: tuple[str, ...] = ()  # What was tolerated in the message, in words.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "operation": self.operation,
            "request_id": self.request_id,
            "seq_no": self.seq_no,
            "last": self.last,
            "generated_at": self.generated_at,
            "payload_json": self.payload_json,
            "answer_json": self.answer_json,
            "warnings": list(self.warnings),
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            operation=record["operation"],
            request_id=record["request_id"],
            seq_no=record["seq_no"],
            last=record["last"],
            generated_at=record["generated_at"],
            payload_json=record["payload_json"],
            answer_json=record["answer_json"],
            warnings=tuple(record["warnings"]),
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationStatusChanged:
    """A station gave up a reservation."""

    FULL_NAME: ClassVar[str] = "station.events.v1.ReservationStatusChanged"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    reservation_id: int
    status: str  # Expired, Removed, or NoTransaction (OCPP 2.1).
    warnings: tuple[str, ...] = ()  # What was tolerated in the message, in words.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "reservation_id": self.reservation_id,
            "status": self.status,
            "warnings": list(self.warnings),
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            reservation_id=record["reservation_id"],
            status=record["status"],
            warnings=tuple(record["warnings"]),
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityEventRaised:
    """Something that the operator's security team should see."""

    FULL_NAME: ClassVar[str] = "station.events.v1.SecurityEventRaised"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str
    type: str  # E.g. AuthenticationFailed, ConnectionFlapping.
    detail: str
    remote_address: str | None = None
    occurred_at: int | None = None  # The station's time, when the station reported it.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "type": self.type,
            "detail": self.detail,
            "remote_address": self.remote_address,
            "occurred_at": self.occurred_at,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            type=record["type"],
            detail=record["detail"],
            remote_address=record["remote_address"],
            occurred_at=record["occurred_at"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class StationBooted:
    """A station introduced itself."""

    FULL_NAME: ClassVar[str] = "station.events.v1.StationBooted"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    vendor: str
    model: str
    serial_number: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    boot_reason: str | None = None
    registration_status: str  # Our answer: Accepted, Pending or Rejected.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "vendor": self.vendor,
            "model": self.model,
            "serial_number": self.serial_number,
            "firmware_version": self.firmware_version,
            "iccid": self.iccid,
            "imsi": self.imsi,
            "boot_reason": self.boot_reason,
            "registration_status": self.registration_status,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            vendor=record["vendor"],
            model=record["model"],
            serial_number=record["serial_number"],
            firmware_version=record["firmware_version"],
            iccid=record["iccid"],
            imsi=record["imsi"],
            boot_reason=record["boot_reason"],
            registration_status=record["registration_status"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class StationConnected:
    """A station opened its connection."""

    FULL_NAME: ClassVar[str] = "station.events.v1.StationConnected"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    edge_id: str  # The process that holds the socket.
    epoch: int  # Grows with every connection of the station.
    remote_address: str
    security_profile: int
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "edge_id": self.edge_id,
            "epoch": self.epoch,
            "remote_address": self.remote_address,
            "security_profile": self.security_profile,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            edge_id=record["edge_id"],
            epoch=record["epoch"],
            remote_address=record["remote_address"],
            security_profile=record["security_profile"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class StationDisconnected:
    """A station's connection ended."""

    FULL_NAME: ClassVar[str] = "station.events.v1.StationDisconnected"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    edge_id: str
    epoch: int
    reason: str  # closed, lost, displaced, drained, refused or misbehaved.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "edge_id": self.edge_id,
            "epoch": self.epoch,
            "reason": self.reason,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            edge_id=record["edge_id"],
            epoch=record["epoch"],
            reason=record["reason"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class VariablesReported:
    """A station told variables of its device model: a part of a report, or the answer to a question."""

    FULL_NAME: ClassVar[str] = "station.events.v1.VariablesReported"
    TOPIC: ClassVar[str] = "station.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    request_id: int | None = None  # Of the command that asked for it.
    seq_no: int  # Number of the part, from 0.
    last: bool  # No more parts follow.
    generated_at: int | None = None  # The station's time.
    variables: tuple[common.ReportedVariable, ...]
    warnings: tuple[str, ...] = ()  # What was tolerated in the message, in words.
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "request_id": self.request_id,
            "seq_no": self.seq_no,
            "last": self.last,
            "generated_at": self.generated_at,
            "variables": [item.to_record() for item in self.variables],
            "warnings": list(self.warnings),
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            request_id=record["request_id"],
            seq_no=record["seq_no"],
            last=record["last"],
            generated_at=record["generated_at"],
            variables=tuple([common.ReportedVariable.from_record(item) for item in record["variables"]]),
            warnings=tuple(record["warnings"]),
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class LocalList:
    """What a station's local authorization list holds, and what it is being told."""

    FULL_NAME: ClassVar[str] = "station.locallist.v1.LocalList"
    TOPIC: ClassVar[str] = "station.locallist.v1"

    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    status: common.LocalListStatus
    version: int = 0  # That the station last said or confirmed; 0: no list.
    known: bool = False  # False: what the station has is not known, and is replaced as a whole.
    entries: tuple[common.LocalListEntry, ...] = ()  # What the station has.
    wanted: int = 0  # How many tokens it should have.
    left_out: int = 0  # Tokens that there is no room for.
    change: common.LocalListChange | None = None  # Told, and not confirmed.
    command_id: str | None = None  # Of the command that is not answered yet.
    operation: str | None = None  # Of that command.
    answer_by: int | None = None  # When its result is no longer waited for.
    checked_connection: str | None = None  # The connection in which the version was last asked: edge and epoch.
    asked_connection: str | None = None  # The connection that the command is meant for.
    limits_known: bool = False  # The station was asked how much it takes.
    max_entries: int | None = None  # Of the list, as the station says.
    items_per_message: int | None = None  # As the station says.
    failures: int = 0  # In a row.
    retry_at: int | None = None  # Nothing is sent before this.
    detail: str | None = None  # Why it is not current.
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "station_id": self.station_id,
            "status": self.status.value,
            "version": self.version,
            "known": self.known,
            "entries": [item.to_record() for item in self.entries],
            "wanted": self.wanted,
            "left_out": self.left_out,
            "change": None if self.change is None else self.change.to_record(),
            "command_id": self.command_id,
            "operation": self.operation,
            "answer_by": self.answer_by,
            "checked_connection": self.checked_connection,
            "asked_connection": self.asked_connection,
            "limits_known": self.limits_known,
            "max_entries": self.max_entries,
            "items_per_message": self.items_per_message,
            "failures": self.failures,
            "retry_at": self.retry_at,
            "detail": self.detail,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            station_id=record["station_id"],
            status=common.LocalListStatus(record["status"]),
            version=record["version"],
            known=record["known"],
            entries=tuple([common.LocalListEntry.from_record(item) for item in record["entries"]]),
            wanted=record["wanted"],
            left_out=record["left_out"],
            change=None if record["change"] is None else common.LocalListChange.from_record(record["change"]),
            command_id=record["command_id"],
            operation=record["operation"],
            answer_by=record["answer_by"],
            checked_connection=record["checked_connection"],
            asked_connection=record["asked_connection"],
            limits_known=record["limits_known"],
            max_entries=record["max_entries"],
            items_per_message=record["items_per_message"],
            failures=record["failures"],
            retry_at=record["retry_at"],
            detail=record["detail"],
            updated_at=record["updated_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnswered:
    """How a command ended."""

    FULL_NAME: ClassVar[str] = "station.results.v1.CommandAnswered"
    TOPIC: ClassVar[str] = "station.results.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    command_id: str
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    operation: str
    outcome: common.CommandOutcome
    status: str | None = None  # The station's word.
    detail: str | None = None
    answer_json: str | None = None
    edge_id: str
    epoch: int
    recorded_at: int  # When we received it.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "command_id": self.command_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "operation": self.operation,
            "outcome": self.outcome.value,
            "status": self.status,
            "detail": self.detail,
            "answer_json": self.answer_json,
            "edge_id": self.edge_id,
            "epoch": self.epoch,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            command_id=record["command_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            operation=record["operation"],
            outcome=common.CommandOutcome(record["outcome"]),
            status=record["status"],
            detail=record["detail"],
            answer_json=record["answer_json"],
            edge_id=record["edge_id"],
            epoch=record["epoch"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSent:
    """A command is about to be sent. Nobody sends it again, whatever becomes of who sent it."""

    FULL_NAME: ClassVar[str] = "station.results.v1.CommandSent"
    TOPIC: ClassVar[str] = "station.results.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    command_id: str
    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    operation: str
    edge_id: str
    epoch: int  # Of the connection that it goes to.
    answer_by: int  # When the station's answer is no longer waited for.
    recorded_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "command_id": self.command_id,
            "tenant": self.tenant,
            "station_id": self.station_id,
            "operation": self.operation,
            "edge_id": self.edge_id,
            "epoch": self.epoch,
            "answer_by": self.answer_by,
            "recorded_at": self.recorded_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            command_id=record["command_id"],
            tenant=record["tenant"],
            station_id=record["station_id"],
            operation=record["operation"],
            edge_id=record["edge_id"],
            epoch=record["epoch"],
            answer_by=record["answer_by"],
            recorded_at=record["recorded_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A station's registry entry."""

    FULL_NAME: ClassVar[str] = "station.state.v1.Station"
    TOPIC: ClassVar[str] = "station.state.v1"

    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    country_code: str = "DE"  # ISO 3166-1 alpha-2 of the owning party.
    party_id: str = "WAT"  # Of the owning party.
    location_id: str | None = None
    tariff_id: str | None = None
    security_profile: int = 1  # OCPP security profile that it must use.
    password_hash: str | None = None
    vendor: str | None = None
    model: str | None = None
    evses: tuple[common.Evse, ...] = ()
    quirks: tuple[str, ...] = ()  # Named tolerances for this station.
    enabled: bool = True  # False: refused.
    registration: common.RegistrationStatus = common.RegistrationStatus.ACCEPTED  # What it is told when it boots.
    soap_address: str | None = None  # Speaks OCPP-S: the URL that requests to it go to.
    pending_password_hash: str | None = (
        None  # Hash of the password that it is being told to use; either is right until it uses this one.
    )
    pending_security_profile: int | None = (
        None  # Security profile that it is being raised to; becomes its profile once it has connected with it.
    )
    local_list: bool | None = (
        None  # Whether its local authorization list is kept like the whitelist; null: as WATTLOG_LOCAL_LISTS says.
    )
    local_list_groups: tuple[str, ...] = ()  # Groups whose tokens are on its list; none: all tokens.
    calibration_law: bool = False  # Its sessions are billed only once their signed meter values are proven.
    certificate_serial_number: str | None = (
        None  # Of the certificate that it came with last, in lower-case hexadecimal digits.
    )
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "station_id": self.station_id,
            "country_code": self.country_code,
            "party_id": self.party_id,
            "location_id": self.location_id,
            "tariff_id": self.tariff_id,
            "security_profile": self.security_profile,
            "password_hash": self.password_hash,
            "vendor": self.vendor,
            "model": self.model,
            "evses": [item.to_record() for item in self.evses],
            "quirks": list(self.quirks),
            "enabled": self.enabled,
            "registration": self.registration.value,
            "soap_address": self.soap_address,
            "pending_password_hash": self.pending_password_hash,
            "pending_security_profile": self.pending_security_profile,
            "local_list": self.local_list,
            "local_list_groups": list(self.local_list_groups),
            "calibration_law": self.calibration_law,
            "certificate_serial_number": self.certificate_serial_number,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            station_id=record["station_id"],
            country_code=record["country_code"],
            party_id=record["party_id"],
            location_id=record["location_id"],
            tariff_id=record["tariff_id"],
            security_profile=record["security_profile"],
            password_hash=record["password_hash"],
            vendor=record["vendor"],
            model=record["model"],
            evses=tuple([common.Evse.from_record(item) for item in record["evses"]]),
            quirks=tuple(record["quirks"]),
            enabled=record["enabled"],
            registration=common.RegistrationStatus(record["registration"]),
            soap_address=record["soap_address"],
            pending_password_hash=record["pending_password_hash"],
            pending_security_profile=record["pending_security_profile"],
            local_list=record["local_list"],
            local_list_groups=tuple(record["local_list_groups"]),
            calibration_law=record["calibration_law"],
            certificate_serial_number=record["certificate_serial_number"],
            updated_at=record["updated_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class StationStatus:
    """How each connector of a station is, as it said last."""

    FULL_NAME: ClassVar[str] = "station.status.v1.StationStatus"
    TOPIC: ClassVar[str] = "station.status.v1"

    tenant: str  # The operator that the data belongs to.
    station_id: str  # The charging station's identity as in its connection URL.
    protocol: str  # WebSocket sub-protocol or binding it came by, e.g. ocpp1.6, ocpp2.0.1.
    connectors: tuple[common.ConnectorStatus, ...]  # In the order of EVSE and connector.
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.station_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "station_id": self.station_id,
            "protocol": self.protocol,
            "connectors": [item.to_record() for item in self.connectors],
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            station_id=record["station_id"],
            protocol=record["protocol"],
            connectors=tuple([common.ConnectorStatus.from_record(item) for item in record["connectors"]]),
            updated_at=record["updated_at"],
        )
