"""What partners pull, from ClickHouse. Values reach it as typed parameters only, never as text of a statement."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from services.domain.events import cdr as cdr_events
from services.domain.events import common
from services.domain.events import session as session_events
from services.domain.units import Millis
from services.ocpi.cdr_pages import cdr_page
from services.ocpi.wire.paging import Page, PageRequest
from services.ocpi.wire.parties import Party
from services.runtime.cdr_rows import CDR_COLUMNS, Row, cdr_of, id_token_of
from services.runtime.clickhouse import ClickHouseSettings, connect

_SESSION_COLUMNS = """
    tenant, session_id, station_id, transaction_id, protocol, status, evse_id, connector_id, id_token,
    id_token_type, authorization_method, authorization_reference,
    toUnixTimestamp64Milli(started_at) AS started_ms, toUnixTimestamp64Milli(ended_at) AS ended_ms,
    meter_start_wh, energy_register_wh, energy_wh, charging_state, stopped_reason, quality_flags, version,
    toUnixTimestamp64Milli(updated_at) AS updated_ms"""

_BETWEEN = """
    AND updated_at >= fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC')
    AND updated_at < fromUnixTimestamp64Milli({before_ms:Int64}, 'UTC')"""

_ALONGSIDE = 4
"""Questions that are asked while the thread of their request asks another one."""

_LONGEST_PARAMETER = 65_536
"""Bytes; ClickHouse takes 131,072 (http_max_field_value_size)."""
_QUOTES = 3
"""Bytes that an array adds to each of its texts, escapes aside."""

_ISSUED = "tenant = {tenant:String} AND (status = 'CREDITED' OR (status = 'ISSUED' AND held_reason IS NULL))"


class Store:
    """Reads as the user that only reads. Any number of threads may ask; errors are ClickHouse's own."""

    def __init__(self, settings: ClickHouseSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._client: Any = None
        self._alongside = ThreadPoolExecutor(_ALONGSIDE, "store")

    def sessions(
        self, tenant: str, token_uids: Sequence[str], request: PageRequest
    ) -> Page[session_events.Session]:
        """Sessions started with one of these tokens (normalised uids)."""
        if not token_uids:
            return Page([], 0, more=False)
        parts = {f"uids{number}": part for number, part in enumerate(_parts(token_uids))}
        theirs = " OR ".join(f"upper(trimBoth(id_token)) IN {{{name}:Array(String)}}" for name in parts)
        scope = f"tenant = {{tenant:String}} AND ({theirs})" + _BETWEEN
        values = {"tenant": tenant, **parts}
        rows, total, more = self._page("sessions", _SESSION_COLUMNS, "session_id", scope, values, request)
        return Page([_session(row) for row in rows], total, more)

    def session(self, tenant: str, session_id: str) -> session_events.Session | None:
        """One session, whoever's it is: the caller decides who may see it."""
        scope = "tenant = {tenant:String} AND session_id = {id:String}"
        sql = f"SELECT {_SESSION_COLUMNS} FROM sessions FINAL WHERE {scope}"
        rows = self._rows(sql, {"tenant": tenant, "id": session_id})
        return _session(rows[0]) if rows else None

    def cdrs(self, tenant: str, party: Party, request: PageRequest) -> Page[cdr_events.Cdr]:
        """Issued records, credited or not, of contracts of this provider."""
        return cdr_page(self._rows, self._begin, tenant, party.prefix, request)

    def cdr(self, tenant: str, cdr_id: str) -> cdr_events.Cdr | None:
        """One issued record, whoever's it is: the caller decides who may see it."""
        sql = f"SELECT {CDR_COLUMNS} FROM cdrs FINAL WHERE {_ISSUED} AND cdr_id = {{id:String}}"
        rows = self._rows(sql, {"tenant": tenant, "id": cdr_id})
        return cdr_of(rows[0]) if rows else None

    def _page(
        self, table: str, columns: str, key: str, scope: str, values: dict[str, Any], request: PageRequest
    ) -> tuple[list[Row], int, bool]:
        values |= {"from_ms": request.from_ms, "before_ms": request.before_ms}
        total = request.total
        if total is None:
            counted = self._rows(f"SELECT count() AS total FROM {table} FINAL WHERE {scope}", values)
            total = int(counted[0]["total"])
        if request.after is None and request.offset >= total:
            return [], total, False
        place, at = _place(key, request)
        # One more than asked for tells whether any follow.
        sql = f"SELECT {columns} FROM {table} FINAL WHERE {scope} {place}"
        rows = self._rows(sql, values | at | {"rows": request.limit + 1})
        return rows[: request.limit], total, len(rows) > request.limit

    def _rows(self, sql: str, values: dict[str, Any]) -> list[Row]:
        return list(self._connected().query(sql, parameters=values).named_results())

    def _begin(self, sql: str, values: dict[str, Any]) -> Callable[[], list[Row]]:
        return self._alongside.submit(self._rows, sql, values).result

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = connect(self._settings)
            return self._client


def _parts(texts: Sequence[str]) -> list[list[str]]:
    """The same texts in lists that fit a parameter each."""
    parts: list[list[str]] = []
    room = 0
    for text in texts:
        size = len(text.encode()) + _QUOTES
        if size > room:
            parts.append([])
            room = _LONGEST_PARAMETER
        parts[-1].append(text)
        room -= size
    return parts


def _place(key: str, request: PageRequest) -> tuple[str, dict[str, Any]]:
    """The clauses that find a page within its interval, and their values."""
    order = f"ORDER BY updated_at, {key} LIMIT {{rows:UInt32}}"
    if request.after is None:
        return f"{order} OFFSET {{offset:UInt64}}", {"offset": request.offset}
    after_ms, after_id = request.after
    after = f"AND (updated_at, {key}) > (fromUnixTimestamp64Milli({{after_ms:Int64}}, 'UTC'), {{after_id:String}})"
    return f"{after} {order}", {"after_ms": after_ms, "after_id": after_id}


def key_of(state: session_events.Session | cdr_events.Cdr) -> tuple[Millis, str]:
    """What objects of a list are ordered by."""
    identity = state.cdr_id if isinstance(state, cdr_events.Cdr) else state.session_id
    return state.updated_at, identity


def _session(row: Row) -> session_events.Session:
    return session_events.Session(
        **{name: row[name] for name in _SAME_IN_SESSION},
        status=common.SessionStatus(row["status"]),
        id_token=id_token_of(row),
        started_at=row["started_ms"],
        ended_at=row["ended_ms"],
        quality_flags=tuple(row["quality_flags"]),
        updated_at=row["updated_ms"],
    )


_SAME_IN_SESSION = (
    "tenant", "session_id", "station_id", "transaction_id", "protocol", "evse_id", "connector_id",
    "meter_start_wh", "energy_register_wh", "energy_wh", "charging_state", "stopped_reason", "version",
)  # fmt: skip
