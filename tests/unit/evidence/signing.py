"""Sessions with OCMF records that are signed in the test, and the fold run over what happens to them."""

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import Any

from services.domain.events.common import MeterKeySource, MeterValue, SignedMeterValue
from services.domain.events.evidence import SessionToVerify
from services.domain.events.meterkey import MeterKeyAdded, MeterKeyApproved, MeterKeyRevoked
from services.domain.events.transaction import TransactionEnded, TransactionUpdated
from services.domain.meter_key import identity, key_id
from services.evidence.fold import fold
from services.evidence.state import State
from tests.scenarios.story import Run
from tests.unit.domain.signed_meter.keyring import spki
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, signed

TENANT, STATION, EVSE = "t", "CS1", 1
STARTED, ENDED = 1_772_355_600_000, 1_772_358_300_000
ENERGY = Decimal(12_250)


def key(number: int = 7) -> str:
    """Public key `number`, SPKI in hex."""
    return spki("secp256r1", number).hex()


def id_of(number: int = 7, evse_id: int = EVSE) -> str:
    found = identity(key(number))
    assert found is not None
    return key_id(TENANT, STATION, evse_id, found.x)


def value(
    text: str, context: str = "Transaction.End", public_key: str = "", encoding: str = ""
) -> SignedMeterValue:
    data = text.encode()
    return SignedMeterValue(
        signed_data=data, sha256=hashlib.sha256(data).hexdigest(), context=context, public_key=public_key,
        encoding_method=encoding,
    )  # fmt: skip


def pair(number: int = 7, first_page: int = 7, last_page: int = 8, **changes: Any) -> tuple[SignedMeterValue, ...]:
    """Begin and end of one session, signed with key `number`."""
    first = signed(payload(begin(), PG=f"T{first_page}", **changes), number=number)
    last = signed(payload(end(), PG=f"T{last_page}", **changes), number=number)
    return value(first, "Transaction.Begin"), value(last)


def session(*values: SignedMeterValue, **changes: Any) -> SessionToVerify:
    """The end of a session with these values; without any, a pair that is in order."""
    told = SessionToVerify(
        event_id="e", tenant=TENANT, station_id=STATION, session_id="s1", revision=1, transaction_id="7",
        evse_id=EVSE, started_at=STARTED, ended_at=ENDED, energy_wh=ENERGY, signed_meter_values=values or pair(),
        recorded_at=ENDED + 500,
    )  # fmt: skip
    return replace(told, **changes)


def updated(*values: SignedMeterValue, **changes: Any) -> TransactionUpdated:
    """A message of a running transaction."""
    told = TransactionUpdated(
        event_id="u", tenant=TENANT, station_id=STATION, protocol="ocpp1.6", transaction_id="7", evse_id=EVSE,
        connector_id=EVSE, occurred_at=ENDED, recorded_at=ENDED + 100,
        meter_values=(MeterValue(sampled_at=ENDED, signed_meter_values=values),),
    )  # fmt: skip
    return replace(told, **changes)


def stopped(*values: SignedMeterValue) -> TransactionEnded:
    """The end of a transaction."""
    return TransactionEnded(
        event_id="x", tenant=TENANT, station_id=STATION, protocol="ocpp1.6", transaction_id="7", ended_at=ENDED,
        recorded_at=ENDED + 100, meter_values=(MeterValue(sampled_at=ENDED, signed_meter_values=values),),
    )  # fmt: skip


def added(number: int = 7, **changes: Any) -> MeterKeyAdded:
    told = MeterKeyAdded(
        event_id="a", tenant=TENANT, station_id=STATION, evse_id=EVSE, public_key=key(number),
        source=MeterKeySource.LABEL, added_by="ann", added_at=STARTED - 1000,
    )  # fmt: skip
    return replace(told, **changes)


def approved(number: int = 7, by: str = "ann", at: int = STARTED - 900, evse_id: int = EVSE) -> MeterKeyApproved:
    return MeterKeyApproved(
        event_id="p", tenant=TENANT, station_id=STATION, evse_id=evse_id, key_id=id_of(number, evse_id),
        approved_by=by, approved_at=at,
    )  # fmt: skip


def revoked(number: int = 7, at: int = ENDED + 9000) -> MeterKeyRevoked:
    return MeterKeyRevoked(
        event_id="r", tenant=TENANT, station_id=STATION, evse_id=EVSE, key_id=id_of(number), revoked_by="ann",
        reason="meter was replaced", revoked_at=at,
    )  # fmt: skip


def vouched(number: int = 7, at: int = STARTED - 900) -> list[Any]:
    """Everything that puts a key in force."""
    return [added(number), approved(number, "ann", at), approved(number, "bob", at)]


def running(*events: Any) -> Run:
    run = Run(fold, State)
    run.take(*events)
    return run
