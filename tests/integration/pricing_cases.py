"""Random charging sessions and tariffs, the same for the same seed: lines as `wattlog price` reads them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

ZONES = ("Europe/Berlin", "Europe/Lisbon", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
STEPS = (0, 1, 1, 60, 300, 700, 900, 1000)
KINDS = ("ENERGY", "TIME", "PARKING_TIME", "FLAT")
Json = dict[str, Any]


def lines(seed: str, count: int) -> Iterator[Json]:
    """Lines with ids `seed-n`; about one in five of them of OCPI 2.1.1."""
    chance = random.Random(seed)
    for number in range(count):
        version = "211" if chance.random() < 0.2 else "221"
        start = _start(chance)
        cdr = _cdr(chance, version, start)
        if chance.random() < 0.2:
            _spoil(chance, version, cdr)
        yield {
            "id": f"{seed}-{number}",
            "version": version,
            "tz": chance.choice(ZONES),
            "cdr": cdr,
            "tariff": _tariff(chance, version, start),
        }


def _start(chance: random.Random) -> datetime:
    """Often around a change of the clocks, otherwise on any day of a year."""
    if chance.random() < 0.3:
        month, day, hour = chance.choice([(3, 28, 20), (10, 24, 20), (4, 4, 12)])
        about = datetime(2026, month, day, hour, tzinfo=UTC)
    else:
        about = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=chance.randrange(365 * 24))
    return about + timedelta(seconds=chance.randrange(3600))


def _cdr(chance: random.Random, version: str, start: datetime) -> Json:
    at, periods = start, []
    for _ in range(chance.randint(1, 12)):
        seconds = chance.choice([900, 900, 60, chance.randrange(1, 7200)])
        periods.append({"start_date_time": _told(at), "dimensions": _dimensions(chance, version, seconds)})
        at += timedelta(seconds=seconds)
    cdr = {
        "id": "C",
        "start_date_time": _told(start),
        "stop_date_time" if version == "211" else "end_date_time": _told(at),
        "currency": "EUR",
        "charging_periods": periods,
        "total_cost": 0 if version == "211" else {"excl_vat": 0, "incl_vat": 0},
        "total_energy": 0,
        "total_time": 0,
    }
    return cdr if version == "211" else {"country_code": "DE", "party_id": "WAT"} | cdr


def _spoil(chance: random.Random, version: str, cdr: Json) -> None:
    """What partners get wrong, and what is read all the same, with a warning each."""
    periods = cdr["charging_periods"]
    match chance.randrange(8):
        case 0 if version != "211":
            del cdr[chance.choice(["country_code", "party_id", "currency"])]
        case 1 if version != "211":
            cdr |= {"country_code": chance.choice(["DEU", "de", "deu"]), "currency": chance.choice(["eur", "CHF"])}
        case 2 if version != "211":
            cdr |= {"total_cost": 5, "total_time_cost": {"excl_vat": 5, "incl_vat": 4}}
        case 3:
            cdr |= {"total_energy": chance.choice([26.100000000000012, "5.50000"]), "total_parking_time": None}
        case 4:
            kind = chance.choice(["SESSION_TIME", "CURRENT", "STATE_OF_CHARGE", "FLAT"])
            chance.choice(periods)["dimensions"].append({"type": kind, "volume": 1})
        case 5:
            periods[0]["start_date_time"] = "2025-01-01T00:00:00Z"
        case 6:
            chance.choice(periods)["dimensions"][0]["volume"] = chance.choice([0.123456789, "0.25", 0, -0.0056])
        case _:
            chance.shuffle(periods)


def _dimensions(chance: random.Random, version: str, seconds: int) -> list[Json]:
    hours = round(seconds / 3600, 4)
    parked = chance.random() < 0.3
    found = [{"type": "PARKING_TIME" if parked else "TIME", "volume": hours}]
    if not parked:
        found.append({"type": "ENERGY", "volume": round(chance.uniform(0, 22), chance.choice([0, 2, 3, 4]))})
    if chance.random() < 0.2:
        least, most = sorted(chance.sample(range(6, 96), 2))
        found += [{"type": "MIN_CURRENT", "volume": least}, {"type": "MAX_CURRENT", "volume": most}]
    if version != "211" and chance.random() < 0.2:
        least, most = sorted(chance.sample(range(1, 60), 2))
        found += [{"type": "MIN_POWER", "volume": least}, {"type": "MAX_POWER", "volume": most}]
    return found


def _tariff(chance: random.Random, version: str, start: datetime) -> Json:
    tariff: Json = {
        "id": "T",
        "currency": "EUR",
        "elements": [_element(chance, version, start) for _ in range(chance.randint(1, 4))],
        "last_updated": "2026-01-01T00:00:00Z",
    }
    if version == "211":
        return tariff
    tariff |= {"country_code": "DE", "party_id": "WAT"}
    for name, most in (("min_price", 5), ("max_price", 30)):
        if chance.random() < 0.15:
            net = round(chance.uniform(most / 3, most), 2)
            tariff[name] = {"excl_vat": net, "incl_vat": round(net * chance.choice([1, 1.1, 1.19]), 2)}
    return tariff


def _element(chance: random.Random, version: str, start: datetime) -> Json:
    components = []
    for kind in chance.sample(KINDS, chance.randint(1, 4)):
        price = round(chance.choice([0, 1, chance.uniform(0, 6)]), chance.choice([1, 2, 4]))
        component = {"type": kind, "price": price, "step_size": chance.choice(STEPS)}
        if version != "211" and chance.random() < 0.7:
            component["vat"] = chance.choice([0, 7, 10, 19, 20, 5.2])
        components.append(component)
    element: Json = {"price_components": components}
    if chance.random() < 0.6:
        element["restrictions"] = _restrictions(chance, version, start)
    return element


def _restrictions(chance: random.Random, version: str, start: datetime) -> Json:
    found: Json = {}
    for _ in range(chance.randint(1, 2)):
        kind = chance.choice(["time", "date", "kwh", "power", "duration", "day_of_week", "current", "reservation"])
        if kind == "day_of_week":
            found[kind] = chance.sample(DAYS, chance.randint(1, 6))
        elif kind == "reservation" and version != "211":
            found[kind] = chance.choice(["RESERVATION", "RESERVATION_EXPIRES"])
        elif kind not in ("reservation", "current") or version != "211":
            found |= _bounds(chance, kind, start)
    return found


def _bounds(chance: random.Random, kind: str, start: datetime) -> Json:
    """One or both of a lower and an upper bound."""
    low, high = _values(chance, kind, start)
    names = {"time": ("start_time", "end_time"), "date": ("start_date", "end_date")}
    first, last = names.get(kind, (f"min_{kind}", f"max_{kind}"))
    both = {first: low, last: high}
    return both if chance.random() < 0.5 else dict([chance.choice(list(both.items()))])


def _values(chance: random.Random, kind: str, start: datetime) -> tuple[Any, Any]:
    match kind:
        case "time":
            return tuple(f"{chance.randrange(24):02}:{chance.choice([0, 0, 15, 30]):02}" for _ in "ab")  # type: ignore[return-value]
        case "date":
            days = sorted(chance.sample(range(-2, 3), 2))
            first, last = (str((start + timedelta(days=day)).date()) for day in days)
            return first, last
        case "duration":
            first, last = sorted(chance.sample(range(0, 14_400, 300), 2))
            return first, last
        case _:
            least, most = sorted(chance.sample(range(1, 60), 2))
            return least, most


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
