"""Publications as they are served: made anew after a while, with what tells whether they have changed. Pure."""

import gzip
import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from typing import Any, Final

import msgspec

from services.domain.units import Millis, millis_of

_TIMES: Final = re.compile(rb'"(publicationTime|messageGenerationTimestamp)":"[^"]*"')
_SECOND_MS: Final = 1000
_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Publication:
    """A document, and what HTTP says about it. Times are in milliseconds."""

    body: bytes
    packed: bytes
    etag: str
    changed_at: Millis
    made_at: Millis

    @property
    def last_modified(self) -> str:
        """As HTTP writes it (RFC 9110, 8.8.2)."""
        return formatdate(self.changed_at // _SECOND_MS, usegmt=True)


class Shelf:
    """One publication, made by `make` when it is asked for and older than `fresh_ms`. Safe between threads."""

    def __init__(self, make: Callable[[Millis], dict[str, Any] | None], fresh_ms: Millis) -> None:
        self._make = make
        self._fresh_ms = fresh_ms
        self._lock = threading.Lock()
        self._latest: Publication | None = None
        self._made_at: Millis | None = None

    def take(self, now: Millis) -> Publication | None:
        """None while there is nothing to publish."""
        with self._lock:
            if self._made_at is None or not 0 <= now - self._made_at < self._fresh_ms:
                content = self._make(now)
                self._latest = None if content is None else published(content, self._latest, now)
                self._made_at = now
            return self._latest


def published(content: dict[str, Any], before: Publication | None, now: Millis) -> Publication:
    """What differs from the one before in nothing but its time has not changed (weak ETag, RFC 9110, 8.8.1)."""
    body = _encoder.encode(content)
    etag = f'W/"{hashlib.sha256(_TIMES.sub(b"", body)).hexdigest()[:32]}"'
    same = before is not None and before.etag == etag
    return Publication(
        body=body,
        packed=gzip.compress(body, 6, mtime=0),
        etag=etag,
        changed_at=before.changed_at if before is not None and same else now,
        made_at=now,
    )


def unchanged(publication: Publication, headers: Mapping[str, str]) -> bool:
    """Whether whoever asks has it already (RFC 9110, 13.2.2): If-None-Match counts before If-Modified-Since."""
    named = headers.get("if-none-match")
    if named is not None:
        tags = {part.strip().removeprefix("W/") for part in named.split(",")}
        return "*" in tags or publication.etag.removeprefix("W/") in tags
    try:
        since = millis_of(parsedate_to_datetime(headers.get("if-modified-since", "")))
    except (TypeError, ValueError, IndexError, OverflowError):
        return False
    return publication.changed_at // _SECOND_MS <= since // _SECOND_MS


def packs(accept_encoding: str) -> bool:
    """Whether gzip is accepted (RFC 9110, 12.5.3)."""
    for part in accept_encoding.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return False
