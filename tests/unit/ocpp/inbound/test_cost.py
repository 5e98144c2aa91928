from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any

import orjson
import pytest

from services.domain.agreements import agreement_for
from services.domain.events.agreement import Agreement
from services.domain.events.common import MeterValue, TariffTerms, TokenStatus
from services.domain.events.location import Location
from services.domain.events.reservation import Reservation
from services.domain.events.station import Station
from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.domain.events.token import Token
from services.domain.reservations import accepted_last
from services.domain.tariff.model import Reservation as Kind
from services.domain.tariff.terms import terms_of
from services.domain.tokens import token_key
from services.domain.units import parse_rfc3339
from services.ocpp.connection import Connection
from services.ocpp.inbound.cost import _with_readings
from services.ocpp.inbound.reply import Edge, Point
from tests.unit.domain.tariff.priced import component, element, tariff
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION, TENANT, V201

TERMS = TariffTerms(
    tariff_id="T1", currency="EUR", energy_price_per_kwh=Decimal("0.40"), time_price_per_hour=Decimal("1.20"),
    session_fee=Decimal("0.50"), vat_percent=Decimal("25"),
)  # fmt: skip
TARIFF = Tariff(tenant=TENANT, tariff_id="T1", terms=TERMS, updated_at=1)
ENTRY = Station(tenant=TENANT, station_id=STATION, tariff_id="T1", updated_at=1)


def edge(entry: Station | None = ENTRY, tariff: Tariff | None = TARIFF) -> Edge:
    return replace(EDGE, station=lambda _key: entry, tariff={TARIFF.key: tariff}.get)


def reading(wh: float, context: str = "Sample.Periodic", at: str = "14:13:20") -> dict[str, Any]:
    sample = {"value": wh, "context": context, "measurand": "Energy.Active.Import.Register"}
    return {"timestamp": f"2026-09-21T{at}Z", "sampledValue": [sample]}


def taken(minute: int, wh: float) -> dict[str, Any]:
    return reading(wh, at=f"14:{minute:02}:00")


class Charging:
    """A station that charges, and what it is answered."""

    def __init__(self, known: Edge | None = None) -> None:
        self.machine = Connection(known or edge(), STATION, V201, 7)
        self.number = 0

    def says(
        self,
        kind: str,
        *readings: dict[str, Any],
        minute: int = 0,
        transaction: str = "t1",
        token: str | None = None,
        reservation: int | None = None,
    ) -> Any:
        """totalCost of the answer; None for none."""
        self.number += 1
        message = {
            "eventType": kind, "timestamp": f"2026-09-21T14:{minute:02}:00Z",
            "triggerReason": "MeterValuePeriodic",
            "seqNo": self.number, "transactionInfo": {"transactionId": transaction},
            **({"meterValue": list(readings)} if readings else {}),
            **({} if reservation is None else {"reservationId": reservation}),
            **({"idToken": {"idToken": token, "type": "ISO14443"}} if token else {}),
        }  # fmt: skip
        step = self.machine.receive(orjson.dumps([2, f"m{self.number}", "TransactionEvent", message]), NOW)
        assert step.reply is not None
        self.machine.settle(step)
        return orjson.loads(step.reply)[2].get("totalCost")


AGREED = replace(
    TARIFF, tariff_id="T2", terms=replace(TERMS, tariff_id="T2", energy_price_per_kwh=Decimal("0.20"))
)


def agreement(tariff_id: str | None) -> Agreement:
    return Agreement(
        tenant=TENANT, agreement_id="A1", partner_id="NL-TNM", tariff_id=tariff_id, valid_from=0,
        name="TNM", payment_days=14, updated_at=1,
    )  # fmt: skip


