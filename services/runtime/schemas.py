"""The Avro schemas that ship with this version: their text as registered, their ids, their streams."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import services


@dataclass(frozen=True, slots=True)
class ShippedSchema:
    """A schema as it is registered: one self-contained text under the subject `<topic>-<full name>`."""

    full_name: str
    topic: str
    text: str

    @property
    def subject(self) -> str:
        return f"{self.topic}-{self.full_name}"


def schemas_dir() -> Path:
    """`schemas/` of the checkout, or its copy inside an installed package."""
    package = Path(services.__file__).parent
    installed = package / "_schemas"
    return installed if installed.exists() else package.parent / "schemas"


def content_id(text: str) -> int:
    """The id that the embedded registry gives a schema: positive, 31 bits, derived from its content."""
    canonical = json.dumps(json.loads(text), separators=(",", ":"), sort_keys=True)
    return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:4], "big") & 0x7FFF_FFFF or 1


@cache
def shipped() -> dict[str, ShippedSchema]:
    """All records that travel on a stream, by Avro full name (shared parts in `common.*` are inlined)."""
    raw = {path.stem: json.loads(path.read_text()) for path in sorted((schemas_dir() / "avro").glob("*.avsc"))}
    if not raw:
        raise FileNotFoundError(f"no schemas in {schemas_dir() / 'avro'}: install the package again")
    return {
        name: ShippedSchema(
            name, schema["namespace"], json.dumps(_inlined(schema, raw, set()), ensure_ascii=False)
        )
        for name, schema in raw.items()
        if schema["type"] == "record" and not name.startswith("common.")
    }


def _inlined(avro: Any, raw: dict[str, Any], seen: set[str]) -> Any:
    """Replace the first mention of each named type by its definition, as a single schema text needs it."""
    match avro:
        case str(name) if name in raw and name not in seen:
            return _inlined(raw[name], raw, seen)
        case list():
            return [_inlined(branch, raw, seen) for branch in avro]
        case {"type": "record", "fields": fields}:
            seen.add(f"{avro['namespace']}.{avro['name']}")
            return avro | {"fields": [f | {"type": _inlined(f["type"], raw, seen)} for f in fields]}
        case {"type": "enum"}:
            seen.add(f"{avro['namespace']}.{avro['name']}")
            return avro
        case {"type": "array", "items": items}:
            return avro | {"items": _inlined(items, raw, seen)}
    return avro
