"""Records that are held after they were issued wait, and no others."""

from dataclasses import replace
from typing import Any, cast

from services.domain.events.cdrhold import CdrHold
from services.domain.events.tariff import EnergyPriceAnnounced
from services.ocpi.push.held import HeldRecords
from services.ocpi.push.requests import Requests
from services.ocpi.push.settings import PushSettings
from services.runtime.codec import Codec
from tests.unit.ocpi.facts import TENANT
from tests.unit.ocpi.push.facts import NOW, push

HELD = CdrHold(tenant=TENANT, cdr_id="c1", reason="EVIDENCE_FAILED", updated_at=NOW)


class TestHeldRecords:
    def test_are_issued_and_have_a_reason(self) -> None:
        held = HeldRecords()
        held.take([HELD])
        assert HELD.key in held
        assert len(held) == 1

    def test_are_held_until_it_is_said_that_they_go_on_however_long_that_takes(self) -> None:
        held = HeldRecords()
        held.take([replace(HELD, updated_at=0), object()])
        assert HELD.key in held
        held.take([replace(HELD, reason=None)])
        assert HELD.key not in held

    def test_are_asked_for_by_the_record_that_waits(self) -> None:
        known = Requests(PushSettings(), cast(Any, None), Codec(), lambda: NOW, {f"{TENANT}/c1"})
        assert known.is_held(push("cdrs", "c1"))
        assert not known.is_held(push("cdrs", "c2"))
        assert not known.is_held(push("sessions", "c1"))


class Prices:
    """A directory that knows of one price."""

    def __init__(self, at: int) -> None:
        self.at = at

    def is_announced(self, _tenant: str, _tariff_id: str, at: int) -> bool:
        return at == self.at

    def equipment(self, *_: str) -> None:
        return None


def test_a_price_is_told_once_the_copy_has_it() -> None:
    due = push("tariffs", "T1", NOW, cause=EnergyPriceAnnounced.FULL_NAME)
    assert Requests(PushSettings(), cast(Any, Prices(NOW)), Codec(), lambda: NOW).knows(due)
    assert not Requests(PushSettings(), cast(Any, Prices(NOW + 1)), Codec(), lambda: NOW).knows(due)
