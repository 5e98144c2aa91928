"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempted:
    """A partner was told something, or it was tried."""

    FULL_NAME: ClassVar[str] = "delivery.events.v1.DeliveryAttempted"
    TOPIC: ClassVar[str] = "delivery.events.v1"

    event_id: str  # UUIDv5 of the causes: the same happening always has the same id.
    tenant: str  # The operator that the data belongs to.
    partner_id: str
    push_id: str  # What was queued.
    module: str
    object_id: str
    part: str = ""  # Uid of an EVSE; empty: the whole object.
    method: str  # HTTP method; empty when nothing could be sent.
    request_id: str  # X-Request-ID, for the partner to find it by.
    ocpi_version: str
    payload_sha256: str  # Lower-case hex of the body as it was sent; empty: none.
    attempt: int  # Counts from 1, since the process began.
    outcome: common.DeliveryOutcome
    http_status: int | None = None  # Null: no answer.
    ocpi_status: int | None = None  # Null: the answer was none of OCPI.
    message: str  # What the partner said, or why there was no answer; cut.
    location_url: str = ""  # Where the partner keeps it, as the Location header of its answer says (CDRs).
    duration_ms: int  # From the request to the end of the answer.
    changed_at: int  # When the change was received.
    attempted_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "push_id": self.push_id,
            "module": self.module,
            "object_id": self.object_id,
            "part": self.part,
            "method": self.method,
            "request_id": self.request_id,
            "ocpi_version": self.ocpi_version,
            "payload_sha256": self.payload_sha256,
            "attempt": self.attempt,
            "outcome": self.outcome.value,
            "http_status": self.http_status,
            "ocpi_status": self.ocpi_status,
            "message": self.message,
            "location_url": self.location_url,
            "duration_ms": self.duration_ms,
            "changed_at": self.changed_at,
            "attempted_at": self.attempted_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            event_id=record["event_id"],
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            push_id=record["push_id"],
            module=record["module"],
            object_id=record["object_id"],
            part=record["part"],
            method=record["method"],
            request_id=record["request_id"],
            ocpi_version=record["ocpi_version"],
            payload_sha256=record["payload_sha256"],
            attempt=record["attempt"],
            outcome=common.DeliveryOutcome(record["outcome"]),
            http_status=record["http_status"],
            ocpi_status=record["ocpi_status"],
            message=record["message"],
            location_url=record["location_url"],
            duration_ms=record["duration_ms"],
            changed_at=record["changed_at"],
            attempted_at=record["attempted_at"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PushQueued:
    """Something that a partner has not been told yet; deleted when it has, or when something newer takes its place."""

    FULL_NAME: ClassVar[str] = "delivery.queue.v1.PushQueued"
    TOPIC: ClassVar[str] = "delivery.queue.v1"

    tenant: str  # The operator that the data belongs to.
    partner_id: str
    push_id: str  # UUIDv5 of the partner and of the change: the same change is queued once.
    module: str  # OCPI module: locations, tariffs, sessions or cdrs.
    object_id: str  # Id of the object in its module.
    part: str = ""  # Uid of the EVSE whose status changed; empty: the whole object.
    station_id: str = ""  # The station whose change this is; empty: none.
    cause: str  # Full name of the event that changed it.
    version: int  # Orders the changes of one object; of newer and older the older is not told any more.
    changed_at: int  # When the change was received.
    state: bytes | None = (
        None  # The session or record as an event, encoded; null for what is told as it is by then.
    )

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}/{self.push_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "push_id": self.push_id,
            "module": self.module,
            "object_id": self.object_id,
            "part": self.part,
            "station_id": self.station_id,
            "cause": self.cause,
            "version": self.version,
            "changed_at": self.changed_at,
            "state": self.state,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            push_id=record["push_id"],
            module=record["module"],
            object_id=record["object_id"],
            part=record["part"],
            station_id=record["station_id"],
            cause=record["cause"],
            version=record["version"],
            changed_at=record["changed_at"],
            state=record["state"],
        )


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerDeliveries:
    """How telling a partner goes."""

    FULL_NAME: ClassVar[str] = "delivery.state.v1.PartnerDeliveries"
    TOPIC: ClassVar[str] = "delivery.state.v1"

    tenant: str  # The operator that the data belongs to.
    partner_id: str
    circuit: str  # CLOSED, OPEN (nothing is sent until retry_at) or HALF_OPEN (one request tries).
    retry_at: int | None = None  # When the partner is asked again.
    live: int  # Changes that wait in the live lane.
    backlog: int  # Changes that wait behind it.
    oldest_at: int | None = None  # The oldest change that waits.
    delivered_at: int | None = None  # When the partner last took something.
    failed_at: int | None = None  # When it last did not.
    last_error: str = ""
    resync_due: bool = False  # Whether what it has is to be compared with what we have.
    resynced_at: int | None = None  # When that was last done.
    updated_at: int

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "circuit": self.circuit,
            "retry_at": self.retry_at,
            "live": self.live,
            "backlog": self.backlog,
            "oldest_at": self.oldest_at,
            "delivered_at": self.delivered_at,
            "failed_at": self.failed_at,
            "last_error": self.last_error,
            "resync_due": self.resync_due,
            "resynced_at": self.resynced_at,
            "updated_at": self.updated_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            circuit=record["circuit"],
            retry_at=record["retry_at"],
            live=record["live"],
            backlog=record["backlog"],
            oldest_at=record["oldest_at"],
            delivered_at=record["delivered_at"],
            failed_at=record["failed_at"],
            last_error=record["last_error"],
            resync_due=record["resync_due"],
            resynced_at=record["resynced_at"],
            updated_at=record["updated_at"],
        )
