"""Tells settlement which records partners have pulled, once each as far as this process remembers."""

from collections.abc import Awaitable, Callable, Iterable

import structlog

from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrStatus, SettlementStep
from services.domain.settlement_steps import partner_step
from services.domain.units import Millis
from services.runtime.bus import NotDurable

_MOST_REMEMBERED = 100_000

log = structlog.get_logger(__name__)


class Deliveries:
    """On one event loop. What Kafka does not take is told at the partner's next pull."""

    def __init__(self, publish: Callable[..., Awaitable[None]], now_ms: Callable[[], Millis]) -> None:
        self._publish = publish
        self._now_ms = now_ms
        self._told: dict[tuple[str, str, str], None] = {}

    async def pulled(self, partner_id: str, version: str, records: Iterable[Cdr]) -> None:
        """The partner has been given these. Credited ones are settled otherwise."""
        keys = [
            (record.tenant, record.cdr_id, partner_id)
            for record in records
            if record.status is CdrStatus.ISSUED and (record.tenant, record.cdr_id, partner_id) not in self._told
        ]
        if not keys:
            return
        self._remember(keys)
        now, how = self._now_ms(), f"OCPI {version} pull"
        steps = [
            partner_step(tenant, cdr_id, SettlementStep.DELIVER, partner_id, now, reference=how)
            for tenant, cdr_id, _ in keys
        ]
        try:
            await self._publish(*steps)
        except NotDurable as error:
            for key in keys:
                self._told.pop(key, None)
            log.warning("settlement is not told of deliveries yet", count=len(keys), reason=str(error))

    def _remember(self, keys: Iterable[tuple[str, str, str]]) -> None:
        self._told.update(dict.fromkeys(keys))
        while len(self._told) > _MOST_REMEMBERED:
            del self._told[next(iter(self._told))]
