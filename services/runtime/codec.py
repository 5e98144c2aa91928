"""Events to bytes and back: Confluent wire format (0x00, schema id in 4 bytes, Avro binary)."""

import json
from collections.abc import Callable, Collection, Mapping
from copy import copy
from io import BytesIO
from typing import Any, Self, cast

from fastavro import parse_schema, schemaless_reader
from msgspec import convert

from services.domain import events
from services.domain.failures import BadRecord
from services.domain.folding import Event
from services.runtime import schemas
from services.runtime.avro_reader import Reader, compile_reader
from services.runtime.avro_writer import Writer, compile_writer

MAGIC = 0
_PREFIX_BYTES = 5

FetchSchema = Callable[[int], str]
"""Schema text of an id; raises KeyError when nobody knows it, TryAgain when the registry cannot be asked."""


class _Writers(dict[str, Writer]):
    """Writers by full name, compiled when an event of the type is first written."""

    def __init__(self, texts: Mapping[str, str], prefixes: Mapping[str, bytes]) -> None:
        super().__init__()
        self._texts = texts
        self._prefixes = prefixes

    def __missing__(self, name: str) -> Writer:
        writer = self[name] = compile_writer(json.loads(self._texts[name]), self._prefixes[name])
        return writer


class Codec:
    """Encodes and decodes the event types of `services.domain.events`.

    `ids` maps Avro full names to registry ids (default: derived from content, as the embedded registry does);
    `fetch` looks up the writer schema of an id that is not among them.
    """

    def __init__(self, ids: Mapping[str, int] | None = None, fetch: FetchSchema | None = None) -> None:
        shipped = schemas.shipped()
        self._fetch = fetch
        self._texts = {name: schema.text for name, schema in shipped.items()}
        chosen = ids or {name: schemas.content_id(schema.text) for name, schema in shipped.items()}
        prefixes = {name: bytes([MAGIC]) + chosen[name].to_bytes(4, "big") for name in shipped}
        self._writers = _Writers(self._texts, prefixes)
        self._own = {prefix: name for name, prefix in prefixes.items()}
        self._readers: dict[bytes, Reader] = {}
        self._unread: Collection[str] = ()

    def leaving_out(self, unread: Collection[str]) -> Self:
        """A codec for those who do not look at some arrays: they are read as empty (runtime.avro_reader)."""
        other = copy(self)
        vars(other).update(_readers={}, _unread=unread)
        return other

    def encode(self, event: Event) -> bytes:
        """The bytes of one event; ValueError when a number does not fit its type, a lost decimal included."""
        return self._writers[event.FULL_NAME](event)

    def decode(self, data: bytes) -> Any:
        """The event in `data`, read into this version's shape; BadRecord when it cannot be."""
        reader = self._readers.get(data[:_PREFIX_BYTES]) or self._new_reader(data)
        try:
            event, end = reader(data, _PREFIX_BYTES)
        except Exception as error:  # a reader raises whatever the bytes lead it to
            raise BadRecord(f"not the Avro that its schema id says: {type(error).__name__}: {error}") from error
        if end != len(data):
            raise BadRecord(f"the record ends at byte {end} of {len(data)}")
        return event

    def _new_reader(self, data: bytes) -> Reader:
        prefix = bytes(data[:_PREFIX_BYTES])
        own = self._own.get(prefix)
        reader = (
            self._foreign_reader(data)
            if own is None
            else compile_reader(json.loads(self._texts[own]), events.TYPES[own], self._unread)
        )
        self._readers[prefix] = reader
        return reader

    def _foreign_reader(self, data: bytes) -> Reader:
        """Reads what another version wrote."""
        if len(data) <= _PREFIX_BYTES or data[0] != MAGIC:
            raise BadRecord("does not begin with the magic byte and a schema id")
        schema_id = int.from_bytes(data[1:_PREFIX_BYTES], "big")
        try:
            text = self._fetch(schema_id) if self._fetch else None
        except KeyError:
            text = None
        if text is None:
            raise BadRecord(f"schema id {schema_id} is not known to the registry")
        writer = _parsed(text)
        name = cast(dict[str, Any], writer)["name"]
        if name not in events.TYPES:
            raise BadRecord(f"no event type {name} in this version")
        shipped, kind = _parsed(self._texts[name]), events.TYPES[name]

        def read(data: bytes, at: int) -> tuple[Any, int]:
            buffer = BytesIO(data)
            buffer.seek(at)
            return convert(schemaless_reader(buffer, writer, shipped), kind), buffer.tell()

        return read


def _parsed(text: str) -> Any:
    """Parse with times as plain milliseconds, which is what the generated classes carry."""
    return parse_schema(_without_timestamps(json.loads(text)))


def _without_timestamps(avro: Any) -> Any:
    if isinstance(avro, list):
        return [_without_timestamps(branch) for branch in avro]
    if isinstance(avro, dict):
        return {
            k: _without_timestamps(v) for k, v in avro.items() if (k, v) != ("logicalType", "timestamp-millis")
        }
    return avro
