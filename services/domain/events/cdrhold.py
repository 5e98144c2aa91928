"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class CdrHold:
    """Whether a record that was issued is to be delivered to partners."""

    FULL_NAME: ClassVar[str] = "cdrhold.state.v1.CdrHold"
    TOPIC: ClassVar[str] = "cdrhold.state.v1"

    tenant: str  # The operator that the data belongs to.
    cdr_id: str
    reason: str | None = None  # Why it is not; null: it is.
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.cdr_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "cdr_id": self.cdr_id,
            "reason": self.reason,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            cdr_id=record["cdr_id"],
            reason=record["reason"],
            updated_at=record["updated_at"],
        )
