"""A partner, a station and what was charged there, for tests to vary."""

import base64
import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import Any

from services.domain.events.cdr import Cdr
from services.domain.events.common import (
    CdrLocation,
    CdrStatus,
    ChargeDetail,
    ChargingPeriod,
    CommandOutcome,
    ConnectorStatus,
    Evse,
    IdToken,
    SessionStatus,
    SignedMeterValue,
    TariffTerms,
    TokenStatus,
)
from services.domain.events.location import Location
from services.domain.events.partner import Partner, PartnerCommandTaken
from services.domain.events.reservation import Reservation
from services.domain.events.session import Session
from services.domain.events.station import CommandAnswered, Connection, Station, StationStatus
from services.domain.events.tariff import Tariff
from services.domain.events.token import Token
from services.domain.ids import derived_id
from services.ocpi.inbound.authorization import token_hash

TENANT = "wattlog"
START = 1_790_000_000_000
END = START + 3_600_000
UID = "04A1B2C3D4E5F6"
CONTRACT = "NL-TNM-C12345678-X"
PARTNER_TOKEN = "a-token-of-the-new-motion"
OCMF = 'OCMF|{"FV":"1.0","RD":[{"TX":"B","RV":12345.678,"RU":"kWh"}]}|{"SD":"3045022100ab"}'

TERMS = TariffTerms(
    tariff_id="AC-2026",
    currency="EUR",
    energy_price_per_kwh=Decimal("0.45"),
    time_price_per_hour=Decimal("0"),
    session_fee=Decimal("0.35"),
    vat_percent=Decimal("19"),
)
LOCATION = CdrLocation(
    location_id="LOC-1",
    name="Depot Nord",
    address="Hafenstraße 12",
    city="Hamburg",
    postal_code="20457",
    country="DEU",
    latitude="53.543",
    longitude="9.999000",
    time_zone="Europe/Berlin",
)


def partner(**changes: Any) -> Partner:
    known = Partner(
        tenant=TENANT,
        partner_id="NL-TNM",
        name="The New Motion",
        country_code="NL",
        party_id="TNM",
        role="EMSP",
        token_hash=token_hash(PARTNER_TOKEN),
        enabled=True,
        updated_at=START,
    )
    return replace(known, **changes)


def station(**changes: Any) -> Station:
    known = Station(
        tenant=TENANT,
        station_id="DE-WAT-0001",
        location_id="LOC-1",
        tariff_id="AC-2026",
        evses=(Evse(evse_id=1, evse_uid="DE*WAT*E0001*1"),),
        updated_at=START,
    )
    return replace(known, **changes)


def token(**changes: Any) -> Token:
    known = Token(
        tenant=TENANT,
        token_uid=UID,
        token_type="RFID",
        contract_id=CONTRACT,
        issuer="The New Motion",
        status=TokenStatus.VALID,
        updated_at=START,
    )
    return replace(known, **changes)


def tariff(**changes: Any) -> Tariff:
    return replace(Tariff(tenant=TENANT, tariff_id="AC-2026", terms=TERMS, updated_at=START), **changes)


def signed(data: str | bytes, context: str = "Transaction.Begin", **changes: Any) -> SignedMeterValue:
    raw = data.encode() if isinstance(data, str) else data
    value = SignedMeterValue(signed_data=raw, sha256=hashlib.sha256(raw).hexdigest(), context=context)
    return replace(value, **changes)


def as_base64(data: str | bytes) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def session(**changes: Any) -> Session:
    state = Session(
        tenant=TENANT,
        session_id=derived_id("session", "test"),
        station_id="DE-WAT-0001",
        transaction_id="1483920174",
        protocol="ocpp1.6",
        status=SessionStatus.ACTIVE,
        evse_id=1,
        connector_id=1,
        id_token=IdToken(value=UID),
        started_at=START,
        meter_start_wh=Decimal(12345678),
        energy_register_wh=Decimal(12348425),
        energy_wh=Decimal(2747),
        charging_state="Charging",
        version=2,
        updated_at=START + 900_120,
    )
    return replace(state, **changes)


def location(**changes: Any) -> Location:
    fields = (
        "location_id",
        "name",
        "address",
        "city",
        "postal_code",
        "country",
        "latitude",
        "longitude",
        "time_zone",
    )
    same = {name: getattr(LOCATION, name) for name in fields}
    return replace(Location(tenant=TENANT, country_code="DE", party_id="WAT", updated_at=START, **same), **changes)


