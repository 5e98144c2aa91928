"""SML telegrams of electricity meters: transport frame, type-length-value tree, and the list response in it.

Only what a signed reading needs is read (BSI TR-03109-1, annex IV; SML 1.04): one file in transport version 1,
its messages, and the first `GetList.Res`. Every check sum must be right. Nothing but `NotReadable` comes out of
bytes that are not such a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.domain.signed_meter.findings import NotReadable

MAX_BYTES: Final = 65_536
MAX_DEPTH: Final = 16
MAX_ELEMENTS: Final = 8_192

ESCAPE: Final = b"\x1b\x1b\x1b\x1b"
START: Final = ESCAPE + b"\x01\x01\x01\x01"
_END_MARK: Final = 0x1A
_LIST_RESPONSE: Final = 0x0701

Value = bytes | bool | int | tuple["Value", ...] | None
"""An element of the tree: octet string, boolean, integer, list, or an optional one that is left out."""


@dataclass(frozen=True, slots=True)
class Time:
    """`utc` epoch seconds with `offset_min` to local time, or a bare seconds index (`is_index`)."""

    seconds: int
    offset_min: int = 0
    is_index: bool = False

    @property
    def local_epoch(self) -> int:
        """Epoch seconds moved by the local and season offset, as meters sign them."""
        return self.seconds + 60 * self.offset_min


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list; `name` is the OBIS number, six octets."""

    name: bytes
    status: int | None
    time: Time | None
    unit: int | None
    scaler: int | None
    value: Value
    signature: bytes | None


@dataclass(frozen=True, slots=True)
class ListResponse:
    """`GetList.Res`, as far as a signed reading needs it."""

    server_id: bytes
    list_name: bytes | None
    entries: tuple[Entry, ...]
    signature: bytes | None


def list_response(data: bytes) -> ListResponse:
    """The first list response of an SML file; NotReadable for anything else."""
    if len(data) > MAX_BYTES:
        raise NotReadable(f"more than {MAX_BYTES} bytes")
    for tag, body in _messages(payload(data)):
        if tag == _LIST_RESPONSE:
            return _response(body)
    raise NotReadable("no list response")


def payload(data: bytes) -> bytes:
    """What a transport frame carries: escapes and padding undone, check sum verified."""
    if not data.startswith(START):
        raise NotReadable("no start sequence of transport version 1")
    carried = bytearray()
    position = len(START)
    while True:
        at = data.find(ESCAPE, position)
        word = data[at + 4 : at + 8]
        while at >= 0 and word[:1] == ESCAPE[:1] and word != ESCAPE:  # the content ended with parts of an escape
            at += 1
            word = data[at + 4 : at + 8]
        if at < 0 or len(word) < 4:
            raise NotReadable("no end sequence")
        carried += data[position:at]
        position = at + 8
        if word == ESCAPE:
            carried += ESCAPE
        elif word[0] == _END_MARK:
            break
        else:
            raise NotReadable("an escape sequence that is not known")
    if crc16(data[: position - 2]) != int.from_bytes(word[2:], "little"):
        raise NotReadable("check sum of the file")
    if data[position:].strip(b"\x00"):
        raise NotReadable("bytes after the end sequence")
    padding = word[1]
    if padding > 3 or padding > len(carried):
        raise NotReadable("padding")
    return bytes(carried[: len(carried) - padding])


def crc16(data: bytes) -> int:
    """CRC-16/X-25, the check sum of SML."""
    crc = 0xFFFF
    for octet in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ octet) & 0xFF]
    return crc ^ 0xFFFF


def _table() -> tuple[int, ...]:
    table = []
    for octet in range(256):
        crc = octet
        for _ in range(8):
            crc = (crc >> 1) ^ (0x8408 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_TABLE: Final = _table()


class _Reader:
    """Reads the tree from left to right; every element costs at least one byte and one of the count."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self._elements = 0

    def value(self, depth: int = 0) -> Value:
        self._elements += 1
        if self._elements > MAX_ELEMENTS or depth > MAX_DEPTH:
            raise NotReadable("more elements, or deeper, than a meter sends")
        start = self.position
        kind, length = self._head()
        if kind == 7:
            return tuple(self.value(depth + 1) for _ in range(length))
        size = length - (self.position - start)
        octets = self.data[self.position : self.position + size]
        if size < 0 or len(octets) < size:
            raise NotReadable("an element longer than the message")
        self.position += size
        if kind == 0:
            return octets if size else None
        if kind == 4 and size == 1:
            return octets != b"\x00"
        if kind in (5, 6) and 1 <= size <= 8:
            return int.from_bytes(octets, "big", signed=kind == 5)
        raise NotReadable(f"an element of type {kind} with {size} bytes")

    def _head(self) -> tuple[int, int]:
        first = self._byte()
        kind, length, more = first >> 4 & 7, first & 15, first & 0x80
        while more:
            following = self._byte()
            if following & 0x70 or length > MAX_BYTES:
                raise NotReadable("a length that is not one")
            length, more = length << 4 | following & 15, following & 0x80
        if length == 0 and kind != 7:
            raise NotReadable("an end mark inside a message")
        return kind, length

    def _byte(self) -> int:
        if self.position >= len(self.data):
            raise NotReadable("the file ends inside an element")
        self.position += 1
        return self.data[self.position - 1]

    def expect(self, octet: int) -> None:
        if self._byte() != octet:
            raise NotReadable("not a message of six parts")


def _messages(data: bytes) -> list[tuple[int, Value]]:
    """(tag, body) of each message; `76 transaction group abort body crc 00`."""
    reader = _Reader(data)
    found: list[tuple[int, Value]] = []
    while reader.position < len(data):
        start = reader.position
        reader.expect(0x76)
        for _ in range(3):
            reader.value()
        body = reader.value()
        end = reader.position
        crc = reader.value()
        reader.expect(0)
        if not isinstance(crc, int) or crc16(data[start:end]) != crc >> 8 | (crc & 0xFF) << 8:
            raise NotReadable("check sum of a message")
        tag, content = _parts(body, 2)
        if isinstance(tag, int):
            found.append((tag, content))
    return found


def _parts(value: Value, count: int) -> Sequence[Value]:
    if not isinstance(value, tuple) or len(value) != count:
        raise NotReadable(f"not a list of {count}")
    return value


def _response(body: Value) -> ListResponse:
    _, server_id, list_name, _, entries, signature, _ = _parts(body, 7)
    if not isinstance(server_id, bytes) or not isinstance(entries, tuple):
        raise NotReadable("a list response without server id or entries")
    return ListResponse(server_id, _octets(list_name), tuple(_entry(one) for one in entries), _octets(signature))


def _entry(value: Value) -> Entry:
    name, status, time, unit, scaler, content, signature = _parts(value, 7)
    if not isinstance(name, bytes):
        raise NotReadable("an entry without a name")
    return Entry(name, _number(status), as_time(time), _number(unit), _number(scaler), content, _octets(signature))


def as_time(value: Value) -> Time | None:
    """`SML_Time`: seconds index (1), time stamp (2) or local time stamp (3); None when it is left out."""
    if value is None:
        return None
    tag, content = _parts(value, 2)
    if isinstance(content, tuple):
        seconds, local, season = (_required(part) for part in _parts(content, 3))
        return Time(seconds, local + season)
    return Time(_required(content), is_index=tag == 1)


def _required(value: Value) -> int:
    number = _number(value)
    if number is None:
        raise NotReadable("a time without a number")
    return number


def _number(value: Value) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise NotReadable("not a number")


def _octets(value: Value) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    raise NotReadable("not an octet string")
