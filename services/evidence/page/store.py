"""What drivers' pages are made of, from ClickHouse. Values reach it as typed parameters only."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from services.domain.events.common import MeterKeySource, MeterKeyStatus, MeterKeyVersion
from services.domain.events.settlement import CdrChained
from services.domain.units import millis_of
from services.evidence.page.case import Case
from services.runtime.cdr_rows import CDR_COLUMNS, cdr_of
from services.runtime.clickhouse import ClickHouseSettings, query

_CDR: Final = f"""
SELECT {CDR_COLUMNS} FROM cdrs FINAL
WHERE tenant = {{tenant:String}} AND cdr_id = {{id:String}} AND status IN ('ISSUED', 'CREDITED')
"""
_KEYS: Final = """
SELECT * FROM meter_keys FINAL
WHERE tenant = {tenant:String} AND station_id = {station:String} AND evse_id = {evse:Int32} ORDER BY first_seen_at
"""
_LINK: Final = "SELECT * FROM cdr_chain FINAL WHERE tenant = {tenant:String} AND cdr_id = {id:String}"


def case(settings: ClickHouseSettings, tenant: str, cdr_id: str) -> Case | None:
    """An issued record with all that belongs to it; None when there is none. Raises as `query`."""
    identity = {"tenant": tenant, "id": cdr_id}
    rows = query(settings, _CDR, identity)
    if not rows:
        return None
    record = cdr_of(dict(rows[0]))
    point = {"tenant": tenant, "station": record.detail.station_id, "evse": record.detail.evse_id or 0}
    keys = tuple([_key(row) for row in query(settings, _KEYS, point)])
    links = query(settings, _LINK, identity)
    return Case(record, keys, _link(links) if links else None)


def _key(row: Mapping[str, Any]) -> MeterKeyVersion:
    told = {field.name: row[field.name] for field in fields(MeterKeyVersion)}
    moments = {name: millis_of(at) for name, at in told.items() if hasattr(at, "timestamp")}
    kinds = {"status": MeterKeyStatus(row["status"]), "source": MeterKeySource(row["source"])}
    return MeterKeyVersion(**(told | moments | kinds | {"approved_by": tuple(row["approved_by"])}))


def _link(rows: Sequence[Mapping[str, Any]]) -> CdrChained:
    return CdrChained(**{field.name: rows[0][field.name] for field in fields(CdrChained)})
