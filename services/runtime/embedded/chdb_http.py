"""ClickHouse's HTTP interface as pure functions: what a request asks for, and how an answer is written.

Follows https://clickhouse.com/docs/interfaces/http and the server's exceptionCodeToHTTPStatus.
"""

import base64
import binascii
import hmac
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

import cramjam

from services.runtime.embedded.chdb_policy import ClickHouseError, Code, refusal

_TRANSPORT = frozenset({
    "add_http_cors_header", "browser", "buffer_size", "cancel_http_readonly_queries_on_client_close",
    "client_protocol_version", "compress", "database", "decompress", "default_format", "enable_http_compression",
    "http_headers_progress_interval_ms", "http_zlib_compression_level", "password", "query", "query_id",
    "quota_key", "role", "send_progress_in_http_headers", "session_check", "session_id", "session_timeout", "user",
    "wait_end_of_query",
})  # fmt: skip
"""URL parameters that are not settings of the engine. Sessions are accepted and have no memory."""

_PARAM = "param_"
_MAX_FIELDS = 10_000

_STATUS = {
    400: (6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123,
          167, 168, 223, 321, 376, 427, 441, 675, 676),
    401: (194,),
    403: (192, 193, 497, 512, 516),
    404: (46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511),
    408: (159,),
    411: (381,),
    413: (229,),
    415: (779,),
    501: (48,),
    503: (76, 202, 209, 439),
}  # fmt: skip
_STATUS_OF = {code: status for status, codes in _STATUS.items() for code in codes}

_CODECS: dict[str, Any] = {
    "br": cramjam.brotli,
    "deflate": cramjam.zlib,
    "gzip": cramjam.gzip,
    "lz4": cramjam.lz4,
    "zstd": cramjam.zstd,
}
_LEAST_BUFFER = 65_536


@dataclass(frozen=True, slots=True)
class User:
    """Who may ask: a user whose `may_write` is False only ever reads."""

    name: str
    password: str = field(repr=False)
    may_write: bool


@dataclass(frozen=True, slots=True)
class Head:
    """A request before its body: header names are in lower case."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def streamed(self) -> bool:
        """Whether the answer may be sent while it is still being made."""
        return self.params.get("wait_end_of_query") != "1" and "buffer_size" not in self.params


def read_head(method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]]) -> Head:
    """Take a request line and its headers apart; of parameters given twice the last one counts."""
    try:
        text = query.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise refusal(Code.BAD_ARGUMENTS, f"The URL's parameters cannot be read: {error}") from error
    named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
    return Head(method, path, dict(pairs), named)


def authenticate(head: Head, users: Mapping[str, User]) -> User:
    """The user of a request; unknown names and wrong passwords get the same answer."""
    name, password = credentials(head)
    user = users.get(name)
    known = hmac.compare_digest((user.password if user else "").encode(), password.encode("utf-8", "replace"))
    if user is None or not known:
        raise refusal(
            Code.AUTHENTICATION_FAILED,
            f"{name[:64]}: Authentication failed: password is incorrect, or there is no user with such name",
        )
    return user


def credentials(head: Head) -> tuple[str, str]:
    """(user, password) from the X-ClickHouse headers, Basic authentication or the URL; `default` when none."""
    if "x-clickhouse-user" in head.headers:
        return head.headers["x-clickhouse-user"], head.headers.get("x-clickhouse-key", "")
    scheme, _, encoded = head.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise refusal(Code.AUTHENTICATION_FAILED, "The Basic credentials cannot be read") from error
        return name or "default", password
    return head.params.get("user") or "default", head.params.get("password", "")


def refuse_web_pages(head: Head, user: User, *, on_loopback: bool) -> None:
    """Keep web pages away from users without a password: a browser on this machine must not be their tool.

    A page that posts here sends an Origin; a page whose name was rebound to 127.0.0.1 shows it in Host.
    """
    if user.password:
        return
    if "origin" in head.headers or (on_loopback and not _is_local(head.headers.get("host", ""))):
        raise refusal(Code.ACCESS_DENIED, "Web pages may not ask as a user without a password: set one")


def _is_local(host: str) -> bool:
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    if name in ("", "localhost"):
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def settings_of(params: Mapping[str, str]) -> dict[str, str]:
    """The engine's settings among URL parameters."""
    return {name: text for name, text in params.items() if name not in _TRANSPORT and not name.startswith(_PARAM)}