def connector_status(evse_id: int = 1, status: str = "Available", at: int = START + 60_000) -> ConnectorStatus:
    return ConnectorStatus(
        evse_id=evse_id,
        connector_id=evse_id,
        status=status,
        reported_status=status,
        occurred_at=at,
        recorded_at=at,
    )


def station_status(*connectors: ConnectorStatus) -> StationStatus:
    said = connectors or (connector_status(),)
    at = max(one.recorded_at for one in said)
    return StationStatus(
        tenant=TENANT, station_id="DE-WAT-0001", protocol="ocpp1.6", connectors=said, updated_at=at
    )


def connection(**changes: Any) -> Connection:
    known = Connection(
        tenant=TENANT,
        station_id="DE-WAT-0001",
        edge_id="edge-1",
        epoch=1,
        connected=True,
        protocol="ocpp1.6",
        since=START + 30_000,
    )
    return replace(known, **changes)


def detail(**changes: Any) -> ChargeDetail:
    told = ChargeDetail(
        tenant=TENANT,
        cdr_id=derived_id("cdr", "test"),
        session_id=derived_id("session", "test"),
        revision=1,
        country_code="DE",
        party_id="WAT",
        station_id="DE-WAT-0001",
        transaction_id="1483920174",
        protocol="ocpp1.6",
        evse_id=1,
        evse_uid="DE*WAT*E0001*1",
        connector_id=1,
        location=LOCATION,
        id_token=IdToken(value=UID),
        contract_id=CONTRACT,
        started_at=START,
        ended_at=END,
        duration_s=3600,
        energy_wh=Decimal(10987),
        meter_start_wh=Decimal(12345678),
        meter_stop_wh=Decimal(12356665),
        tariff=TERMS,
        energy_cost=Decimal("4.9442"),
        time_cost=Decimal(0),
        session_cost=Decimal("0.35"),
        total_cost_excl_vat=Decimal("5.2942"),
        total_cost_incl_vat=Decimal("6.3001"),
        stopped_reason="EVDisconnected",
        periods=(
            ChargingPeriod(started_at=START, ended_at=START + 900_000, energy_wh=Decimal(2747)),
            ChargingPeriod(started_at=START + 900_000, ended_at=END, energy_wh=Decimal(8240)),
        ),
        signed_meter_values=(signed(OCMF), signed(OCMF.replace('"B"', '"E"'), "Transaction.End")),
    )
    return replace(told, **changes)


def cdr(charged: ChargeDetail | None = None, **changes: Any) -> Cdr:
    known = charged or detail()
    state = Cdr(
        tenant=known.tenant,
        cdr_id=known.cdr_id,
        status=CdrStatus.ISSUED,
        detail=known,
        version=1,
        updated_at=END + 100,
    )
    return replace(state, **changes)


def reservation(**changes: Any) -> Reservation:
    known = Reservation(
        tenant=TENANT,
        partner_id="NL-TNM",
        reservation_id="r-1",
        number=4711,
        status="ACTIVE",
        location_id="LOC-1",
        station_id="DE-WAT-0001",
        evse_id=1,
        token_uid=UID,
        version="2.2.1",
        response_url="https://emsp.example.com/reserved/1",
        expires_at=START + 3_600_000,
        updated_at=START,
    )
    return replace(known, **changes)


def taken(**changes: Any) -> PartnerCommandTaken:
    known = PartnerCommandTaken(
        event_id="taken-1",
        tenant=TENANT,
        command_id="command-1",
        partner_id="NL-TNM",
        edge_id="edge-1",
        version="2.2.1",
        command="START_SESSION",
        response_url="https://emsp.example.com/results/1",
        station_id="DE-WAT-0001",
        taken_at=START,
        deadline_at=START + 30_000,
    )
    return replace(known, **changes)


def answered(outcome: CommandOutcome = CommandOutcome.ACCEPTED, **changes: Any) -> CommandAnswered:
    known = CommandAnswered(
        event_id="answered-1",
        command_id="command-1",
        tenant=TENANT,
        station_id="DE-WAT-0001",
        operation="RequestStartTransaction",
        outcome=outcome,
        edge_id="ocpp-1",
        epoch=1,
        recorded_at=START + 500,
    )
    return replace(known, **changes)
