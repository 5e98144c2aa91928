"""The first file of a multipart/form-data body, as its bytes come (RFC 7578). Pure."""

import re
from typing import Final

from services.console.wire.problems import Problem

_LONGEST_HEAD: Final = 8192
_BOUNDARY: Final = re.compile(r'multipart/form-data;.*boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))', re.IGNORECASE)


def boundary_of(content_type: str) -> str | None:
    """The boundary of a multipart/form-data type, None for any other type."""
    found = _BOUNDARY.match(content_type[:1000])
    return (found[1] or found[2]) if found else None


class FirstPart:
    """`feed` takes the body as it comes and returns what belongs to the first part; `head` are its headers."""

    def __init__(self, boundary: str) -> None:
        # A line end before the first boundary is there in thought.
        self._delimiter = b"\r\n--" + boundary.encode()
        self._kept = b"\r\n"
        self._in_part = False
        self.head = ""
        self.complete = False

    def feed(self, data: bytes) -> bytes:
        """The part's bytes that are certain by now; Problem 400 when there is no part."""
        if self.complete:
            return b""
        self._kept += data
        if not self._in_part and not self._begin():
            return b""
        end = self._kept.find(self._delimiter)
        if end >= 0:
            self.complete = True
            return self._kept[:end]
        # What might be the beginning of the delimiter waits for more.
        sure = max(0, len(self._kept) - len(self._delimiter) + 1)
        certain, self._kept = self._kept[:sure], self._kept[sure:]
        return certain

    def _begin(self) -> bool:
        at = self._kept.find(self._delimiter)
        head_at = at + len(self._delimiter)
        end = self._kept.find(b"\r\n\r\n", head_at) if at >= 0 else -1
        if end < 0:
            if len(self._kept) > _LONGEST_HEAD:
                raise Problem(400, "the body is not what its Content-Type says: there is no part in it")
            return False
        self.head = self._kept[head_at:end].decode("latin-1")
        self._kept = self._kept[end + 4 :]
        self._in_part = True
        return True
