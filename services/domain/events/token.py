"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBlocked:
    """A token may no longer charge."""

    FULL_NAME: ClassVar[str] = "token.events.v1.TokenBlocked"
    TOPIC: ClassVar[str] = "token.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    token_uid: str
    reason: str
    source: str
    blocked_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.token_uid}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "token_uid": self.token_uid,
            "reason": self.reason,
            "source": self.source,
            "blocked_at": self.blocked_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            token_uid=record["token_uid"],
            reason=record["reason"],
            source=record["source"],
            blocked_at=record["blocked_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRegistered:
    """A token may charge from now on, with these terms."""

    FULL_NAME: ClassVar[str] = "token.events.v1.TokenRegistered"
    TOPIC: ClassVar[str] = "token.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    token_uid: str
    token_type: str  # OCPI TokenType: RFID, APP_USER, AD_HOC_USER, OTHER.
    contract_id: str
    issuer: str
    group_id: str | None = None
    expires_at: int | None = None
    source: str  # Who said so, e.g. cli, ocpi:NL-TNM.
    registered_at: int
    owner_country_code: str = ""  # Of the provider who keeps the token by OCPI; empty: nobody does.
    owner_party_id: str = ""
    whitelist: str = ""  # OCPI WhitelistType; empty: ALWAYS.
    object_json: str = ""  # The token as its provider sent it, as OCPI 2.3.0; empty: it did not come by OCPI.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.token_uid}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "token_uid": self.token_uid,
            "token_type": self.token_type,
            "contract_id": self.contract_id,
            "issuer": self.issuer,
            "group_id": self.group_id,
            "expires_at": self.expires_at,
            "source": self.source,
            "registered_at": self.registered_at,
            "owner_country_code": self.owner_country_code,
            "owner_party_id": self.owner_party_id,
            "whitelist": self.whitelist,
            "object_json": self.object_json,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            token_uid=record["token_uid"],
            token_type=record["token_type"],
            contract_id=record["contract_id"],
            issuer=record["issuer"],
            group_id=record["group_id"],
            expires_at=record["expires_at"],
            source=record["source"],
            registered_at=record["registered_at"],
            owner_country_code=record["owner_country_code"],
            owner_party_id=record["owner_party_id"],
            whitelist=record["whitelist"],
            object_json=record["object_json"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A whitelist entry."""

    FULL_NAME: ClassVar[str] = "token.state.v1.Token"
    TOPIC: ClassVar[str] = "token.state.v1"

    tenant: str  # The operator that the data belongs to.
    token_uid: str
    token_type: str
    contract_id: str
    issuer: str
    group_id: str | None = None
    status: common.TokenStatus
    blocked_reason: str | None = None
    expires_at: int | None = None
    updated_at: int
    owner_country_code: str = ""  # Of the provider who keeps the token by OCPI; empty: nobody does.
    owner_party_id: str = ""
    whitelist: str = ""  # OCPI WhitelistType; empty: ALWAYS.
    object_json: str = ""  # The token as its provider sent it, as OCPI 2.3.0; empty: it did not come by OCPI.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.token_uid}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "token_uid": self.token_uid,
            "token_type": self.token_type,
            "contract_id": self.contract_id,
            "issuer": self.issuer,
            "group_id": self.group_id,
            "status": self.status.value,
            "blocked_reason": self.blocked_reason,
            "expires_at": self.expires_at,
            "updated_at": self.updated_at,
            "owner_country_code": self.owner_country_code,
            "owner_party_id": self.owner_party_id,
            "whitelist": self.whitelist,
            "object_json": self.object_json,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            token_uid=record["token_uid"],
            token_type=record["token_type"],
            contract_id=record["contract_id"],
            issuer=record["issuer"],
            group_id=record["group_id"],
            status=common.TokenStatus(record["status"]),
            blocked_reason=record["blocked_reason"],
            expires_at=record["expires_at"],
            updated_at=record["updated_at"],
            owner_country_code=record["owner_country_code"],
            owner_party_id=record["owner_party_id"],
            whitelist=record["whitelist"],
            object_json=record["object_json"],
        )
