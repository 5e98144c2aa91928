"""The REST API of the embedded schema registry (Confluent Schema Registry API, version 7)."""

import json
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from services.runtime.avro_compatibility import Level
from services.runtime.embedded.registry_catalog import Catalog, Refused, Version, parse_level

_LARGEST_BODY_BYTES = 900_000
"""A record of the topic must hold it, and brokers take up to a megabyte."""

_TYPE = "application/vnd.schemaregistry.v1+json"
_JSON_TYPES = (_TYPE, "application/vnd.schemaregistry+json", "application/json", "application/octet-stream")

Json = dict[str, Any]


class Registry(Protocol):
    """What the routes need: a catalog to look into, and the ways to change it. They raise Refused."""

    catalog: Catalog

    def register(self, subject: str, text: str) -> Version: ...

    def delete(self, subject: str, wanted: str | None = None) -> list[int]: ...

    def set_level(self, subject: str | None, level: Level | None) -> None: ...


class Answer(JSONResponse):
    """JSON under the registry's own media type."""

    media_type = _TYPE


def create_app(registry: Registry) -> FastAPI:
    """The application; its routes run on threads."""
    app = FastAPI(openapi_url=None, default_response_class=Answer)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    for routes in (_about(), _subjects(registry), _schemas(registry), _config(registry), _compatibility(registry)):
        app.include_router(routes)
    return app