def agreed(tariff_id: str | None = "T2", contract_id: str = "NL-TNM-C00000001-X") -> Edge:
    """An edge with two tokens: one of a provider with an agreement, one that it never let in."""

    def token(uid: str, status: TokenStatus) -> Token:
        return Token(
            tenant=TENANT, token_uid=uid, token_type="RFID", contract_id=contract_id, issuer="TNM",
            status=status, updated_at=1,
        )  # fmt: skip

    tokens = {
        token_key(TENANT, "AA"): token("AA", TokenStatus.VALID),
        token_key(TENANT, "BB"): token("BB", TokenStatus.BLOCKED),
    }
    known = agreement(tariff_id)
    return replace(
        edge(),
        token=tokens.get,
        tariff={TARIFF.key: TARIFF, AGREED.key: AGREED}.get,
        agreement=lambda tenant, contract, at: agreement_for([known], tenant, contract, at),
    )


class TestAgreement:
    def test_names_the_tariff_of_its_provider_s_tokens(self) -> None:
        charging = Charging(agreed())
        charging.says("Started", reading(1000), token="AA")
        assert charging.says("Ended", reading(2000)) == pytest.approx(1.25 * (0.5 + 0.2))

    def test_counts_of_a_token_that_comes_after_the_plug(self) -> None:
        charging = Charging(agreed())
        charging.says("Started", reading(1000))
        assert charging.says("Updated", reading(2000), token="AA") == pytest.approx(1.25 * (0.5 + 0.2))
        assert charging.says("Updated", reading(2000), token="CC") == pytest.approx(1.25 * (0.5 + 0.2))

    def test_is_not_that_of_a_token_that_was_refused(self) -> None:
        charging = Charging(agreed())
        charging.says("Started", reading(1000), token="BB")
        assert charging.says("Updated", reading(2000)) == pytest.approx(1.25 * (0.5 + 0.4))

    @pytest.mark.parametrize(
        "known", [agreed(tariff_id=None), agreed(contract_id=""), agreed(contract_id="DE-XXX-C1")]
    )
    def test_that_names_none_or_is_not_there_leaves_the_station_s(self, known: Edge) -> None:
        charging = Charging(known)
        charging.says("Started", reading(1000), token="AA")
        assert charging.says("Ended", reading(2000)) == pytest.approx(1.25 * (0.5 + 0.4))

    def test_that_names_an_unknown_tariff_has_no_cost(self) -> None:
        charging = Charging(agreed(tariff_id="T9"))
        charging.says("Started", reading(1000), token="AA")
        assert charging.says("Ended", reading(2000)) is None


class TestReservation:
    """Half an hour at 4 an hour, and a fee of 1, before taxes; then 1 kWh at 0.40."""

    KEPT_FREE = 1.25 * (2 + 1)
    ENERGY = 1.25 * 0.4

    def charging(self, **changes: Any) -> Charging:
        begins = parse_rfc3339("2026-09-21T14:00:00Z")
        known = Reservation(
            tenant=TENANT, partner_id="NL-TNM", reservation_id="r-1", number=7, status="ACTIVE",
            location_id="L1", station_id=STATION, token_uid="AA", version="2.2.1", response_url="",
            expires_at=begins + 600_000, updated_at=1, active_at=begins - 1_800_000,
        )  # fmt: skip
        known = replace(known, **changes)
        kept_free = element(
            component("TIME", "4", vat="25"), component("FLAT", "1", vat="25"), reservation=Kind.RESERVATION
        )
        terms = terms_of(tariff(kept_free, element(component("ENERGY", "0.4", vat="25"))))
        there = edge(tariff=replace(TARIFF, terms=terms))
        return Charging(replace(there, reservation=lambda *key: accepted_last([known], *key)))

    def test_is_in_what_it_costs_so_far_and_in_the_end(self) -> None:
        charging = self.charging()
        charging.says("Started", reading(1000), reservation=7)
        assert charging.says("Updated", reading(2000)) == pytest.approx(self.KEPT_FREE + self.ENERGY)
        assert charging.says("Ended", reading(2000)) == pytest.approx(self.KEPT_FREE + self.ENERGY)

    def test_may_be_named_later(self) -> None:
        charging = self.charging()
        charging.says("Started", reading(1000))
        assert charging.says("Updated", reading(2000)) == pytest.approx(self.ENERGY)
        cost = pytest.approx(self.KEPT_FREE + self.ENERGY)
        assert charging.says("Updated", reading(2000), reservation=7) == cost
        assert charging.says("Ended", reading(2000)) == cost

    def test_of_several_is_the_one_that_the_record_has(self) -> None:
        charging = self.charging()
        charging.says("Started", reading(1000), reservation=7)
        cost = pytest.approx(self.KEPT_FREE + self.ENERGY)
        assert charging.says("Updated", reading(2000), reservation=9) == cost
        assert charging.says("Updated", reading(2000), reservation=3) == pytest.approx(self.ENERGY)

    @pytest.mark.parametrize(
        "changes", [{"active_at": None}, {"number": 8}, {"station_id": "CS9"}, {"expires_at": 5}]
    )
    def test_that_does_not_count_costs_nothing(self, changes: dict[str, Any]) -> None:
        charging = self.charging(**changes)
        charging.says("Started", reading(1000), reservation=7)
        assert charging.says("Ended", reading(2000)) == pytest.approx(self.ENERGY)


