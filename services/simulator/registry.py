"""What the backend has to know before a fleet connects: stations, tokens, a tariff, a location."""

import hashlib
from collections.abc import Callable, Sequence
from decimal import Decimal

from services.domain.events.common import Evse, MeterKeySource, TariffTerms
from services.domain.events.location import Location
from services.domain.events.meterkey import MeterKeyAdded, MeterKeyApproved
from services.domain.events.station import Station
from services.domain.events.tariff import Tariff
from services.domain.events.token import TokenRegistered
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.domain.meter_key import identity, key_id
from services.domain.units import Millis
from services.simulator.ocmf import derived_key, public_key_hex
from services.simulator.station import StationSpec

LOCATION_ID = "SIM-DEPOT"
TARIFF_ID = "SIM-AC-2026"
SOURCE = "simulator"
OPERATORS = ("simulator-1", "simulator-2")

HashPassword = Callable[[str], str]
"""Turns a password into what the station registry keeps of it."""


def fleet_specs(count: int, prefix: str, seed: str) -> list[StationSpec]:
    """Stations `<prefix>-001` and so on, OCPP 1.6 and 2.0.1 in turn; half of each boot after a reconnection."""
    return [_spec(number, f"{prefix}-{number:03d}", seed) for number in range(1, count + 1)]


def _spec(number: int, station_id: str, seed: str) -> StationSpec:
    digest = hashlib.sha256(f"{seed}\x1f{station_id}".encode()).hexdigest()
    name = "".join(letter for letter in station_id.upper() if letter.isalnum())
    return StationSpec(
        station_id=station_id,
        protocol="ocpp1.6" if number % 2 else "ocpp2.0.1",
        password=digest[:32],
        evse_uid=f"DE*WAT*E{name}*1",
        serial=f"WM{digest[32:42].upper()}",
        boots_on_reconnect=number // 2 % 2 == 0,
    )


def token_uids(count: int) -> list[str]:
    """RFID cards with seven-byte uids."""
    return [f"04{hashlib.sha256(f'token {number}'.encode()).hexdigest()[:12].upper()}" for number in range(count)]


def password_hash(password: str, salt: bytes) -> str:
    """What `Station.password_hash` holds: `b2:<salt>:<digest>` in hex, BLAKE2b; `salt` has 16 bytes."""
    digest = hashlib.blake2b(password.encode(), digest_size=32, salt=salt, person=b"wattlog.ocpp")
    return f"b2:{salt.hex()}:{digest.hexdigest()}"


def station_states(
    specs: Sequence[StationSpec], tenant: str, hash_password: HashPassword, now: Millis,
    *, calibration_law: bool = False,
) -> list[Station]:  # fmt: skip
    """The registry entries that let the stations in."""
    return [
        Station(
            tenant=tenant,
            station_id=spec.station_id,
            location_id=LOCATION_ID,
            tariff_id=TARIFF_ID,
            password_hash=hash_password(spec.password),
            vendor=spec.vendor,
            model=spec.model,
            evses=(
                Evse(
                    evse_id=1,
                    evse_uid=spec.evse_uid,
                    connector_standard="IEC_62196_T2",
                    power_type="AC_3_PHASE",
                    max_power_w=11_000,
                ),
            ),
            calibration_law=calibration_law,
            updated_at=now,
        )
        for spec in specs
    ]


def meter_keys(specs: Sequence[StationSpec], tenant: str, seed: str, now: Millis) -> list[Event]:
    """The keys of the stations' meters, entered from their labels and approved by two operators."""
    events: list[Event] = []
    for spec in specs:
        key = public_key_hex(derived_key(seed, spec.serial))
        known = identity(key)
        assert known is not None
        one = key_id(tenant, spec.station_id, 1, known.x)
        events.append(
            MeterKeyAdded(
                event_id=derived_id("MeterKeyAdded", one, SOURCE), tenant=tenant, station_id=spec.station_id,
                evse_id=1, public_key=key, meter_serial=spec.serial, format="OCMF", source=MeterKeySource.LABEL,
                added_by=OPERATORS[0], added_at=now,
            )
        )  # fmt: skip
        events += [
            MeterKeyApproved(
                event_id=derived_id("MeterKeyApproved", one, operator), tenant=tenant, station_id=spec.station_id,
                evse_id=1, key_id=one, approved_by=operator, approved_at=now,
            )
            for operator in OPERATORS
        ]  # fmt: skip
    return events


def token_registrations(uids: Sequence[str], tenant: str, now: Millis) -> list[TokenRegistered]:
    """What makes the whitelist accept the cards."""
    return [
        TokenRegistered(
            event_id=derived_id("TokenRegistered", tenant, uid, SOURCE),
            tenant=tenant,
            token_uid=uid,
            token_type="RFID",
            contract_id=f"DE-WAT-C{number:08d}-X",
            issuer="Wattlog simulator",
            source=SOURCE,
            registered_at=now,
        )
        for number, uid in enumerate(uids, 1)
    ]


def site(tenant: str, now: Millis) -> list[Event]:
    """The location and the tariff of all simulated stations."""
    terms = TariffTerms(
        tariff_id=TARIFF_ID,
        currency="EUR",
        energy_price_per_kwh=Decimal("0.45"),
        time_price_per_hour=Decimal("0"),
        session_fee=Decimal("0.35"),
        vat_percent=Decimal("19"),
    )
    location = Location(
        tenant=tenant,
        location_id=LOCATION_ID,
        country_code="DE",
        party_id="WAT",
        name="Simulated depot",
        address="Hafenstrasse 12",
        city="Hamburg",
        postal_code="20457",
        country="DEU",
        latitude="53.543000",
        longitude="9.999000",
        time_zone="Europe/Berlin",
        updated_at=now,
    )
    return [location, Tariff(tenant=tenant, tariff_id=TARIFF_ID, terms=terms, updated_at=now)]
