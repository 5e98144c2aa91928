"""Pages of CDRs from `pulled_cdrs`, the table that has them in the order in which they are pulled.

A record is there for every time of change that it has had, followed by a row that says that it is gone where it
has left. Pages are not asked with FINAL, which would read all of a provider's records: what is there twice is
dropped here. A question about a short interval takes half the time of one about everything, so pages that are
reached by a link ask for as much time as should hold them, and for more when it does not.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from services.domain.events.cdr import Cdr
from services.domain.units import Millis
from services.ocpi.wire.paging import Page, PageRequest

Row = dict[str, Any]
Rows = Callable[[str, dict[str, Any]], list[Row]]
"""Asks ClickHouse: (statement, values of its parameters), rows by column name."""
Begin = Callable[[str, dict[str, Any]], Callable[[], list[Row]]]
"""Asks it on another thread; what it gives waits for the rows."""

_SPARE = 20
"""Rows read beyond a page and one, so that records that are gone seldom need a second question."""
_HOUR_MS = 3_600_000
_ROOM = 4
"""How much more time is asked for than a page takes on average."""
_WIDER = 16

_MOMENT = "fromUnixTimestamp64Milli({%s:Int64}, 'UTC')"
_THEIRS = "tenant = {tenant:String} AND provider = {provider:String}"
_INTERVAL = f"{_THEIRS} AND updated_at >= {_MOMENT % 'from_ms'} AND updated_at < {_MOMENT % 'before_ms'}"
_AFTER = f" AND (updated_at, cdr_id, gone) > ({_MOMENT % 'after_ms'}, {{after_id:String}}, {{after_gone:Bool}})"
_COLUMNS = "toUnixTimestamp64Milli(updated_at) AS updated_ms, cdr_id, gone, state"
_ORDER = "ORDER BY tenant, provider, updated_at, cdr_id, gone LIMIT {rows:UInt32}"
"""All of the table's key: so it is read in its order, and not to the end."""

_READ = f"SELECT {_COLUMNS} FROM pulled_cdrs WHERE {_INTERVAL}%s {_ORDER}"

_READ_BEYOND = f"""
    SELECT {_COLUMNS} FROM pulled_cdrs WHERE {_INTERVAL} AND NOT gone AND (updated_at, cdr_id) NOT IN
        (SELECT updated_at, cdr_id FROM pulled_cdrs WHERE {_INTERVAL} AND gone)
    {_ORDER} OFFSET {{beyond:UInt64}}"""

_RECORDS_BY_HOUR = f"""
    SELECT toStartOfHour(updated_at) AS hour, sum(if(gone, -1, 1)) AS records FROM pulled_cdrs
    WHERE {_THEIRS} AND hour >= {_MOMENT % "hours_from_ms"} AND hour < {_MOMENT % "hours_before_ms"}
    GROUP BY tenant, provider, hour
    UNION ALL
    SELECT toStartOfHour(updated_at) AS hour, sum(if(gone, -1, 1)) AS records FROM pulled_cdrs
    WHERE {_INTERVAL}
        AND (updated_at < {_MOMENT % "hours_from_ms"} OR updated_at >= {_MOMENT % "hours_before_ms"})
    GROUP BY hour"""
"""Hours that are in the interval as a whole are added up already (projection by_hour)."""

COUNT = f"SELECT sum(records) AS total FROM ({_RECORDS_BY_HOUR})"
"""How many records are in an interval."""

_HOUR_OF_OFFSET = f"""
    SELECT max(until) AS total, toUnixTimestamp(minIf(hour, until > {{offset:UInt64}})) * 1000 AS hour_ms,
        argMinIf(until - records, hour, until > {{offset:UInt64}}) AS before
    FROM (SELECT hour, records, sum(records) OVER (ORDER BY hour) AS until
        FROM (SELECT hour, sum(records) AS records FROM ({_RECORDS_BY_HOUR}) GROUP BY hour))"""

_decoder = msgspec.json.Decoder(Cdr)


