"""The registry's REST API, without Kafka: tests/integration/test_embedded_registry.py has the whole."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.avro_compatibility import Level
from services.runtime.embedded.registry_catalog import Catalog, Refused, Version, level_record, schema_record
from services.runtime.embedded.registry_routes import create_app, parse_body, schema_text

INT = '"int"'
V1 = '{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}'
V2 = '{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"int"}]}'
TYPE = "application/vnd.schemaregistry.v1+json"


class InMemory:
    """A registry whose changes are applied at once."""

    def __init__(self) -> None:
        self.catalog = Catalog()

    def register(self, subject: str, text: str) -> Version:
        version, _ = self.catalog.register(subject, text)
        self.catalog.apply(*schema_record(version))
        return version

    def delete(self, subject: str, wanted: str | None = None) -> list[int]:
        deleted = self.catalog.delete(subject, wanted)
        for version in deleted:
            self.catalog.apply(*schema_record(version))
        return [version.version for version in deleted]

    def set_level(self, subject: str | None, level: Level | None) -> None:
        self.catalog.apply(*level_record(subject, level))


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a registry that has version 1 of `s`."""
    transport = httpx.ASGITransport(create_app(InMemory()))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://registry", headers={"content-type": TYPE}
    ) as client:
        await client.post("/subjects/s/versions", json={"schema": V1})
        yield client


