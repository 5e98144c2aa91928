"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RoamingPull:
    """How far a module of a partner has been pulled."""

    FULL_NAME: ClassVar[str] = "roamingpull.state.v1.RoamingPull"
    TOPIC: ClassVar[str] = "roamingpull.state.v1"

    tenant: str  # The operator that the data belongs to.
    partner_id: str  # Who it came from, e.g. NL-TNM.
    module: str
    reached: int  # The latest last_updated that came: the next pull begins with it.
    objects: int  # That came with the last pull.
    changed: int  # Of these, were new or different.
    skipped: int  # Of these, could not be kept.
    pages: int
    finished_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}/{self.module}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "module": self.module,
            "reached": self.reached,
            "objects": self.objects,
            "changed": self.changed,
            "skipped": self.skipped,
            "pages": self.pages,
            "finished_at": self.finished_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            module=record["module"],
            reached=record["reached"],
            objects=record["objects"],
            changed=record["changed"],
            skipped=record["skipped"],
            pages=record["pages"],
            finished_at=record["finished_at"],
        )
