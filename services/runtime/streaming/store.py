"""The states of one partition on local disk: RocksDB, with the changelog position in the same atomic write."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import msgspec
from rocksdict import Options, Rdict, WriteBatch

from services.domain.units import Millis

_POSITION = b"\xff"
"""Where the position is kept; it is not UTF-8, so no state key is like it."""


class Position(msgspec.Struct, frozen=True, array_like=True):
    """How far of the changelog this store holds."""

    topic_id: str
    """Kafka's id of the changelog, which a topic made anew under the same name does not share."""
    offset: int
    """The last changelog offset that is in the store; -1 for none."""
    written_at: Millis


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Position).decode


class Store:
    """Keys and values as bytes. One process at a time can open a path; a second gets an exception from RocksDB."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._open()

    def _open(self) -> None:
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_write_buffer_size(32 * 1024 * 1024)
        options.set_keep_log_file_num(2)
        self._db = Rdict(str(self._path), options)
        self.get = self._db.get
        found = self._db.get(_POSITION)
        self.position: Position | None = None if found is None else _decode(found)

    def write(self, changes: Iterable[tuple[bytes, bytes | None]], position: Position) -> None:
        """Write all changes (None deletes) and the position, or nothing."""
        batch = WriteBatch(raw_mode=True)
        put, delete = batch.put, batch.delete
        for key, value in changes:
            if value is None:
                delete(key)
            else:
                put(key, value)
        put(_POSITION, _encode(position))
        self._db.write(batch)
        self.position = position

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Every state, in the order of the keys."""
        for key, value in cast(Iterator[tuple[bytes, bytes]], self._db.items()):
            if key != _POSITION:
                yield key, value

    def clear(self) -> None:
        """Forget everything, the position included."""
        self.close()
        shutil.rmtree(self._path)
        self._open()

    def close(self) -> None:
        self._db.close()
