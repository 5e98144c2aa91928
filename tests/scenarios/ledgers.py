"""Random sessions with what the station's own ledger says about them: what must come out whatever happens."""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any

from tests.scenarios.story import STATION, told

Entry = dict[str, Any]


@dataclass(frozen=True)
class Truth:
    """One session as the station's own ledger has it."""

    station_id: str
    tx: str
    energy_wh: Decimal
    digests: tuple[str, ...]
    events: tuple[Any, ...]


def truth(rng: Random, tx: str = "1", begins: int = 60, evse_id: int = 1, station_id: str = STATION) -> Truth:
    """A session of either version that lasts up to two hours, reads now and then, and signs some readings."""
    is_201 = rng.random() < 0.5
    minute, wh, number = begins, rng.randrange(10**6), 0
    begun, digests = wh, []
    place = {"station_id": station_id, "transaction_id": tx, "evse_id": evse_id, "connector_id": 1}

    def entry(kind: str, context: str) -> Entry:
        sign, data = rng.random() < 0.5, f"OCMF|{station_id}|{tx}|{number}|ü\x00"
        digests.extend([sha256(data.encode()).hexdigest()] if sign else [])
        reading = signed(minute, wh, data, context) if sign else {"read": {moment(minute): wh}}
        return {"kind": kind, "at": moment(minute), "seq": number if is_201 else None} | place | reading

    entries = [entry("Started", "Transaction.Begin") | {"wh": wh, "token": f"T{tx}"}]
    for _ in range(rng.randrange(7)):
        minute, wh, number = minute + rng.randint(1, 20), wh + rng.randrange(900), number + 1
        entries.append(entry("Updated", "Sample.Periodic"))
    minute, wh, number = minute + 1, wh + rng.randrange(900), number + 1
    entries.append(entry("Ended", "Transaction.End") | {"wh": wh})
    if not is_201:
        del entries[-1]["evse_id"]
    return Truth(station_id, tx, Decimal(wh - begun), tuple(digests), tuple(told(e) for e in entries))


def fleet(rng: Random, station_id: str = STATION) -> list[Truth]:
    """Sessions of one station, one after the other on each of two connectors."""
    return [
        truth(rng, tx=str(connector * 10 + n), begins=60 + n * 130, evse_id=connector, station_id=station_id)
        for connector in (1, 2)
        for n in range(rng.randint(1, 3))
    ]


def shuffled(events: list[Any], rng: Random, often: int) -> list[Any]:
    mixed = events * often
    rng.shuffle(mixed)
    return mixed


def moment(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def signed(minute: int, wh: int, data: str, context: str) -> Entry:
    return {"read": {moment(minute): {"wh": wh, "signed": {"context": context, "data": data}}}}
