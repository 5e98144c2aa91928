"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationAnswered:
    """What providers said about a token that a station waits for."""

    FULL_NAME: ClassVar[str] = "authorization.answers.v1.AuthorizationAnswered"
    TOPIC: ClassVar[str] = "authorization.answers.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    request_id: str  # The event id of AuthorizationRequested.
    tenant: str  # The operator that the data belongs to.
    token_uid: str
    station_id: str
    outcome: str  # OCPI AllowedType; UNKNOWN: nobody keeps the token; SILENT: whom it depends on did not answer.
    partner_id: str = ""  # Whose word the outcome is; empty: nobody's.
    authorization_reference: str | None = None  # The provider's, for session and CDR.
    contract_id: str | None = None
    group_id: str | None = None
    info: str | None = None  # The provider's words for the driver.
    info_language: str | None = None
    replies: tuple[common.ProviderReply, ...] = ()  # Of all who were asked.
    answered_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.token_uid}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "request_id": self.request_id,
            "tenant": self.tenant,
            "token_uid": self.token_uid,
            "station_id": self.station_id,
            "outcome": self.outcome,
            "partner_id": self.partner_id,
            "authorization_reference": self.authorization_reference,
            "contract_id": self.contract_id,
            "group_id": self.group_id,
            "info": self.info,
            "info_language": self.info_language,
            "replies": [item.to_record() for item in self.replies],
            "answered_at": self.answered_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            request_id=record["request_id"],
            tenant=record["tenant"],
            token_uid=record["token_uid"],
            station_id=record["station_id"],
            outcome=record["outcome"],
            partner_id=record["partner_id"],
            authorization_reference=record["authorization_reference"],
            contract_id=record["contract_id"],
            group_id=record["group_id"],
            info=record["info"],
            info_language=record["info_language"],
            replies=tuple([common.ProviderReply.from_record(item) for item in record["replies"]]),
            answered_at=record["answered_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationDecided:
    """A token was accepted or not, and why."""

    FULL_NAME: ClassVar[str] = "authorization.events.v1.AuthorizationDecided"
    TOPIC: ClassVar[str] = "authorization.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    token_uid: str
    token_type: str
    station_id: str | None = None
    occasion: str  # Authorize, StartTransaction, TransactionEvent …
    status: str  # OCPP 2.0.1 AuthorizationStatusEnumType.
    reason: str
    contract_id: str | None = None
    token_updated_at: int | None = None  # Version of the whitelist entry that was used.
    decided_at: int
    authorization_method: str = ""  # OCPI AuthMethod: AUTH_REQUEST when its provider said so; empty: WHITELIST.
    partner_id: str = ""  # The provider whose word it is; empty: nobody's.
    authorization_reference: str | None = None
    transaction_id: str | None = None  # The transaction that is to begin with it.
    waited_ms: int | None = None  # How long the provider was waited for; none: it was not asked.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.token_uid}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "token_uid": self.token_uid,
            "token_type": self.token_type,
            "station_id": self.station_id,
            "occasion": self.occasion,
            "status": self.status,
            "reason": self.reason,
            "contract_id": self.contract_id,
            "token_updated_at": self.token_updated_at,
            "decided_at": self.decided_at,
            "authorization_method": self.authorization_method,
            "partner_id": self.partner_id,
            "authorization_reference": self.authorization_reference,
            "transaction_id": self.transaction_id,
            "waited_ms": self.waited_ms,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            token_uid=record["token_uid"],
            token_type=record["token_type"],
            station_id=record["station_id"],
            occasion=record["occasion"],
            status=record["status"],
            reason=record["reason"],
            contract_id=record["contract_id"],
            token_updated_at=record["token_updated_at"],
            decided_at=record["decided_at"],
            authorization_method=record["authorization_method"],
            partner_id=record["partner_id"],
            authorization_reference=record["authorization_reference"],
            transaction_id=record["transaction_id"],
            waited_ms=record["waited_ms"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequested:
    """A station waits: the token's provider is to be asked whether it may charge."""

    FULL_NAME: ClassVar[str] = "authorization.requests.v1.AuthorizationRequested"
    TOPIC: ClassVar[str] = "authorization.requests.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    token_uid: str  # As in the whitelist.
    uid: str  # As the station gave it.
    token_type: str  # OCPP 2.0.1 IdTokenEnumType; Unknown for OCPP 1.6.
    station_id: str
    evse_id: int | None = None  # None: anywhere at the station.
    connector_id: int | None = None
    occasion: str  # Authorize, StartTransaction, TransactionEvent.
    requested_at: int
    deadline_at: int  # An answer that comes later is of no use.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.token_uid}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "token_uid": self.token_uid,
            "uid": self.uid,
            "token_type": self.token_type,
            "station_id": self.station_id,
            "evse_id": self.evse_id,
            "connector_id": self.connector_id,
            "occasion": self.occasion,
            "requested_at": self.requested_at,
            "deadline_at": self.deadline_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            token_uid=record["token_uid"],
            uid=record["uid"],
            token_type=record["token_type"],
            station_id=record["station_id"],
            evse_id=record["evse_id"],
            connector_id=record["connector_id"],
            occasion=record["occasion"],
            requested_at=record["requested_at"],
            deadline_at=record["deadline_at"],
        )
