"""What is published about attempts, refusals and how it goes; pure."""

from dataclasses import dataclass
from typing import Final

from services.domain.events.common import SettlementStep
from services.domain.events.delivery import DeliveryAttempted, PartnerDeliveries, PushQueued
from services.domain.events.dlq import DeadLetter
from services.domain.events.settlement import CdrStepRequested
from services.domain.ids import derived_id
from services.domain.settlement_steps import partner_step
from services.domain.units import Millis
from services.ocpi.push.verdict import Verdict

CONSUMER: Final = "ocpi-push.v1"
DEAD_LETTERS: Final = "ocpi-push.dlq.v1"
_LONGEST_URL: Final = 2_048


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request as it was made and answered. Without a method nothing could be sent."""

    number: int
    started_at: Millis
    ended_at: Millis
    method: str = ""
    request_id: str = ""
    payload_sha256: str = ""
    http_status: int | None = None
    ocpi_status: int | None = None
    location_url: str = ""


def attempted(push: PushQueued, version: str, attempt: Attempt, verdict: Verdict) -> DeliveryAttempted:
    """The event of one attempt."""
    return DeliveryAttempted(
        event_id=derived_id(
            "delivery-attempted", push.push_id, attempt.started_at, attempt.method, attempt.number
        ),
        tenant=push.tenant,
        partner_id=push.partner_id,
        push_id=push.push_id,
        module=push.module,
        object_id=push.object_id,
        part=push.part,
        method=attempt.method,
        request_id=attempt.request_id,
        ocpi_version=version,
        payload_sha256=attempt.payload_sha256,
        attempt=attempt.number,
        outcome=verdict.outcome,
        http_status=attempt.http_status,
        ocpi_status=attempt.ocpi_status,
        message=verdict.message,
        location_url=attempt.location_url[:_LONGEST_URL],
        duration_ms=attempt.ended_at - attempt.started_at,
        changed_at=push.changed_at,
        attempted_at=attempt.started_at,
    )


def delivered(push: PushQueued, version: str, now_ms: Millis) -> CdrStepRequested:
    """What settlement is told of a record that a partner has taken."""
    how = f"OCPI {version} push"
    deliver = SettlementStep.DELIVER
    return partner_step(push.tenant, push.object_id, deliver, push.partner_id, now_ms, reference=how)


def letters_of(tenant: str, partner_id: str) -> str:
    """The error class of a partner's dead letters, by which they are found and sent again."""
    return f"{tenant}/{partner_id}"


def dead_letter(push: PushQueued, raw: bytes, reason: str, code_version: str, now_ms: Millis) -> DeadLetter:
    """What a partner refuses, so that it can be queued again when the cause is mended."""
    return DeadLetter(
        event_id=derived_id("delivery-refused", push.push_id, now_ms),
        consumer=CONSUMER,
        source_topic=push.TOPIC,
        # Wherever its key puts it, and at no offset: it is deleted there.
        source_partition=-1,
        source_offset=-1,
        record_key=push.key.encode(),
        record_value=raw,
        record_timestamp=push.changed_at,
        error_class=letters_of(push.tenant, push.partner_id),
        reason=reason,
        code_version=code_version,
        failed_at=now_ms,
    )


def as_before(one: PartnerDeliveries, other: PartnerDeliveries | None) -> bool:
    """Whether nothing is to be said anew but the time."""
    return other is not None and one.to_record() | {"updated_at": 0} == other.to_record() | {"updated_at": 0}
