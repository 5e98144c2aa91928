"""Times and energies as the rest of the system carries them: whole milliseconds UTC, Decimal watt-hours."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

Millis = int
"""Milliseconds since 1970-01-01T00:00:00Z."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

WH_PER_KWH = Decimal(1000)


def millis_of(moment: datetime) -> Millis:
    """Milliseconds of an aware datetime, rounded down; a naive one is read as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = aware - _EPOCH
    # A third of the time of dividing by a timedelta.
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def datetime_of(millis: Millis) -> datetime:
    """The aware UTC datetime of a Millis value; OverflowError outside years 1 to 9999."""
    return _EPOCH + millis * _MILLISECOND


def parse_rfc3339(text: str) -> Millis:
    """Milliseconds of an RFC 3339 date-time; a missing zone is read as UTC (OCPP 1.6 stations omit it).

    Raises ValueError for anything else, `222222017-10-27T19:10:11Z` and 24:00 included.
    """
    if len(text) < 19 or text[10] not in "Tt ":
        raise ValueError(f"not an RFC 3339 date-time: {text[:40]!r}")
    return millis_of(datetime.fromisoformat(_six_digit_fraction(text)))


def _six_digit_fraction(text: str) -> str:
    """Cut or pad the fraction of a second, which stations write with one to nine digits."""
    dot = text.find(".", 19)
    if dot < 0:
        return text
    end = dot + 1
    while end < len(text) and text[end].isdigit():
        end += 1
    return f"{text[: dot + 1]}{text[dot + 1 : end][:6].ljust(6, '0')}{text[end:]}"


def rfc3339(millis: Millis) -> str:
    """`2026-11-21T10:00:00.000Z`, the form every protocol here takes."""
    return f"{datetime_of(millis).isoformat(timespec='milliseconds')[:23]}Z"
