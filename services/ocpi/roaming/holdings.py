"""What we keep of what CPOs have told us: locations and tariffs in memory, sessions and records in ClickHouse.

What has just come is on its way to ClickHouse: the last minutes of it are in memory too, from whichever process.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Container, Sequence
from typing import Any, Final

from services.domain.events.roaming import (
    RoamingCommandAnswered,
    RoamingCommandSent,
    RoamingObject,
    RoamingReceived,
)
from services.domain.events.roamingcdr import RoamingCdr
from services.domain.events.roamingpull import RoamingPull
from services.domain.events.roamingsession import RoamingSession
from services.domain.units import Millis
from services.ocpi.inbound.received import Kept
from services.runtime.clickhouse import ClickHouseSettings, connect
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.tail import Tail
from services.runtime.view import View

TOPICS: Final = (
    RoamingObject.TOPIC,
    RoamingSession.TOPIC,
    RoamingCdr.TOPIC,
    RoamingPull.TOPIC,
    RoamingReceived.TOPIC,
)
_RECENT_MS: Final = 600_000
_RECENT: Final = 20_000
_POLL_S: Final = 0.02
_TABLES: Final = {"sessions": "roaming_sessions", "cdrs": "roaming_cdrs"}
_STORED: Final = """
SELECT object_id, object_json, toUnixTimestamp64Milli(last_updated) AS at FROM {table} FINAL
WHERE tenant = {{tenant:String}} AND partner_id = {{partner:String}} AND object_id IN {{ids:Array(String)}}
"""

State = RoamingSession | RoamingCdr


def key_of(tenant: str, partner_id: str, object_id: str) -> str:
    """The key of a session or record."""
    return f"{tenant}/{partner_id}/{object_id.lower()}"


class Holdings:
    """Started on the event loop. Commands that wait for their result are known in every process of the edge."""

    def __init__(self, kafka: KafkaSettings, codec: Codec, clickhouse: ClickHouseSettings, now_ms: Millis) -> None:
        self._objects: View[RoamingObject] = View(kafka, codec, RoamingObject.TOPIC)
        topics = (RoamingSession.TOPIC, RoamingCdr.TOPIC, RoamingReceived.TOPIC)
        self._tail = Tail(kafka, codec, topics, self.take, now_ms - _RECENT_MS)
        self._recent: OrderedDict[tuple[str, str], Kept] = OrderedDict()
        self._commands: dict[str, RoamingCommandSent] = {}
        self._answered: dict[str, str] = {}
        self._clickhouse = clickhouse
        self._client: Any = None
        self._lock = threading.Lock()

    def start(self) -> None:
        self._objects.start()
        self._tail.start()

    def stop(self) -> None:
        self._objects.stop()
        self._tail.stop()

    async def wait_caught_up(self, timeout_s: float = 60.0) -> None:
        """Return when everything that was there is known; TimeoutError when it takes longer."""
        await self._objects.wait_caught_up(timeout_s)
        async with asyncio.timeout(timeout_s):
            while not self._tail.caught_up:
                await asyncio.sleep(_POLL_S)

    def take(self, events: Sequence[Any]) -> None:
        """What has just been published, by this process or another."""
        for event in events:
            match event:
                case RoamingSession() | RoamingCdr():
                    self._remember(event)
                case RoamingCommandSent():
                    if event.command_id not in self._answered:
                        self._commands[event.secret_sha256] = event
                case RoamingCommandAnswered() if event.final:
                    self._settle(event.command_id)

    def _settle(self, command_id: str) -> None:
        """A result counts once."""
        known_as = next((one for one, sent in self._commands.items() if sent.command_id == command_id), "")
        self._commands.pop(known_as, None)
        self._answered.setdefault(command_id, known_as)
        while len(self._answered) > _RECENT:
            self._answered.pop(next(iter(self._answered)))

    def answered(self, known_as: str) -> bool:
        """Whether the command with the response_url of this hash has had its result."""
        return known_as in self._answered.values()

    def _remember(self, state: State) -> None:
        module = "sessions" if isinstance(state, RoamingSession) else "cdrs"
        known_as = (module, state.key)
        self._recent[known_as] = Kept(state.object_json, state.last_updated)
        self._recent.move_to_end(known_as)
        while len(self._recent) > _RECENT:
            self._recent.popitem(last=False)

    def command(self, known_as: str, partner_keys: Container[str], now_ms: Millis) -> RoamingCommandSent | None:
        """The command of one of those partners which waits for a result at the response_url with this hash."""
        found = self._commands.get(known_as)
        if found is None or f"{found.tenant}/{found.partner_id}" not in partner_keys or found.expires_at < now_ms:
            return None
        return found

    def object(self, tenant: str, partner_id: str, module: str, object_id: str) -> Kept | None:
        """A location or tariff."""
        found = self._objects.get(f"{tenant}/{partner_id}/{module}/{object_id.lower()}")
        return None if found is None or found.deleted else Kept(found.object_json, found.last_updated)

    def next_at(self, tenant: str, partner_id: str, module: str, object_id: str, now_ms: Millis) -> Millis:
        """When a change counts as received: later than what it builds on, since `has` goes by the time."""
        before = self._objects.get(f"{tenant}/{partner_id}/{module}/{object_id.lower()}")
        return now_ms if before is None else max(now_ms, before.received_at + 1)

    def has(self, state: RoamingObject) -> bool:
        """Whether a location or tariff is known here as it was published, or later."""
        found = self._objects.get(state.key)
        return found is not None and found.received_at >= state.received_at

    async def kept(self, module: str, tenant: str, partner_id: str, object_ids: Sequence[str]) -> dict[str, Kept]:
        """The sessions or records of these ids that are known, by id in lower case; else ClickHouse's errors."""
        found = {}
        for object_id in {one.lower() for one in object_ids}:
            recent = self._recent.get((module, key_of(tenant, partner_id, object_id)))
            if recent is not None:
                found[object_id] = recent
        missing = sorted({one.lower() for one in object_ids} - found.keys())
        if missing:
            found |= await asyncio.to_thread(self._stored, module, tenant, partner_id, missing)
        return found

    def _stored(self, module: str, tenant: str, partner_id: str, object_ids: list[str]) -> dict[str, Kept]:
        sql = _STORED.format(table=_TABLES[module])
        values = {"tenant": tenant, "partner": partner_id, "ids": object_ids}
        with self._lock:
            if self._client is None:
                self._client = connect(self._clickhouse)
        rows = self._client.query(sql, parameters=values).named_results()
        return {row["object_id"]: Kept(row["object_json"], row["at"]) for row in rows}
