"""ClickHouse's HTTP interface: requests taken apart, answers written."""

import base64
import json
from contextlib import suppress
from dataclasses import replace

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.embedded import chdb_http as http
from services.runtime.embedded.chdb_http import Head, User
from services.runtime.embedded.chdb_policy import ClickHouseError, Code, refusal

BI = User("bi", "", may_write=False)
WRITER = User("wattlog", "s3cret:ü", may_write=True)
USERS = {user.name: user for user in (BI, WRITER, User("default", "", may_write=False))}

PARAMS = {"query": "x", "param_a": "1", "max_threads": "2", "session_id": "s", "wait_end_of_query": "1"}
CODECS = {
    "gzip": cramjam.gzip,
    "deflate": cramjam.zlib,
    "lz4": cramjam.lz4,
    "zstd": cramjam.zstd,
    "br": cramjam.brotli,
}


def head(params: dict[str, str] | None = None, **headers: str) -> Head:
    named = {name.replace("_", "-").lower(): text for name, text in headers.items()}
    return Head("POST", "/", params or {}, named)


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


class TestReadHead:
    def test_takes_parameters_and_headers_apart(self) -> None:
        read = http.read_head("GET", "/", b"query=select+%C3%A9%2B1&a=&a=2", [(b"X-A", b"1"), (b"x-b", b"\xe9")])
        assert read.params == {"query": "select é+1", "a": "2"}
        assert read.headers == {"x-a": "1", "x-b": "é"}

    @pytest.mark.parametrize("query", [b"a=%ff", b"&".join([b"a=1"] * 10_001), b"\xff"])
    def test_refuses_what_it_cannot_read(self, query: bytes) -> None:
        with pytest.raises(ClickHouseError, match="URL's parameters"):
            http.read_head("GET", "/", query, [])

    @given(st.binary(), st.lists(st.tuples(st.binary(), st.binary())))
    def test_answers_any_bytes(self, query: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        with suppress(ClickHouseError):
            http.read_head("GET", "/", query, headers)


class TestHead:
    def test_is_streamed_unless_the_client_waits_for_the_end(self) -> None:
        assert head().streamed
        assert not head({"wait_end_of_query": "1"}).streamed
        assert not head({"buffer_size": "1000"}).streamed


class TestAuthenticate:
    @pytest.mark.parametrize(
        "asked",
        [
            head(authorization=basic("wattlog:s3cret:ü")),
            head(X_ClickHouse_User="wattlog", X_ClickHouse_Key="s3cret:ü"),
            head({"user": "wattlog", "password": "s3cret:ü"}),
        ],
    )
    def test_takes_credentials_from_each_place(self, asked: Head) -> None:
        assert http.authenticate(asked, USERS) is WRITER

    @pytest.mark.parametrize("asked", [head(), head(authorization="Bearer x"), head(authorization=basic(":"))])
    def test_takes_who_says_nothing_for_the_default_user(self, asked: Head) -> None:
        assert http.authenticate(asked, USERS).name == "default"

    @pytest.mark.parametrize(
        "asked",
        [
            head(authorization=basic("wattlog:wrong")),
            head(authorization=basic("wattlog")),
            head(authorization=basic("bi:x")),
            head(authorization="Basic !!!"),
            head(authorization="Basic " + base64.b64encode(b"\xff:\xff").decode()),
            head(authorization="Basic"),
            head({"user": "wattlog"}),
            head({"user": "wattlog", "password": "\ud800"}),
            head(X_ClickHouse_User="nobody"),
            head(X_ClickHouse_User=""),
        ],
    )
    def test_refuses_everybody_else(self, asked: Head) -> None:
        users = {name: user for name, user in USERS.items() if name != "default"}
        with pytest.raises(ClickHouseError) as refused:
            http.authenticate(asked, users)
        assert http.status_of(refused.value.code) == 403

    def test_gives_unknown_users_and_wrong_passwords_the_same_answer(self) -> None:
        with pytest.raises(ClickHouseError) as unknown:
            http.authenticate(head(X_ClickHouse_User="nobody", X_ClickHouse_Key="x"), USERS)
        with pytest.raises(ClickHouseError) as wrong:
            http.authenticate(head(X_ClickHouse_User="wattlog", X_ClickHouse_Key="x"), USERS)
        assert str(unknown.value).replace("nobody", "wattlog") == str(wrong.value)


class TestRefuseWebPages:
    @pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost:8123", "localhost", "[::1]:8123", "[::1]", ""])
    def test_lets_programs_ask(self, host: str) -> None:
        http.refuse_web_pages(head(host=host), BI, on_loopback=True)

    @pytest.mark.parametrize("host", ["evil.example:8123", "evil.example", "localhost.evil.example", "[evil]:1"])
    def test_refuses_a_name_that_was_rebound_to_this_machine(self, host: str) -> None:
        with pytest.raises(ClickHouseError, match="Web pages"):
            http.refuse_web_pages(head(host=host), BI, on_loopback=True)
        http.refuse_web_pages(head(host=host), BI, on_loopback=False)

    def test_refuses_pages_that_post_here(self) -> None:
        with pytest.raises(ClickHouseError, match="Web pages"):
            http.refuse_web_pages(head(origin="https://evil.example"), BI, on_loopback=False)

    def test_trusts_those_who_know_a_password(self) -> None:
        http.refuse_web_pages(head(origin="https://bi.example", host="bi.example"), WRITER, on_loopback=True)


class TestIsLoopback:
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
    def test_is_true_for_this_machine_alone(self, host: str) -> None:
        assert http.is_loopback(host)

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "", "127.0.0.1.example.org"])
    def test_is_false_for_what_others_reach(self, host: str) -> None:
        assert not http.is_loopback(host)


