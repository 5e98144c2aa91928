"""The orders that no CA has answered yet, and when each is to be tried. Pure: told events and the time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from services.domain.events.certificate import CertificateIssued, CertificateOrdered, CertificateRefused
from services.domain.ids import derived_id
from services.domain.units import Millis

PATIENCE_MS: Final = 6 * 3_600_000
"""How long a CA may be away before an order is given up."""

_FIRST_WAIT_MS: Final = 1_000
_LONGEST_WAIT_MS: Final = 300_000


@dataclass(slots=True)
class _Entry:
    order: CertificateOrdered
    next_at: Millis
    wait_ms: Millis = _FIRST_WAIT_MS


class Register:
    """Folds `certificate.events`; what is open is known from it after a restart too."""

    def __init__(self) -> None:
        self._open: dict[str, _Entry] = {}
        self._over: set[str] = set()

    def __len__(self) -> int:
        return len(self._open)

    def take(self, events: Iterable[Any]) -> None:
        """Records of the topic, in the order of their station."""
        for event in events:
            if isinstance(event, CertificateOrdered):
                if event.order_id not in self._open and event.order_id not in self._over:
                    self._open[event.order_id] = _Entry(event, event.ordered_at)
            elif isinstance(event, CertificateIssued | CertificateRefused):
                self._open.pop(event.order_id, None)
                self._over.add(event.order_id)

    def due(self, now_ms: Millis) -> list[CertificateOrdered]:
        """What the CA is to be asked now."""
        return [entry.order for entry in self._open.values() if entry.next_at <= now_ms]

    def postpone(self, order: CertificateOrdered, reason: str, now_ms: Millis) -> CertificateRefused | None:
        """The CA could not be asked: later again, ever more rarely; what is given up is refused by this event."""
        entry = self._open.get(order.order_id)
        if entry is None:
            return None
        if now_ms - order.ordered_at > PATIENCE_MS:
            return refused(order, f"the CA did not answer: {reason}", now_ms)
        entry.next_at, entry.wait_ms = now_ms + entry.wait_ms, min(2 * entry.wait_ms, _LONGEST_WAIT_MS)
        return None


def refused(order: CertificateOrdered, reason: str, now_ms: Millis) -> CertificateRefused:
    """The event of an order that the CA will not sign."""
    return CertificateRefused(
        event_id=derived_id("CertificateRefused", order.order_id),
        order_id=order.order_id,
        tenant=order.tenant,
        station_id=order.station_id,
        certificate_type=order.certificate_type,
        reason=reason,
        recorded_at=now_ms,
    )
