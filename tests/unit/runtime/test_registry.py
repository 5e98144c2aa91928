"""The registry's client against servers that answer well and badly."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from services.domain.events import token
from services.domain.failures import BadRecord, TryAgain
from services.runtime.avro_compatibility import Level
from services.runtime.codec import Codec
from services.runtime.registry import (
    Registered,
    RegistryClient,
    SchemaRefused,
    codec_of,
    register_all,
    register_shipped,
)
from services.runtime.schemas import ShippedSchema, shipped
from services.runtime.settings import CommonSettings

Answer = tuple[int, str]
NOWHERE = "http://127.0.0.1:1"


class Server:
    """Answers with what it was told to, one after the other, the last for ever; keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [(200, "{}")]
        self.asked: list[tuple[str, str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.asked.append((self.command, self.path, json.loads(body) if body else None))
                status, text = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                self.send_response(status)
                self.send_header("content-length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = do_PUT = _answer  # noqa: N815  the base class's names

            def log_message(self, *_: Any) -> None:
                """Tests need no access log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def client(server: Server) -> Iterator[RegistryClient]:
    with RegistryClient(server.url + "/apis/ccompat/v7/") as made:
        yield made


class TestRegistryClient:
    def test_registers(self, server: Server, client: RegistryClient) -> None:
        server.answers = [(200, '{"id": 7}')]
        assert client.register("a/b c", '"int"') == 7
        assert server.asked == [("POST", "/apis/ccompat/v7/subjects/a%2Fb%20c/versions", {"schema": '"int"'})]

    def test_looks_up(self, server: Server, client: RegistryClient) -> None:
        server.answers = [(200, '{"subject": "s", "version": 2, "id": 7, "schema": "x", "schemaType": "AVRO"}')]
        assert client.lookup("s", '"int"') == Registered("s", 2, 7, "x")

    def test_gets_by_id(self, server: Server, client: RegistryClient) -> None:
        server.answers = [(200, '{"schema": "x"}')]
        assert client.by_id(7) == "x"
        assert server.asked == [("GET", "/apis/ccompat/v7/schemas/ids/7", None)]

    def test_lists_subjects(self, server: Server, client: RegistryClient) -> None:
        server.answers = [(200, '["a", "b"]')]
        assert client.subjects() == ["a", "b"]

    @pytest.mark.parametrize("verdict", [True, False])
    def test_asks_for_compatibility(self, server: Server, client: RegistryClient, verdict: bool) -> None:
        server.answers = [(200, json.dumps({"is_compatible": verdict}))]
        assert client.is_compatible("s", '"int"') is verdict
        assert server.asked[0][1] == "/apis/ccompat/v7/compatibility/subjects/s/versions/latest"

    @pytest.mark.parametrize(("subject", "path"), [(None, "/config"), ("s", "/config/s")])
    def test_sets_levels(self, server: Server, client: RegistryClient, subject: str | None, path: str) -> None:
        client.set_level(Level.FULL, subject)
        assert server.asked == [("PUT", f"/apis/ccompat/v7{path}", {"compatibility": "FULL"})]

    @pytest.mark.parametrize(
        ("answer", "error", "told"),
        [
            ((404, '{"error_code": 40403, "message": "Schema 7 not found"}'), KeyError, "Schema 7 not found"),
            ((404, "<html>not found</html>"), TryAgain, "answers 404: <html>not found</html>"),
            ((404, '{"error_code": 404, "message": "HTTP 404 Not Found"}'), TryAgain, "answers 404: HTTP 404"),
            ((404, '{"error_code": "x"}'), TryAgain, "answers 404"),
            ((409, '{"message": "is incompatible"}'), SchemaRefused, "is incompatible"),
            ((422, '{"message": "Invalid schema"}'), SchemaRefused, "Invalid schema"),
            ((500, '{"error_code": 50001, "message": "store"}'), TryAgain, "answers 500: store"),
            ((503, "<html>busy</html>"), TryAgain, "answers 503: <html>busy</html>"),
            ((502, ""), TryAgain, "answers 502: HTTP 502"),
            ((401, "[]"), TryAgain, r"answers 401: \[\]"),
            ((200, "<html>hello</html>"), TryAgain, "does not answer as a schema registry does"),
            ((200, "[]"), TryAgain, "does not answer as a schema registry does"),
            ((200, "{}"), TryAgain, "does not answer as a schema registry does"),
            ((200, '{"schema": null, "id": "x"}'), TryAgain, "does not answer as a schema registry does"),
        ],
    )
    def test_tells_what_is_wrong(
        self, server: Server, client: RegistryClient, answer: Answer, error: type[Exception], told: str
    ) -> None:
        server.answers = [answer]
        with pytest.raises(error, match=told):
            client.register("s", '"int"')

    def test_asks_this_machine_without_a_proxy(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", NOWHERE)
        monkeypatch.setenv("ALL_PROXY", NOWHERE)
        server.answers = [(200, "[]")]
        with RegistryClient(server.url) as client:
            assert client.subjects() == []

    def test_says_which_registry_does_not_answer(self) -> None:
        with (
            RegistryClient(NOWHERE) as client,
            pytest.raises(TryAgain, match=f"registry at {NOWHERE} does not answer"),
        ):
            client.by_id(1)


ONE = ShippedSchema("x.v1.A", "x.v1", '"int"')
TWO = ShippedSchema("x.v1.B", "x.v1", '"long"')


class TestRegisterAll:
    def test_gives_ids_by_full_name(self, server: Server) -> None:
        server.answers = [(200, '{"id": 1}'), (200, '{"id": 2}')]
        assert register_all(server.url, [ONE, TWO]) == {"x.v1.A": 1, "x.v1.B": 2}
        assert [path for _, path, _ in server.asked] == [
            "/subjects/x.v1-x.v1.A/versions",
            "/subjects/x.v1-x.v1.B/versions",
        ]

    def test_asks_again_after_longer_and_longer_pauses(self, server: Server) -> None:
        pauses: list[float] = []
        server.answers = [(503, ""), (404, "not yet"), *[(500, "")] * 6, (200, '{"id": 1}')]
        assert register_all(server.url, [ONE], pause=pauses.append) == {"x.v1.A": 1}
        assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])

    def test_gives_up_at_its_deadline(self) -> None:
        with pytest.raises(TryAgain, match="does not answer"):
            register_all(NOWHERE, [ONE], deadline_s=0.25)

    def test_names_the_schema_that_is_refused_and_does_not_ask_again(self, server: Server) -> None:
        server.answers = [(200, '{"id": 1}'), (409, '{"message": "is incompatible"}')]
        with pytest.raises(SchemaRefused, match=r"x\.v1\.B is refused by the schema registry: is incompatible"):
            register_all(server.url, [ONE, TWO])
        assert len(server.asked) == 2

    def test_needs_no_schemas(self) -> None:
        assert register_all(NOWHERE, []) == {}


class TestCodecOf:
    EVENT = token.TokenBlocked(event_id="e", tenant="t", token_uid="u", reason="r", source="s", blocked_at=1)

    def test_asks_nobody_without_a_registry(self) -> None:
        assert codec_of(CommonSettings()).encode(self.EVENT) == Codec().encode(self.EVENT)

    def test_uses_the_ids_of_the_registry(self, server: Server) -> None:
        server.answers = [(200, json.dumps({"id": number})) for number in range(1, len(shipped()) + 1)]
        codec = codec_of(CommonSettings(registry_url=server.url))
        number = list(shipped()).index(token.TokenBlocked.FULL_NAME) + 1
        assert codec.encode(self.EVENT)[:5] == b"\0" + number.to_bytes(4, "big")

    def test_asks_the_registry_for_schemas_of_other_versions(self, server: Server) -> None:
        server.answers = [(200, '{"id": 1}')]
        codec = codec_of(CommonSettings(registry_url=server.url))
        written = Codec().encode(self.EVENT)
        server.answers = [(200, json.dumps({"schema": shipped()[token.TokenBlocked.FULL_NAME].text}))]
        assert codec.decode(written) == self.EVENT
        assert server.asked[-1][1] == f"/schemas/ids/{int.from_bytes(written[1:5], 'big')}"

    def test_does_not_take_a_registry_that_is_away_for_a_bad_record(self, server: Server) -> None:
        server.answers = [(200, '{"id": 1}')]
        codec = codec_of(CommonSettings(registry_url=server.url))
        for answer in [(404, "<html>"), (500, "")]:
            server.answers = [answer]
            with pytest.raises(TryAgain):
                codec.decode(Codec().encode(self.EVENT))
        server.answers = [(404, '{"error_code": 40403, "message": "Schema not found"}')]
        with pytest.raises(BadRecord, match="is not known to the registry"):
            codec.decode(Codec().encode(self.EVENT))


class TestRegisterShipped:
    def test_registers_every_schema_of_this_version(self, server: Server) -> None:
        server.answers = [(200, '{"id": 5}')]
        assert register_shipped(server.url) == dict.fromkeys(shipped(), 5)