async def ask(http: httpx.AsyncClient, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """(status, answer), for errors (status, error code)."""
    response = await http.request(method, path, content=None if body is None else json.dumps(body))
    assert response.headers["content-type"] == TYPE
    answer = response.json()
    if response.is_error:
        assert answer["message"]
        return response.status_code, answer["error_code"]
    return response.status_code, answer


class TestCreateApp:
    @pytest.mark.parametrize(
        ("method", "path", "body", "answer"),
        [
            ("GET", "/", None, (200, {})),
            ("GET", "/schemas/types", None, (200, ["AVRO"])),
            ("GET", "/mode", None, (200, {"mode": "READWRITE"})),
            ("GET", "/subjects", None, (200, ["s"])),
            ("GET", "/subjects?subjectPrefix=x", None, (200, [])),
            ("GET", "/subjects?deleted=maybe", None, (422, 422)),
            ("GET", "/subjects/s/versions", None, (200, [1])),
            ("GET", "/subjects/nope/versions", None, (404, 40401)),
            ("GET", "/subjects/s/versions/2", None, (404, 40402)),
            ("GET", "/subjects/s/versions/x", None, (422, 42202)),
            ("GET", "/subjects/s/versions/1/schema", None, (200, json.loads(V1))),
            ("GET", "/subjects/s/versions/1/referencedby", None, (200, [])),
            ("GET", "/subjects/s/versions/2/referencedby", None, (404, 40402)),
            ("POST", "/subjects/s/versions", {"schema": V2}, (409, 409)),
            ("POST", "/subjects/s/versions", {"schema": "{"}, (422, 42201)),
            ("POST", "/subjects/s/versions", {}, (422, 42201)),
            ("POST", "/subjects/s/versions", [], (400, 400)),
            ("POST", "/subjects/s", {"schema": V2}, (404, 40403)),
            ("POST", "/subjects/nope", {"schema": V1}, (404, 40401)),
            ("DELETE", "/subjects/s", None, (200, [1])),
            ("DELETE", "/subjects/s?permanent=true", None, (422, 422)),
            ("DELETE", "/subjects/s/versions/latest", None, (200, 1)),
            ("DELETE", "/subjects/s/versions/1?permanent=true", None, (422, 422)),
            ("DELETE", "/subjects/nope", None, (404, 40401)),
            ("GET", "/schemas/ids/5", None, (404, 40403)),
            ("GET", "/schemas/ids/x", None, (404, 404)),
            ("GET", "/schemas/ids/" + "9" * 50, None, (404, 40403)),
            ("GET", "/config", None, (200, {"compatibilityLevel": "BACKWARD_TRANSITIVE"})),
            ("PUT", "/config", {"compatibility": "full"}, (200, {"compatibility": "FULL"})),
            ("PUT", "/config", {"compatibility": "x"}, (422, 42203)),
            ("PUT", "/config", {}, (422, 42203)),
            ("GET", "/config/s", None, (404, 40408)),
            ("GET", "/config/s?defaultToGlobal=true", None, (200, {"compatibilityLevel": "BACKWARD_TRANSITIVE"})),
            ("PUT", "/config/s", {"compatibility": "NONE"}, (200, {"compatibility": "NONE"})),
            ("DELETE", "/config/s", None, (404, 40408)),
            ("POST", "/compatibility/subjects/s/versions/latest", {"schema": V1}, (200, {"is_compatible": True})),
            ("POST", "/compatibility/subjects/s/versions/1", {"schema": V2}, (200, {"is_compatible": False})),
            ("POST", "/compatibility/subjects/s/versions", {"schema": V2}, (200, {"is_compatible": False})),
            ("POST", "/compatibility/subjects/s/versions/2", {"schema": V1}, (404, 40402)),
            ("GET", "/nope", None, (404, 404)),
            ("PATCH", "/subjects", None, (405, 405)),
        ],
    )
    async def test_answers(
        self, http: httpx.AsyncClient, method: str, path: str, body: Any, answer: tuple[int, Any]
    ) -> None:
        assert await ask(http, method, path, body) == answer

    async def test_shows_a_version_under_every_address_that_it_has(self, http: httpx.AsyncClient) -> None:
        _, shown = await ask(http, "GET", "/subjects/s/versions/latest")
        assert shown == {"subject": "s", "version": 1, "id": shown["id"], "schema": V1}
        assert (await ask(http, "POST", "/subjects/s", {"schema": V1}))[1] == shown
        by_id = f"/schemas/ids/{shown['id']}"
        assert (await ask(http, "GET", by_id))[1] == {"schema": V1}
        assert (await ask(http, "GET", f"{by_id}/schema"))[1] == json.loads(V1)
        assert (await ask(http, "GET", f"{by_id}/subjects"))[1] == ["s"]
        assert (await ask(http, "GET", f"{by_id}/versions"))[1] == [{"subject": "s", "version": 1}]

    async def test_tells_why_when_asked(self, http: httpx.AsyncClient) -> None:
        path = "/compatibility/subjects/s/versions/latest?verbose=true"
        _, verdict = await ask(http, "POST", path, {"schema": V2})
        assert not verdict["is_compatible"]
        assert verdict["messages"][0].startswith("new cannot read old: /b: the writer has no such field")

    async def test_forgets_a_subjects_level(self, http: httpx.AsyncClient) -> None:
        await ask(http, "PUT", "/config/s", {"compatibility": "NONE"})
        assert await ask(http, "GET", "/config/s") == (200, {"compatibilityLevel": "NONE"})
        assert await ask(http, "DELETE", "/config/s") == (200, {"compatibilityLevel": "NONE"})
        assert await ask(http, "GET", "/config/s") == (404, 40408)

    async def test_takes_the_content_types_of_registry_clients(self, http: httpx.AsyncClient) -> None:
        for declared in (
            "application/json",
            "application/vnd.schemaregistry+json",
            f"{TYPE}; charset=utf-8",
            "APPLICATION/JSON",
            "application/octet-stream",
        ):
            response = await http.post(
                "/subjects/x/versions", content=json.dumps({"schema": INT}), headers={"content-type": declared}
            )
            assert response.status_code == 200

    @pytest.mark.parametrize(
        "declared", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"]
    )
    async def test_takes_none_that_a_web_page_may_send_anywhere(
        self, http: httpx.AsyncClient, declared: str
    ) -> None:
        body = json.dumps({"compatibility": "NONE"})
        response = await http.put("/config", content=body, headers={"content-type": declared})
        assert response.status_code == 415
        assert await ask(http, "GET", "/config") == (200, {"compatibilityLevel": "BACKWARD_TRANSITIVE"})

    async def test_refuses_a_body_that_is_too_large(self, http: httpx.AsyncClient) -> None:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b" " * 100_000

        response = await http.post("/subjects/x/versions", content=endless())
        assert response.status_code == 413

    async def test_keeps_any_name_of_a_subject_but_one_with_a_slash(self, http: httpx.AsyncClient) -> None:
        for name in ("a b", "ü%20", "a?b", "..;", "x" * 200):
            path = "/subjects/" + "".join(f"%{byte:02X}" for byte in name.encode())
            assert (await http.post(f"{path}/versions", json={"schema": INT})).status_code == 200
            assert (await http.get(f"{path}/versions/1")).json()["subject"] == name


class TestParseBody:
    def test_gives_the_object(self) -> None:
        assert parse_body(b'{"a": [1]}') == {"a": [1]}

    @pytest.mark.parametrize("body", [b"", b"[]", b"1", b"null", b"{", b"\xff", b"[" * 100_000])
    def test_refuses_anything_else(self, body: bytes) -> None:
        with pytest.raises(Refused, check=lambda error: error.status == 400):
            parse_body(body)

    @given(st.binary())
    def test_fails_in_no_other_way(self, body: bytes) -> None:
        try:
            parse_body(body)
        except Refused:
            return


class TestSchemaText:
    @pytest.mark.parametrize("more", [{}, {"schemaType": "AVRO"}, {"schemaType": None}, {"references": []}])
    def test_gives_the_schema(self, more: dict[str, Any]) -> None:
        assert schema_text({"schema": INT} | more) == INT

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            ({}, "Empty schema"),
            ({"schema": ""}, "Empty schema"),
            ({"schema": " \n"}, "Empty schema"),
            ({"schema": {"type": "int"}}, "Empty schema"),
            ({"schema": '{"type": "int", "doc": "\ud83d"}'}, "half of a surrogate pair"),
            ({"schema": INT, "schemaType": "PROTOBUF"}, "Invalid schema type 'PROTOBUF'"),
            ({"schema": INT, "schemaType": 5}, "Invalid schema type 5"),
            ({"schema": INT, "references": [{"name": "x"}]}, "takes no references"),
        ],
    )
    def test_refuses_what_has_none(self, body: dict[str, Any], why: str) -> None:
        with pytest.raises(Refused, match=why, check=lambda error: (error.status, error.code) == (422, 42201)):
            schema_text(body)