def query_params(params: Mapping[str, str]) -> dict[str, str]:
    """The values for `{name:Type}` in the statement, still in ClickHouse's escaped form."""
    return {name.removeprefix(_PARAM): text for name, text in params.items() if name.startswith(_PARAM)}


def refuse_unbuilt(head: Head) -> None:
    """ClickHouse's own block compression is not spoken here; HTTP's is."""
    for name in ("compress", "decompress"):
        if head.params.get(name) == "1":
            raise refusal(
                Code.NOT_IMPLEMENTED,
                f"{name}=1 is not built for the embedded ClickHouse: leave it out (JDBC: compress=0) and use HTTP"
                " compression (enable_http_compression=1)",
            )


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo a Content-Encoding; a body that grows beyond `limit` bytes is refused before it does."""
    name = encoding.strip().lower()
    if name in ("", "identity") or not body:
        return body
    if name not in _CODECS:
        raise refusal(Code.NOT_IMPLEMENTED, f"Unknown Content-Encoding {name[:32]}: use {', '.join(_CODECS)}")
    size = max(_LEAST_BUFFER, 4 * len(body))
    while True:
        room = bytearray(min(size, limit))
        try:
            length = _CODECS[name].decompress_into(body, room)
        except cramjam.DecompressionError as error:
            if "whole buffer" not in str(error):
                raise refusal(Code.CANNOT_DECOMPRESS, f"The body is not {name}: {error}") from error
        else:
            return bytes(memoryview(room)[:length])
        if size >= limit:
            raise refusal(Code.QUERY_IS_TOO_LARGE, f"The body is larger than {limit} bytes once decompressed")
        size *= 4


@dataclass(frozen=True, slots=True)
class Encoding:
    """How an answer is compressed: `name` is the Content-Encoding, "" for none."""

    name: str
    compressor: Any

    def add(self, chunk: bytes) -> bytes:
        """The bytes to send for a chunk; sent at once, so that a slow query's first rows arrive."""
        if self.compressor is None:
            return chunk
        self.compressor.compress(chunk)
        return bytes(self.compressor.flush())

    def end(self) -> bytes:
        """What closes the compressed stream."""
        return b"" if self.compressor is None else bytes(self.compressor.finish())


def encoding_for(head: Head) -> Encoding:
    """Compress only when asked twice, as ClickHouse does: enable_http_compression=1 and Accept-Encoding."""
    if head.params.get("enable_http_compression") == "1":
        for part in head.headers.get("accept-encoding", "").split(","):
            name = part.split(";")[0].strip().lower()
            if name in _CODECS:
                return Encoding(name, _CODECS[name].Compressor())
    return Encoding("", None)


def form_fields(content_type: str, body: bytes) -> dict[str, str] | None:
    """The fields of a multipart/form-data body (how clients send parameters too long for a URL); else None."""
    if not content_type.lower().startswith("multipart/form-data"):
        return None
    head = b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n"
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    fields: dict[str, str] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        if part.get_filename() is not None:
            raise refusal(Code.NOT_IMPLEMENTED, "External data is not built for the embedded ClickHouse")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            fields[name] = payload.decode("utf-8", "replace")
    return fields


def status_of(code: int) -> int:
    """The HTTP status that ClickHouse answers with for one of its error codes."""
    return _STATUS_OF.get(code, 500)


def error_body(error: ClickHouseError, version: str) -> bytes:
    """The text of an error as the server writes it."""
    text = str(error).strip()
    return f"{text}{'' if '(version ' in text else f' (version {version} (embedded chDB))'}\n".encode()


def error_in_stream(error: ClickHouseError, tag: str, version: str) -> bytes:
    """An error after the answer has begun, between the marks that X-ClickHouse-Exception-Tag announces."""
    message = error_body(error, version)
    return b"\r\n__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n" % (
        tag.encode(),
        message,
        len(message),
        tag.encode(),
    )


_SUMMARY = (
    "read_rows", "read_bytes", "written_rows", "written_bytes", "result_rows", "result_bytes", "elapsed_ns",
)  # fmt: skip


def summary_header(summary: Mapping[str, int]) -> str:
    """X-ClickHouse-Summary: counts as strings, 0 where they are not known (an answer that is streamed)."""
    counts = {name: str(summary.get(name, 0)) for name in _SUMMARY}
    return json.dumps(counts | {"total_rows_to_read": counts["read_rows"]})
