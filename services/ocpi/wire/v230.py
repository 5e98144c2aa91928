"""Objects of OCPI 2.3.0, the model that other versions are converted from. Field names are the specification's.

Absent optional fields are left out of the JSON. DateTime fields hold the RFC 3339 text.
"""

from decimal import Decimal

from msgspec import Struct


class TaxAmount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """types: TaxAmount."""

    name: str
    percentage: Decimal | None = None
    amount: Decimal


class Price(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """types: Price."""

    before_taxes: Decimal
    taxes: tuple[TaxAmount, ...] = ()


class CdrToken(Struct, frozen=True, kw_only=True):
    """mod_cdrs: CdrToken. `type` is an OCPI TokenType."""

    country_code: str
    party_id: str
    uid: str
    type: str
    contract_id: str


class CdrDimension(Struct, frozen=True, kw_only=True):
    """mod_cdrs: CdrDimension. `volume` in kWh for ENERGY, hours for times, kW for powers."""

    type: str
    volume: Decimal


class ChargingPeriod(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """mod_cdrs: ChargingPeriod. It ends when the next one starts, the last one when the session ends."""

    start_date_time: str
    dimensions: tuple[CdrDimension, ...]
    tariff_id: str | None = None


class Session(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """mod_sessions: Session."""

    country_code: str
    party_id: str
    id: str
    start_date_time: str
    end_date_time: str | None = None
    kwh: Decimal
    cdr_token: CdrToken
    auth_method: str
    authorization_reference: str | None = None
    location_id: str
    evse_uid: str
    connector_id: str
    meter_id: str | None = None
    currency: str
    charging_periods: tuple[ChargingPeriod, ...] = ()
    total_cost: Price | None = None
    status: str
    last_updated: str


class GeoLocation(Struct, frozen=True, kw_only=True):
    """mod_locations: GeoLocation."""

    latitude: str
    longitude: str


class CdrLocation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """mod_cdrs: CdrLocation."""

    id: str
    name: str | None = None
    address: str
    city: str
    postal_code: str | None = None
    state: str | None = None
    country: str
    coordinates: GeoLocation
    evse_uid: str
    evse_id: str
    connector_id: str
    connector_standard: str
    connector_format: str
    connector_power_type: str


class PriceComponent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """mod_tariffs: PriceComponent. `vat` in percent; absent is not the same as 0."""

    type: str
    price: Decimal
    vat: Decimal | None = None
    step_size: int


class TariffRestrictions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """mod_tariffs: TariffRestrictions."""

    start_time: str | None = None
    end_time: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: int | None = None
    max_duration: int | None = None
    day_of_week: tuple[str, ...] = ()
    reservation: str | None = None


class TariffElement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """mod_tariffs: TariffElement."""

    price_components: tuple[PriceComponent, ...]
    restrictions: TariffRestrictions | None = None


class PriceLimit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """mod_tariffs: PriceLimit."""

    before_taxes: Decimal
    after_taxes: Decimal | None = None


class Tariff(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """mod_tariffs: Tariff. `tax_included` is YES, NO or N/A."""

    country_code: str
    party_id: str
    id: str
    currency: str
    type: str | None = None
    min_price: PriceLimit | None = None
    max_price: PriceLimit | None = None
    elements: tuple[TariffElement, ...]
    tax_included: str
    start_date_time: str | None = None
    end_date_time: str | None = None
    last_updated: str


class SignedValue(Struct, frozen=True, kw_only=True):
    """mod_cdrs: SignedValue. `nature` is Start, End or Intermediate."""

    nature: str
    plain_data: str
    signed_data: str


class SignedData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """mod_cdrs: SignedData."""

    encoding_method: str
    encoding_method_version: int | None = None
    public_key: str | None = None
    signed_values: tuple[SignedValue, ...]
    url: str | None = None


class Cdr(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """mod_cdrs: CDR."""

    country_code: str
    party_id: str
    id: str
    start_date_time: str
    end_date_time: str
    session_id: str | None = None
    cdr_token: CdrToken
    auth_method: str
    authorization_reference: str | None = None
    cdr_location: CdrLocation
    meter_id: str | None = None
    currency: str
    tariffs: tuple[Tariff, ...] = ()
    charging_periods: tuple[ChargingPeriod, ...]
    signed_data: SignedData | None = None
    total_cost: Price
    total_fixed_cost: Price | None = None
    total_energy: Decimal
    total_energy_cost: Price | None = None
    total_time: Decimal
    total_time_cost: Price | None = None
    total_parking_time: Decimal | None = None
    total_parking_cost: Price | None = None
    total_reservation_cost: Price | None = None
    remark: str | None = None
    credit: bool | None = None
    credit_reference_id: str | None = None
    last_updated: str
