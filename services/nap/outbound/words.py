"""The words of DATEX II for those of OCPI, in which the registry speaks, and the shapes they come in. Pure.

Status (OCPI 2.3.0 mod_locations: Status -> RefillPointStatusEnum): the words are the same but for their spelling.

| OCPI | DATEX II | |
|---|---|---|
| AVAILABLE | available | |
| BLOCKED | blocked | |
| CHARGING | charging | in use, whether or not current flows |
| INOPERATIVE | inoperative | |
| OUTOFORDER | outOfOrder | |
| PLANNED | planned | |
| REMOVED | removed | |
| RESERVED | reserved | |
| UNKNOWN | unknown | also of a station that is away |
"""

import re
from typing import Any, Final

from services.domain import evse_ids

STATUSES: Final = {
    "AVAILABLE": "available",
    "BLOCKED": "blocked",
    "CHARGING": "charging",
    "INOPERATIVE": "inoperative",
    "OUTOFORDER": "outOfOrder",
    "PLANNED": "planned",
    "REMOVED": "removed",
    "RESERVED": "reserved",
    "UNKNOWN": "unknown",
}

CONNECTORS: Final = {
    "CHADEMO": "chademo",
    **{f"DOMESTIC_{letter}": f"domestic{letter}" for letter in "ABCDEFGHIJKLMNO"},
    "IEC_60309_2_single_16": "iec60309x2single16",
    "IEC_60309_2_three_16": "iec60309x2three16",
    "IEC_60309_2_three_32": "iec60309x2three32",
    "IEC_60309_2_three_64": "iec60309x2three64",
    "IEC_62196_T1": "iec62196T1",
    "IEC_62196_T1_COMBO": "iec62196T1COMBO",
    "IEC_62196_T2": "iec62196T2",
    "IEC_62196_T2_COMBO": "iec62196T2COMBO",
    "IEC_62196_T3A": "iec62196T3A",
    "IEC_62196_T3C": "iec62196T3C",
    "MCS": "mcs",
    "PANTOGRAPH_BOTTOM_UP": "pantographBottomUp",
    "PANTOGRAPH_TOP_DOWN": "pantographTopDown",
    "SAE_J3400": "teslaConnectorAmerica",
    "TESLA_R": "teslaR",
    "TESLA_S": "teslaS",
}
"""ConnectorTypeEnum; any other is `other`, with its OCPI name."""

SITES: Final = {
    "ON_STREET": "onstreet",
    "PARKING_GARAGE": "inBuilding",
    "UNDERGROUND_GARAGE": "inBuilding",
    "PARKING_LOT": "openSpace",
    "ALONG_MOTORWAY": "openSpace",
    "ON_DRIVEWAY": "other",
}
"""EnergyInfrastructureSiteTypeEnum, from ParkingType."""

IDENTIFICATION: Final = {
    "RFID_READER": "rfid",
    "REMOTE_START_STOP_CAPABLE": "apps",
    "CREDIT_CARD_PAYABLE": "creditCard",
    "DEBIT_CARD_PAYABLE": "debitCard",
    "CONTACTLESS_CARD_SUPPORT": "nfc",
    "PED_TERMINAL": "pinpad",
}
"""AuthenticationAndIdentificationEnum, from Capability."""

PLUG_AND_CHARGE: Final = frozenset({"ISO_15118_2_PLUG_AND_CHARGE", "ISO_15118_20_PLUG_AND_CHARGE"})

PAYMENT: Final = {
    "CREDIT_CARD_PAYABLE": "paymentCreditCard",
    "DEBIT_CARD_PAYABLE": "paymentDebitCard",
    "CONTACTLESS_CARD_SUPPORT": "nfc",
    "CHIP_CARD_SUPPORT": "emv",
}
"""MeansOfPaymentEnum, from Capability."""

