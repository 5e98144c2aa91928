"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RoamingAuthorized:
    """A partner asked whether one of our tokens may charge."""

    FULL_NAME: ClassVar[str] = "roaming.events.v1.RoamingAuthorized"
    TOPIC: ClassVar[str] = "roaming.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    partner_id: str  # Who it came from, e.g. NL-TNM.
    token_uid: str
    allowed: str  # OCPI AllowedType.
    reason: str
    location_id: str = ""  # Where; empty: not said.
    authorization_reference: str = ""  # Given to the partner; sessions and records name it. Empty: not allowed.
    decided_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "token_uid": self.token_uid,
            "allowed": self.allowed,
            "reason": self.reason,
            "location_id": self.location_id,
            "authorization_reference": self.authorization_reference,
            "decided_at": self.decided_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            token_uid=record["token_uid"],
            allowed=record["allowed"],
            reason=record["reason"],
            location_id=record["location_id"],
            authorization_reference=record["authorization_reference"],
            decided_at=record["decided_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RoamingCommandAnswered:
    """What a CPO says about a command: at once, and later what the station said."""

    FULL_NAME: ClassVar[str] = "roaming.events.v1.RoamingCommandAnswered"
    TOPIC: ClassVar[str] = "roaming.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    partner_id: str  # Who it came from, e.g. NL-TNM.
    command_id: str
    final: bool  # false: the answer at once (CommandResponse); true: nothing more will come.
    result: str  # OCPI CommandResponseType or CommandResultType.
    message: str = ""
    answered_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "command_id": self.command_id,
            "final": self.final,
            "result": self.result,
            "message": self.message,
            "answered_at": self.answered_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            command_id=record["command_id"],
            final=record["final"],
            result=record["result"],
            message=record["message"],
            answered_at=record["answered_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RoamingCommandSent:
    """A command that we give a CPO; published before it is asked."""

    FULL_NAME: ClassVar[str] = "roaming.events.v1.RoamingCommandSent"
    TOPIC: ClassVar[str] = "roaming.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    partner_id: str  # Who it came from, e.g. NL-TNM.
    command_id: str
    command: str  # OCPI CommandType.
    version: str
    body_json: str  # As OCPI 2.3.0 has it, without response_url.
    secret_sha256: str  # Of what the response_url shows; lower-case hex.
    requested_by: str
    requested_at: int
    expires_at: int  # Later results are refused.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "command_id": self.command_id,
            "command": self.command,
            "version": self.version,
            "body_json": self.body_json,
            "secret_sha256": self.secret_sha256,
            "requested_by": self.requested_by,
            "requested_at": self.requested_at,
            "expires_at": self.expires_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            command_id=record["command_id"],
            command=record["command"],
            version=record["version"],
            body_json=record["body_json"],
            secret_sha256=record["secret_sha256"],
            requested_by=record["requested_by"],
            requested_at=record["requested_at"],
            expires_at=record["expires_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RoamingReceived:
    """A CPO that roams with us told us something new."""

    FULL_NAME: ClassVar[str] = "roaming.events.v1.RoamingReceived"
    TOPIC: ClassVar[str] = "roaming.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    partner_id: str  # Who it came from, e.g. NL-TNM.
    module: str
    object_id: str  # In lower case.
    method: str  # PUT, PATCH, DELETE, POST, or PULL when we asked.
    version: str
    received_json: str  # Byte for byte; empty for DELETE.
    received_sha256: str
    findings: tuple[str, ...] = ()  # What it breaks of the specification, what was corrected or lost.
    received_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "module": self.module,
            "object_id": self.object_id,
            "method": self.method,
            "version": self.version,
            "received_json": self.received_json,
            "received_sha256": self.received_sha256,
            "findings": list(self.findings),
            "received_at": self.received_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            module=record["module"],
            object_id=record["object_id"],
            method=record["method"],
            version=record["version"],
            received_json=record["received_json"],
            received_sha256=record["received_sha256"],
            findings=tuple(record["findings"]),
            received_at=record["received_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RoamingRefused:
    """What a CPO told us contradicts what it had told for good."""

    FULL_NAME: ClassVar[str] = "roaming.events.v1.RoamingRefused"
    TOPIC: ClassVar[str] = "roaming.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    partner_id: str  # Who it came from, e.g. NL-TNM.
    module: str
    object_id: str
    why: str
    received_json: str  # Byte for byte.
    received_sha256: str
    received_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "module": self.module,
            "object_id": self.object_id,
            "why": self.why,
            "received_json": self.received_json,
            "received_sha256": self.received_sha256,
            "received_at": self.received_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            module=record["module"],
            object_id=record["object_id"],
            why=record["why"],
            received_json=record["received_json"],
            received_sha256=record["received_sha256"],
            received_at=record["received_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RoamingObject:
    """A location or tariff of a CPO that roams with us, as it told us."""

    FULL_NAME: ClassVar[str] = "roaming.state.v1.RoamingObject"
    TOPIC: ClassVar[str] = "roaming.state.v1"

    tenant: str  # The operator that the data belongs to.
    partner_id: str  # Who it came from, e.g. NL-TNM.
    module: str  # locations or tariffs.
    object_id: str  # In lower case: ids are compared without regard to it.
    country_code: str
    party_id: str  # Whose it is.
    version: str  # The OCPI version that it was received in.
    object_json: str  # As OCPI 2.3.0 has it.
    received_json: str  # As it was received last, byte for byte; of a change in part, that part.
    received_sha256: str  # Lower-case hex over received_json.
    findings: tuple[str, ...] = ()  # What it breaks of the specification, what was corrected or lost.
    last_updated: int  # The partner's time.
    received_at: int  # When it last changed here.
    deleted: bool = False  # The partner has taken it back.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}/{self.module}/{self.object_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "module": self.module,
            "object_id": self.object_id,
            "country_code": self.country_code,
            "party_id": self.party_id,
            "version": self.version,
            "object_json": self.object_json,
            "received_json": self.received_json,
            "received_sha256": self.received_sha256,
            "findings": list(self.findings),
            "last_updated": self.last_updated,
            "received_at": self.received_at,
            "deleted": self.deleted,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            module=record["module"],
            object_id=record["object_id"],
            country_code=record["country_code"],
            party_id=record["party_id"],
            version=record["version"],
            object_json=record["object_json"],
            received_json=record["received_json"],
            received_sha256=record["received_sha256"],
            findings=tuple(record["findings"]),
            last_updated=record["last_updated"],
            received_at=record["received_at"],
            deleted=record["deleted"],
        )
