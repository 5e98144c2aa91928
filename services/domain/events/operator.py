"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Somebody, or a program, that may use the operations API."""

    FULL_NAME: ClassVar[str] = "operator.state.v1.Operator"
    TOPIC: ClassVar[str] = "operator.state.v1"

    tenant: str  # The operator that the data belongs to.
    operator_id: str  # Lower-case name, unique within the tenant.
    role: str  # read or operate.
    key_hash: str  # SHA-256 of the API key, lower-case hex.
    enabled: bool = True  # False: the key was revoked.
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.operator_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "operator_id": self.operator_id,
            "role": self.role,
            "key_hash": self.key_hash,
            "enabled": self.enabled,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            operator_id=record["operator_id"],
            role=record["role"],
            key_hash=record["key_hash"],
            enabled=record["enabled"],
            updated_at=record["updated_at"],
        )
