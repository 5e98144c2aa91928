from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from services.cdrs.detail import charge_detail
from services.cdrs.lookups import Lookups
from services.domain.events.agreement import Agreement
from services.domain.events.common import (
    CdrLocation,
    ChargeDetail,
    ChargingPeriod,
    Evse,
    IdToken,
    PriceComponent,
    PriceLine,
    SignedMeterValue,
    TariffElement,
    TariffRestrictions,
    TariffTerms,
    TokenStatus,
)
from services.domain.events.location import Location
from services.domain.events.reservation import Reservation
from services.domain.events.session import SessionEnded
from services.domain.events.station import Station
from services.domain.events.tariff import Tariff
from services.domain.events.token import Token
from services.domain.ids import derived_id
from tests.scenarios.story import nowhere

ENDED = SessionEnded(
    event_id="e",
    tenant="t",
    session_id="s",
    revision=4,
    station_id="CS1",
    transaction_id="1",
    protocol="ocpp2.0.1",
    evse_id=2,
    connector_id=1,
    id_token=IdToken(value="aa11", type="ISO14443"),
    started_at=1_000,
    ended_at=3_601_000,
    meter_start_wh=Decimal(1),
    meter_stop_wh=Decimal(10_001),
    energy_wh=Decimal(10_000),
    stopped_reason="EVDisconnected",
    periods=(ChargingPeriod(started_at=1_000, ended_at=3_601_000, energy_wh=Decimal(10_000)),),
    signed_meter_values=(SignedMeterValue(signed_data=b"\x00", sha256="ab"),),
    quality_flags=("SEQ_GAP",),
    recorded_at=9,
)
STATION = Station(
    tenant="t",
    station_id="CS1",
    country_code="NL",
    party_id="ABC",
    location_id="L1",
    tariff_id="T1",
    evses=(Evse(evse_id=1, evse_uid="NL*ABC*E1"), Evse(evse_id=2, evse_uid="NL*ABC*E2")),
    updated_at=1,
)
TERMS = TariffTerms(
    tariff_id="T1",
    currency="EUR",
    energy_price_per_kwh=Decimal("0.45"),
    time_price_per_hour=Decimal(2),
    session_fee=Decimal(1),
    vat_percent=Decimal(19),
)
PLACE = {
    "location_id": "L1",
    "name": "Depot",
    "address": "Street 1",
    "city": "Hamburg",
    "postal_code": "20457",
    "country": "DEU",
    "latitude": "53.5",
    "longitude": "9.9",
    "time_zone": "Europe/Berlin",
}
TOKEN = Token(
    tenant="t",
    token_uid="AA11",
    token_type="RFID",
    contract_id="C1",
    issuer="WAT",
    status=TokenStatus.VALID,
    updated_at=1,
)
KNOWN = Lookups(
    station={"t/CS1": STATION}.get,
    location={"t/L1": Location(tenant="t", country_code="NL", party_id="ABC", updated_at=1, **PLACE)}.get,
    tariff={"t/T1": Tariff(tenant="t", tariff_id="T1", terms=TERMS, updated_at=1)}.get,
    token={"t/AA11": TOKEN}.get,
)


def line(kind: str, quantity: str, price: str, net: str, gross: str, **marks: bool) -> PriceLine:
    return PriceLine(
        kind=kind, quantity=Decimal(quantity), added=Decimal(0), unit_price=Decimal(price),
        vat_percent=Decimal(19),
        cost_excl_vat=Decimal(net), cost_incl_vat=Decimal(gross), **marks,
    )  # fmt: skip


def detail(lookups: Lookups = KNOWN, revision: int = 3, **changes: Any) -> ChargeDetail:
    return charge_detail(lookups, replace(ENDED, **changes), revision)


