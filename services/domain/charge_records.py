"""What everybody who reads charge detail records has to know of them."""

from services.domain.events.common import ChargeDetail
from services.domain.events.session import SessionEnded

RESERVATION_EXPIRED = "RESERVATION_EXPIRED"
"""Quality flag of a record that bills a reservation which no session used: it has no energy, and its session id is
that of a session which never was."""


def never_charged(record: ChargeDetail | SessionEnded) -> bool:
    """Whether a record, or the session that one is made of, bills an expired reservation."""
    return RESERVATION_EXPIRED in record.quality_flags
