"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


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
        )