class TestChargeDetail:
    def test_says_all_that_is_known(self) -> None:
        assert detail() == ChargeDetail(
            tenant="t",
            cdr_id=derived_id("cdr", "s", 3),
            session_id="s",
            revision=3,
            country_code="NL",
            party_id="ABC",
            station_id="CS1",
            transaction_id="1",
            protocol="ocpp2.0.1",
            evse_id=2,
            evse_uid="NL*ABC*E2",
            connector_id=1,
            location=CdrLocation(**PLACE),
            id_token=ENDED.id_token,
            contract_id="C1",
            started_at=1_000,
            ended_at=3_601_000,
            duration_s=3600,
            energy_wh=Decimal(10_000),
            meter_start_wh=Decimal(1),
            meter_stop_wh=Decimal(10_001),
            tariff=TERMS,
            energy_cost=Decimal("4.5"),
            time_cost=Decimal(2),
            session_cost=Decimal(1),
            total_cost_excl_vat=Decimal("7.5"),
            total_cost_incl_vat=Decimal("8.925"),
            stopped_reason="EVDisconnected",
            periods=ENDED.periods,
            price_lines=(
                line("FLAT", "1", "1", "1", "1.19"),
                line("ENERGY", "10000", "0.45", "4.5", "5.355"),
                line("TIME", "3600", "2", "2", "2.38", clock_unproven=True),
            ),
            signed_meter_values=ENDED.signed_meter_values,
            quality_flags=("SEQ_GAP",),
        )

    def test_fills_every_field_but_those_of_a_credit(self) -> None:
        found = detail()
        empty = {field.name for field in fields(found) if getattr(found, field.name) in (None, False)}
        assert empty == {
            "credit", "credit_reference_id", "partner_id", "agreement_id", "parking_cost", "reservation_cost",
            "reservation_id",
        }  # fmt: skip

    def test_prices_by_the_agreement_that_covers_the_contract(self) -> None:
        agreed = Agreement(
            tenant="t",
            agreement_id="A1",
            partner_id="NL-TNM",
            name="TNM",
            tariff_id="T2",
            payment_days=30,
            valid_from=0,
            updated_at=1,
        )
        dear = replace(TERMS, tariff_id="T2", energy_price_per_kwh=Decimal("0.60"))
        tariffs = {
            "t/T1": KNOWN.tariff("t/T1"),
            "t/T2": Tariff(tenant="t", tariff_id="T2", terms=dear, updated_at=1),
        }
        asked: list[Any] = []

        def agreement(*about: Any) -> Agreement:
            asked.append(about)
            return agreed

        found = detail(replace(KNOWN, tariff=tariffs.get, agreement=agreement))
        assert asked == [("t", "C1", 1_000)]
        assert (found.partner_id, found.agreement_id) == ("NL-TNM", "A1")
        assert (found.tariff, found.energy_cost) == (dear, Decimal("6"))
        agreed = replace(agreed, tariff_id=None)
        assert detail(replace(KNOWN, agreement=agreement)).tariff == TERMS

    def test_is_the_operators_where_the_station_is_not_registered(self) -> None:
        found = detail(replace(nowhere(), country_code="FR", party_id="XYZ"))
        assert (found.country_code, found.party_id, found.evse_uid, found.location) == ("FR", "XYZ", None, None)
        assert found.quality_flags == ("SEQ_GAP", "UNKNOWN_STATION")

    def test_has_no_costs_without_a_tariff(self) -> None:
        found = detail(replace(KNOWN, station=lambda _: replace(STATION, tariff_id=None)))
        costs = found.energy_cost, found.time_cost, found.session_cost
        assert (*costs, found.total_cost_excl_vat, found.total_cost_incl_vat, found.tariff) == (None,) * 6
        assert found.quality_flags == ("SEQ_GAP",)

    def test_says_when_the_stations_tariff_is_not_there(self) -> None:
        found = detail(replace(KNOWN, tariff=nowhere().tariff))
        assert (found.tariff, found.quality_flags) == (None, ("SEQ_GAP", "UNKNOWN_TARIFF"))

    def test_has_a_fee_and_time_but_no_energy_to_pay_when_nothing_was_charged(self) -> None:
        found = detail(energy_wh=Decimal(0), periods=())
        assert (found.energy_cost, found.total_cost_excl_vat) == (0, 3)

    def test_has_no_contract_of_nobody(self) -> None:
        assert detail(id_token=None).contract_id is None
        assert detail(id_token=IdToken(value="zz")).contract_id is None
        blocked_first = replace(KNOWN, token=lambda _: replace(TOKEN, contract_id=""))
        assert detail(blocked_first).contract_id is None

    def test_has_no_location_that_is_not_known(self) -> None:
        assert detail(replace(KNOWN, location=nowhere().location)).location is None
        assert detail(replace(KNOWN, station=lambda _: replace(STATION, location_id=None))).location is None

    def test_has_no_evse_that_the_station_does_not_have(self) -> None:
        assert detail(evse_id=7).evse_uid is None
        assert detail(evse_id=None).evse_uid is None

    def test_lasts_whole_seconds_and_never_less_than_none(self) -> None:
        assert detail(ended_at=1_999).duration_s == 0
        assert detail(ended_at=2_000).duration_s == 1
        assert detail(ended_at=0).duration_s == 0


RESERVATION = Reservation(
    tenant="t",
    partner_id="NL-TNM",
    reservation_id="r-1",
    number=7,
    status="ACTIVE",
    location_id="L1",
    station_id="CS1",
    token_uid="AA11",
    version="2.2.1",
    response_url="",
    expires_at=5_000,
    updated_at=0,
    active_at=-899_000,
)


class TestReservation:
    def reserved(self, found: Reservation | None, **changes: Any) -> ChargeDetail:
        element = TariffElement(
            price_components=(PriceComponent(type="TIME", price=Decimal(4), step_size=1),),
            restrictions=TariffRestrictions(reservation="RESERVATION"),
        )
        terms = replace(TERMS, elements=(element,))
        tariff = Tariff(tenant="t", tariff_id="T1", terms=terms, updated_at=1)
        asked = {("t", "CS1", 7): found}
        known = replace(KNOWN, tariff=lambda _: tariff, reservation=lambda *key: asked.get(key))
        return detail(known, **({"reservation_id": 7} | changes))

    def test_is_priced_from_when_the_station_accepted_it(self) -> None:
        found = self.reserved(RESERVATION)
        assert (found.reservation_id, found.reservation_cost, found.total_cost_excl_vat) == (7, 1, 1)
        assert [(one.started_at, one.ended_at) for one in found.reserved_periods] == [(-899_000, 1_000)]

    def test_that_is_unknown_was_never_accepted_or_was_over_costs_nothing(self) -> None:
        others = (None, replace(RESERVATION, active_at=None), replace(RESERVATION, expires_at=999))
        for other in others:
            assert self.reserved(other).reserved_periods == ()
        assert self.reserved(RESERVATION, reservation_id=None).reservation_cost is None
