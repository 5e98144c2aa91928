"""What operators correct: an issued record is taken back, and another one may take its place. Pure."""

from services.cdrs.lookups import Lookups
from services.cdrs.quoting import Quote
from services.domain.charge_records import never_charged
from services.domain.events.cdr import CdrCorrectionRequested
from services.domain.events.common import ChargeDetail
from services.domain.events.session import SessionEnded
from services.domain.ids import derived_id

CORRECTED = "CORRECTED"
MOST_WAITING = 10
"""Corrections that come before the record that they are for, as when everything is folded again."""


def cdr_id_of(session_id: str, revision: int) -> str:
    """The id of the `revision`th record of a session."""
    return derived_id("cdr", session_id, revision)


def is_late(detail: ChargeDetail, cdr_id: str) -> bool:
    """Whether a record was replaced already by the one that counts."""
    return any(cdr_id == cdr_id_of(detail.session_id, revision) for revision in range(1, detail.revision))


def is_lawful(lookups: Lookups, detail: ChargeDetail, asked: CdrCorrectionRequested) -> bool:
    """Under calibration law nobody is billed for more energy than what was proven; for a reservation, for none."""
    if never_charged(detail) and asked.energy_wh:
        return False
    station = lookups.station(f"{detail.tenant}/{detail.station_id}")
    under_law = station is not None and station.calibration_law
    return asked.energy_wh is None or not under_law or asked.energy_wh <= detail.energy_wh


def corrected_end(detail: ChargeDetail, asked: CdrCorrectionRequested, revision: int) -> SessionEnded:
    """The end of a session as it would have been; where the energy differs, nothing is known of its course."""
    energy_wh = detail.energy_wh if asked.energy_wh is None else asked.energy_wh
    return SessionEnded(
        event_id=asked.event_id,
        tenant=detail.tenant,
        session_id=detail.session_id,
        revision=revision,
        station_id=detail.station_id,
        transaction_id=detail.transaction_id,
        protocol=detail.protocol,
        evse_id=detail.evse_id,
        connector_id=detail.connector_id,
        id_token=detail.id_token,
        started_at=detail.started_at,
        ended_at=detail.ended_at,
        meter_start_wh=detail.meter_start_wh,
        meter_stop_wh=detail.meter_stop_wh,
        energy_wh=energy_wh,
        stopped_reason=detail.stopped_reason,
        periods=detail.periods if energy_wh == detail.energy_wh else (),
        signed_meter_values=detail.signed_meter_values,
        quality_flags=tuple(sorted({*detail.quality_flags, CORRECTED})),
        recorded_at=asked.requested_at,
        reservation_id=detail.reservation_id,
    )


def corrected_quote(lookups: Lookups, detail: ChargeDetail, asked: CdrCorrectionRequested) -> Quote:
    """The terms of the record that takes the place: the same, or those of the tariff that was named."""
    tariff = None if asked.tariff_id is None else lookups.tariff(f"{detail.tenant}/{asked.tariff_id}")
    return Quote(detail.agreement_id, detail.tariff if tariff is None else tariff.terms)