USERS: Final = {
    "CUSTOMERS": "customers",
    "DISABLED": "personsWithDisabilities",
    "EMPLOYEES": "employees",
    "TENANTS": "residents",
}
"""UserTypeEnum, from ParkingRestriction; the others are about vehicles."""

VEHICLES: Final = {
    "MOTORCYCLE": "motorcycle",
    "PERSONAL_VEHICLE": "car",
    "PERSONAL_VEHICLE_WITH_TRAILER": "carWithTrailer",
    "VAN": "van",
    "SEMI_TRACTOR": "articulatedVehicle",
    "RIGID": "lorry",
    "TRUCK_WITH_TRAILER": "heavyGoodsVehicleWithTrailer",
    "BUS": "bus",
}
"""VehicleTypeEnum, from VehicleType; DISABLED is about who drives."""

FACILITIES: Final = {
    "HOTEL": "hotel",
    "RESTAURANT": "restaurant",
    "CAFE": "cafe",
    "MALL": "shop",
    "SUPERMARKET": "foodShopping",
    "SPORT": "leisureActivities",
    "RECREATION_AREA": "leisureActivities",
    "MUSEUM": "leisureActivities",
    "BIKE_SHARING": "bikeSharing",
    "FUEL_STATION": "petrolStation",
}
"""ServiceFacilityTypeEnum, from Facility; stops of public transport and the like are no facilities there."""

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""DayEnum, in the order of OCPI's weekdays."""

_COUNTRIES: Final[dict[str, str]] = dict(
    re.findall(
        r"(\w{3})=(\w\w)",
        "AUT=AT BEL=BE BGR=BG CHE=CH CYP=CY CZE=CZ DEU=DE DNK=DK ESP=ES EST=EE FIN=FI FRA=FR GBR=GB GRC=GR HRV=HR"
        " HUN=HU IRL=IE ISL=IS ITA=IT LIE=LI LTU=LT LUX=LU LVA=LV MLT=MT NLD=NL NOR=NO POL=PL PRT=PT ROU=RO SVK=SK"
        " SVN=SI SWE=SE",
    )
)
"""ISO 3166-1 alpha-3 to alpha-2 where there are national access points, and next to that."""

_NUMBERED: Final = re.compile(
    r"(?P<street>.*\S)\s+(?P<number>[0-9]+\s?[a-zA-Z]?(\s?[-/]\s?[0-9]+\s?[a-zA-Z]?)?)", re.ASCII
)


def word(value: str) -> dict[str, str]:
    """An enum of the profile."""
    return {"value": value}


def words(values: Any) -> list[dict[str, str]]:
    """Each once, in order."""
    return [word(value) for value in dict.fromkeys(values)]


def text(value: str, language: str) -> dict[str, Any]:
    """A MultilingualString in one language."""
    return {"values": [{"lang": language, "value": value}]}


def known(told: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in told.items() if value is not None and value != []}


def country(alpha_3: str, otherwise: str) -> str:
    """CountryCode: two letters."""
    return _COUNTRIES.get(alpha_3, otherwise)


def evse_id(uid: str) -> str | None:
    """As ISO 15118-2 spells it, with asterisks; None for what is no EVSE-ID."""
    found = evse_ids.read(uid)
    if found is None or found.kind is not evse_ids.Kind.EVSE or found.country.startswith("+"):
        return None
    return uid.strip().upper().replace("-", "*")


def identifier(value: str, kind: str) -> dict[str, Any]:
    """ExternalIdentifier of a kind that the profile has added: evseId, operatorId."""
    return {"identifier": value, "typeOfIdentifier": {"value": "extendedG", "extendedValueG": kind}}


def address_lines(address: str, language: str) -> list[dict[str, Any]]:
    """Street and house number where they can be told apart, else one line."""
    found = _NUMBERED.fullmatch(address)
    parts = [("street", found["street"]), ("houseNumber", found["number"])] if found else [("street", address)]
    return [
        {"order": order, "type": word(kind), "text": text(value, language)}
        for order, (kind, value) in enumerate(parts)
    ]