def cdr_page(rows: Rows, begin: Begin, tenant: str, provider: str, request: PageRequest) -> Page[Cdr]:
    """A page of a provider's records; msgspec.ValidationError if a state is none, which is our mistake.

    They are counted when the page is not reached by a link, which brings the number along. Until ClickHouse has
    merged them, records that were written twice, as after a crash, are counted twice.
    """
    values: Row = {
        "tenant": tenant, "provider": provider, "from_ms": request.from_ms, "before_ms": request.before_ms,
        "rows": request.limit + 1 + _SPARE,
    }  # fmt: skip
    if request.after is not None and request.total is not None:
        found = _found(_after(rows, values, request.after, _pace_ms(request, request.total)), request.limit)
        return _page(found, request.total, request.limit)
    hours = values | _whole_hours(request.from_ms, request.before_ms)
    if request.after is None and request.offset:
        (place,) = rows(_HOUR_OF_OFFSET, hours | {"offset": request.offset})
        total = max(0, int(place["total"]))
        beyond = _beyond(rows, values, place, request.offset) if request.offset < total else iter(())
        return _page(_found(beyond, request.limit), total, request.limit)
    counted = begin(COUNT, hours)
    everything = _read(rows, values) if request.after is None else _after(rows, values, request.after)
    found = _found(everything, request.limit)
    return _page(found, max(0, int(counted()[0]["total"])), request.limit)


def _found(states: Iterator[str], limit: int) -> list[str]:
    """A page, and one more if there is one."""
    return list(islice(states, limit + 1))


def _page(found: list[str], total: int, limit: int) -> Page[Cdr]:
    return Page([_decoder.decode(state) for state in found[:limit]], total, more=len(found) > limit)


def _whole_hours(from_ms: Millis, before_ms: Millis) -> dict[str, Millis]:
    """The hours that lie in an interval from their beginning to their end; none of them if it is short."""
    first = -(-from_ms // _HOUR_MS) * _HOUR_MS
    return {"hours_from_ms": first, "hours_before_ms": max(first, before_ms // _HOUR_MS * _HOUR_MS)}


def _pace_ms(request: PageRequest, total: int) -> Millis:
    """How long it takes until as many records have changed as are read at once, and some, on average."""
    assert request.after is not None
    left_ms = max(0, request.before_ms - request.after[0])
    return 1 + _ROOM * left_ms * (request.limit + 1 + _SPARE) // max(1, total - request.offset)


def _after(
    rows: Rows, values: Mapping[str, Any], key: tuple[Millis, str], window_ms: Millis | None = None
) -> Iterator[str]:
    after = {"after_ms": key[0], "after_id": key[1], "after_gone": True}
    return _read(rows, {**values, **after, "from_ms": max(values["from_ms"], key[0])}, window_ms)


def _beyond(rows: Rows, values: Mapping[str, Any], place: Mapping[str, Any], offset: int) -> Iterator[str]:
    """The records beyond as many as are before them: counted on from the beginning of their hour."""
    from_ms = max(values["from_ms"], int(place["hour_ms"]))
    hour_ends_ms = min(values["before_ms"], int(place["hour_ms"]) + _HOUR_MS)
    within = {**values, "from_ms": from_ms, "before_ms": hour_ends_ms, "beyond": offset - int(place["before"])}
    last = None
    for row in rows(_READ_BEYOND, within):
        if _key(row) != last:
            yield row["state"]
        last = _key(row)
    yield from _after(rows, values, last) if last else _read(rows, {**values, "from_ms": hour_ends_ms})


def _read(rows: Rows, values: Mapping[str, Any], window_ms: Millis | None = None) -> Iterator[str]:
    """The records of an interval, in order, each once, as many as are taken.

    A record is known to be there when the row after its own is not the one that says that it is gone.
    """
    asked, end_ms = dict(values), values["before_ms"]
    there: Row | None = None
    while asked["from_ms"] < end_ms:
        asked["before_ms"] = end_ms if window_ms is None else min(end_ms, asked["from_ms"] + window_ms)
        read = rows(_READ.replace("%s", _AFTER if "after_ms" in asked else ""), asked)
        for row in read:
            if there is not None and _key(there) != _key(row):
                yield there["state"]
            there = None if row["gone"] else row
        if len(read) == asked["rows"]:
            # Beyond the last of as many as were asked for there can be more.
            last = read[-1]
            asked |= {"after_ms": last["updated_ms"], "after_id": last["cdr_id"], "after_gone": last["gone"]}
            asked["from_ms"] = last["updated_ms"]
        else:
            asked["from_ms"] = asked["before_ms"]
            window_ms = None if window_ms is None else window_ms * _WIDER
    if there is not None:
        yield there["state"]


def _key(row: Row) -> tuple[Millis, str]:
    return row["updated_ms"], row["cdr_id"]