class TestParameters:
    def test_that_are_settings_are_told_from_those_of_the_transport(self) -> None:
        assert http.settings_of(PARAMS) == {"max_threads": "2"}

    def test_for_the_statement_lose_their_prefix(self) -> None:
        assert http.query_params(PARAMS) == {"a": "1"}


class TestRefuseUnbuilt:
    @pytest.mark.parametrize("name", ["compress", "decompress"])
    def test_says_what_to_do_about_clickhouse_compression(self, name: str) -> None:
        with pytest.raises(ClickHouseError, match="leave it out") as refused:
            http.refuse_unbuilt(head({name: "1"}))
        assert http.status_of(refused.value.code) == 501
        http.refuse_unbuilt(head({name: "0"}))


class TestDecompress:
    @pytest.mark.parametrize("name", CODECS)
    @pytest.mark.parametrize("size", [1, 100, 5_000_000])
    def test_undoes_each_encoding(self, name: str, size: int) -> None:
        body = bytes(range(256)) * (size // 256 + 1)
        packed = bytes(CODECS[name].compress(body))
        assert http.decompress(packed, f" {name.upper()} ", 10_000_000) == body

    @pytest.mark.slow
    @pytest.mark.parametrize("name", CODECS)
    def test_stops_a_bomb_at_the_limit(self, name: str) -> None:
        bomb = bytes(CODECS[name].compress(bytes(50_000_000)))
        with pytest.raises(ClickHouseError, match="larger than 1000000 bytes") as refused:
            http.decompress(bomb, name, 1_000_000)
        assert http.status_of(refused.value.code) == 413

    @pytest.mark.parametrize("name", CODECS)
    def test_refuses_what_is_not_compressed(self, name: str) -> None:
        with pytest.raises(ClickHouseError):
            http.decompress(b"SELECT 1, and nothing compressed", name, 1_000_000)

    def test_refuses_an_unknown_encoding(self) -> None:
        with pytest.raises(ClickHouseError, match="Unknown Content-Encoding snappy: use br"):
            http.decompress(b"x", "snappy", 10)

    @pytest.mark.parametrize("name", ["", "identity"])
    def test_leaves_plain_bodies_alone(self, name: str) -> None:
        assert http.decompress(b"SELECT 1", name, 10) == b"SELECT 1"

    def test_leaves_an_empty_body_alone(self) -> None:
        assert http.decompress(b"", "gzip", 10) == b""

    @given(st.binary(min_size=1), st.sampled_from(sorted(CODECS)))
    def test_answers_any_bytes(self, body: bytes, name: str) -> None:
        with suppress(ClickHouseError):
            assert len(http.decompress(body, name, 100_000)) <= 100_000


class TestEncodingFor:
    @pytest.mark.parametrize("name", CODECS)
    def test_compresses_chunk_by_chunk(self, name: str) -> None:
        encoding = http.encoding_for(head({"enable_http_compression": "1"}, accept_encoding=f"x, {name};q=1"))
        chunks = [b"a" * 70_000, b"b", b"c" * 1000]
        sent = [encoding.add(chunk) for chunk in chunks] + [encoding.end()]
        assert encoding.name == name
        assert bytes(CODECS[name].decompress(b"".join(sent))) == b"".join(chunks)

    @pytest.mark.parametrize(
        ("params", "accepted"),
        [({}, "gzip"), ({"enable_http_compression": "1"}, "x"), ({"enable_http_compression": "1"}, "")],
    )
    def test_leaves_it_when_not_asked_twice(self, params: dict[str, str], accepted: str) -> None:
        encoding = http.encoding_for(head(params, accept_encoding=accepted))
        assert (encoding.name, encoding.add(b"x"), encoding.end()) == ("", b"x", b"")


def form(**fields: bytes) -> tuple[str, bytes]:
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), text)
        for name, text in fields.items()
    ]
    return "multipart/form-data; boundary=b", b"".join(parts) + b"--b--\r\n"