class TestTotalCost:
    def test_is_told_at_the_end_with_tax(self) -> None:
        charging = Charging()
        assert charging.says("Started", reading(1000, "Transaction.Begin")) is None
        end = reading(11_000, "Transaction.End")
        assert charging.says("Ended", end, minute=30) == pytest.approx(1.25 * (0.5 + 10 * 0.4 + 0.6))

    def test_runs_while_it_charges(self) -> None:
        charging = Charging()
        charging.says("Started", reading(1000))
        assert charging.says("Updated", reading(2000)) == pytest.approx(1.25 * (0.5 + 0.4))
        assert charging.says("Updated") is None
        assert charging.says("Updated", reading(2000), reading(3000)) == pytest.approx(1.25 * (0.5 + 0.8))

    def test_is_the_same_however_often_the_end_is_told(self) -> None:
        charging = Charging()
        charging.says("Started", reading(1000))
        assert charging.says("Ended", reading(2000)) == charging.says("Ended", reading(2000))

    def test_counts_from_the_first_register_that_is_told(self) -> None:
        charging = Charging()
        charging.says("Started")
        assert charging.says("Updated", reading(500)) is None
        assert charging.says("Ended", reading(1500)) == pytest.approx(1.25 * (0.5 + 0.4))

    def test_counts_from_what_the_end_itself_says_of_the_begin(self) -> None:
        charging = Charging()
        charging.says("Started")
        told = charging.says("Ended", reading(0, "Transaction.Begin"), reading(1000, "Transaction.End"))
        assert told == pytest.approx(1.25 * (0.5 + 0.4))

    def test_of_a_free_transaction_is_nothing_and_is_told(self) -> None:
        nothing = Decimal(0)
        free = TariffTerms(
            tariff_id="T1", currency="EUR", energy_price_per_kwh=nothing, time_price_per_hour=nothing,
            session_fee=nothing, vat_percent=nothing,
        )  # fmt: skip
        charging = Charging(edge(tariff=replace(TARIFF, terms=free)))
        charging.says("Started", reading(1000))
        assert charging.says("Ended", reading(2000)) == 0.0

    @pytest.mark.parametrize(
        ("entry", "tariff"), [(None, TARIFF), (replace(ENTRY, tariff_id=None), TARIFF), (ENTRY, None)]
    )
    def test_is_not_told_without_a_tariff(self, entry: Station | None, tariff: Tariff | None) -> None:
        charging = Charging(edge(entry, tariff))
        charging.says("Started", reading(1000))
        assert charging.says("Ended", reading(2000)) is None

    def test_is_not_told_of_a_transaction_that_began_elsewhere(self) -> None:
        assert Charging().says("Ended", reading(2000)) is None

    def test_is_not_told_when_the_registers_or_the_clock_make_no_sense(self) -> None:
        charging = Charging()
        charging.says("Started", reading(1000), minute=10)
        assert charging.says("Updated", reading(900), minute=20) is None
        assert charging.says("Updated", reading(1100), minute=5) is None

    def test_keeps_the_terms_of_its_start(self) -> None:
        now = [TARIFF]
        charging = Charging(replace(EDGE, station=lambda _key: ENTRY, tariff=lambda _key: now[-1]))
        charging.says("Started", reading(1000))
        now.append(replace(TARIFF, terms=replace(TERMS, energy_price_per_kwh=Decimal(9))))
        assert charging.says("Ended", reading(2000)) == pytest.approx(1.25 * (0.5 + 0.4))

    def test_is_at_the_price_that_was_announced_for_its_start(self) -> None:
        since = parse_rfc3339("2026-09-21T14:00:00Z")
        cheap = EnergyPriceAnnounced(
            event_id="e", tenant=TENANT, tariff_id="T1", starts_at=since, ends_at=since + 1,
            energy_price_per_kwh=Decimal("0.10"), recorded_at=1,
        )  # fmt: skip
        charging = Charging(replace(edge(), prices=lambda _key: [cheap]))
        charging.says("Started", reading(1000))
        assert charging.says("Updated", reading(2000), minute=0) == pytest.approx(1.25 * (0.5 + 0.1))

    def test_follows_the_time_of_day_of_the_place(self) -> None:
        evening = element(component("ENERGY", "0.1", vat="0"), start_time=time(16, 15))
        terms = terms_of(tariff(evening, element(component("ENERGY", "1", vat="0"))))
        place = Location(
            tenant=TENANT, location_id="L1", country_code="DE", party_id="WAT", name="", address="", city="",
            postal_code="", country="DEU", latitude="0", longitude="0", time_zone="Europe/Berlin", updated_at=1,
        )  # fmt: skip
        known = edge(replace(ENTRY, location_id="L1"), replace(TARIFF, terms=terms))
        charging = Charging(replace(known, location=lambda _key: place))
        charging.says("Started", taken(0, 1000), minute=0)
        assert charging.says("Updated", taken(15, 2000), minute=15) == pytest.approx(1)
        assert charging.says("Updated", taken(20, 3000), minute=20) == pytest.approx(1.1)
        assert charging.says("Updated", taken(25, 4000), minute=25) == pytest.approx(1.2)

    def test_tells_parking_from_charging(self) -> None:
        terms = terms_of(
            tariff(element(component("PARKING_TIME", "6", vat="0"), component("ENERGY", "1", vat="0")))
        )
        charging = Charging(edge(tariff=replace(TARIFF, terms=terms)))
        charging.says("Started", taken(0, 1000))
        assert charging.says("Updated", taken(10, 2000), minute=10) == pytest.approx(1)
        assert charging.says("Updated", taken(12, 2000), minute=12) == pytest.approx(1.2)
        assert charging.says("Ended", taken(40, 2000), minute=40) == pytest.approx(4)

    def test_is_not_told_where_taxes_are_not_known(self) -> None:
        terms = terms_of(tariff(element(component("ENERGY", "1")), vat_unknown=True))
        charging = Charging(edge(tariff=replace(TARIFF, terms=terms)))
        charging.says("Started", reading(1000))
        assert charging.says("Ended", reading(2000)) is None

    def test_is_not_told_beyond_all_measure(self) -> None:
        dear = replace(TERMS, energy_price_per_kwh=Decimal(100_000))
        charging = Charging(edge(tariff=replace(TARIFF, terms=dear)))
        charging.says("Started", reading(0))
        assert charging.says("Ended", reading(9_999_999_999_999_999)) is None

    def test_stays_bounded_over_days_of_readings(self) -> None:
        course: tuple[Point, ...] = ()
        for quarter in range(1000):
            value = MeterValue(sampled_at=quarter * 900_000, energy_register_wh=Decimal(quarter))
            course = _with_readings(course, [value])
        assert len(course) <= 192
        assert course[-1].wh >= 998

    def test_is_known_of_the_latest_transactions_only(self) -> None:
        charging = Charging()
        for number in range(65):
            charging.says("Started", reading(1000), transaction=f"t{number}")
        assert charging.says("Ended", reading(2000), transaction="t0") is None
        assert charging.says("Ended", reading(2000), transaction="t1") is not None
