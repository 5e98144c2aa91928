"""Tariffs as they are in force: a local copy of tariffs and of the prices that were announced for them."""

import threading
from collections import defaultdict
from dataclasses import replace
from typing import Any

from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.domain.tariff.announced import terms_at
from services.domain.units import Millis
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.view import View

_KEPT_MS: Millis = 90 * 24 * 3_600_000


class TariffBook:
    """Reading is a look-up; views keep it up to date. Safe between threads."""

    def __init__(self, kafka: KafkaSettings, codec: Codec) -> None:
        self.tariffs: View[Tariff] = View(kafka, codec, Tariff.TOPIC)
        self.announced: View[EnergyPriceAnnounced] = View(
            kafka, codec, EnergyPriceAnnounced.TOPIC, self._announced
        )
        self._lock = threading.Lock()
        self._prices: defaultdict[str, dict[str, EnergyPriceAnnounced]] = defaultdict(dict)

    @property
    def views(self) -> tuple[View[Any], ...]:
        return self.tariffs, self.announced

    def prices(self, key: str) -> list[EnergyPriceAnnounced]:
        """What was announced for a tariff, by its key in tariff.state."""
        with self._lock:
            return list(self._prices.get(key, {}).values())

    def at(self, known: Tariff, now: Millis) -> Tariff:
        """The tariff for sessions that start now, and since when it is; prices of single places are left out."""
        prices = [one for one in self.prices(known.key) if one.location_id is None]
        changed = [at for one in prices for at in (one.starts_at, one.ends_at) if at <= now]
        return replace(
            known,
            terms=terms_at(known.terms, prices, None, now),
            updated_at=max([known.updated_at, *changed]),
        )

    def _announced(self, key: str, price: EnergyPriceAnnounced | None) -> None:
        """On the view's thread. What is as old as what Kafka forgets is forgotten."""
        if price is None:
            return
        with self._lock:
            known = self._prices[f"{price.tenant}/{price.tariff_id}"]
            known[key] = price
            for old in [
                one for one, known_price in known.items() if price.recorded_at - known_price.ends_at > _KEPT_MS
            ]:
                del known[old]