class TestFormFields:
    def test_are_what_was_sent_byte_for_byte(self) -> None:
        text = "SELECT\r\n {a:String}\n\né\x00\\t".encode()
        assert http.form_fields(*form(query=text, param_a=b"1")) == {"query": text.decode(), "param_a": "1"}

    def test_are_none_of_other_bodies(self) -> None:
        assert http.form_fields("text/plain", b"SELECT 1") is None
        assert http.form_fields("application/x-www-form-urlencoded", b"SELECT 1") is None

    def test_without_a_name_are_left_out(self) -> None:
        body = b"--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b--\r\n"
        assert http.form_fields("multipart/form-data; boundary=b", body) == {}

    def test_refuse_files(self) -> None:
        body = b'--b\r\nContent-Disposition: form-data; name="t"; filename="t"\r\n\r\n1\r\n--b--\r\n'
        with pytest.raises(ClickHouseError, match="External data"):
            http.form_fields("multipart/form-data; boundary=b", body)

    @given(st.binary(), st.text(st.characters(codec="latin-1"), max_size=20))
    def test_come_of_any_bytes(self, body: bytes, boundary: str) -> None:
        with suppress(ClickHouseError):
            assert isinstance(http.form_fields(f"multipart/form-data; boundary={boundary}", body), dict)


class TestStatusOf:
    @pytest.mark.parametrize(
        ("code", "status"),
        [(60, 404), (62, 400), (81, 404), (159, 408), (164, 500), (202, 503), (497, 403), (0, 500)],
    )
    def test_is_that_of_the_server(self, code: int, status: int) -> None:
        assert http.status_of(code) == status


class TestErrorBody:
    def test_names_the_version_once(self) -> None:
        error = refusal(Code.SYNTAX_ERROR, "Empty query")
        body = http.error_body(error, "26.9")
        assert body == b"Code: 62. DB::Exception: Empty query. (SYNTAX_ERROR) (version 26.9 (embedded chDB))\n"
        assert http.error_body(ClickHouseError(62, body.decode()), "26.9") == body


class TestErrorInStream:
    def test_stands_between_the_marks(self) -> None:
        lines = http.error_in_stream(refusal(Code.READONLY, "No"), "tag", "26.9").split(b"\r\n")
        assert lines[1:3] == [b"__exception__", b"tag"]
        assert lines[3].startswith(b"Code: 164. ")
        assert lines[3].endswith(b"%d tag" % len(http.error_body(refusal(Code.READONLY, "No"), "26.9")))
        assert lines[4:] == [b"__exception__", b""]


class TestSummaryHeader:
    def test_counts_in_strings_and_knows_all_names(self) -> None:
        summary = json.loads(http.summary_header({"result_rows": 3, "read_rows": 5}))
        assert (summary["result_rows"], summary["total_rows_to_read"], summary["written_rows"]) == ("3", "5", "0")


class TestUser:
    def test_does_not_show_its_password(self) -> None:
        assert "s3cret" not in repr(replace(WRITER))
