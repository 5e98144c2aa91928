"""Client of a schema registry: Confluent's, Apicurio's (its /apis/ccompat/v7), or the embedded one."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx

from services.domain.failures import TryAgain
from services.runtime.avro_compatibility import Level
from services.runtime.codec import Codec
from services.runtime.schemas import ShippedSchema, shipped
from services.runtime.settings import CommonSettings

_TYPE = "application/vnd.schemaregistry.v1+json"
_NEVER_PROXIED = ("all://127.0.0.1", "all://localhost")
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0

Json = Any
T = TypeVar("T")


class SchemaRefused(Exception):
    """The registry does not take a schema: it is not valid, or not compatible with those before it."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A schema as the registry has it."""

    subject: str
    version: int
    id: int
    text: str


class RegistryClient:
    """Asks one registry. Every method raises TryAgain when it cannot be asked now, naming its address."""

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        self._url = url
        headers = {"content-type": _TYPE, "accept": f"{_TYPE}, application/json"}
        self._http = httpx.Client(
            base_url=url.rstrip("/"), timeout=timeout_s, headers=headers, mounts=dict.fromkeys(_NEVER_PROXIED)
        )

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def register(self, subject: str, text: str) -> int:
        """The id of this schema, registered under the subject if it is new. SchemaRefused when it is not taken."""
        path = f"/subjects/{quote(subject, '')}/versions"
        return self._ask("POST", path, {"schema": text}, lambda found: int(found["id"]))

    def lookup(self, subject: str, text: str) -> Registered:
        """How this schema is registered under the subject; KeyError when it is not."""
        return self._ask("POST", f"/subjects/{quote(subject, '')}", {"schema": text}, _registered)

    def by_id(self, schema_id: int) -> str:
        """The text of the schema with this id; KeyError when there is none."""
        return self._ask("GET", f"/schemas/ids/{schema_id}", None, lambda found: str(found["schema"]))

    def subjects(self) -> list[str]:
        """Names of all subjects."""
        return self._ask("GET", "/subjects", None, lambda found: [str(name) for name in found])

    def is_compatible(self, subject: str, text: str) -> bool:
        """Whether the schema may become the subject's next version, by its latest one."""
        path = f"/compatibility/subjects/{quote(subject, '')}/versions/latest"
        return self._ask("POST", path, {"schema": text}, lambda found: bool(found["is_compatible"]))

    def set_level(self, level: Level, subject: str | None = None) -> None:
        """Set the compatibility level of a subject, or of all that have none of their own."""
        path = "/config" if subject is None else f"/config/{quote(subject, '')}"
        self._ask("PUT", path, {"compatibility": level}, dict)

    def _ask(self, method: str, path: str, body: Json, read: Callable[[Json], T]) -> T:
        try:
            response = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise TryAgain(f"the schema registry at {self._url} does not answer ({error})") from error
        # A server that is no registry answers 404 too, which must not make a record's schema an unknown one.
        if response.status_code == 404 and _error_code(response) // 100 == 404:
            raise KeyError(_message(response))
        if response.status_code in (409, 422):
            raise SchemaRefused(_message(response))
        if not response.is_success:
            raise TryAgain(
                f"the schema registry at {self._url} answers {response.status_code}: {_message(response)}"
            )
        try:
            return read(response.json())
        except (ValueError, KeyError, TypeError) as error:
            raise TryAgain(f"{self._url} does not answer as a schema registry does: is it one?") from error


def register_shipped(url: str, deadline_s: float = 60.0) -> dict[str, int]:
    """Register every schema of this version: see `register_all`."""
    return register_all(url, shipped().values(), deadline_s)


def register_all(
    url: str,
    schemas: Iterable[ShippedSchema],
    deadline_s: float = 60.0,
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, int]:
    """Register the schemas, each under its subject; ids by Avro full name, as `Codec` takes them.

    While the registry does not answer it is asked again, until `deadline_s` has passed: then TryAgain.
    SchemaRefused names the schema that is not taken.
    """
    deadline = time.monotonic() + deadline_s
    ids = {}
    with RegistryClient(url) as client:
        for schema in schemas:
            ids[schema.full_name] = _register(client, schema, deadline, pause)
    return ids


def _register(
    client: RegistryClient, schema: ShippedSchema, deadline: float, pause: Callable[[float], None]
) -> int:
    wait_s = _FIRST_PAUSE_S
    while True:
        try:
            return client.register(schema.subject, schema.text)
        except SchemaRefused as error:
            raise SchemaRefused(f"{schema.full_name} is refused by the schema registry: {error}") from error
        except TryAgain:
            if time.monotonic() + wait_s > deadline:
                raise
        pause(wait_s)
        wait_s = min(wait_s * 2, _LONGEST_PAUSE_S)


def _registered(found: Json) -> Registered:
    return Registered(str(found["subject"]), int(found["version"]), int(found["id"]), str(found["schema"]))


def _error_code(response: httpx.Response) -> int:
    """The registry's own code, 40403 for an unknown schema for example; 0 when there is none."""
    try:
        return int(response.json()["error_code"])
    except (ValueError, KeyError, TypeError):
        return 0


def _message(response: httpx.Response) -> str:
    """What the registry said; any server may answer anything."""
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return response.text[:200] or f"HTTP {response.status_code}"


def codec_of(settings: CommonSettings) -> Codec:
    """The codec of a process: with its registry's ids, where the schemas of this version are registered first.

    Without a `registry_url` ids follow from the schemas, and nobody is asked. Raises as `register_all`.
    """
    if not settings.registry_url:
        return Codec()
    return Codec(register_shipped(settings.registry_url), RegistryClient(settings.registry_url).by_id)
