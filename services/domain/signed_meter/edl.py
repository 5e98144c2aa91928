"""What the formats around the EDL40 block share: how a block becomes a reading, and the law of a session."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from services.domain.signed_meter import edl_block, law
from services.domain.signed_meter.edl_block import EdlBlock
from services.domain.signed_meter.findings import Code, Finding, NotReadable, finding
from services.domain.signed_meter.proof import Proof
from services.domain.signed_meter.record import Checked, Reading, SignedRecord, Verified

ERROR: Final = 0x01
"""Status byte: the meter found an error in itself."""

CLOCK_SYNCHRONOUS: Final = 0x08
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FARTHEST: Final = 1 << 34


def utc(epoch: int) -> datetime:
    """Epoch seconds as time; NotReadable outside of what 32 bits and an offset can say."""
    if abs(epoch) > _FARTHEST:
        raise NotReadable("a time that no meter has", "time")
    return _EPOCH + timedelta(seconds=epoch)


def reading(block: EdlBlock, instant: datetime | None = None, marker: str | None = None) -> Reading:
    """The reading of a block; `instant` where the transport tells the offset of its local time."""
    return Reading(
        kwh=block.kwh,
        time=utc(block.local_epoch).replace(tzinfo=None).isoformat(),
        instant=instant,
        marker=marker,
        register=edl_block.register(block.obis) + (" compensated" if block.compensating else ""),
        status=f"{block.status:02x}",
        details=details(block),
    )


def details(block: EdlBlock) -> dict[str, str]:
    """What only these formats have; `log` and `contract` in hexadecimal."""
    return {
        "epoch_local": str(block.local_epoch),
        "seconds_index": str(block.seconds_index),
        "log": block.log.hex(),
        "contract": block.contract.hex(),
        "resistance": str(block.resistance),
    }


def verified(
    block: EdlBlock, proof: Proof, record: SignedRecord, instant: datetime | None, *, clock_told: bool = True
) -> Verified:
    """One block as a record of a session. `clock_told`: the status byte says whether the clock is synchronous."""
    told = (*proof.findings, *status(block, clock_told=clock_told)) if proof.valid else proof.findings
    return Verified(
        valid=proof.valid,
        findings=told,
        readings=(reading(block, instant),),
        pagination=str(block.pagination),
        meter_serial=block.server_id.hex().upper(),
        identification=identification(block.contract),
        key=proof.key,
        context=record.context,
        signed=(proof.signed,),
        details={**details(block), "curve": proof.key.curve.name, "key": proof.source},
    )


def status(block: EdlBlock, *, clock_told: bool) -> Iterator[Finding]:
    """What a block says of the meter, and whether its register can be billed."""
    if block.status & ERROR:
        yield finding(Code.METER_STATUS, f"status {block.status:#04x}", "status")
    if clock_told and not block.status & CLOCK_SYNCHRONOUS:
        yield finding(Code.TIME_NOT_SYNCHRONIZED, f"status {block.status:#04x}", "status")
    yield from edl_block.register_findings(block.obis, block.unit)


def identification(contract: bytes) -> str:
    """Who charged: as text where it is text, else in hexadecimal."""
    shown = contract.decode("ascii", "replace")
    return shown if shown.isprintable() and "\ufffd" not in shown else contract.hex().upper()


def check(records: Sequence[Verified]) -> Checked:
    """Same key, meter, identification, register and log book; number, value and time go on."""
    return law.session(records, QUESTIONS)


LOGBOOK: Final = law.same(Code.LOGBOOK_MISMATCH, "log book", law.detail("log"))
QUESTIONS: Final = (LOGBOOK,)
