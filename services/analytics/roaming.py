"""Rows of what CPOs that roam with us have told us."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import orjson

from services.domain.events import roaming, roamingcdr, roamingsession

Row = Mapping[str, Any]

TIMES: Final = ("started_at", "ended_at", "last_updated", "received_at")
"""Columns whose moments are partners' and may be beyond what a table holds."""

_LOCATIONS: Final = "locations"
_SHOWN: Final = ("name", "address", "city", "country")


def locations(state: roaming.RoamingObject) -> list[Row]:
    """A location, with how many EVSEs it has and how many are free; none for a tariff."""
    if state.module != _LOCATIONS:
        return []
    told = orjson.loads(state.object_json)
    evses = told.get("evses") or []
    counted = {"evses": len(evses), "available": sum(evse.get("status") == "AVAILABLE" for evse in evses)}
    return [{**asdict(state), **{name: told.get(name, "") for name in _SHOWN}, **counted}]


def session(state: roamingsession.RoamingSession) -> Row:
    return asdict(state)


def cdr(state: roamingcdr.RoamingCdr) -> Row:
    return asdict(state)
