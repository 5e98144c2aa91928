"""Pages of CDRs from `cdr_pages`, the table that has them in the order in which they are pulled.

A record is there for every time of change that it has had, and once more as gone for those that it has left.
Pages are not asked with FINAL, which would read all of a provider's records: what is there twice is dropped here.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from services.domain.events.cdr import Cdr
from services.domain.units import Millis
from services.ocpi.wire.paging import Page, PageRequest

Rows = Callable[[str, dict[str, Any]], list[dict[str, Any]]]
"""Asks ClickHouse: (statement, values of its parameters), rows by column name."""
Key = tuple[Millis, str]

_SPARE = 20
"""Rows read beyond a page and one, so that records that are gone seldom need a second question."""

_MOMENT = "fromUnixTimestamp64Milli({%s:Int64}, 'UTC')"
_INTERVAL = (
    "tenant = {tenant:String} AND provider = {provider:String}"
    f" AND updated_at >= {_MOMENT % 'from_ms'} AND updated_at < {_MOMENT % 'before_ms'}"
)
_AFTER = f" AND (updated_at, cdr_id) > ({_MOMENT % 'after_ms'}, {{after_id:String}})"
_KEY = "toUnixTimestamp64Milli(updated_at) AS updated_ms, cdr_id"

_COUNT = f"""
    SELECT (SELECT count() FROM cdr_pages WHERE {_INTERVAL} AND gone = false)
        - (SELECT count() FROM cdr_pages FINAL WHERE {_INTERVAL} AND gone = true) AS total"""

_ORDER = "ORDER BY tenant, provider, gone, updated_at, cdr_id LIMIT {rows:UInt32}"
"""All of the table's key: so it is read in its order, and not to the end."""

_READ = f"""
    SELECT {_KEY}, gone, state FROM cdr_pages WHERE {_INTERVAL} AND gone = false%s {_ORDER}
    UNION ALL
    SELECT {_KEY}, gone, state FROM cdr_pages WHERE {_INTERVAL} AND gone = true%s {_ORDER}
    """

_BEFORE_OFFSET = f"""
    SELECT {_KEY} FROM cdr_pages WHERE {_INTERVAL} AND gone = false AND (updated_at, cdr_id) NOT IN
        (SELECT updated_at, cdr_id FROM cdr_pages WHERE {_INTERVAL} AND gone = true)
    ORDER BY tenant, provider, gone, updated_at, cdr_id LIMIT 1 OFFSET {{offset:UInt64}}"""

_decoder = msgspec.json.Decoder(Cdr)


def cdr_page(rows: Rows, tenant: str, provider: str, request: PageRequest) -> Page[Cdr]:
    """A page of a provider's records; msgspec.ValidationError if a state is none, which is our mistake.

    They are counted when the page is not reached by a link, which brings the number along. Until ClickHouse has
    merged them, records that were written twice, as after a crash, are counted twice.
    """
    values = {"tenant": tenant, "provider": provider, "from_ms": request.from_ms, "before_ms": request.before_ms}
    total = request.total
    if total is None:
        total = max(0, int(rows(_COUNT, values)[0]["total"]))
    after = request.after
    if after is None and request.offset:
        before = rows(_BEFORE_OFFSET, values | {"offset": request.offset - 1}) if request.offset < total else []
        if not before:
            return Page([], total, more=False)
        after = (before[0]["updated_ms"], before[0]["cdr_id"])
    found: list[str] = []
    for state in _states(rows, values, after, request.limit + 1 + _SPARE):
        found.append(state)
        if len(found) > request.limit:
            break
    objects = [_decoder.decode(state) for state in found[: request.limit]]
    return Page(objects, total, more=len(found) > request.limit)


def _states(rows: Rows, values: Mapping[str, Any], after: Key | None, at_once: int) -> Iterator[str]:
    """The records after a key, in order, each once, as many as are taken."""
    while True:
        asked: dict[str, Any] = {**values, "rows": at_once}
        if after is not None:
            asked |= {"after_ms": after[0], "after_id": after[1], "from_ms": max(values["from_ms"], after[0])}
        read = rows(_READ.replace("%s", "" if after is None else _AFTER), asked)
        gone = [(row["updated_ms"], row["cdr_id"]) for row in read if row["gone"]]
        there = sorted((row["updated_ms"], row["cdr_id"], row["state"]) for row in read if not row["gone"])
        # Beyond the last of as many as were asked for there can be more, of either kind.
        ends = [keys[-1] for keys in (sorted(gone), [row[:2] for row in there]) if len(keys) == at_once]
        until = min(ends, default=None)
        left = set(gone)
        for updated_ms, cdr_id, state in there:
            key = (updated_ms, cdr_id)
            if until is not None and key > until:
                break
            if key != after and key not in left:
                yield state
            after = key
        if until is None:
            return
        after = until
