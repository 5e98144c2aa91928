"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerCommandSettled:
    """A partner has been told how its command ended, or could not be."""

    FULL_NAME: ClassVar[str] = "partner.commands.v1.PartnerCommandSettled"
    TOPIC: ClassVar[str] = "partner.commands.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    command_id: str
    partner_id: str
    result: str  # OCPI result.
    delivered: bool
    detail: str = ""  # Why it could not be delivered.
    settled_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.command_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "command_id": self.command_id,
            "partner_id": self.partner_id,
            "result": self.result,
            "delivered": self.delivered,
            "detail": self.detail,
            "settled_at": self.settled_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            command_id=record["command_id"],
            partner_id=record["partner_id"],
            result=record["result"],
            delivered=record["delivered"],
            detail=record["detail"],
            settled_at=record["settled_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerCommandTaken:
    """A partner has asked something of a station and is told how it ends."""

    FULL_NAME: ClassVar[str] = "partner.commands.v1.PartnerCommandTaken"
    TOPIC: ClassVar[str] = "partner.commands.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    command_id: str  # Id of the command that the station is asked.
    partner_id: str
    edge_id: str  # The process that delivers the result.
    version: str  # OCPI version that the partner asked in.
    command: str  # OCPI CommandType, or SET_PROFILE, CLEAR_PROFILE, GET_PROFILE.
    response_url: str  # Where the result goes.
    station_id: str
    session_id: str | None = None  # Session that is meant.
    reservation_id: str | None = None  # Reservation that is meant, as its partner names it.
    taken_at: int
    deadline_at: int  # The result is TIMEOUT after this.
    correlation_id: str = ""  # X-Correlation-ID of the request, which its result carries too; empty: none came.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.command_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "command_id": self.command_id,
            "partner_id": self.partner_id,
            "edge_id": self.edge_id,
            "version": self.version,
            "command": self.command,
            "response_url": self.response_url,
            "station_id": self.station_id,
            "session_id": self.session_id,
            "reservation_id": self.reservation_id,
            "taken_at": self.taken_at,
            "deadline_at": self.deadline_at,
            "correlation_id": self.correlation_id,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            command_id=record["command_id"],
            partner_id=record["partner_id"],
            edge_id=record["edge_id"],
            version=record["version"],
            command=record["command"],
            response_url=record["response_url"],
            station_id=record["station_id"],
            session_id=record["session_id"],
            reservation_id=record["reservation_id"],
            taken_at=record["taken_at"],
            deadline_at=record["deadline_at"],
            correlation_id=record["correlation_id"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerEnded:
    """A partner may no longer connect."""

    FULL_NAME: ClassVar[str] = "partner.events.v1.PartnerEnded"
    TOPIC: ClassVar[str] = "partner.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    partner_id: str
    reason: str  # suspended by the operator, or unregistered by the partner.
    source: str
    ended_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "reason": self.reason,
            "source": self.source,
            "ended_at": self.ended_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            reason=record["reason"],
            source=record["source"],
            ended_at=record["ended_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerInvited:
    """A partner was given a token, by the operator."""

    FULL_NAME: ClassVar[str] = "partner.events.v1.PartnerInvited"
    TOPIC: ClassVar[str] = "partner.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    partner_id: str
    name: str
    country_code: str
    party_id: str
    role: str
    registration: str  # What the token is for: INVITED to register, or REGISTERED to be used as it is.
    source: str  # Who did it, e.g. cli.
    invited_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "name": self.name,
            "country_code": self.country_code,
            "party_id": self.party_id,
            "role": self.role,
            "registration": self.registration,
            "source": self.source,
            "invited_at": self.invited_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            name=record["name"],
            country_code=record["country_code"],
            party_id=record["party_id"],
            role=record["role"],
            registration=record["registration"],
            source=record["source"],
            invited_at=record["invited_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRegistered:
    """Credentials were exchanged with a partner."""

    FULL_NAME: ClassVar[str] = "partner.events.v1.PartnerRegistered"
    TOPIC: ClassVar[str] = "partner.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    partner_id: str
    version: str
    versions_url: str
    endpoints: tuple[common.PartnerEndpoint, ...]
    roles: tuple[common.PartnerRole, ...]
    initiator: str  # partner or operator: who asked for it.
    warnings: tuple[str, ...] = ()  # What was not as the specification wants it.
    registered_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "version": self.version,
            "versions_url": self.versions_url,
            "endpoints": [item.to_record() for item in self.endpoints],
            "roles": [item.to_record() for item in self.roles],
            "initiator": self.initiator,
            "warnings": list(self.warnings),
            "registered_at": self.registered_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            version=record["version"],
            versions_url=record["versions_url"],
            endpoints=tuple([common.PartnerEndpoint.from_record(item) for item in record["endpoints"]]),
            roles=tuple([common.PartnerRole.from_record(item) for item in record["roles"]]),
            initiator=record["initiator"],
            warnings=tuple(record["warnings"]),
            registered_at=record["registered_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRegistrationFailed:
    """An exchange of credentials came to nothing."""

    FULL_NAME: ClassVar[str] = "partner.events.v1.PartnerRegistrationFailed"
    TOPIC: ClassVar[str] = "partner.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    partner_id: str
    version: str
    ocpi_status: int
    reason: str
    failed_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "version": self.version,
            "ocpi_status": self.ocpi_status,
            "reason": self.reason,
            "failed_at": self.failed_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            version=record["version"],
            ocpi_status=record["ocpi_status"],
            reason=record["reason"],
            failed_at=record["failed_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerExchange:
    """A request of a sandbox partner and what it was answered; secrets are masked."""

    FULL_NAME: ClassVar[str] = "partner.log.v1.PartnerExchange"
    TOPIC: ClassVar[str] = "partner.log.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    exchange_id: str
    partner_id: str
    method: str
    target: str  # Path and query.
    request_headers_json: str  # Names in lower case.
    request_body: str
    http_status: int
    response_headers_json: str
    response_body: str
    cut: bool  # Whether a body was too long to be kept whole.
    duration_ms: int
    received_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.exchange_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "exchange_id": self.exchange_id,
            "partner_id": self.partner_id,
            "method": self.method,
            "target": self.target,
            "request_headers_json": self.request_headers_json,
            "request_body": self.request_body,
            "http_status": self.http_status,
            "response_headers_json": self.response_headers_json,
            "response_body": self.response_body,
            "cut": self.cut,
            "duration_ms": self.duration_ms,
            "received_at": self.received_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            exchange_id=record["exchange_id"],
            partner_id=record["partner_id"],
            method=record["method"],
            target=record["target"],
            request_headers_json=record["request_headers_json"],
            request_body=record["request_body"],
            http_status=record["http_status"],
            response_headers_json=record["response_headers_json"],
            response_body=record["response_body"],
            cut=record["cut"],
            duration_ms=record["duration_ms"],
            received_at=record["received_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A roaming partner and how it authenticates."""

    FULL_NAME: ClassVar[str] = "partner.state.v1.Partner"
    TOPIC: ClassVar[str] = "partner.state.v1"

    tenant: str  # The operator that the data belongs to.
    partner_id: str
    name: str
    country_code: str
    party_id: str
    role: str  # OCPI Role.
    token_hash: str  # SHA-256 of the credentials token, lower-case hex.
    enabled: bool = True
    updated_at: int
    registration: str = "REGISTERED"  # REGISTERED, INVITED (its token is for registering only) or ENDED (it has taken its credentials back).
    version: str = ""  # The OCPI version agreed on; empty until the partner has registered itself.
    versions_url: str = ""  # Where the partner lists its versions.
    endpoints: tuple[common.PartnerEndpoint, ...] = ()  # The partner's endpoints in the agreed version.
    roles: tuple[
        common.PartnerRole, ...
    ] = ()  # All parties of the partner's platform, as its credentials name them.
    sealed_token: str = (
        ""  # The token that we show to the partner, sealed (services/runtime/sealing.py); empty: none.
    )
    plain_token_header: bool = False  # Whether the partner wants its token without Base64.
    allow_private: bool = (
        False  # Whether plain HTTP and private addresses of the partner may be asked; for tests and peerings.
    )
    registered_at: int | None = None  # When credentials were last exchanged.
    sandbox: bool = False  # A test partner: its requests and our answers are logged.
    sandbox_token: str = ""  # The token that a sandbox partner shows us, sealed, so that its requests can be replayed; empty for others.
    realtime: bool = False  # Whether it is asked about tokens that nobody knows here.
    when_silent: str = "REFUSE"  # What becomes of its ALLOWED tokens while it does not answer: REFUSE or ALLOW.
    hub: str = ""  # Partner id of the hub that it is behind, whose endpoints and token it is reached with; empty: it is reached directly.
    quirks: common.PartnerQuirks | None = (
        None  # How it differs from the specification; null: as for its hub, else not at all.
    )

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "name": self.name,
            "country_code": self.country_code,
            "party_id": self.party_id,
            "role": self.role,
            "token_hash": self.token_hash,
            "enabled": self.enabled,
            "updated_at": self.updated_at,
            "registration": self.registration,
            "version": self.version,
            "versions_url": self.versions_url,
            "endpoints": [item.to_record() for item in self.endpoints],
            "roles": [item.to_record() for item in self.roles],
            "sealed_token": self.sealed_token,
            "plain_token_header": self.plain_token_header,
            "allow_private": self.allow_private,
            "registered_at": self.registered_at,
            "sandbox": self.sandbox,
            "sandbox_token": self.sandbox_token,
            "realtime": self.realtime,
            "when_silent": self.when_silent,
            "hub": self.hub,
            "quirks": None if self.quirks is None else self.quirks.to_record(),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            name=record["name"],
            country_code=record["country_code"],
            party_id=record["party_id"],
            role=record["role"],
            token_hash=record["token_hash"],
            enabled=record["enabled"],
            updated_at=record["updated_at"],
            registration=record["registration"],
            version=record["version"],
            versions_url=record["versions_url"],
            endpoints=tuple([common.PartnerEndpoint.from_record(item) for item in record["endpoints"]]),
            roles=tuple([common.PartnerRole.from_record(item) for item in record["roles"]]),
            sealed_token=record["sealed_token"],
            plain_token_header=record["plain_token_header"],
            allow_private=record["allow_private"],
            registered_at=record["registered_at"],
            sandbox=record["sandbox"],
            sandbox_token=record["sandbox_token"],
            realtime=record["realtime"],
            when_silent=record["when_silent"],
            hub=record["hub"],
            quirks=None if record["quirks"] is None else common.PartnerQuirks.from_record(record["quirks"]),
        )
