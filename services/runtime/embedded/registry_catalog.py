"""What the embedded schema registry knows, folded from its topic, and what it decides about new schemas.

Status and error codes are those of the Confluent Schema Registry API, version 7.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

from services.runtime.avro_compatibility import Level, incompatibilities
from services.runtime.avro_schema import InvalidSchema, Type, parse
from services.runtime.schemas import content_id

_LARGEST_VERSION = 2**31 - 1

Record = tuple[bytes, bytes | None]
"""Key and value of a record of the topic; a value of None forgets the key."""


class Refused(Exception):
    """A request that is answered with an error: the HTTP status, the registry's own code, and a sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Version:
    """A schema under a subject. One that is deleted is no longer offered, but its id is still known."""

    subject: str
    version: int
    id: int
    text: str
    deleted: bool = False


class Catalog:
    """All subjects. It changes only by `apply`, with records that the topic has."""

    def __init__(self, default_level: Level = Level.BACKWARD_TRANSITIVE) -> None:
        self._default_level = default_level
        self._levels: dict[str | None, Level] = {}
        self._subjects: dict[str, dict[int, Version]] = {}
        self._texts: dict[int, str] = {}

    def apply(self, key: bytes, value: bytes | None) -> None:
        """Take in a record of the topic, if its kind is known; ValueError, KeyError or TypeError if it is bad."""
        name = _object(key)
        content = None if value is None else _object(value)
        if name.get("keytype") == "CONFIG":
            self._apply_level(name.get("subject"), content)
        elif name.get("keytype") == "SCHEMA" and content is not None:
            self._apply_schema(content)

    def _apply_level(self, subject: str | None, content: dict[str, Any] | None) -> None:
        if content is None:
            self._levels.pop(subject, None)
        else:
            self._levels[subject] = Level(content["compatibilityLevel"])

    def _apply_schema(self, content: dict[str, Any]) -> None:
        version = Version(
            str(content["subject"]),
            int(content["version"]),
            int(content["id"]),
            str(content["schema"]),
            bool(content.get("deleted")),
        )
        self._texts.setdefault(version.id, version.text)
        versions = self._subjects.get(version.subject, {}) | {version.version: version}
        self._subjects[version.subject] = dict(sorted(versions.items()))

    def subjects(self, prefix: str = "", *, deleted: bool = False) -> list[str]:
        """Names of all subjects, in order; with `deleted` also of those that have only deleted versions."""
        found = [name for name in list(self._subjects) if name.startswith(prefix)]
        return sorted(name for name in found if self._versions(name, deleted=deleted))

    def versions(self, subject: str, *, deleted: bool = False) -> list[Version]:
        """Versions of a subject, oldest first; Refused when it has none."""
        return self._versions(subject, deleted=deleted) or _no_subject(subject)

    def version(self, subject: str, wanted: str, *, deleted: bool = False) -> Version:
        """The version with this number, or the newest for "latest" and "-1"; Refused when there is none."""
        return _one(self.versions(subject, deleted=deleted), version_number(wanted))

    def text(self, schema_id: int) -> str:
        """The schema with this id, also when all its versions are deleted; Refused when there is none."""
        try:
            return self._texts[schema_id]
        except KeyError:
            raise Refused(404, 40403, f"Schema {schema_id} not found.") from None

    def uses(self, schema_id: int) -> list[Version]:
        """The versions, of any subject, that have this schema."""
        self.text(schema_id)
        names = self.subjects()
        return [v for name in names for v in self._versions(name, deleted=False) if v.id == schema_id]

    def lookup(self, subject: str, text: str, *, deleted: bool = False) -> Version:
        """The version of the subject that has this schema; Refused when there is none."""
        offered = self.versions(subject, deleted=deleted)
        schema_id = _id(text)
        for version in reversed(offered):
            if version.id == schema_id:
                return version
        raise Refused(404, 40403, f"The schema is not registered under subject '{subject}'.")

    def register(self, subject: str, text: str) -> tuple[Version, bool]:
        """The version that has this schema, and whether it is new; a new one is yet to be written and applied.

        Refused when it is no Avro schema, or not compatible with the versions before it.
        """
        new, schema_id = _parsed(text), _id(text)
        offered = self._versions(subject, deleted=False)
        for version in reversed(offered):
            if version.id == schema_id:
                return version, False
        if schema_id in self._texts and _canonical(self._texts[schema_id]) != _canonical(text):
            raise Refused(
                500, 50001, f"Another schema has the id {schema_id}: change a doc text to get another id."
            )
        level = self.level(subject)
        earlier = [_parsed(version.text) for version in offered]
        if found := incompatibilities(level, new, earlier):
            raise Refused(
                409,
                409,
                f"Schema being registered is incompatible with an earlier schema for subject '{subject}' "
                f"({level}): {'; '.join(found)}",
            )
        number = max(self._subjects.get(subject, {0: None})) + 1
        return Version(subject, number, schema_id, text), True

    def compatibility(self, subject: str, wanted: str | None, text: str) -> list[str]:
        """Why the schema must not follow a version (None: those that the level looks at); empty when it may."""
        new, against = _parsed(text), self._versions(subject, deleted=False)
        number = None if wanted is None else version_number(wanted)
        if number is not None or (wanted is not None and against):
            against = [_one(against, number)]
        return incompatibilities(self.level(subject), new, [_parsed(version.text) for version in against])

    def level(self, subject: str | None = None, *, or_global: bool = True) -> Level:
        """The level of a subject, or of all that have none of their own; Refused when it alone was asked for."""
        if subject is not None and subject not in self._levels and not or_global:
            raise Refused(404, 40408, f"Subject '{subject}' does not have subject-level compatibility configured.")
        return self._levels.get(subject, self._levels.get(None, self._default_level))

    def delete(self, subject: str, wanted: str | None = None) -> list[Version]:
        """The versions (None: all) as they are to be written to be deleted; Refused when there is none."""
        if wanted is not None:
            return [replace(self.version(subject, wanted), deleted=True)]
        if not self._versions(subject, deleted=False) and self._versions(subject, deleted=True):
            raise Refused(404, 40404, f"Subject '{subject}' was soft deleted already.")
        return [replace(version, deleted=True) for version in self.versions(subject)]

    def _versions(self, subject: str, *, deleted: bool) -> list[Version]:
        return [v for v in self._subjects.get(subject, {}).values() if deleted or not v.deleted]