def parse_body(received: bytes) -> Json:
    """The JSON object in a request's body; Refused when it is none."""
    try:
        found = json.loads(received)
    except (ValueError, RecursionError) as error:
        raise Refused(400, 400, f"The body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise Refused(400, 400, "The body is not a JSON object.")
    return found


def schema_text(body: Json) -> str:
    """The schema in a request; Refused when it has none, or one that is not Avro or not whole."""
    kind, text = body.get("schemaType") or "AVRO", body.get("schema")
    if kind != "AVRO":
        raise Refused(422, 42201, f"Invalid schema type {kind!r}: this registry takes AVRO.")
    if not isinstance(text, str) or not text.strip():
        raise Refused(422, 42201, "Empty schema.")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise Refused(422, 42201, "Invalid schema: half of a surrogate pair, which is no character.")
    if body.get("references"):
        raise Refused(
            422, 42201, "This registry takes no references: put the types into the schema that uses them."
        )
    return text


def shown(version: Version) -> Json:
    """A version as the API shows it."""
    return {"subject": version.subject, "version": version.version, "id": version.id, "schema": version.text}


async def _read(request: Request) -> Json:
    """The body of a request. A declared type is wanted, for a browser asks before it sends one across origins."""
    declared = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if declared not in _JSON_TYPES:
        raise Refused(415, 415, f"HTTP 415 Unsupported Media Type: send {_TYPE}.")
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > _LARGEST_BODY_BYTES:
            raise Refused(413, 413, f"A request may have {_LARGEST_BODY_BYTES} bytes.")
    return parse_body(bytes(received))


Body = Annotated[Json, Depends(_read)]


def _about() -> APIRouter:
    routes = APIRouter()

    @routes.get("/")
    def root() -> Json:
        return {}

    @routes.get("/schemas/types")
    def types() -> list[str]:
        return ["AVRO"]

    @routes.get("/mode")
    def mode() -> Json:
        return {"mode": "READWRITE"}

    return routes


def _subjects(registry: Registry) -> APIRouter:
    routes = APIRouter(prefix="/subjects")

    @routes.get("")
    def subjects(subjectPrefix: str = "", deleted: bool = False) -> list[str]:  # noqa: N803  the API's name
        return registry.catalog.subjects(subjectPrefix, deleted=deleted)

    @routes.get("/{subject}/versions")
    def versions(subject: str, deleted: bool = False) -> list[int]:
        return [version.version for version in registry.catalog.versions(subject, deleted=deleted)]

    @routes.post("/{subject}/versions")
    def register(subject: str, body: Body) -> Json:
        return {"id": registry.register(subject, schema_text(body)).id}

    @routes.get("/{subject}/versions/{wanted}")
    def version(subject: str, wanted: str, deleted: bool = False) -> Json:
        return shown(registry.catalog.version(subject, wanted, deleted=deleted))

    @routes.get("/{subject}/versions/{wanted}/schema")
    def text(subject: str, wanted: str, deleted: bool = False) -> Response:
        return Response(registry.catalog.version(subject, wanted, deleted=deleted).text, media_type=_TYPE)

    @routes.get("/{subject}/versions/{wanted}/referencedby")
    def referenced_by(subject: str, wanted: str) -> list[int]:
        registry.catalog.version(subject, wanted)
        return []

    @routes.post("/{subject}")
    def look_up(subject: str, body: Body, deleted: bool = False) -> Json:
        return shown(registry.catalog.lookup(subject, schema_text(body), deleted=deleted))

    @routes.delete("/{subject}")
    def delete(subject: str, permanent: bool = False) -> list[int]:
        _only_softly(permanent)
        return registry.delete(subject)

    @routes.delete("/{subject}/versions/{wanted}")
    def delete_version(subject: str, wanted: str, permanent: bool = False) -> int:
        _only_softly(permanent)
        return registry.delete(subject, wanted)[0]

    return routes


def _schemas(registry: Registry) -> APIRouter:
    routes = APIRouter(prefix="/schemas/ids")

    @routes.get("/{schema_id}")
    def by_id(schema_id: int) -> Json:
        return {"schema": registry.catalog.text(schema_id)}

    @routes.get("/{schema_id}/schema")
    def text_by_id(schema_id: int) -> Response:
        return Response(registry.catalog.text(schema_id), media_type=_TYPE)

    @routes.get("/{schema_id}/subjects")
    def subjects_of(schema_id: int) -> list[str]:
        return list(dict.fromkeys(version.subject for version in registry.catalog.uses(schema_id)))

    @routes.get("/{schema_id}/versions")
    def versions_of(schema_id: int) -> list[Json]:
        uses = registry.catalog.uses(schema_id)
        return [{"subject": version.subject, "version": version.version} for version in uses]

    return routes


def _config(registry: Registry) -> APIRouter:
    routes = APIRouter(prefix="/config")

    @routes.get("")
    def level() -> Json:
        return {"compatibilityLevel": registry.catalog.level()}

    @routes.put("")
    def set_level(body: Body) -> Json:
        chosen = parse_level(body.get("compatibility"))
        registry.set_level(None, chosen)
        return {"compatibility": chosen}

    @routes.get("/{subject}")
    def level_of(subject: str, defaultToGlobal: bool = False) -> Json:  # noqa: N803  the API's name
        return {"compatibilityLevel": registry.catalog.level(subject, or_global=defaultToGlobal)}

    @routes.put("/{subject}")
    def set_level_of(subject: str, body: Body) -> Json:
        chosen = parse_level(body.get("compatibility"))
        registry.set_level(subject, chosen)
        return {"compatibility": chosen}

    @routes.delete("/{subject}")
    def forget_level_of(subject: str) -> Json:
        own = registry.catalog.level(subject, or_global=False)
        registry.set_level(subject, None)
        return {"compatibilityLevel": own}

    return routes


def _compatibility(registry: Registry) -> APIRouter:
    routes = APIRouter(prefix="/compatibility/subjects/{subject}/versions")

    @routes.post("")
    def with_all(subject: str, body: Body, verbose: bool = False) -> Json:
        return _verdict(registry.catalog.compatibility(subject, None, schema_text(body)), verbose)

    @routes.post("/{wanted}")
    def with_version(subject: str, wanted: str, body: Body, verbose: bool = False) -> Json:
        return _verdict(registry.catalog.compatibility(subject, wanted, schema_text(body)), verbose)

    return routes


def _verdict(found: list[str], verbose: bool) -> Json:
    return {"is_compatible": not found} | ({"messages": found} if verbose else {})


def _only_softly(permanent: bool) -> None:
    if permanent:
        raise Refused(422, 422, "This registry keeps deleted schemas, for there may be data that needs them.")


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return Answer({"error_code": error.code, "message": error.message}, error.status)


def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if any(problem["loc"][0] == "path" for problem in error.errors()):
        return Answer({"error_code": 404, "message": "HTTP 404 Not Found"}, 404)
    told = "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors())
    return Answer({"error_code": 422, "message": told}, 422)


def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = {"error_code": error.status_code, "message": f"HTTP {error.status_code} {error.detail}"}
    return Answer(told, error.status_code, headers=error.headers)
