"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


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
        )