def schema_record(version: Version) -> Record:
    """A version as the topic keeps it."""
    key = {"keytype": "SCHEMA", "subject": version.subject, "version": version.version, "magic": 1}
    value = {
        "subject": version.subject,
        "version": version.version,
        "id": version.id,
        "schema": version.text,
        "deleted": version.deleted,
    }
    return _json(key), _json(value)


def level_record(subject: str | None, level: Level | None) -> Record:
    """A compatibility level as the topic keeps it; None removes it."""
    key = {"keytype": "CONFIG", "subject": subject, "magic": 0}
    return _json(key), None if level is None else _json({"compatibilityLevel": level})


def parse_level(name: object) -> Level:
    """The level with this name, in any case; Refused when there is none."""
    found = Level.__members__.get(name.upper()) if isinstance(name, str) else None
    if found is None:
        valid = ", ".join(Level)
        raise Refused(422, 42203, f"Invalid compatibility level {name!r}. Valid values are {valid}.")
    return found


def version_number(wanted: str) -> int | None:
    """The number in a path, None for the newest; Refused when it can be none."""
    if wanted in ("latest", "-1"):
        return None
    if wanted.isdecimal() and wanted.isascii() and len(wanted) <= 10 and 0 < int(wanted) <= _LARGEST_VERSION:
        return int(wanted)
    raise Refused(
        422,
        42202,
        f"The specified version '{wanted[:40]}' is not a valid version id. Allowed values are between "
        f'[1, {_LARGEST_VERSION}] and the string "latest".',
    )


def _parsed(text: str) -> Type:
    try:
        return parse(text)
    except InvalidSchema as error:
        raise Refused(422, 42201, f"Invalid schema: {error}") from error


def _id(text: str) -> int:
    _parsed(text)
    return content_id(text)


def _one(offered: list[Version], number: int | None) -> Version:
    """The version with this number, or the newest."""
    found = offered[-1:] if number is None else [version for version in offered if version.version == number]
    if not found:
        raise Refused(404, 40402, f"Version {number} not found.")
    return found[0]


def _no_subject(subject: str) -> Any:
    raise Refused(404, 40401, f"Subject '{subject}' not found.")


def _canonical(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True)


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _object(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found
